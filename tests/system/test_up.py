"""`butler up`: three processes that start, stop and are restarted together."""

import os
import subprocess
import unittest

from support.case import SystemTest
from support.paths import BINARY
from support.process import alive, command_line, descendants, environment
from support.wait import until


class Up(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator)

    def test_it_is_ready_when_the_three_are_and_ends_with_all_of_them(self):
        up = self.butler.up()
        self.assertEqual(self.butler.as_gateway("GET", "/ready").status, 200)
        family = descendants(up.pid)
        # A zombie has no command line.
        roles = {words[1] for words in map(command_line, family) if words and words[0].endswith("butler")}
        self.assertEqual(roles, {"orchestrator", "gateway", "worker"})
        self.assertEqual(up.terminate(timeout=60.0), 0)
        self.assertEqual([pid for pid in family if alive(pid)], [])
        if not os.environ.get("BUTLER_SANITIZED"):  # those may need longer than `up` has patience
            self.assertNotIn("child.killed", "\n".join(up.lines), "each role ends by itself when it is asked")

    def test_each_role_sees_only_its_own_secrets(self):
        if os.geteuid() != 0:
            self.skipTest("only root may read the environment of hardened processes")
        self.butler.up()
        secrets = {"TELEGRAM_BOT_TOKEN", "ORCH_GATEWAY_TOKEN", "ORCH_WORKER_TOKEN"}
        seen = {role: secrets & set(environment(self.butler.pid(role))) for role in ("orchestrator", "gateway", "worker")}
        self.assertEqual(seen["orchestrator"], {"ORCH_GATEWAY_TOKEN", "ORCH_WORKER_TOKEN"})
        self.assertEqual(seen["gateway"], {"TELEGRAM_BOT_TOKEN", "ORCH_GATEWAY_TOKEN"})
        self.assertEqual(seen["worker"], {"ORCH_WORKER_TOKEN"})

    def test_no_role_runs_as_root(self):
        if os.geteuid() != 0:
            self.skipTest("nothing to drop")
        self.butler.up()
        users = {role: os.stat(f"/proc/{self.butler.pid(role)}/task").st_uid for role in ("orchestrator", "gateway", "worker")}
        status = {role: self._uid(self.butler.pid(role)) for role in users}
        self.assertNotIn(0, status.values())
        self.assertNotEqual(status["worker"], status["orchestrator"], "the agent's user reads nothing of the others")

    def test_the_roles_are_administered_on_sockets_that_only_the_owner_may_use(self):
        self.butler.up()
        for role in ("orchestrator", "gateway", "worker"):
            health = self.butler.administer(role, "GET", "/health").json
            self.assertEqual((health["ok"], health["role"]), (True, role))
            metrics = self.butler.administer(role, "GET", "/metrics")
            self.assertIn('butler_build_info{version="', metrics.text)
            status = self.butler.socket_of(role).stat()
            self.assertEqual(status.st_mode & 0o777, 0o600)
            self.assertEqual(status.st_uid, os.geteuid(), "the agent's user is not who may call the worker")
        old = self.butler.kill("worker")
        self.butler.wait_for_restart("worker", old)
        self.butler.wait_for_log("worker", r"event=worker\.started")
        until(lambda: self._answers("worker"), "the new worker to answer where the killed one did")

    def _answers(self, role: str) -> bool:
        try:
            return self.butler.administer(role, "GET", "/health").status == 200
        except OSError:
            return False

    def _uid(self, pid: int) -> int:
        with open(f"/proc/{pid}/status") as lines:
            return int(next(line for line in lines if line.startswith("Uid:")).split()[1])

    def test_a_second_up_on_the_same_home_is_refused_and_names_the_holder(self):
        first = self.butler.up()
        second = subprocess.run([BINARY, "up"], env=self.butler.environment_of("orchestrator", "gateway", "worker"),
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(second.returncode, 75)
        self.assertIn(str(first.pid), second.stdout + second.stderr)

    def test_a_role_that_dies_is_started_again(self):
        self.butler.up()
        for role in ("worker", "gateway", "orchestrator"):
            old = self.butler.kill(role)
            self.butler.wait_for_restart(role, old)
        sent = self.simulator.send_text("still there?")
        self.simulator.wait_for_reply("still there?", after=sent)

    def test_the_roles_do_not_outlive_a_killed_supervisor(self):
        up = self.butler.up()
        family = descendants(up.pid)
        up.kill()
        until(lambda: not any(alive(pid) for pid in family), "the roles to end")

    def test_wrong_configuration_is_named_all_at_once_and_stops_the_start(self):
        environment_ = self.butler.environment_of("orchestrator", "gateway", "worker") | {
            "ORCH_PORT": "99999", "TG_OWNER_IDS": "@ada", "ORCH_GATEWAY_TOKEN": "changeme",
        }
        done = subprocess.run([BINARY, "up"], env=environment_, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 78)
        for name in ("ORCH_PORT", "TG_OWNER_IDS", "ORCH_GATEWAY_TOKEN"):
            self.assertIn(name, done.stderr)
        self.assertNotIn("changeme", done.stderr.replace("changeme or", ""))

    def test_the_log_holds_no_secret(self):
        up = self.butler.up()
        sent = self.simulator.send_text("hello")
        self.simulator.wait_for_reply("hello", after=sent)
        self.butler.close()
        text = "\n".join(up.lines)
        self.assertNotIn(self.simulator.bot_token, text)
        self.assertNotIn("token-of-the-tests", text)

    def test_the_files_of_the_home_are_readable_by_their_owner_only(self):
        self.butler.up()
        for path in self.butler.home.rglob("*.db*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path.name)


if __name__ == "__main__":
    unittest.main()

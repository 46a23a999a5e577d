"""Nobody sees a secret that is not theirs: a hostile agent and a hostile command read all they can, and each process
is looked at from outside."""

import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from support.butler import GATEWAY_TOKEN, ROLES, WORKER_TOKEN
from support.case import SystemTest
from support.model_server import API_KEY, agent_user, call, say
from support.process import command_line, descendants, environment
from support.wait import until

HUNT = Path(__file__).resolve().parents[1] / "support/secret_hunt.py"
LITERAL_KEY = "literal-provider-key-0123456789"
LOGIN = "login-of-a-subscription-0123456789"
PLACES = ("/etc", "/home", "/root", "/run", "/srv", "/tmp", "/var/tmp", "/dev/shm")
MCP_SECRET = "secret-of-an-mcp-server-0123456789"


class Secrets(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()
        self.butler = self.make_butler(self.simulator, self.model)
        self.plant()
        self.secrets = {"provider key": API_KEY, "literal provider key": LITERAL_KEY, "login": LOGIN, "MCP secret": MCP_SECRET,
                        "worker token": WORKER_TOKEN, "gateway token": GATEWAY_TOKEN, "bot token": self.simulator.bot_token}

    def plant(self) -> None:
        """What the agent's user owns on disk, because the worker reads it."""
        agent = self.butler.home / "agent"
        models = json.loads((agent / "models.json").read_text())
        models["providers"]["other"] = models["providers"]["mock"] | {"apiKey": LITERAL_KEY}
        (agent / "models.json").write_text(json.dumps(models))
        (agent / "auth.json").write_text(json.dumps({"anthropic": {"type": "api_key", "key": LOGIN}}))
        config = self.butler.home / "config"
        config.mkdir()
        config.chmod(0o755)
        servers = {"mcpServers": {"notes": {"command": "/bin/true", "env": {"NOTES_TOKEN": MCP_SECRET}}}}
        (config / "mcporter.json").write_text(json.dumps(servers))
        for path in (agent / "auth.json", config / "mcporter.json"):
            path.chmod(0o600)
            if os.geteuid() == 0:
                shutil.chown(path, "butler", "butler")

    def hunt_command(self) -> str:
        """Puts the hunt into the workspace, and says how to run it."""
        workspace = self.butler.workspace
        shutil.copy(HUNT, workspace / "hunt.py")
        backwards = [secret[::-1] for secret in self.secrets.values()]
        return shlex.join(["python3", "hunt.py", "report.json", *backwards, "--", str(self.butler.home), *PLACES])

    def expect_nothing_found(self, *kinds: str) -> None:
        report = json.loads((self.butler.workspace / "report.json").read_text())
        names = list(self.secrets)
        found = {place: [names[number] for number in numbers] for place, numbers in report["found"].items()}
        self.assertEqual(found, {})
        for kind in kinds:
            self.assertGreater(report["read"].get(kind, 0), 0, f"it has looked at each {kind}: {report['read']}")

    def test_a_hostile_agent_finds_no_secret(self):
        self.butler.up()
        self.model.script(call("bash", {"command": self.hunt_command()}, when="hunt"), say("hunted", when="hunt", hasToolResult=True))
        self.simulator.send_text("hunt")
        # The policy cannot look into a program, so it asks; a person who says yes is what the sandbox is there for.
        question = self.simulator.wait_for_reply("May I use bash?")[0]["text"]
        self.simulator.send_text("/approve " + re.search(r"/approve (\S+)", question)[1])
        self.simulator.wait_for_reply("hunted", timeout=120)
        self.expect_nothing_found("environment", "cmdline", "file")

    def test_a_hostile_command_finds_no_secret(self):
        self.butler.up()
        job = self.butler.create_job(self.hunt_command(), kind="run")
        self.assertEqual(self.butler.as_gateway("POST", f"/v1/jobs/{job['id']}/approve", {"approverId": "1001"}).status, 200)
        ended = self.butler.wait_for_job(job["id"], timeout=180)
        self.assertEqual(ended["status"], "completed", ended)
        self.expect_nothing_found("environment", "cmdline", "file")

    def test_the_hunt_itself_finds_what_can_be_found(self):
        """Without a sandbox, and with a careless program of the same user beside it."""
        found_secret, kept_secret = secrets.token_hex(16), secrets.token_hex(16)
        place = self.scratch / "careless"
        place.mkdir()
        (place / "notes").write_text(found_secret)
        (place / "notes").chmod(0o644)
        place.chmod(0o777)
        careless = subprocess.Popen([*agent_user(), sys.executable, "-c", "import os; x = os.environ['NAME'] * 2; print(flush=True); import sys; sys.stdin.read()"],
                                    env={"NAME": found_secret}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(careless.communicate)
        careless.stdout.readline()
        subprocess.run([*agent_user(), sys.executable, HUNT, place / "report.json", found_secret[::-1], kept_secret[::-1], "--", place],
                       check=True, cwd=place, env={"PATH": "/usr/bin:/bin"}, timeout=300)  # in all of its user's processes, other tests' too
        report = json.loads((place / "report.json").read_text())
        self.assertIn(str(place / "notes"), report["found"])
        self.assertIn(f"/proc/{careless.pid}/environ", report["found"])
        self.assertIn(f"memory of {careless.pid}", report["found"])
        self.assertNotIn(1, sum(report["found"].values(), []))

    def test_each_process_has_only_its_own_secrets(self):
        if os.geteuid() != 0:
            self.skipTest("only root can read the environments of Butler's processes, which is the point")
        self.model.script(call("bash", {"command": "touch begun; until [ -e end ]; do sleep 0.02; done"}, when="wait"),
                          say("waited", when="wait", hasToolResult=True))
        self.butler.up()
        self.simulator.send_text("wait")
        until((self.butler.workspace / "begun").exists, "the agent's tool to run")
        own = {"orchestrator": {"gateway token", "worker token"}, "gateway": {"gateway token", "bot token"},
               "worker": {"worker token", "provider key"}}
        roles = {self.butler.pid(role): role for role in ROLES}
        for pid, role in roles.items():
            self.assertEqual(self.secrets_in(json.dumps(environment(pid))), own[role], role)
        family = [pid for pid in descendants(self.butler.pid("worker"))]
        self.assertTrue(self.butler.agents(), "pi runs")
        read = 0
        for pid in family:
            try:
                self.assertEqual(self.secrets_in(json.dumps(environment(pid))), set(), command_line(pid))
                read += 1
            except (FileNotFoundError, ProcessLookupError):
                pass  # one of the tool's sleeps has ended
        self.assertGreater(read, 2, "the way in, pi and its tool")
        for pid in (self.butler.processes[-1].pid, *roles, *family):
            self.assertEqual(self.secrets_in(" ".join(command_line(pid))), set(), command_line(pid))
        (self.butler.workspace / "end").touch()
        self.simulator.wait_for_reply("waited")
        self.assertEqual(self.secrets_in("\n".join(self.butler.processes[-1].lines)), set())

    def test_session_files_and_state_hold_no_secret(self):
        self.model.script(call("bash", {"command": "env"}, when="tell"), say("told", when="tell", hasToolResult=True))
        self.butler.up()
        self.simulator.send_text("tell")
        self.simulator.wait_for_reply("told")
        self.butler.close()
        allowed = {"models.json", "auth.json", "mcporter.json"}
        for path in self.butler.home.rglob("*"):
            if path.is_file() and path.name not in allowed:
                self.assertEqual(self.secrets_in(path.read_bytes().decode("utf-8", "replace")), set(), path)

    def secrets_in(self, text: str) -> set[str]:
        return {name for name, secret in self.secrets.items() if secret in text}


if __name__ == "__main__":
    unittest.main()

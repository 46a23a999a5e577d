"""Tool calls of the real pi before the policy and before people: denied, asked for, decided, run once."""

import os
import signal
import unittest

from support.butler import ROLES
from support.case import SystemTest
from support.model_server import call_then_say
from support.process import alive, signal_quietly
from support.wait import until

SCRIPT = "#!/bin/sh\necho ran >> made.txt\n"


class ToolApprovals(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()
        # Short enough that a worker's death is noticed within a test; long enough that one that is well is never late.
        self.butler = self.make_butler(self.simulator, self.model, ORCH_LEASE_SECONDS="12" if os.environ.get("BUTLER_SANITIZED") else "6")

    # ---- what a test says ----------------------------------------------------------------------------

    def write_script(self, text: str = SCRIPT) -> None:
        script = self.butler.workspace / "x.sh"
        script.write_text(text)
        script.chmod(0o755)

    def write_policy(self, text: str) -> None:
        folder = self.butler.home / "config"
        folder.mkdir(mode=0o755, exist_ok=True)
        (folder / "policy.json.new").write_text(text)
        (folder / "policy.json.new").rename(folder / "policy.json")

    def call_script(self, when: str) -> None:
        """What the script does is in no command: somebody has to look."""
        self.model.script(*call_then_say("bash", {"command": "./x.sh"}, f"Answer to {when}.", when=when))

    def start_job(self, text: str) -> str:
        before = {job["id"] for job in self.butler.jobs()}
        self.simulator.send_text(text)
        return until(lambda: next((job["id"] for job in self.butler.jobs() if job["id"] not in before), None), "a job")

    def approvals(self, job_id: str) -> list[dict]:
        return self.butler.as_gateway("GET", f"/v1/jobs/{job_id}/approvals").json["approvals"]

    def pending(self, job_id: str) -> dict:
        return until(lambda: next((each for each in self.approvals(job_id) if each["status"] == "pending"), None), "a question")

    def decide(self, approval: dict, decision: str = "allow", scope: str = "once", **fields) -> None:
        body = {"decision": decision, "scope": scope, "deciderId": str(self.simulator.owner_id)} | fields
        reply = self.butler.as_gateway("POST", f"/v1/jobs/{approval['jobId']}/approvals/{approval['id']}", body)
        self.assertEqual(reply.status, 200, reply.text)

    def made(self) -> str:
        file = self.butler.workspace / "made.txt"
        return file.read_text() if file.exists() else ""

    def types(self, job_id: str) -> list[str]:
        return [event["type"] for event in self.butler.events(job_id)]

    def kill_everything(self) -> None:
        roles = [self.butler.pid(role) for role in ROLES]
        agents = self.butler.agents()
        up = self.butler.processes[-1]
        for pid in (up.pid, *roles):
            signal_quietly(pid, signal.SIGKILL)  # the roles end when they see that `up` is gone, perhaps before this
        up.wait_for_exit()
        for pid in agents:
            signal_quietly(pid, signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in (*roles, *agents)), "everything to be gone")

    # ---- tests ---------------------------------------------------------------------------------------

    def test_a_denied_call_is_not_executed_and_the_model_reads_why(self):
        secret = self.butler.home / "state.db"
        self.model.script(*call_then_say("bash", {"command": f"touch made.txt; cat {secret}"}, "I may not.", when="look"))
        self.butler.up()
        sent = self.simulator.send_text("look into it")
        self.simulator.wait_for_reply("I may not.", after=sent)
        job = self.butler.jobs()[0]
        self.assertEqual(self.made(), "")
        self.assertFalse((self.butler.workspace / "made.txt").exists())
        self.assertNotIn("tool_start", self.types(job["id"]))
        self.assertIn("floor/butler-files", str(self.butler.events(job["id"])))
        self.assertIn("floor/butler-files", str(self.model.requests()[-1]["messages"]))

        self.simulator.send_text(f"/run cat {secret}")
        self.simulator.wait_for_reply("/approve")
        sent = self.simulator.send_text("/approve")
        self.simulator.wait_for_reply("floor/butler-files", after=sent)
        self.assertEqual(self.butler.jobs()[0]["status"], "failed")

    def test_a_call_that_waits_outlives_the_death_of_everything_and_runs_once(self):
        self.call_script("make it")
        self.butler.up()
        self.write_script()
        job = self.start_job("make it, please")
        asked = self.pending(job)
        self.assertEqual((asked["toolName"], asked["input"], asked["cwd"]),
                         ("bash", {"command": "./x.sh"}, str(self.butler.workspace)))
        self.assertNotIn("tool_start", self.types(job))
        self.kill_everything()
        self.butler.up()
        self.assertEqual([each["status"] for each in self.approvals(job)], ["pending"])
        self.decide(asked)
        self.assertEqual(self.butler.wait_for_job(job, timeout=120)["status"], "completed")
        self.simulator.wait_for_reply("Answer to make it.")
        self.assertEqual(self.made(), "ran\n")
        self.assertEqual([each["id"] for each in self.approvals(job)], [asked["id"]], "nobody is asked twice")
        types = self.types(job)
        self.assertEqual(types.count("tool_start"), 1)
        self.assertLess(types.index("approval_decided"), types.index("tool_start"))
        self.assertIn("Note from Butler", str(self.model.requests()[-1]["messages"]))

    def test_a_worker_that_stops_hands_a_waiting_job_back_and_the_next_one_finds_the_decision(self):
        self.call_script("make it")
        self.butler.start_all()
        self.write_script()
        job = self.start_job("make it")
        asked = self.pending(job)
        stopped = self.butler.pid("worker")
        self.butler.signal("worker", signal.SIGTERM)
        until(lambda: not alive(stopped), "the worker to be gone")
        self.assertEqual(self.butler.job(job)["status"], "queued")
        self.decide(asked)
        self.assertEqual(self.made(), "")
        self.butler.start("worker")
        self.assertEqual(self.butler.wait_for_job(job)["status"], "completed")
        self.assertEqual(self.made(), "ran\n")
        self.assertEqual(len(self.approvals(job)), 1)

    def test_a_script_that_was_edited_after_it_was_shown_is_asked_for_again(self):
        self.call_script("make it")
        self.butler.up()
        self.write_script()
        job = self.start_job("make it")
        first = self.pending(job)
        self.write_script("#!/bin/sh\necho evil >> made.txt\n")
        self.decide(first)
        second = self.pending(job)
        self.assertEqual(self.made(), "")
        self.assertNotEqual(first["payloadHash"], second["payloadHash"])
        self.assertIn("changed", second["risk"])
        self.decide(second, "deny", reason="leave it alone")
        self.simulator.wait_for_reply("Answer to make it.")
        self.assertEqual(self.made(), "")
        self.assertIn("leave it alone", str(self.model.requests()[-1]["messages"]))

    def test_what_is_allowed_for_a_session_is_not_asked_for_again(self):
        self.call_script("make it")
        self.call_script("once more")
        self.butler.up()
        self.write_script()
        first = self.start_job("make it")
        self.decide(self.pending(first), scope="session")
        self.simulator.wait_for_reply("Answer to make it.")
        second = self.start_job("once more")
        self.simulator.wait_for_reply("Answer to once more.")
        self.assertEqual([each["status"] for each in self.approvals(second)], ["allowed"])
        self.assertEqual(self.made(), "ran\nran\n")

    def test_an_abort_while_a_call_waits_ends_the_job_and_starts_nothing(self):
        self.call_script("make it")
        self.butler.up()
        self.write_script()
        job = self.start_job("make it")
        asked = self.pending(job)
        self.simulator.send_text("/abort")
        self.assertEqual(self.butler.wait_for_job(job)["status"], "aborted")
        reply = self.butler.as_gateway("POST", f"/v1/jobs/{job}/approvals/{asked['id']}",
                                       {"decision": "allow", "scope": "once", "deciderId": "1001"})
        self.assertEqual(reply.status, 409, "it is asked no more")
        self.assertEqual(self.made(), "")

    def test_a_policy_that_breaks_in_mid_run_is_not_followed_and_said_so(self):
        self.model.script(*call_then_say("bash", {"command": "touch made.txt"}, "Answer.", when="make"))
        self.write_policy('{"profile": "balanced", "rules": [{"name": "no-touch", "verdict": "deny", "commands": ["touch"]}]}')
        self.butler.up()
        for text in ("make it", "make it again"):
            sent = self.simulator.send_text(text)
            self.simulator.wait_for_reply("Answer.", after=sent)
            self.assertIn("global/no-touch", str(self.model.requests()[-1]["messages"][-1]))
            self.write_policy('{"profile": "trusting", "rules": [')
        self.butler.wait_for_log("worker", r"event=policy\.broken")
        self.assertFalse((self.butler.workspace / "made.txt").exists())
        self.write_policy('{"profile": "balanced"}')
        sent = self.simulator.send_text("make it now")
        self.simulator.wait_for_reply("Answer.", after=sent)
        self.assertTrue((self.butler.workspace / "made.txt").exists())

    def test_an_agent_whose_gate_was_taken_away_runs_nothing(self):
        self.model.script(*call_then_say("bash", {"command": "touch made.txt"}, "done", when="make"))
        self.butler.up()
        gate = self.butler.home / "agent/extensions-butler/tool_gate.ts"
        gate.write_text("export default function (pi) {}\n")
        job = self.start_job("make it")
        self.assertEqual(self.butler.wait_for_job(job)["status"], "failed")
        self.assertIn("tool gate", self.butler.job(job)["error"])
        self.assertEqual(self.model.requests(), [])
        self.assertFalse((self.butler.workspace / "made.txt").exists())


if __name__ == "__main__":
    unittest.main()

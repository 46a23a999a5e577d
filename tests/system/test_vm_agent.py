"""WORKER_SANDBOX=vm with the full image: the real pi in a virtual machine, without KVM where there is none.

The image is built from Debian's packages, which takes minutes: `make test-long`, or BUTLER_TEST_LONG=1.
BUTLER_TEST_VM_IMAGES names a folder with images that an earlier run has made (`<home>/vm/images`).
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.butler import Butler
from support.model_server import API_KEY, ModelServer, call, call_then_say, say
from support.paths import BINARY
from support.process import alive, command_line, descendants
from support.wait import until

BUILD_PATIENCE = 1200
PATIENCE = 600  # of a boot and a turn, on a busy machine without KVM
CANARY = "canary-of-another-person"


@unittest.skipUnless(os.environ.get("BUTLER_TEST_LONG"), "builds an image of Debian: minutes")
class VmAgent(unittest.TestCase):
    """One home, one image, one worker; each test is a conversation, with a pi and a machine of its own."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Path(tempfile.mkdtemp(prefix="butler-vm-agent-", dir="/tmp"))
        cls.scratch.chmod(0o711)
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)
        cls.model = ModelServer(cls.scratch)
        cls.addClassCleanup(cls.model.stop)
        cls.butler = Butler(cls.scratch, None, cls.model, WORKER_SANDBOX="vm", WORKER_MEMORY_MB="1024", WORKER_WORKSPACE_MB="64")
        cls.addClassCleanup(cls.butler.close)
        if images := os.environ.get("BUTLER_TEST_VM_IMAGES"):
            shutil.copytree(images, cls.butler.home / "vm/images")
            if os.geteuid() == 0:
                subprocess.run(["chown", "-R", "butler:butler", cls.butler.home / "vm"], check=True)
        made = subprocess.run([BINARY, "vm", "create", "--image", "full", "--size", "16M"], cwd=cls.scratch, capture_output=True,
                              env=cls.butler.environment_of("worker"), text=True, timeout=BUILD_PATIENCE)
        if made.returncode != 0:
            raise AssertionError(made.stdout + made.stderr)
        cls.butler.start("orchestrator")
        cls.butler.start("worker")

    def setUp(self):
        self.model.reset()

    # ---- what a test says ----------------------------------------------------------------------------

    def write(self, path: Path, text: str, mode: int = 0o600) -> Path:
        """A file as the worker's user has it."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        if os.geteuid() == 0:
            for made in (path, path.parent):
                if made not in (self.butler.workspace, self.butler.home):
                    shutil.chown(made, "butler", "butler")
        return path

    def start(self, text: str, session: str) -> str:
        return self.butler.create_job(text, sessionKey=session)["id"]

    def finish(self, job_id: str, status: str = "completed") -> dict:
        job = self.butler.wait_for_job(job_id, timeout=PATIENCE)
        self.assertEqual(job["status"], status, f"{job}\n{self.butler.report()}")
        return job

    def said_in(self, job_id: str) -> str:
        return "".join(event["data"]["delta"] for event in self.butler.events(job_id) if event["type"] == "agent_text_delta")

    def question(self, job_id: str) -> dict:
        """What is asked for next in a job that goes on."""
        approvals = f"/v1/jobs/{job_id}/approvals"

        def pending():
            job = self.butler.job(job_id)
            self.assertNotIn(job["status"], ("failed", "completed", "aborted"), f"{job}\n{self.butler.report()}")
            return next((each for each in self.butler.as_gateway("GET", approvals).json["approvals"]
                         if each["status"] == "pending"), None)

        return until(pending, "a question", PATIENCE, interval=0.2)

    def decide_next(self, job_id: str, decision: str = "allow") -> dict:
        asked = self.question(job_id)
        self.answer(asked, decision)
        return asked

    def answer(self, asked: dict, decision: str = "allow") -> None:
        reply = self.butler.as_gateway("POST", f"/v1/jobs/{asked['jobId']}/approvals/{asked['id']}",
                                       {"decision": decision, "scope": "once", "deciderId": "1"})
        self.assertEqual(reply.status, 200, reply.text)

    def machines(self) -> set[int]:
        """Those of earlier tests among them: a machine waits for its conversation's next turn."""
        return {pid for pid in descendants(self.butler.pid("worker")) if "qemu-system-x86_64" in " ".join(command_line(pid))}

    def session_files(self) -> set[Path]:
        return set((self.butler.home / "sessions").rglob("*.jsonl"))

    # ---- tests ---------------------------------------------------------------------------------------

    def test_pi_works_in_a_machine_and_what_it_makes_comes_back_at_the_end_of_each_turn(self):
        workspace = self.butler.workspace
        other_machines, other_sessions = self.machines(), self.session_files()
        self.write(workspace / "given", "from outside\n")
        self.write(self.butler.home / "people/99/canary", CANARY)
        secrets = [self.butler.home / "state.db", self.butler.home / "agent/models.json", self.butler.home / "people/99/canary"]
        script = ("#!/bin/sh\n(while :; do echo x > coming; mv coming going; rm going; sleep 0.05; done) >/dev/null 2>&1 </dev/null &\n"
                  "uname -n > seen; cat given >> seen; env >> seen; ls /sys/class/net >> seen\n"
                  f"grep -rs {CANARY} / --exclude-dir=proc --exclude-dir=sys --exclude=x.sh >> seen\n"
                  f"cat {' '.join(map(str, secrets))} >> seen 2>&1; echo evil > .envrc; git --version >> seen; true\n")
        self.write(workspace / "x.sh", script, 0o755)
        self.model.script(*call_then_say("bash", {"command": "./x.sh"}, "It ran.", when="first"))
        job = self.start("the first turn", "s1")
        self.assertEqual(self.decide_next(job)["sandboxProfile"], "vm/1")
        self.finish(job)
        self.assertEqual(self.said_in(job), "It ran.")
        seen = (workspace / "seen").read_text()
        self.assertTrue(seen.startswith("butler-vm\nfrom outside\n"), seen)
        self.assertIn("\nlo\n", seen)
        self.assertNotIn("eth", seen)
        self.assertIn("git version", seen)
        self.assertEqual(seen.count("No such file"), len(secrets), seen)
        for secret in (CANARY, API_KEY, "ORCH_"):
            self.assertNotIn(secret, seen)
        self.assertFalse((workspace / ".envrc").exists())
        self.assertNotEqual(self.session_files() - other_sessions, set(), "the conversation came back, too")
        machines = self.machines() - other_machines
        self.assertEqual(len(machines), 1, "it stays for the next turn")

        # What has changed outside meanwhile is inside in the next turn; a file that pi makes is approved as it is there.
        self.write(workspace / "given", "changed outside\n")
        (workspace / "seen").unlink()
        self.model.script(
            call("write", {"path": "made.sh", "content": "#!/bin/sh\ncat given; ls seen; echo made > made.txt\n"},
                 when="second", call_id="call_a"),
            call("bash", {"command": "sh ./made.sh"}, when="second", toolCallId="call_a", hasToolResult=True, call_id="call_b"),
            say("Again.", when="second", toolCallId="call_b"))
        job = self.start("the second turn", "s1")
        asked = self.question(job)
        self.assertEqual((workspace / "made.sh").read_text().splitlines()[0], "#!/bin/sh", "what is asked for can be read")
        self.assertFalse((workspace / "made.txt").exists())
        self.answer(asked)
        self.finish(job)
        self.assertEqual((workspace / "made.txt").read_text(), "made\n")
        last = str(self.model.requests()[-1]["messages"])
        self.assertIn("changed outside", last)
        self.assertIn("cannot access 'seen'", last)
        self.assertEqual(self.machines() - other_machines, machines)

    def test_a_denied_call_is_not_executed_and_an_abort_ends_the_work(self):
        workspace = self.butler.workspace
        self.model.script(*call_then_say("bash", {"command": f"touch denied.txt; cat {self.butler.home}/state.db"}, "I may not.",
                                         when="look"))
        job = self.start("look into it", "s2")
        self.finish(job)
        self.assertFalse((workspace / "denied.txt").exists())
        self.assertIn("floor/butler-files", str(self.butler.events(job)))

        self.write(workspace / "slow.sh", "#!/bin/sh\necho begun > begun.txt; sleep 1000\n", 0o755)
        self.model.script(*call_then_say("bash", {"command": "./slow.sh"}, "Never said.", when="wait"))
        job = self.start("wait for it", "s2")
        self.decide_next(job)
        until(lambda: any(event["type"] == "tool_start" for event in self.butler.events(job)), "the call's start", PATIENCE)
        self.assertEqual(self.butler.as_gateway("POST", f"/v1/jobs/{job}/abort", {}).status, 200)
        self.finish(job, "aborted")

    def test_the_machine_dies_with_its_worker_and_with_it_what_the_turn_has_made(self):
        workspace = self.butler.workspace
        self.write(workspace / "long.sh", "#!/bin/sh\necho lost > lost.txt; sleep 1000\n", 0o755)
        self.model.script(*call_then_say("bash", {"command": "./long.sh"}, "Never said.", when="long"))
        job = self.start("a long one", "s3")
        self.decide_next(job)
        until(lambda: any(event["type"] == "tool_start" for event in self.butler.events(job)), "the call's start", PATIENCE)
        machines = self.machines()
        self.assertNotEqual(machines, set())
        self.butler.kill("worker")
        until(lambda: not any(alive(pid) for pid in machines), "the machines' end")
        self.assertFalse((workspace / "lost.txt").exists())
        self.butler.start("worker")
        self.assertEqual(list((self.butler.home / "vm/jobs").iterdir()), [], "the new worker has cleared what they left")
        self.butler.as_gateway("POST", f"/v1/jobs/{job}/abort", {})
        self.butler.wait_for_job(job, timeout=PATIENCE)


if __name__ == "__main__":
    unittest.main()

"""WORKER_SANDBOX=vm: a job's command runs in a virtual machine of its own, without KVM where there is none."""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.butler import Butler
from support.model_server import API_KEY, ModelServer
from support.paths import BINARY
from support.process import alive, command_line, descendants
from support.wait import until

PATIENCE = 240  # of a boot and a job, on a busy machine without KVM


class VmJobs(unittest.TestCase):
    """One home, one worker, one machine for each job. The worker's agent is pi, which a command does not need."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = Path(tempfile.mkdtemp(prefix="butler-vm-jobs-", dir="/tmp"))
        cls.scratch.chmod(0o711)
        cls.addClassCleanup(shutil.rmtree, cls.scratch, ignore_errors=True)
        model = ModelServer(cls.scratch)
        cls.addClassCleanup(model.stop)
        cls.shown = cls.scratch / "shown"
        cls.shown.mkdir(mode=0o755)
        (cls.shown / "file").write_text("shown\n")
        cls.butler = Butler(cls.scratch, None, model, WORKER_SANDBOX="vm", WORKER_MEMORY_MB="256", WORKER_WORKSPACE_MB="64",
                            WORKER_READ_ONLY_PATHS=str(cls.shown))
        cls.addClassCleanup(cls.butler.close)
        made = cls.command("vm", "create", "--size", "16M")
        if made.returncode != 0:
            raise AssertionError(made.stderr)
        cls.butler.start("orchestrator")
        cls.butler.start("worker")

    @classmethod
    def command(cls, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([BINARY, *words], env=cls.butler.environment_of("worker"), cwd=cls.scratch, capture_output=True,
                              text=True, timeout=PATIENCE)

    def start(self, command: str, files: dict[str, bytes] | None = None) -> str:
        job = self.butler.create_job(command, kind="run", **({"attachments": list(files)} if files else {}))
        for name, content in (files or {}).items():
            put = self.butler.as_gateway("PUT", f"/v1/jobs/{job['id']}/artifacts/{name}", content, {"content-type": "text/plain"})
            self.assertEqual(put.status, 201, put.text)
        reply = self.butler.as_gateway("POST", f"/v1/jobs/{job['id']}/approve", {"approverId": "1"})
        self.assertEqual(reply.status, 200, reply.text)
        return job["id"]

    def run_job(self, command: str, status: str = "completed") -> str:
        job = self.butler.wait_for_job(self.start(command), timeout=PATIENCE)
        self.assertEqual(job["status"], status, f"{job}\n{self.butler.report()}")
        return self.output_of(job["id"])

    def output_of(self, job_id: str) -> str:
        return "".join(event["data"]["delta"] for event in self.butler.events(job_id) if event["type"] == "agent_text_delta")

    def write(self, name: str, text: str) -> Path:
        """A file of the workspace, as the worker's user has it."""
        path = self.butler.workspace / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(text)
        if os.geteuid() == 0:
            for made in (path, *path.parents):
                if made == self.butler.workspace:
                    break
                shutil.chown(made, "butler", "butler")
        return path

    def machines(self) -> list[int]:
        return [pid for pid in descendants(self.butler.pid("worker")) if "qemu-system-x86_64" in " ".join(command_line(pid))]

    def expect_nothing_left(self) -> None:
        """Of this worker's machines, nor of a killed one's."""
        until(lambda: not list((self.butler.home / "vm/jobs").iterdir()), "the machine's files to be gone")

    def sleeping_job(self) -> tuple[str, list[int]]:
        job_id = self.start("echo begun; sleep 1000")
        until(lambda: "begun" in self.output_of(job_id), "the command's first output", PATIENCE, interval=0.2)
        machines = self.machines()
        self.assertNotEqual(machines, [])
        return job_id, machines

    def test_a_command_works_in_the_workspace_and_what_it_changes_is_there_afterwards(self):
        given = self.write("given", "from outside\n")
        gone = self.write("gone", "x")
        config = self.write(".git/config", "[core]\n")
        said = self.run_job(f"cat {self.shown}/file; echo evil > {self.shown}/file || echo read-only;"
                            "cat given; pwd; uname -n; echo changed > given; rm gone; mkdir -p a/b; echo made > a/b/file;"
                            " ln -s /etc/passwd link; echo '[core] fsmonitor=evil' > .git/config; mkdir .git/hooks;"
                            " echo evil > .git/hooks/pre-commit; echo evil > .envrc; echo complaint >&2; send-file a/b/file")
        self.assertIn(f"from outside\n{self.butler.workspace}\nbutler-vm\n", said)
        self.assertTrue(said.startswith("shown\n"), said)
        self.assertIn("read-only\n", said)
        self.assertEqual((self.shown / "file").read_text(), "shown\n")
        self.assertIn("complaint\n", said)
        self.assertIn("Sent file (5 bytes).\n", said)
        self.assertEqual(given.read_text(), "changed\n")
        self.assertFalse(gone.exists())
        self.assertEqual((self.butler.workspace / "a/b/file").read_text(), "made\n")
        self.assertEqual(os.readlink(self.butler.workspace / "link"), "/etc/passwd")
        # What host tools would execute is as it was, and the person reads that.
        self.assertEqual(config.read_text(), "[core]\n")
        self.assertFalse((self.butler.workspace / ".git/hooks").exists())
        self.assertFalse((self.butler.workspace / ".envrc").exists())
        self.assertIn(".git/config is protected", said)
        # Nothing of the machine stays.
        until(lambda: not self.machines(), "the machine's end")
        self.expect_nothing_left()

    def test_the_files_of_a_request_are_inside_and_what_it_sends_comes_out(self):
        sent = bytes(range(256)) * 400
        job_id = self.start("cat inbox/*/1-in.bin inbox/*/1-in.bin > twice.bin; send-file twice.bin --caption 'both, 100 %'"
                            " --as document; send-file inbox/*/1-in.bin; send-file /etc/shadow-of-nothing", {"1-in.bin": sent})
        self.butler.wait_for_job(job_id, "failed", timeout=PATIENCE)
        listed = self.butler.as_gateway("GET", f"/v1/jobs/{job_id}/artifacts").json["artifacts"]
        made = {each["name"]: (each["size"], each.get("kind"), each.get("caption")) for each in listed if each["source"] == "worker"}
        self.assertEqual(made, {"twice.bin": (2 * len(sent), "document", "both, 100 %"), "1-in-2.bin": (len(sent), None, None)},
                         self.output_of(job_id))
        fetched = self.butler.as_gateway("GET", f"/v1/jobs/{job_id}/artifacts/twice.bin")
        self.assertEqual(fetched.body, sent + sent)
        self.assertIn("shadow-of-nothing does not exist", self.output_of(job_id))

    def test_the_listener_is_all_that_it_reaches_and_nothing_secret_is_inside(self):
        host = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(host.close)
        said = self.run_job(
            "wget -q -O - http://127.0.0.1:3128/ 2>&1; ls /sys/class/net; env | sort;"
            f" for to in '127.0.0.1 {host.getsockname()[1]}' '127.0.0.1 {self.butler.port}' '10.0.2.2 80' '1.1.1.1 443'; do"
            " nc -w 2 $to </dev/null 2>/dev/null && echo reached $to; done;"
            " find / -name models.json -o -name auth.json -o -name '*.sock' -o -name sessions 2>/dev/null; true")
        self.assertRegex(said, r"HTTP/1.1 40\d", "the worker's answer to whoever has no token")
        self.assertIn("\nlo\n", said)
        self.assertNotIn("eth", said)
        self.assertNotIn("reached", said)
        for name in ("models.json", "auth.json", ".sock", "sessions"):
            self.assertNotIn(name, said)
        self.assertNotIn(API_KEY, said)
        self.assertNotIn("ORCH_", said)

    def test_it_has_the_memory_and_the_disk_that_the_worker_says(self):
        said = self.run_job("free -m | head -2; dd if=/dev/zero of=/dev/null bs=300M count=1 2>&1;"
                            " dd if=/dev/zero of=big bs=1M count=100 2>&1; rm -f big; exit 3", status="failed")
        total = int(said.split("Mem:")[1].split()[0])
        self.assertLess(total, 257)
        self.assertRegex(said, "out of memory|Killed|cannot allocate")
        self.assertIn("No space left on device", said)

    def test_an_abort_ends_the_machine(self):
        job_id, machines = self.sleeping_job()
        for pid in machines:
            self.assertNotEqual(Path(f"/proc/{pid}").stat().st_uid, 0, "QEMU never runs as root")
        self.assertEqual(self.butler.as_gateway("POST", f"/v1/jobs/{job_id}/abort", {}).status, 200)
        self.butler.wait_for_job(job_id, "aborted", timeout=PATIENCE)
        until(lambda: not any(alive(pid) for pid in machines), "the machine's end")

    def test_the_machine_dies_with_a_killed_worker(self):
        job_id, machines = self.sleeping_job()
        self.butler.kill("worker")
        until(lambda: not any(alive(pid) for pid in machines), "the machine's end")
        self.butler.start("worker", PI_JOB_TIMEOUT_S="5")
        self.butler.as_gateway("POST", f"/v1/jobs/{job_id}/abort", {})
        self.butler.wait_for_job(job_id, timeout=PATIENCE)
        # The job's time is the machine's, too.
        limited = self.butler.wait_for_job(self.start("sleep 1000"), timeout=PATIENCE)
        self.assertEqual(limited["status"], "failed")
        self.assertIn("5 s", limited["error"])
        until(lambda: not self.machines(), "the machine's end")
        self.butler.kill("worker")
        self.butler.start("worker")
        self.assertEqual(self.run_job("echo again"), "again\n")
        self.expect_nothing_left()

    def test_an_agents_job_is_refused_with_what_to_do(self):
        job = self.butler.wait_for_job(self.butler.create_job("hello")["id"], timeout=PATIENCE)
        self.assertEqual(job["status"], "failed")
        self.assertIn("WORKER_SANDBOX=auto", job["error"])
        self.butler.wait_for_log("worker", r"worker\.commands_only")

    def test_the_command_line_runs_one_too(self):
        ran = self.command("sandbox", "run", "--", "sh", "-c", "echo out; echo complaint >&2; exit 7")
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), (7, "out\n", "complaint\n"))
        killed = self.command("sandbox", "run", "--", "sh", "-c", "kill -9 $$")
        self.assertEqual(killed.returncode, 128 + 9)


class WithoutAnImage(unittest.TestCase):
    def test_a_worker_does_not_start_and_says_how_to_make_one(self):
        scratch = Path(tempfile.mkdtemp(prefix="butler-vm-jobs-", dir="/tmp"))
        scratch.chmod(0o711)
        self.addCleanup(shutil.rmtree, scratch, ignore_errors=True)
        environment = {"PATH": "/usr/bin:/bin", "BUTLER_HOME": str(scratch / "home"), "BUTLER_ENV_FILE": "", "WORKER_SANDBOX": "vm"}
        ran = subprocess.run([BINARY, "sandbox", "explain"], env=environment, cwd=scratch, capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, 78)
        self.assertIn("butler vm create", ran.stdout + ran.stderr)


if __name__ == "__main__":
    unittest.main()

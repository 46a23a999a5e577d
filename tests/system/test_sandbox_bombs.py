"""Commands that take more than they may have (and, for the machine's sake, not without an end): they are stopped with a sentence that a person understands, or go on with
what they may have, and another person's job, which runs all the time, notices nothing."""

import gzip
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from support.butler import TERMINAL
from support.case import SystemTest
from support.paths import BINARY
from support.process import descendants
from support.sandbox import user_namespaces
from support.wait import until

MEMORY_MB = 256
PROCESSES = 64
WORKSPACE_MB = 24

# Starts a process all the time: a limit that is not its own would stop it.
CALM = "echo begun; until [ -e end ]; do /bin/sleep 0.05 || exit 1; done; /bin/echo all is well"

FORK = """
import os, time
count = 0
try:
    while count < 500:
        if os.fork() == 0:
            time.sleep(600)
            os._exit(0)
        count += 1
except OSError as error:
    print(f"{count} processes, then: {error.strerror}")
"""

EAT_ALONE = """
held = []
try:
    while len(held) < 1024:
        held.append(bytearray(b"x" * 1048576))
except MemoryError:
    count = len(held)
    del held
    print(count, "MiB, then no more")
"""

EAT_TOGETHER = """
import os, time
for child in range(8):
    if os.fork() == 0:
        held = bytearray(b"x" * 1048576) * 160
        time.sleep(600)
time.sleep(600)
"""

# Those that fill something wait at their end: whoever watches may be slower than they are.
MANY_FILES = """
import time
for number in range(100_000):
    open(f"many/{number}", "w").close()
time.sleep(600)
"""


def need_bwrap(test: unittest.TestCase) -> None:
    """Elsewhere some limits are of the user and not of the sandbox, so that one job can spoil another's."""
    if not user_namespaces():
        test.skipTest("no user namespaces here, so that there is no bwrap tier")


class Bombs(SystemTest):
    def setUp(self):
        need_bwrap(self)
        model = self.start_model_server()
        self.butler = self.make_butler(None, model, WORKER_MEMORY_MB=str(MEMORY_MB), WORKER_PROCESSES=str(PROCESSES),
                                       WORKER_WORKSPACE_MB=str(WORKSPACE_MB), WORKER_SANDBOX="bwrap", PI_MAX_CONCURRENCY="2")
        self.butler.start("orchestrator")
        self.butler.start("worker")
        self.calm = self.run_command(CALM, channel="telegram", chatId="7", requesterId="7", sessionKey="telegram:7:v1",
                                     deliverTo="nobody", metadata={"requesterRole": "person", "chatType": "private"})
        until(lambda: any(event["type"] == "agent_text_delta" for event in self.butler.events(self.calm)), "the calm job to have begun")

    def run_command(self, command: str, **fields) -> str:
        """The id of a /run job that was asked for and approved."""
        job = self.butler.create_job(command, kind="run", **fields)
        reply = self.butler.as_gateway("POST", f"/v1/jobs/{job['id']}/approve", {"approverId": "1001"})
        self.assertEqual(reply.status, 200, reply.text)
        return job["id"]

    def python(self, source: str) -> dict:
        """What became of a job that runs this program."""
        (self.butler.workspace / "bomb.py").write_text(source)
        return self.bomb("python3 bomb.py")

    def bomb(self, command: str) -> dict:
        """What became of a job that runs this command, with the other job well to its end."""
        ended = self.butler.wait_for_job(self.run_command(command), timeout=240)
        self.expect_calm()
        return ended

    def expect_calm(self) -> None:
        self.assertEqual(self.butler.job(self.calm)["status"], "running")
        (self.butler.home / "people/7/end").touch()
        calm = self.butler.wait_for_job(self.calm)
        self.assertEqual(calm["status"], "completed", calm)
        self.assertIn("all is well", calm["resultText"])
        until(lambda: not descendants(self.butler.pid("worker")), "nothing of a sandbox to be left")

    def expect_stopped(self, job: dict, *words: str) -> None:
        """It was stopped, with a sentence that names the cause and the setting."""
        self.assertEqual(job["status"], "failed", job)
        for word in words:
            self.assertRegex(job["error"], word)

    def test_a_fork_bomb_reaches_its_own_limit(self):
        job = self.python(FORK)
        self.assertEqual(job["status"], "completed", job)
        count = re.search(r"(\d+) processes, then: Resource temporarily unavailable", job["resultText"])
        self.assertTrue(count, job["resultText"])
        self.assertLessEqual(int(count[1]), PROCESSES)

    def test_a_process_gets_no_more_memory_than_is_its(self):
        job = self.python(EAT_ALONE)
        self.assertEqual(job["status"], "completed", job)
        count = re.search(r"(\d+) MiB, then no more", job["resultText"])
        self.assertTrue(count, job["resultText"])
        self.assertLessEqual(int(count[1]), MEMORY_MB)

    def test_many_processes_get_no_more_memory_together_than_is_theirs(self):
        self.expect_stopped(self.python(EAT_TOGETHER), "memory", "WORKER_MEMORY_MB")

    def test_temporary_folders_end(self):
        for folder in ("/tmp", "/dev/shm"):
            with self.subTest(folder):
                job = self.butler.wait_for_job(self.run_command(
                    f"head -c 700M /dev/zero > {folder}/fill; stat -c 'grew to %s' {folder}/fill; rm {folder}/fill"))
                self.assertEqual(job["status"], "completed", job)
                self.assertRegex(job["resultText"], "No space left on device|File too large|Permission denied|Read-only")
                if size := re.search(r"grew to (\d+)", job["resultText"]):
                    self.assertLessEqual(int(size[1]), 512 << 20)
        self.expect_calm()

    def test_a_workspace_that_is_filled_stops_the_job(self):
        self.expect_stopped(self.bomb("i=0; while [ $i -lt 900 ]; do head -c 1M /dev/zero > fill.$i; i=$((i + 1)); done; sleep 600"),
                            "files", "WORKER_WORKSPACE_MB")
        self.expect_room_for_the_calm()

    def test_what_unpacks_to_more_than_fits_stops_the_job(self):
        with gzip.open(self.butler.workspace / "bomb.gz", "wb", compresslevel=1) as bomb:
            for _ in range(300):
                bomb.write(bytes(1 << 20))
        self.assertLess((self.butler.workspace / "bomb.gz").stat().st_size, 4 << 20)
        self.expect_stopped(self.bomb("gunzip --keep bomb.gz && sleep 600"), "files", "WORKER_WORKSPACE_MB")

    def test_a_huge_number_of_files_stops_the_job(self):
        (self.butler.workspace / "many").mkdir(mode=0o777)
        (self.butler.workspace / "many").chmod(0o777)
        self.expect_stopped(self.python(MANY_FILES), "files", "WORKER_WORKSPACE_MB")

    def expect_room_for_the_calm(self) -> None:
        """What the bomb has left is bounded: the limit and what a watchdog needs to notice."""
        size = sum(path.stat().st_size for path in self.butler.workspace.rglob("fill.*"))
        self.assertLess(size, (WORKSPACE_MB << 20) * 40)

    def test_a_gigabyte_of_output_is_cut_and_the_worker_stays_small(self):
        job = self.bomb("yes 'the same line again' | head -c 1000000000")
        self.assertEqual(job["status"], "completed", job)
        self.assertIn("the rest of the output is left out", job["resultText"])
        peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.butler.pid('worker')}/status").read_text())
        if not os.environ.get("BUTLER_SANITIZED"):
            self.assertLess(int(peak[1]), 300_000)

    def test_a_command_that_ignores_every_signal_ends_when_it_is_stopped(self):
        job_id = self.run_command("trap '' TERM INT HUP QUIT; (trap '' TERM; setsid sleep 600 &) ; echo stubborn; while :; do sleep 1; done")
        until(lambda: any(event["type"] == "agent_text_delta" for event in self.butler.events(job_id)), "the command to run")
        self.assertEqual(self.butler.as_gateway("POST", f"/v1/jobs/{job_id}/abort", {}).status, 200)
        self.assertEqual(self.butler.wait_for_job(job_id, TERMINAL)["status"], "aborted")
        self.expect_calm()


class BombsByHand(SystemTest):
    """The same limits for `butler sandbox run`, and its sentence."""

    def setUp(self):
        need_bwrap(self)

    def run_in_sandbox(self, command: str) -> subprocess.CompletedProcess:
        home = self.scratch / "home"
        home.mkdir(mode=0o711, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(home, "root")
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "BUTLER_HOME": str(home), "BUTLER_ENV_FILE": "", "PI_EXEC_MODE": "mock", "WORKER_SANDBOX": "bwrap",
                       "WORKER_MEMORY_MB": str(MEMORY_MB), "WORKER_PROCESSES": str(PROCESSES), "WORKER_WORKSPACE_MB": str(WORKSPACE_MB)}
        return subprocess.run([BINARY, "sandbox", "run", "--", "/bin/bash", "-c", command], env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=180)

    def test_a_command_that_takes_too_much_is_ended_with_a_sentence(self):
        done = self.run_in_sandbox("i=0; while [ $i -lt 900 ]; do head -c 1M /dev/zero > fill.$i; i=$((i + 1)); done; sleep 600")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("WORKER_WORKSPACE_MB", done.stderr)
        done = self.run_in_sandbox(f"python3 -c '{EAT_TOGETHER}'")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("WORKER_MEMORY_MB", done.stderr)

    def test_a_fork_bomb_reaches_its_own_limit(self):
        done = self.run_in_sandbox(f"python3 -c '{FORK}'")
        self.assertRegex(done.stdout, r"\d+ processes, then: Resource temporarily unavailable")


if __name__ == "__main__":
    unittest.main()

"""Workers on other machines, over TLS and slow lines: one is cut off for longer than its lease, and comes back.

No job is lost or done twice, what the cut-off worker says too late is refused, and it goes on working. The rates
before, during and after are printed. BUTLER_REMOTE_WORKERS (workers per machine), BUTLER_REMOTE_CUT (seconds) and
BUTLER_REMOTE_ROUNDS make it larger; BUTLER_TEST_LONG does: sixteen workers, cut off for a minute. With
BUTLER_REMOTE_ORCHESTRATORS there are several, on one PostgreSQL database, each with its share of the machines.
"""

import os
import threading
import time
import unittest
from pathlib import Path

from support import far
from support.butler import TERMINAL, Butler
from support.case import SystemTest
from support.certificates import Certificates
from support.paths import BINARY, require
from support.process import Process
from support.wait import until

LONG = bool(os.environ.get("BUTLER_TEST_LONG"))
SLOW = bool(os.environ.get("BUTLER_SANITIZED"))
MACHINES = 4
WORKERS = int(os.environ.get("BUTLER_REMOTE_WORKERS", "4" if LONG else "1"))
LEASE_SECONDS = 6 if SLOW else 3  # so long that a worker which is not cut off is never late
CUT_SECONDS = float(os.environ.get("BUTLER_REMOTE_CUT", "60" if LONG else LEASE_SECONDS + 1.5))
ORCHESTRATORS = int(os.environ.get("BUTLER_REMOTE_ORCHESTRATORS", "1"))
ROUNDS = int(os.environ.get("BUTLER_REMOTE_ROUNDS", "3" if LONG else "1"))
CALM_SECONDS = 10.0 if LONG else 2.0
STEP_MS = 500  # of a job's four: between its first words and its end a line can be cut
DELAY_SECONDS = 0.02
OPEN_JOBS_PER_WORKER = 5


class RemoteWorkers(SystemTest):
    def setUp(self):
        self.butler: Butler = self.make_butler(ORCH_LEASE_SECONDS=str(LEASE_SECONDS), ORCH_SESSION_HOME_SECONDS="0")
        certificates = Certificates(self.scratch)
        self.butler.use_tls(certificates)
        self.orchestrators = [self.butler, *(self.another(number) for number in range(2, ORCHESTRATORS + 1))]
        self.lines = [far.Line(number, self.orchestrators[number % ORCHESTRATORS].port, DELAY_SECONDS) for number in range(1, MACHINES + 1)]
        for line in self.lines:
            self.addCleanup(line.close)
        hosts = [line.host for line in self.lines]
        self.butler.listener |= certificates.issue("orchestrator", "IP:127.0.0.1", *(f"IP:{host}" for host in hosts))
        self.butler.listener |= {"ORCH_ALLOWED_HOSTS": ",".join(hosts)}
        database = {"ORCH_DATABASE_URL": self.start_postgres().url()} if ORCHESTRATORS > 1 else {}
        for one in self.orchestrators:
            one.authority, one.listener = self.butler.authority, self.butler.listener | database
            one.start("orchestrator")
        self.workers: dict[str, Process] = {}
        for number, line in enumerate(self.lines, 1):
            for worker in range(1, WORKERS + 1):
                self.start_worker(f"far{number}-{worker}", line)
        self.created: list[str] = []

    def another(self, number: int) -> Butler:
        """An orchestrator with a home of its own, and the same files of jobs."""
        (self.scratch / f"orchestrator-{number}").mkdir(mode=0o711)
        made = Butler(self.scratch / f"orchestrator-{number}", **self.butler.environment)
        (made.home / "artifacts").symlink_to(self.butler.home / "artifacts")  # a mount, on machines of their own
        made.url = f"https://127.0.0.1:{made.port}"
        self._reports.append(made.report)
        self.addCleanup(made.close)
        return made

    def start_worker(self, name: str, line: far.Line) -> None:
        home = self.scratch / name
        home.mkdir(mode=0o711)
        environment = self.butler.environment_of("worker") | {
            "BUTLER_HOME": str(home), "WORKER_ID": name, "ORCH_BASE_URL": f"https://{line.host}:{line.port}", "PI_MOCK_STEP_MS": str(STEP_MS)}
        process = Process(name, line.command(str(require(BINARY, "make build")), "worker"), environment, cwd=Path("/"))
        self._reports.append(process.report)
        self.addCleanup(self.end_worker, process)
        self.workers[name] = process

    @staticmethod
    def end_worker(process: Process) -> None:
        if process.running:
            process.terminate()

    def keep_busy(self, stop: threading.Event) -> None:
        """As many jobs are open as keep every worker at work."""
        while not stop.is_set():
            open_jobs = len(self.created) - self.finished()
            for _ in range(MACHINES * WORKERS * OPEN_JOBS_PER_WORKER - open_jobs):
                number = len(self.created)
                self.created.append(self.butler.create_job(f"job {number}", key=f"job-{number}", sessionKey=f"far:{number}")["id"])
            stop.wait(0.1)

    def finished(self) -> int:
        """How many jobs have ended, as the orchestrators count."""
        text = "\n".join(one.administer("orchestrator", "GET", "/metrics").text for one in self.orchestrators)
        lines = [line for line in text.splitlines() if line.startswith("butler_jobs_ended_total")]
        return sum(int(float(line.split()[-1])) for line in lines)

    def rate(self, seconds: float) -> float:
        begin, count = time.monotonic(), self.finished()
        threading.Event().wait(seconds)  # the time that is measured
        return (self.finished() - count) / (time.monotonic() - begin)

    def has_just_begun(self, line: far.Line) -> bool:
        """Whether a job there has said its first words, and some are to come."""
        running = [job["id"] for job in self.butler.jobs(status="running", limit=100) if job["workerId"].startswith(line.namespace + "-")]
        return any([event["type"] for event in self.butler.events(job_id)].count("agent_text_delta") == 1 for job_id in running)

    def round(self, line: far.Line) -> None:
        before = self.rate(CALM_SECONDS)
        until(lambda: self.has_just_begun(line), "a job of that machine to have begun to act")
        line.cut()
        during = self.rate(CUT_SECONDS)
        heard = {name: len(process.lines) for name, process in self.workers.items()}
        line.mend()
        after = self.rate(CALM_SECONDS)
        cut = [name for name in self.workers if name.startswith(line.namespace + "-")]
        for name in cut:  # it takes jobs again, and ends them
            self.workers[name].wait_for_line(r"event=job\.ended \S+ outcome=completed$", 60, heard[name])
        print(f"{line.namespace} cut off for {CUT_SECONDS:g} s: {before:.0f} jobs/s before, {during:.0f} during, {after:.0f} after")
        self.assertGreater(during, 0, "the others go on")

    def test_one_machine_is_cut_off_for_longer_than_a_lease_and_nothing_is_lost_or_done_twice(self):
        stop = threading.Event()
        busy = threading.Thread(target=self.keep_busy, args=(stop,))
        busy.start()
        try:
            until(lambda: self.finished() > MACHINES * WORKERS, "all to be at work")
            for number in range(ROUNDS):
                self.round(self.lines[number % MACHINES])
        finally:
            stop.set()
            busy.join()
        self.check_every_job()

    def check_every_job(self) -> None:
        cut = {name for number in range(min(ROUNDS, MACHINES)) for name in self.workers if name.startswith(f"far{number + 1}-")}
        lost = 0
        for job_id in self.created:
            job = self.butler.wait_for_job(job_id, TERMINAL)
            events = self.butler.events(job_id)
            types = [event["type"] for event in events]
            said = "".join(event["data"]["delta"] for event in events if event["type"] == "agent_text_delta")
            ends = [kind for kind in types if kind in ("job_finished", "job_failed", "job_aborted")]
            self.assertEqual(len(ends), 1, (job, types))
            self.assertEqual((types.count("job_started"), said.count("You said")), (job["attempt"], 1), (job, types))
            if job["status"] == "completed":
                self.assertEqual(job["resultText"].count(f"You said: {job['prompt']}\n"), 1, job)
                continue
            lost += 1
            # It says its last words too late, perhaps on a connection made anew. A report is refused; a repeated end
            # is answered with the job as it is.
            self.workers[job["workerId"]].wait_for_line(rf"event=job\.(ended|dropped) job={job_id} ", 60)
            self.assertEqual(self.butler.job(job_id), job, "what it says too late changes nothing")
            self.assertEqual((job["status"], job["error"]), ("failed", "worker_lost"), job)
            self.assertIn(job["workerId"], cut)
            self.assertIn("agent_text_delta", types, "what had not acted was given to another worker")
        print(f"{len(self.created)} jobs, each ended once; {lost} of them as lost with a worker that had begun to act: what it said of them later changed nothing")
        self.assertGreater(lost, 0, "it was at work when it was cut off")
        self.assertLessEqual(lost, ROUNDS * WORKERS * 2)


if __name__ == "__main__":
    far.enter()
    unittest.main()

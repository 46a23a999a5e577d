"""The goals of what running jobs say: how much is taken and stored, and that it costs few commits of its own (G11)."""

import concurrent.futures
import http.client
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from calibration import Rate, are_accepted, load, windows_of
from goal_table import Verdict
from subjects import GATEWAY_TOKEN, Butler, queue_of, until

JOBS = 32  # that run and say something
BATCH = 256  # deltas at a time


@contextmanager
def _orchestrator(scratch: Path) -> Iterator[Butler]:
    folder = Path(tempfile.mkdtemp(prefix="deltas-", dir=scratch))
    folder.chmod(0o711)
    butler = Butler(folder, ORCH_LEASE_SECONDS="600")
    butler.start("orchestrator")
    try:
        yield butler
    finally:
        butler.close()
        shutil.rmtree(folder, ignore_errors=True)


class _Counts:
    """What an orchestrator has counted, asked for on a connection that is there before it is busy."""

    def __init__(self, butler: Butler):
        self._connection = http.client.HTTPConnection("127.0.0.1", butler.port, timeout=60)
        self.take()

    def take(self) -> tuple[int, ...]:
        """Commits, jobs that have ended, deltas: all of the same moment."""
        self._connection.request("GET", "/metrics", headers={"x-api-key": GATEWAY_TOKEN})
        text = self._connection.getresponse().read().decode()
        samples = ("butler_commit_seconds_count", 'butler_jobs_ended_total{status="completed"}', "butler_events_appended_total")
        found = (re.search(rf"^{re.escape(sample)} (\S+)", text, re.MULTILINE) for sample in samples)
        return tuple(int(float(each[1])) if each else 0 for each in found)


def _commits_by_job(scratch: Path, deltas: int, seconds: float) -> dict:
    """Commits for each job that is made, claimed and completed, beside running jobs that say so much at a time, or nothing."""
    with _orchestrator(scratch) as butler, concurrent.futures.ThreadPoolExecutor(1) as pool:
        counts = _Counts(butler)
        lifecycles = pool.submit(load, "beside", queue_of(butler), JOBS, deltas, 2 * seconds + 8)
        until(lambda: lifecycles.done() or counts.take()[1] > JOBS, "jobs to end")
        before = counts.take()
        time.sleep(seconds)
        after = counts.take()
        if lifecycles.done():
            raise RuntimeError(f"the load has ended early: {lifecycles.result()}")
        lifecycles.result()
    commits, jobs, said = (last - first for last, first in zip(after, before))
    return {"by_job": commits / jobs, "jobs": jobs / seconds, "said": said / seconds}


def few_commits(scratch: Path, quick: bool) -> list[Verdict]:
    """G11: what jobs say goes with the commits of those that are made, claimed and completed meanwhile."""
    seconds = 1 if quick else 4

    def measure() -> dict:
        alone, beside = _commits_by_job(scratch, 0, seconds), _commits_by_job(scratch, BATCH, seconds)
        return {"ratio": beside["by_job"] / alone["by_job"], "alone": alone, "beside": beside}

    windows = windows_of(measure, scratch, 1 if quick else 2, 1 if quick else 3)
    ratio = statistics.median(window.result["ratio"] for window in windows)
    alone, beside = windows[0].result["alone"], windows[0].result["beside"]
    measured = (f"{ratio:.2f}×: {beside['by_job']:.3f} a job at {beside['jobs']:.0f} jobs/s beside {beside['said']:.0f} deltas/s, "
                f"{alone['by_job']:.3f} at {alone['jobs']:.0f}/s beside none")
    return [Verdict("G11", "≤ 1.1× the commits of none", measured, ratio <= 1.1, are_accepted(windows))]


def stored(scratch: Path, quick: bool) -> list[Verdict]:
    """G11: what has been accepted is stored."""

    def measure() -> dict:
        with _orchestrator(scratch) as butler:
            return load("deltas", queue_of(butler), JOBS, 1 if quick else 3)

    rate = Rate.of(windows_of(measure, scratch, 1, 1 if quick else 3))
    measured = f"{rate.per_second:.0f}/s in batches of {BATCH}"
    return [Verdict("G11", "≥ 50 000/s accepted", measured, rate.per_second >= 50_000, rate.accepted),
            Verdict("G11", "≥ 20 000/s stored", "the same: they are on disk before the answer", rate.per_second >= 20_000, rate.accepted)]

"""The goals of a store with many jobs in it: the price of a claim (G6, G7), creates through checkpoints (G8), a restart (G12)."""

import shutil
import sqlite3
import statistics
import tempfile
import threading
import time
from pathlib import Path

from calibration import AGREEMENT, are_accepted, load, windows_of
from goal_table import Verdict
from subjects import Butler, queue_of

FINISHED = 1_000_000
BLOCKING = 10_000
_CHECKPOINTS = 20
_WARM_UP_SECONDS = 1  # of bench/load.cpp

# What a finished job of the orchestrator's leaves, with ids that are older than any that it makes.
_CLONE = """WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {count})
INSERT INTO jobs ({columns}) SELECT {values} FROM number, (SELECT * FROM jobs WHERE finished_at IS NOT NULL LIMIT 1)"""


def cpu_seconds(pid: int) -> float:
    """What all threads of a process have run for, to the nanosecond."""
    return sum(int(task.joinpath("schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


class _Home:
    """An orchestrator with a home of its own."""

    def __init__(self, scratch: Path):
        self.folder = Path(tempfile.mkdtemp(prefix="store-", dir=scratch))
        self.folder.chmod(0o711)
        self.butler = Butler(self.folder, ORCH_LEASE_SECONDS="600")
        self.butler.start("orchestrator")
        self.queue = queue_of(self.butler)

    def claim_cost(self, jobs: int) -> float:
        """Microseconds of the orchestrator's processor time: the disk has no part in it."""
        load("fill", self.queue, jobs)
        pid = self.butler.pid("orchestrator")
        before = cpu_seconds(pid)
        load("claims", self.queue, jobs)
        return (cpu_seconds(pid) - before) / jobs * 1e6

    def finish_jobs(self, count: int) -> None:
        """Puts so many finished jobs into the database, behind the orchestrator's back."""
        load("lifecycles", self.queue, 1, 1, 0.1)
        self.butler.close()
        with sqlite3.connect(self.butler.home / "state.db", isolation_level=None) as database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(jobs)") if row[1] != "row"]
            values = ["printf('00000000-0000-7000-8000-%012x', n)" if column == "id" else column for column in columns]
            database.execute("PRAGMA synchronous = OFF")
            database.execute(_CLONE.format(count=count, columns=", ".join(columns), values=", ".join(values)))
            if database.total_changes < count:
                raise RuntimeError(f"only {database.total_changes} finished jobs were made")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        self.butler.start("orchestrator")

    def close(self) -> None:
        self.butler.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class _Comparison:
    """What a claim costs in one home against what it costs in another, in turns: a neighbour is in both."""

    def __init__(self, home: _Home, plain: _Home, jobs: int):
        pairs = [(home.claim_cost(jobs), plain.claim_cost(jobs)) for _ in range(5)]
        self._cost, self._plain = (min(costs) for costs in zip(*pairs))
        ratios = sorted(cost / plain for cost, plain in pairs)
        self.ratio = statistics.median(ratios)
        self.accepted = ratios[-2] - ratios[1] <= 2 * AGREEMENT * self.ratio

    def __str__(self) -> str:
        return f"{self.ratio:.2f}× (at least {self._cost:.0f} and {self._plain:.0f} µs of processor time)"


def claims_and_restart(scratch: Path, quick: bool) -> list[Verdict]:
    """G6, G7 and G12."""
    jobs = 200 if quick else 700
    plain, busy, full = homes = [_Home(scratch) for _ in range(3)]
    try:
        load("fill", busy.queue, BLOCKING + 1, "busy")
        load("claims", busy.queue, 1)
        behind = _Comparison(busy, plain, jobs)
        full.finish_jobs(FINISHED)
        among = _Comparison(full, plain, jobs)
        ready = statistics.median(_restart(full.butler) for _ in range(3))
    finally:
        for home in homes:
            home.close()
    return [
        Verdict("G6", "≤ 1.15×", str(among), among.ratio <= 1.15, among.accepted),
        Verdict("G7", "≤ 1.2×", str(behind), behind.ratio <= 1.2, behind.accepted),
        Verdict("G12", "ready ≤ 1 s", f"{ready * 1000:.0f} ms after SIGKILL", ready <= 1),
        Verdict("G12", "nothing answered is lost, no second holder", "tests/system/test_api_durability.py", None),
    ]


def _restart(butler: Butler) -> float:
    butler.kill("orchestrator")
    before = time.monotonic()
    butler.start("orchestrator")
    return time.monotonic() - before


class _Checkpoints(threading.Thread):
    """Counts them: SQLite writes to the database's own file at no other time. What is written within 100 ms is one of them, and
    those of the load's warm-up do not count."""

    def __init__(self, database: Path):
        super().__init__(daemon=True)
        self._database = database
        self._ended = threading.Event()
        self.count = 0

    def run(self) -> None:
        self._ended.wait(_WARM_UP_SECONDS)
        seen, changed = self._database.stat().st_mtime_ns, time.monotonic()
        while not self._ended.wait(0.01):
            if (now := self._database.stat().st_mtime_ns) != seen:
                self.count += time.monotonic() - changed >= 0.1
                seen, changed = now, time.monotonic()

    def stop(self) -> int:
        self._ended.set()
        self.join()
        return self.count


def creates_through_checkpoints(scratch: Path, quick: bool) -> list[Verdict]:
    """G8."""

    def measure() -> dict:
        home = _Home(scratch)
        try:
            checkpoints = _Checkpoints(home.butler.home / "state.db")
            checkpoints.start()
            result = load("creates", home.queue, 128, 3 if quick else 8)
            return result | {"checkpoints": checkpoints.stop()}
        finally:
            home.close()

    windows = windows_of(measure, scratch, 1, 1 if quick else 3)
    p50, p99 = (statistics.median(window.result[name] for window in windows) for name in ("p50_ms", "p99_ms"))
    checkpoints = max(window.result["checkpoints"] for window in windows)
    measured = f"{p99 / p50:.1f}× (p50 {p50:.1f} ms, p99 {p99:.1f} ms, at most {checkpoints} checkpoints)"
    return [Verdict("G8", "≤ 2.5× p50", measured, p99 <= 2.5 * p50, are_accepted(windows) and checkpoints >= _CHECKPOINTS)]

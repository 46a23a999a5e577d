"""The goals of two orchestrators on one PostgreSQL database (G13, G14)."""

import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from calibration import are_accepted, load, windows_of
from goal_table import Verdict
from subjects import DURABLE, Butler, PgBossBatches, Postgres, queue_of

_OPTIONS = ("max_connections=200", *DURABLE)
_INSERT = "INSERT INTO raw (body) VALUES ('{\"prompt\":\"measure\",\"channel\":\"api\",\"chatId\":\"1\",\"requesterId\":\"1\"}');"


class _Two:
    """Two orchestrators and their server."""

    def __init__(self, scratch: Path, seconds: float):
        self.folder = Path(tempfile.mkdtemp(prefix="two-", dir=scratch))
        self.folder.chmod(0o711)
        self._seconds = seconds
        self._butlers: list[Butler] = []
        self._server = Postgres(self.folder, _OPTIONS)
        for name in ("first", "second"):
            (self.folder / name).mkdir(mode=0o711)
            butler = Butler(self.folder / name, ORCH_DATABASE_URL=self._server.url("butler"), ORCH_LEASE_SECONDS="600")
            if self._butlers:
                (butler.home / "artifacts").symlink_to(self._butlers[0].home / "artifacts")
            butler.start("orchestrator")
            self._butlers.append(butler)
        self.queue = queue_of(*self._butlers)

    def creates(self) -> float:
        return load("creates", self.queue, 64, self._seconds)["per_second"]

    def lifecycles(self) -> float:
        return load("lifecycles", self.queue, 64, 64, self._seconds)["per_second"]

    def raw_inserts(self) -> float:
        """Single rows, each with a commit of its own, over 32 connections."""
        self._server.query("CREATE TABLE raw (id bigserial PRIMARY KEY, body text)")
        script = self.folder / "insert.sql"
        script.write_text(_INSERT)
        pgbench = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))[-1]
        words = [pgbench, "-n", "-c", "32", "-t", str(int(100 * self._seconds)), "-f", script, self._server.url("butler")]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True)
        return float(re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)[1])

    def wakeups(self, workers: int) -> dict:
        """2 000 jobs a second, or as many as can be, made at one; so many workers claim at the other."""
        return load("wakeups", self.queue, workers, 2000, self._seconds)

    def close(self) -> None:
        for butler in self._butlers:
            butler.close()
        self._server.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _pg_boss(scratch: Path, seconds: float) -> float:
    folder = Path(tempfile.mkdtemp(prefix="pg-boss-", dir=scratch))
    folder.chmod(0o711)
    subject = PgBossBatches(folder)
    try:
        return subject.lifecycles(32, 32, seconds)["per_second"]
    finally:
        subject.close()
        shutil.rmtree(folder, ignore_errors=True)


def two_orchestrators(scratch: Path, quick: bool) -> list[Verdict]:
    """G13 and G14."""
    seconds = 1 if quick else 3

    def measure() -> dict:
        two = _Two(scratch, seconds)
        try:
            result = {"creates": two.creates(), "raw": two.raw_inserts()}
        finally:
            two.close()
        two = _Two(scratch, seconds)
        try:
            result["alone"] = two.wakeups(0)["per_second"]
        finally:
            two.close()
        two = _Two(scratch, seconds)
        try:
            woken = two.wakeups(32)
            result |= {"woken": woken["per_second"], "wake_up_ms": woken["p50_ms"]}
        finally:
            two.close()
        two = _Two(scratch, seconds)
        try:
            result["lifecycles"] = two.lifecycles()
        finally:
            two.close()
        return result | {"pg_boss": _pg_boss(scratch, seconds)}

    windows = windows_of(measure, scratch, 1, 1 if quick else 2)
    names = ("creates", "raw", "lifecycles", "pg_boss", "wake_up_ms", "woken", "alone")
    creates, raw, lifecycles, pg_boss, wake_up, woken, alone = (statistics.median(window.result[name] for window in windows) for name in names)
    accepted = are_accepted(windows)
    return [
        Verdict("G13", "creates ≥ 4× raw single-row inserts", f"{creates / raw:.2f}× ({creates:.0f}/s, raw {raw:.0f}/s)", creates >= 4 * raw, accepted),
        Verdict("G13", "lifecycles ≥ 3× pg-boss (32)", f"{lifecycles / pg_boss:.2f}× ({lifecycles:.0f}/s)", lifecycles >= 3 * pg_boss, accepted),
        Verdict("G14", "p50 ≤ 3 ms", f"{wake_up:.2f} ms, from the begin of a create at one to the claim at the other, at {woken:.0f} creates/s",
                wake_up <= 3 and woken >= 1900, accepted),
        Verdict("G14", "rate ≥ 0.9× of none", f"{woken / alone:.2f}× ({woken:.0f}/s, without workers {alone:.0f}/s)", woken >= 0.9 * alone, accepted),
    ]

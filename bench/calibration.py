"""One measurement stands between two calibrations, because a machine's neighbours move every figure tenfold: F, the rate of
4 KiB append + fdatasync on the same file system, and a spin score, how fast a core counts. It is accepted when both agree.
"""

import json
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
LOAD = CHECKOUT / "build/release/bench/butler_load"
AGREEMENT = 0.2
_FSYNC_SECONDS = 0.7
_SPIN_SECONDS = 0.3


def load(*words: object) -> dict:
    """What the load generator printed (bench/load.cpp)."""
    if not LOAD.exists():
        raise SystemExit(f"{LOAD} is missing: cmake --build --preset release --target butler_load makes it")
    done = subprocess.run([LOAD, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"butler_load {' '.join(map(str, words))}: {done.stderr.strip()[:400]}")
    return json.loads(done.stdout)


class Window:
    """One measurement between two calibrations."""

    def __init__(self, measure: Callable[[], object], folder: Path):
        before, spin_before = self._calibrate(folder)
        self.result = measure()
        after, spin_after = self._calibrate(folder)
        self.f = (before + after) / 2
        self.spin = (spin_before + spin_after) / 2
        self.drift = max(abs(before - after) / self.f, abs(spin_before - spin_after) / self.spin)

    @staticmethod
    def _calibrate(folder: Path) -> tuple[float, float]:
        return load("fsync", folder, _FSYNC_SECONDS)["per_second"], load("spin", _SPIN_SECONDS)["rounds_per_second"]

    @property
    def accepted(self) -> bool:
        return self.drift <= AGREEMENT


class Clock:
    """When repeats have to stop: what is left then is measured once more at most."""

    def __init__(self, minutes: float):
        self._end = time.monotonic() + minutes * 60

    @property
    def is_up(self) -> bool:
        return time.monotonic() > self._end


def windows_of(measure: Callable[[], object], folder: Path, wanted: int, tries: int, clock: Clock | None = None) -> list[Window]:
    """`wanted` windows that are accepted; after `tries`, or when the clock is up, those there are, or the one that agreed most."""
    windows: list[Window] = []
    for _ in range(tries):
        windows.append(Window(measure, folder))
        if sum(window.accepted for window in windows) == wanted or clock and clock.is_up:
            break
    accepted = [window for window in windows if window.accepted]
    return accepted or [min(windows, key=lambda window: window.drift)]


def are_accepted(windows: list[Window]) -> bool:
    return all(window.accepted for window in windows)


@dataclass
class Rate:
    """Medians of a rate per second over some windows, and of that rate divided by F."""

    per_second: float
    by_f: float
    f: float
    accepted: bool

    @staticmethod
    def of(windows: list[Window], member: str = "per_second") -> "Rate":
        rates = [window.result[member] for window in windows]
        return Rate(
            statistics.median(rates),
            statistics.median(rate / window.f for rate, window in zip(rates, windows)),
            statistics.median(window.f for window in windows),
            are_accepted(windows),
        )

    def __str__(self) -> str:
        return f"{self.per_second:,.0f} [{self.by_f:.2f}]".replace(",", " ") + ("" if self.accepted else " (not accepted)")


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """In Markdown."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)

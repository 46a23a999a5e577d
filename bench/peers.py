#!/usr/bin/env python3
"""Measures Butler's orchestrator beside other queues: the same steps (create → claim → complete) with the same durability, on the
same disk, in one run. Prints rates with F beside them, and the ratios beside the goals (G2 to G5).

    make bench-peers                                     # installs and builds what this needs, then runs it: seven to eleven minutes
    python3 bench/peers.py --quick --only butler,bullmq

Every measurement has a server and a folder of its own, and stands between two calibrations (bench/calibration.py): `[0.83]` is the
rate divided by F. It is repeated, a bounded number of times, until both agree; a figure that never was accepted is marked.
A ratio is met, or missed, when both the rates and the rates divided by F say so: a disk whose rate moves in between moves one of
them. Beside appendfsync everysec, which does not wait for the disk, the rates alone count.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from calibration import CHECKOUT, Clock, Rate, Window, are_accepted, table, windows_of
from goal_table import Verdict, print_verdicts
from subjects import SUBJECTS, Subject


@dataclass(frozen=True)
class Measure:
    title: str
    run: Callable[[Subject, float], dict]
    without: tuple[str, ...] = ()


CREATES_1 = Measure("creates/s, 1 connection", lambda subject, seconds: subject.creates(1, seconds), ("pg-boss-32",))
CREATES_32 = Measure("creates/s, 32 connections", lambda subject, seconds: subject.creates(32, seconds), ("pg-boss-32",))
LIFECYCLES_8 = Measure("lifecycles/s, 8 + 8", lambda subject, seconds: subject.lifecycles(8, 8, seconds))
LIFECYCLES_32 = Measure("lifecycles/s, 32 + 32", lambda subject, seconds: subject.lifecycles(32, 32, seconds))
MEASURES = (CREATES_1, CREATES_32, LIFECYCLES_8, LIFECYCLES_32)

# Goal, what is measured, by F at least; then, by subject, how many times as fast Butler has to be.
MUSTS: tuple[tuple[str, Measure, float, dict[str, float]], ...] = (
    ("G1", CREATES_1, 0.7, {}),
    ("G2", CREATES_32, 5.5, {"bullmq": 1.15, "beanstalkd": 3.5, "pg-boss": 10, "graphile": 20}),
    ("G3", LIFECYCLES_32, 4.5, {"bullmq": 2, "bullmq-everysec": 1.5, "beanstalkd": 7, "pg-boss-32": 10, "graphile": 25}),
    ("G4", LIFECYCLES_8, 2.5, {"bullmq": 1.5}),
)
PICKUP_SUBJECTS = ("butler", "bullmq")


class Peers:
    """Measures the subjects, in rounds: what is compared is measured soon after one another."""

    def __init__(self, scratch: Path, only: list[str], quick: bool = False):
        self._scratch = scratch
        self._only = only
        self._rounds, self._tries, self._seconds, self._pickups = (1, 1, 1.0, 150) if quick else (2, 2, 3.0, 500)
        self._clock = Clock(2 if quick else 9)  # from then on nothing is repeated
        self._windows: dict[tuple[str, str], list[Window]] = {}
        self._pickup_windows: dict[str, list[Window]] = {}

    def run(self) -> None:
        for _ in range(self._rounds):
            for measure in MEASURES:
                for name in self._only:
                    if name not in measure.without and not self._has_to_stop((name, measure.title) in self._windows):
                        self._measure_rate(name, measure)
            for name in self._only:
                if name in PICKUP_SUBJECTS and not self._has_to_stop(name in self._pickup_windows):
                    self._measure_pickup(name)

    def _measure_rate(self, name: str, measure: Measure) -> None:
        if found := self._measure(name, measure.title, lambda subject: measure.run(subject, self._seconds)):
            self._windows.setdefault((name, measure.title), []).extend(found)
            self._say(name, measure.title, str(Rate.of(found)), found)

    def _measure_pickup(self, name: str) -> None:
        if found := self._measure(name, "pickup", lambda subject: subject.pickup(self._pickups)):
            self._pickup_windows.setdefault(name, []).extend(found)
            self._say(name, "pickup", f"p50 {found[0].result['p50_ms']:.2f} ms, p99 {found[0].result['p99_ms']:.2f} ms", found)

    def _has_to_stop(self, measured: bool) -> bool:
        """Nothing is left out for want of time, only repeated less often."""
        return measured and self._clock.is_up

    def _measure(self, name: str, what: str, run: Callable[[Subject], dict]) -> list[Window]:
        """Nothing when it fails: the others are measured all the same."""

        def with_a_server_of_its_own() -> dict:
            folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self._scratch))
            folder.chmod(0o711)
            subject = SUBJECTS[name](folder)
            try:
                return run(subject)
            finally:
                subject.close()
                shutil.rmtree(folder, ignore_errors=True)

        try:
            return windows_of(with_a_server_of_its_own, self._scratch, 1, self._tries, self._clock)
        except (Exception, SystemExit) as fault:
            print(f"{name}: {what}: not measured: {fault}", file=sys.stderr, flush=True)
            return []

    @staticmethod
    def _say(name: str, what: str, figure: str, windows: list[Window]) -> None:
        print(f"{name}: {what}: {figure}; F {windows[0].f:.0f}/s, spin {windows[0].spin:.0f}", file=sys.stderr, flush=True)

    def _of(self, name: str, measure: Measure) -> Rate | None:
        """From the accepted windows, if there are any."""
        windows = self._windows.get((name, measure.title))
        return Rate.of([window for window in windows if window.accepted] or windows) if windows else None

    def rates(self) -> str:
        rows = []
        for name in self._only:
            figures = [self._of(name, measure) for measure in MEASURES]
            rows.append((SUBJECTS[name].title, *(str(figure) if figure else "–" for figure in figures)))
        return table(("per second [divided by F]", *(measure.title for measure in MEASURES)), rows)

    def verdicts(self) -> list[Verdict]:
        """What the run says about the goals; nothing without Butler."""
        found = []
        for goal, measure, by_f, factors in MUSTS:
            ours = self._of("butler", measure)
            if ours is None:
                continue
            found.append(Verdict(goal, f"≥ {by_f:g} F", f"{ours.by_f:.2f} F ({ours.per_second:.0f}/s)", ours.by_f >= by_f, ours.accepted))
            for name, factor in factors.items():
                if theirs := self._of(name, measure):
                    found.append(self._beside(goal, name, factor, ours, theirs))
        return found + self._pickup_verdicts()

    @staticmethod
    def _beside(goal: str, name: str, factor: float, ours: Rate, theirs: Rate) -> Verdict:
        by_rate, by_f = ours.per_second / theirs.per_second, ours.by_f / theirs.by_f
        ratios = {by_f, by_rate} if SUBJECTS[name].waits_for_disk else {by_rate}
        reached = {ratio >= factor for ratio in ratios}
        met = reached.pop() if len(reached) == 1 else None
        measured = f"{by_f:.2f}× by F, {by_rate:.2f}× by rate"
        return Verdict(goal, f"≥ {factor:g}× {SUBJECTS[name].short}", measured, met, ours.accepted and theirs.accepted)

    def _pickup(self, name: str, member: str) -> float:
        windows = self._pickup_windows[name]
        return statistics.median(window.result[member] for window in [w for w in windows if w.accepted] or windows)

    def pickups(self) -> str:
        rows = [(SUBJECTS[name].title, *(f"{self._pickup(name, member):.2f} ms" for member in ("create_p50_ms", "p50_ms", "p99_ms")),
                 "yes" if are_accepted(windows) else "not all") for name, windows in self._pickup_windows.items()]
        return table(("pickup by an idle worker", "create p50", "p50", "p99", "accepted"), rows)

    def _pickup_verdicts(self) -> list[Verdict]:
        if "butler" not in self._pickup_windows:
            return []
        accepted = any(window.accepted for window in self._pickup_windows["butler"])
        over = self._pickup("butler", "p50_ms") - self._pickup("butler", "create_p50_ms")
        p50, p99 = self._pickup("butler", "p50_ms"), self._pickup("butler", "p99_ms")
        found = [Verdict("G5", "p50 ≤ create p50 + 0.15 ms", f"create p50 {over:+.2f} ms (p50 {p50:.2f} ms)", over <= 0.15, accepted),
                 Verdict("G5", "p99 ≤ 5 ms", f"{p99:.2f} ms", p99 <= 5, accepted)]
        if "bullmq" in self._pickup_windows:
            ratio = p50 / self._pickup("bullmq", "p50_ms")
            both = accepted and any(window.accepted for window in self._pickup_windows["bullmq"])
            found.append(Verdict("G5", f"≤ 0.6× {SUBJECTS['bullmq'].short}, p50", f"{ratio:.2f}×", ratio <= 0.6, both))
        return found

    def as_json(self) -> dict:
        rates = {f"{name}: {measure.title}": asdict(rate) for name in self._only for measure in MEASURES if (rate := self._of(name, measure))}
        pickups = {name: [window.result for window in windows] for name, windows in self._pickup_windows.items()}
        return {"rates": rates, "pickups": pickups, "verdicts": [asdict(verdict) for verdict in self.verdicts()]}


def scratch_folder(parent: Path | None):
    """A folder for servers, on the disk that is to be measured; everybody may walk through it."""
    parent = parent or CHECKOUT / "build"
    parent.mkdir(exist_ok=True)
    folder = tempfile.TemporaryDirectory(prefix="scratch-", dir=parent, ignore_cleanup_errors=True)
    Path(folder.name).chmod(0o711)
    return folder


def names_of(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(SUBJECTS):
        raise argparse.ArgumentTypeError(f"no subject is called {', '.join(sorted(unknown))}; there are {', '.join(SUBJECTS)}")
    return names


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short window of each, for trying it out: three minutes")
    parser.add_argument("--only", type=names_of, default=list(SUBJECTS), help=f"of {','.join(SUBJECTS)}")
    parser.add_argument("--json", action="store_true", help="everything measured, for machines")
    parser.add_argument("--scratch", type=Path, help="where the servers' folders are made (default: build/)")
    options = parser.parse_args()
    with scratch_folder(options.scratch) as folder:
        peers = Peers(Path(folder), options.only, options.quick)
        peers.run()
    if options.json:
        print(json.dumps(peers.as_json(), indent=2))
        return 0
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors\n\n{peers.rates()}\n\n{peers.pickups()}\n")
    print_verdicts(peers.verdicts())
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Measures how long Butler's programs take to start, and prints a table: each role until it says that it is ready
(sd_notify), and commands that only print.

A role's first start makes its database; the later ones, in the same home, are what a restart takes. The machine's
neighbours are in the figures, unless --realtime keeps them away. `make bench` builds what this needs.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

from support.butler import ROLES, Butler  # noqa: E402
from support.model_server import ModelServer  # noqa: E402
from support.paths import BINARY  # noqa: E402
from support.simulator import Simulator  # noqa: E402

READY_MS = 50
HELP_MS = 10
COMMANDS = (["--help"], ["version"], ["config", "--help"])


def milliseconds(action) -> float:
    before = time.perf_counter()
    action()
    return (time.perf_counter() - before) * 1000


def run_command(words: list[str], environment: dict[str, str]) -> None:
    subprocess.run([BINARY, *words], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


class Table:
    def __init__(self):
        self.rows: list[tuple[str, str, str, str]] = []
        self.kept = True

    def add(self, what: str, must: float, times: list[float]) -> None:
        times = sorted(times)
        least, median, high = times[0], statistics.median(times), times[int(len(times) * 0.9)]
        self.kept = self.kept and median < must
        self.rows.append((what, f"< {must} ms", f"{median:.1f} ms", f"{least:.1f} / {high:.1f} ms"))
        print(f"{what}: {median:.1f} ms (least {least:.1f}, p90 {high:.1f})", flush=True)

    def text(self) -> str:
        lines = ["| measure | must | median | least / p90 |", "| --- | --- | --- | --- |"]
        return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in self.rows])


def measure_commands(table: Table, rounds: int) -> None:
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "BUTLER_ENV_FILE": ""}
    empty = [milliseconds(lambda: subprocess.run(["/bin/true"], env=environment, check=True)) for _ in range(rounds)]
    print(f"(/bin/true, started the same way: {statistics.median(empty):.1f} ms)")
    for words in COMMANDS:
        table.add(f"`butler {' '.join(words)}`", HELP_MS, [milliseconds(lambda: run_command(words, environment)) for _ in range(rounds)])


def measure_roles(table: Table, scratch: Path, rounds: int, model: ModelServer | None) -> None:
    """Each role by itself, with the others running, as under systemd. With a model the worker runs pi in its sandbox."""
    simulator = Simulator(scratch)
    butler = Butler(scratch, simulator, model)
    first: dict[str, float] = {}
    later: dict[str, list[float]] = {role: [] for role in ROLES}
    try:
        for number in range(rounds + 1):
            for role in ROLES:
                # A later round starts a role again whose end was orderly.
                if number > 0:
                    butler._running[role].terminate()
                taken = milliseconds(lambda: butler.start(role))
                if number == 0:
                    first[role] = taken
                else:
                    later[role].append(taken)
        agent = "with pi" if model else "mock agent"
        for role in ROLES:
            if model and role != "worker":
                continue
            what = f"{role} ({agent})" if role == "worker" else role
            table.add(f"{what}, started again until ready", READY_MS, later[role])
            table.add(f"{what}, the first start of a home", READY_MS, [first[role]])
    finally:
        butler.close()
        simulator.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="starts of each (default 20)")
    parser.add_argument("--realtime", action="store_true", help="before every other program of the machine (SCHED_FIFO; root only)")
    options = parser.parse_args()
    if options.realtime:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    table = Table()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
    measure_commands(table, 5 * options.rounds)
    with tempfile.TemporaryDirectory(prefix="butler-bench-", dir="/var/tmp") as name:
        for kind in ("mock", "pi"):
            scratch = Path(name) / kind
            scratch.mkdir()
            Path(name).chmod(0o711)
            scratch.chmod(0o711)
            model = ModelServer(scratch) if kind == "pi" else None
            try:
                measure_roles(table, scratch, options.rounds, model)
            finally:
                if model:
                    model.stop()
    print(f"\n{table.text()}")
    return 0 if table.kept else 1


if __name__ == "__main__":
    sys.exit(main())

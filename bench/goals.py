#!/usr/bin/env python3
"""Measures the goals of the queue, G1 to G19, and prints a table of all of them: must, aim, measured, met or missed.

    python3 bench/goals.py                    # twenty minutes, half of them the queues of bench/peers.py
    python3 bench/goals.py --quick --only store,http

`make bench-peers` installs and builds what this needs. What only a test proves, or what takes hours, is named in its row.
The exit code judges nothing: a goal that is missed, or was not measured, is told in the table alone.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import goal_deltas
import goal_http
import goal_postgres
import goal_store
from goal_table import Verdict, goals_with
from peers import Peers, scratch_folder
from run import Bench
from subjects import SUBJECTS


def _peers(scratch: Path, quick: bool) -> list[Verdict]:
    peers = Peers(scratch, list(SUBJECTS), quick)
    peers.run()
    return peers.verdicts()


def _roles(scratch: Path, quick: bool) -> list[Verdict]:
    bench = Bench(scratch, 1 if quick else 4)
    bench.whole_path()
    bench.idle()
    return bench.verdicts


PARTS: dict[str, tuple[Callable[[Path, bool], list[Verdict]], ...]] = {
    "peers": (_peers,),
    "store": (goal_store.claims_and_restart, goal_store.creates_through_checkpoints),
    "http": (goal_http.floor, goal_http.waiting, goal_http.slow_disk),
    "deltas": (goal_deltas.stored, goal_deltas.few_commits),
    "postgres": (goal_postgres.two_orchestrators,),
    "roles": (_roles,),
}


def names_of(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(PARTS):
        raise argparse.ArgumentTypeError(f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return names


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short window of each, for trying it out")
    parser.add_argument("--only", type=names_of, default=list(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument("--json", action="store_true", help="what was measured, for machines")
    parser.add_argument("--scratch", type=Path, help="where the servers' folders are made (default: build/)")
    options = parser.parse_args()
    verdicts: list[Verdict] = []
    for name in options.only:
        for part in PARTS[name]:
            with scratch_folder(options.scratch) as folder:
                try:
                    found = part(Path(folder), options.quick)
                except (Exception, SystemExit) as fault:
                    print(f"{name}: not measured: {fault}", file=sys.stderr, flush=True)
                    continue
            for verdict in found:
                print(f"{verdict.goal}: {verdict.must}: {verdict.measured}: {verdict.word}", file=sys.stderr, flush=True)
            verdicts += found
    if options.json:
        print(json.dumps([asdict(verdict) for verdict in verdicts], indent=2))
        return 0
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors\n\n{goals_with(verdicts)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

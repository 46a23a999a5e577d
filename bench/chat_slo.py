#!/usr/bin/env python3
"""Measures how long people wait in a chat, from outside (by the Telegram simulator's journal), and prints a table: from a
message to a chat that shows it runs, from a job's completion to its answer, from the press of a button to its answer, from Stop
to the stopped answer, and what must not happen at all. Ends with 1 when one is out of its bounds.

Chats and buckets are as full as the turns themselves make them. The release build is measured; `make bench` builds it.
"""

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

from support.butler import Butler  # noqa: E402
from support.chat_slo import ChatSlo, configure  # noqa: E402
from support.model_server import ModelServer  # noqa: E402
from support.simulator import Simulator  # noqa: E402

STRANGERS = (4242, 4343)
SHOWN_MOST, FINAL_P50, FINAL_MOST, CALLBACK_MOST, STOP_MOST = 2.0, 0.2, 1.5, 1.0, 0.5  # seconds


class Table:
    def __init__(self):
        self.rows: list[tuple[str, str, str]] = []
        self.kept = True

    def add(self, what: str, must: str, measured: str, kept: bool) -> None:
        self.kept = self.kept and kept
        self.rows.append((what, must, measured + ("" if kept else " (out of bounds)")))
        print(f"{what}: {self.rows[-1][2]} (must: {must})", flush=True)

    def add_times(self, what: str, times: list[float], most: float, p50: float | None = None) -> None:
        median, slowest = statistics.median(times), max(times)
        kept = slowest <= most and (p50 is None or median <= p50)
        must = f"≤ {most} s" + ("" if p50 is None else f", p50 ≤ {p50} s")
        self.add(f"{what}, {len(times)} of them", must, f"p50 {median * 1000:.0f} ms, most {slowest * 1000:.0f} ms", kept)

    def text(self) -> str:
        lines = ["| measure | must | measured |", "| --- | --- | --- |"]
        return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in self.rows])


class Bench:
    def __init__(self, scratch: Path, table: Table):
        self._scratch = scratch
        self._table = table
        self._refusals: list[dict] = []
        self._violations: list[dict] = []
        self._previews: list[str] = []

    @contextlib.contextmanager
    def _running(self, name: str, people: tuple[int, ...], with_pi: bool = False):
        """A group, Butler and a simulator; without pi, the measure is the worker."""
        folder = self._scratch / name
        folder.mkdir()
        folder.chmod(0o711)
        with contextlib.ExitStack() as stack:
            simulator = Simulator(folder)
            stack.callback(simulator.process.destroy)  # what it found is counted in never()
            for person in (*people, *STRANGERS):
                simulator.add_user(person, f"P{person}")
            model = None
            if with_pi:
                model = stack.enter_context(ModelServer(folder))
                configure(model)
            butler = Butler(folder, simulator, model, TG_ALLOW_FROM=",".join(map(str, people)))
            stack.callback(butler.close)
            for role in ("orchestrator", "gateway", *(["worker"] if with_pi else [])):
                butler.start(role)
            simulator.wait_for_polling()
            yield ChatSlo(simulator, butler), simulator.add_group()
            found = simulator.violations()
            self._refusals += [item for item in found if item["kind"] == "rate_limit"]
            self._violations += [item for item in found if item["kind"] != "rate_limit"]
            self._previews += simulator.do("assert", check="one_preview")["breaches"]

    def shown(self) -> None:
        people = tuple(range(2001, 2011))
        with self._running("shown", people) as (chats, _):
            self._table.add_times("from a message to a chat that shows it runs", chats.shown(list(people)), SHOWN_MOST)

    def finals(self) -> None:
        people = tuple(range(2001, 2024))
        with self._running("finals", people) as (chats, group):
            self._table.add_times("from completion to the answer, status shown", chats.finals(list(people), group), FINAL_MOST, FINAL_P50)

    def callbacks(self) -> None:
        with self._running("callbacks", ()) as (chats, _):
            answered = chats.callbacks(STRANGERS)
            print("  " + "; ".join(f"{kind} {seconds * 1000:.0f} ms" for kind, seconds in answered.items()))
            self._table.add_times("from a press to its answer, every kind of button", list(answered.values()), CALLBACK_MOST)

    def stops(self, rounds: int) -> None:
        with self._running("stops", (), with_pi=True) as (chats, group):
            drafts, buttons = [], []
            for _ in range(rounds):
                drafts.append(chats.stop_by_draft())
                buttons.append(chats.stop_by_button(group))
            self._table.add_times("from Stop under a draft to stopped, pi in mid-tool", drafts, STOP_MOST)
            self._table.add_times("from Stop in a group to stopped, pi in mid-tool", buttons, STOP_MOST)

    def never(self) -> None:
        """What has happened in all of the above and must not."""
        for what, found in (("429 of our own making", self._refusals), ("calls against the Bot API", self._violations),
                            ("more than one status of a turn", self._previews)):
            self._table.add(what, "0", str(len(found)), not found)
            for item in found:
                print(f"  {item}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="stops of each kind (default 5)")
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors")
    table = Table()
    with tempfile.TemporaryDirectory(prefix="butler-bench-", dir="/var/tmp") as name:
        scratch = Path(name)
        scratch.chmod(0o711)
        bench = Bench(scratch, table)
        bench.shown()
        bench.finals()
        bench.callbacks()
        bench.stops(options.rounds)
        bench.never()
    print(f"\n{table.text()}")
    return 0 if table.kept else 1


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Soak: so many messages go the whole way, from Telegram's stand-in to the agent and back, and nothing in the three roles grows.

    python3 bench/soak.py                # 100 000 jobs: half an hour to an hour; --jobs 5000 for minutes
    python3 bench/soak.py --binary PATH --chats 24 --speed 1

PSS, descriptors and threads of each role after the first twentieth and at the end, at rest both times, and beside them the goal: at
most 2 MB more for all roles together (G18). Each database keeps up to 4 MB of its pages in memory, and fills them in some thousand
short messages: a short run says more with --first 1200 --characters 3000. Every answer is waited for. Exit status 1 when more has
grown, when a descriptor or a thread is left over, or when an answer did not come.

Telegram takes one message a second in a chat and 25 or so of a bot, and the gateway keeps to that: a hundred thousand would take
an hour and a half on any machine. So its steady clock runs --speed times as fast (tests/fast_clock), and the stand-in takes what comes. Its patience with the
network is so much shorter, too: with a large --speed a busy machine looks like a broken one.
"""

import argparse
import re
import sys
import tempfile
import threading
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

import support.butler  # noqa: E402
from support.butler import ROLES, Butler  # noqa: E402
from support.paths import require  # noqa: E402
from support.simulator import Simulator  # noqa: E402
from support.wait import until  # noqa: E402

GOAL_MB = 2.0
PER_CHAT = 250  # then another person goes on: the stand-in looks through a whole chat for each answer
FIRST_PERSON = 10_000


def measure(pid: int) -> dict[str, float]:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {"pss_mb": int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1]) / 1024,
            "anonymous_mb": int(re.search(r"^Pss_Anon:\s+(\d+) kB", rollup, re.MULTILINE)[1]) / 1024,
            "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())), "threads": len(list(Path(f"/proc/{pid}/task").iterdir()))}


def fast_clock(binary: Path, speed: int) -> dict[str, str]:
    """What the gateway is started with, so that it paces its messages so many times as fast."""
    if speed == 1:
        return {}
    library = binary.resolve().parent / "tests/libbutler_fast_clock.so"
    return {"LD_PRELOAD": str(require(library, "make test")), "BUTLER_TEST_CLOCK_SPEED": str(speed)}


class Soak:
    def __init__(self, butler: Butler, simulator: Simulator, options: argparse.Namespace):
        self.butler, self.simulator, self.jobs, self.chats = butler, simulator, options.jobs, options.chats
        self.first = options.first
        self._more = " and so on" * (options.characters // 10)
        self._next_person = FIRST_PERSON
        self._lock = threading.Lock()
        self._calls = -1
        self.faults: list[str] = []

    def _person(self) -> int:
        with self._lock:
            self._next_person += 1
            return self.simulator.add_user(self._next_person, f"Person {self._next_person}")

    def _talk(self, count: int) -> None:
        """One chat: a message, its answer, the next message."""
        try:
            chat = self._person()
            for number in range(count):
                if number and number % PER_CHAT == 0:
                    chat = self._person()
                sent = self.simulator.send_text(f"message {number} of {chat}.{self._more}", chat=chat)
                self.simulator.wait_for_reply(f"message {number} of {chat}.", after=sent, chat=chat)
        except (AssertionError, OSError) as fault:
            self.faults.append(str(fault))

    def run(self, jobs: int) -> float:
        """So many jobs more; their rate per second."""
        began = time.monotonic()
        share = [jobs // self.chats + (number < jobs % self.chats) for number in range(self.chats)]
        threads = [threading.Thread(target=self._talk, args=(count,)) for count in share if count]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.faults:
            raise SystemExit("\n".join([fault.splitlines()[0] for fault in self.faults] + self._complaints()))
        return jobs / (time.monotonic() - began)

    def _complaints(self) -> list[str]:
        """What the roles have last warned of."""
        return [line for role in ROLES for line in self.butler.lines(role) if re.search(r"level=(warning|error)", line)][-60:]

    def at_rest(self) -> dict[str, dict[str, float]]:
        until(self._is_quiet, "the bot to do nothing but poll", interval=1.0)
        return self.now()

    def now(self) -> dict[str, dict[str, float]]:
        return {role: measure(self.butler.pid(role)) for role in ROLES}

    def _is_quiet(self) -> bool:
        """Whether nothing was called since the last look; asks for no journal, which is long by now."""
        calls = sum(count for method, count in self.simulator.state()["calls"].items() if method != "getUpdates")
        unchanged, self._calls = calls == self._calls, calls
        return unchanged


def people_needed(jobs: int, first: int, chats: int) -> int:
    """Each round brings new ones: one for each chat, and another after every PER_CHAT messages of a chat."""
    return -(-jobs // first) * (chats + first // PER_CHAT)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--chats", type=int, default=24, help="how many talk at the same time")
    parser.add_argument("--first", type=int, help="jobs before the first look; a twentieth unless given")
    parser.add_argument("--characters", type=int, default=0, help="how much longer each message is")
    parser.add_argument("--speed", type=int, default=4, help="how many times as fast the gateway paces its messages")
    parser.add_argument("--binary", type=Path, help="instead of build/release/butler")
    options = parser.parse_args()
    options.first = options.first or max(1, options.jobs // 20)
    if options.binary:
        support.butler.BINARY = options.binary
    with tempfile.TemporaryDirectory(prefix="butler-soak-", dir="/tmp") as folder:
        scratch = Path(folder)
        scratch.chmod(0o711)
        simulator = Simulator(scratch, rate_model=False)
        people = range(FIRST_PERSON + 1, FIRST_PERSON + 1 + people_needed(options.jobs, options.first, options.chats))
        butler = Butler(scratch, simulator, WORKER_CONCURRENCY="8", TG_ALLOW_FROM=",".join(map(str, people)))
        try:
            for role in ROLES:
                butler.start(role, **(fast_clock(support.butler.BINARY, options.speed) if role == "gateway" else {}))
            return report(Soak(butler, simulator, options))
        finally:
            butler.close()
            simulator.process.destroy()


def show_progress(done: int, roles: dict[str, dict[str, float]]) -> None:
    shown = ", ".join(f"{role} {each['pss_mb']:.2f} MB" for role, each in roles.items())
    print(f"{done} jobs: PSS {shown}", file=sys.stderr, flush=True)


def report(soak: Soak) -> int:
    first = soak.first
    rates = [soak.run(first)]
    before = soak.at_rest()
    began = time.monotonic()
    for done in range(first, soak.jobs, first):
        soak.run(min(first, soak.jobs - done))
        show_progress(min(done + first, soak.jobs), soak.now())
    rates.append((soak.jobs - first) / (time.monotonic() - began))
    after = soak.at_rest()
    print(f"{soak.jobs} jobs, {soak.chats} chats at a time, {rates[0]:.0f}/s then {rates[1]:.0f}/s (the stand-in is Python)\n")
    print(f"| role | PSS after {first} → {soak.jobs} | of it the process's own | descriptors | threads |\n| --- | --- | --- | --- | --- |")
    for role in ROLES:
        one, other = before[role], after[role]
        print(f"| {role} | {one['pss_mb']:.2f} → {other['pss_mb']:.2f} MB | {one['anonymous_mb']:.2f} → {other['anonymous_mb']:.2f} MB "
              f"| {one['descriptors']:.0f} → {other['descriptors']:.0f} | {one['threads']:.0f} → {other['threads']:.0f} |")
    growth = sum(after[role]["pss_mb"] - before[role]["pss_mb"] for role in ROLES)
    print(f"\ngrowth of the three: {growth:.2f} MB (G18: at most {GOAL_MB:g} MB)")
    leaks = [role for role in ROLES for what in ("descriptors", "threads") if after[role][what] > before[role][what] + 4]
    return 1 if growth > GOAL_MB or leaks else 0


if __name__ == "__main__":
    sys.exit(main())

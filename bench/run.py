#!/usr/bin/env python3
"""Measures Butler's targets and prints them beside F, the disk's rate of 4 KiB append + fdatasync.

Each measure stands between two calibrations (bench/calibration.py) and is repeated up to `--tries` times, until they agree; the
best-agreeing window is used and marked when none did. `make bench` builds what this needs. All goals of the queue: bench/goals.py.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from calibration import CHECKOUT, Window, are_accepted, table, windows_of
from goal_table import GOALS, Verdict
from peers import Peers

sys.path.insert(0, str(CHECKOUT / "tests"))

from support.butler import ROLES, Butler  # noqa: E402
from support.paths import BINARY  # noqa: E402
from support.simulator import Simulator  # noqa: E402

POLICY = CHECKOUT / "build/release/bench/butler_policy_bench"
MODEL_PROXY = CHECKOUT / "build/release/bench/butler_model_proxy_bench"
SANDBOX = CHECKOUT / "build/release/bench/butler_sandbox_bench"


def pss_megabytes(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"no Pss of process {pid}")


class Bench:
    def __init__(self, scratch: Path, tries: int):
        self.scratch = scratch
        self.tries = tries
        self.rows: list[tuple[str, str, str, str, str]] = []
        self.verdicts: list[Verdict] = []

    def row(self, name: str, what: str, must: str, measured: str, windows: list[Window], met: bool | None = None) -> None:
        f = statistics.median(window.f for window in windows)
        accepted = are_accepted(windows)
        state = "" if accepted else " (noisy window)"
        self.rows.append((name, what, must, measured, f"{f:.0f}/s{state}"))
        self.verdicts.append(Verdict(name, must, measured, met, accepted))
        print(f"{name}: {measured}; F {f:.0f}/s{state}", flush=True)

    def queue(self) -> None:
        """The orchestrator by itself; beside other queues: bench/peers.py."""
        peers = Peers(self.scratch, ["butler"])
        peers.run()
        for verdict in peers.verdicts():
            self.rows.append((verdict.goal, GOALS[verdict.goal].measure, verdict.must, verdict.measured, verdict.word))

    def whole_path(self) -> None:
        folder = self.scratch / "path"
        folder.mkdir(mode=0o711)
        people = range(1001, 1041)
        simulator = Simulator(folder, rate_model=False)
        butler = Butler(folder, simulator, TG_OWNER_IDS=",".join(map(str, people)), WORKER_CONCURRENCY="2")
        try:
            for person in people[1:]:
                simulator.add_user(person, f"P{person}")
            butler.start_all()
            simulator.wait_for_polling()
            rounds = iter(range(3 * self.tries + 1))

            def answers() -> dict:
                number = next(rounds)
                times = []
                for person in people:
                    sent = simulator.send_text(f"round {number}", chat=person, user=person)
                    simulator.wait_for_reply(f"round {number}", after=sent, chat=person)
                    times.append(self._latency(simulator, person, sent))
                    time.sleep(0.07)  # the whole bot is held below Telegram's 30 messages a second
                times.sort()
                time.sleep(2.5)  # the people's chats are paced at a message a second: let their buckets fill again
                return {"p50": times[len(times) // 2], "p99": times[-1], "times": times}

            answers()  # warm
            windows = windows_of(answers, folder, 3, self.tries)
            times = sorted(value for window in windows for value in window.result["times"])
            p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
            self.row("G16", "message in → answer out, instant agent, simulator", "p50 ≤ 10 ms, p99 ≤ 40 ms",
                     f"p50 {p50:.1f} ms, p99 {p99:.1f} ms", windows, p50 <= 10 and p99 <= 40)
        finally:
            butler.close()
            simulator.close()

    def _latency(self, simulator: Simulator, chat: int, message: int) -> float:
        """From the person's message to the bot's answer, on the simulator's own clock."""
        entries = simulator.journal()
        asked = [entry for entry in entries if entry["direction"] == "user" and entry.get("verb") == "send_text"
                 and entry.get("effect", {}).get("message_id") == message and entry["fields"].get("chat") == chat]
        answered = [entry for entry in entries if entry["direction"] == "bot" and entry.get("method") == "sendMessage"
                    and entry["params"].get("chat_id") == chat and entry["t"] > asked[-1]["t"]]
        return (answered[0]["t"] - asked[-1]["t"]) * 1000

    def idle(self) -> None:
        folder = self.scratch / "idle"
        folder.mkdir(mode=0o711)
        simulator = Simulator(folder)
        butler = Butler(folder, simulator)
        try:
            ready = {}

            def start() -> dict:
                for role in ROLES:
                    before = time.monotonic()
                    butler.start(role)
                    ready.setdefault(role, []).append((time.monotonic() - before) * 1000)
                simulator.wait_for_polling()
                sizes = {role: pss_megabytes(butler.pid(role)) for role in ROLES}
                butler.close()
                return sizes

            windows = windows_of(start, folder, 3, self.tries)
            total = statistics.median(sum(window.result.values()) for window in windows)
            each = ", ".join(f"{role} {windows[-1].result[role]:.1f}" for role in ROLES)
            starts = {role: statistics.median(values) for role, values in ready.items()}
            times = ", ".join(f"{role} {value:.0f} ms" for role, value in starts.items())
            self.row("G17", "three roles idle, PSS; time to ready each", "≤ 25 MB; ≤ 50 ms",
                     f"{total:.1f} MB ({each}); {times}", windows, total <= 25 and max(starts.values()) <= 50)
        finally:
            butler.close()
            simulator.close()

    def policy(self) -> None:
        folder = self.scratch / "policy"
        folder.mkdir(mode=0o711)
        corpus = CHECKOUT / "src/policy/testdata/commands.json"

        def decisions() -> dict:
            done = subprocess.run([POLICY, corpus, "1"], capture_output=True, text=True, check=True)
            return json.loads(done.stdout)

        windows = windows_of(decisions, folder, 3, self.tries)
        mean, p99, slowest = (statistics.median(window.result[name] for window in windows)
                              for name in ("mean_us", "p99_us", "slowest_us"))
        self.row("P1", "decision of the policy, the corpus of commands", "≤ 100 µs",
                 f"mean {mean:.0f} µs, p99 {p99:.0f} µs, slowest command {slowest:.0f} µs", windows)

    def sandbox(self) -> None:
        folder = self.scratch / "sandbox"
        folder.mkdir(mode=0o711)
        workspace = folder / "workspace"
        workspace.mkdir()
        # The sandbox is never for root.
        user = ["setpriv", "--reuid=butler", "--regid=butler", "--clear-groups"] if os.geteuid() == 0 else []
        if user:
            shutil.chown(workspace, "butler", "butler")

        def starts() -> dict:
            done = subprocess.run([*user, SANDBOX, workspace], capture_output=True, text=True, check=True)
            return {tier["profile"]: tier["median_ms"] for tier in map(json.loads, done.stdout.splitlines())}

        windows = windows_of(starts, folder, 3, self.tries)
        for profile in windows[0].result:
            median = statistics.median(window.result[profile] for window in windows)
            self.row("S1", f"start of a sandbox, {profile}", "≤ 20 ms", f"{median:.1f} ms", windows)

    def model_proxy(self) -> None:
        folder = self.scratch / "proxy"
        folder.mkdir(mode=0o711)

        def added() -> dict:
            done = subprocess.run([MODEL_PROXY, "500", "20000"], capture_output=True, text=True, check=True)
            return json.loads(done.stdout)

        windows = windows_of(added, folder, 3, self.tries)
        request, piece = (statistics.median(window.result[name] for window in windows) for name in ("request_us", "piece_us"))
        self.row("S2", "what the model proxy adds to a request, and to a streamed piece", "(none set)",
                 f"{request:.0f} µs; {piece:.1f} µs", windows)

    def machine(self) -> None:
        folder = self.scratch / "vm"
        folder.mkdir(mode=0o711)
        environment = {"PATH": os.environ["PATH"], "BUTLER_HOME": str(folder / "home"), "BUTLER_ENV_FILE": ""}

        def vm(*words: str) -> str:
            return subprocess.run([BINARY, "vm", *words], env=environment, capture_output=True, text=True, check=True).stdout

        def start(*words: str) -> dict:
            before = time.monotonic()
            vm("start", *words)
            vm("shell", "--", "true")
            seconds = time.monotonic() - before
            status = json.loads(vm("status", "--json"))
            vm("stop")
            return {"seconds": seconds, "accelerator": status["accelerator"]}

        vm("create", "--size", "64M")
        try:
            for name, what, words in (("V1", "cold start", ()), ("V2", "start from a snapshot", ("--warm",))):
                start(*words)  # the snapshot is made, the files are in memory
                windows = windows_of(lambda: start(*words), folder, 3, self.tries)
                seconds = statistics.median(window.result["seconds"] for window in windows)
                self.row(name, f"tiny virtual machine, {what}, until a command has ended", "≤ 5 s cold, ≤ 1.5 s warm, without KVM",
                         f"{seconds:.2f} s ({windows[-1].result['accelerator']})", windows)
        finally:
            vm("destroy")

    def table(self) -> str:
        return table(("#", "measure", "must", "measured", "F beside it"), self.rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tries", type=int, default=8, help="windows to try per measure (default 8)")
    parser.add_argument("--only", nargs="*", choices=("queue", "path", "idle", "policy", "sandbox", "proxy", "vm"), help="measure only these")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="butler-bench-", dir="/var/tmp") as name:
        scratch = Path(name)
        scratch.chmod(0o711)
        bench = Bench(scratch, options.tries)
        parts = {"queue": bench.queue, "path": bench.whole_path, "idle": bench.idle,
                 "policy": bench.policy, "sandbox": bench.sandbox, "proxy": bench.model_proxy, "vm": bench.machine}
        for part, run in parts.items():
            if not options.only or part in options.only:
                run()
        print("\n" + bench.table())
    return 0


if __name__ == "__main__":
    sys.exit(main())

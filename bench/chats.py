#!/usr/bin/env python3
"""Measures 200 private chats and some groups that talk at once through one gateway, and proves what must hold.

The whole of Butler with the mock agent, against the Telegram simulator, once with polls and once with the webhook.
At a calm rate each chat writes every few seconds; in the flood all write at once, several messages each. From outside:

* in → job: from the moment at which the simulator handed the update out (its answer to getUpdates leaves, or its
  webhook request begins) to the orchestrator's createdAt, in whole milliseconds. That row is committed by then or
  within that commit;
* sent → job: the same from the person's send, so with what the update waited at the simulator for the next poll;
* sent → answer: until the answer is at the simulator. In the flood Telegram's limit for a bot is in it.

The gathering of bursts and the limit per person are off: each message is a job. The simulator is Python: its share of
a processor while messages come is told, since at one processor it would be what is measured.

Exit status 1: a message was lost, doubled or out of order, or Telegram had to refuse one of our calls.
`make bench` builds what this needs.
"""

import argparse
import http.client
import json
import os
import random
import re
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

from support import net  # noqa: E402
from support.butler import ROLES, Butler  # noqa: E402
from support.simulator import Simulator  # noqa: E402
from support.wait import until  # noqa: E402

SECRET = "secret-of-the-webhook_0123456789"
WORDS = "please look at the notes of yesterday and tell me in a few words what is left to do today"
TOKEN = re.compile(r"\b[a-z]+-\d+-\d+\b")
TICKS = os.sysconf("SC_CLK_TCK")
SAMPLED_EVERY = 0.25
BUSY = 0.85  # of a processor: above that the simulator is the limit
IN_TO_JOB_P99_MS = 40  # the bound of the whole way, message in to answer out, holds for a part of it


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def pss_megabytes(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1]) / 1024


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


class Sampler:
    """The most memory and the most descriptors of each process while it is open."""

    def __init__(self, pids: dict[str, int]):
        self._pids, self._ended = pids, threading.Event()
        self.memory = dict.fromkeys(pids, 0.0)
        self.descriptors = dict.fromkeys(pids, 0)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._ended.wait(SAMPLED_EVERY):
            for name, pid in self._pids.items():
                self.memory[name] = max(self.memory[name], pss_megabytes(pid))
                self.descriptors[name] = max(self.descriptors[name], descriptors(pid))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()


class People:
    """Everybody who writes, over one kept connection to the simulator."""

    def __init__(self, simulator: Simulator, private: int, groups: int):
        address = urllib.parse.urlsplit(simulator._control)
        self._connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        self._simulator = simulator
        self.persons = [simulator.owner_id + number for number in range(private)]
        for person in self.persons[1:]:
            self._do("user.create", id=person, name=f"P{person}", started=True)
        members = [self.persons[number * 3 % private:][:3] for number in range(groups)]
        self.groups = [simulator.add_group(*(one for one in some if one != simulator.owner_id), title=f"Group {number}")
                       for number, some in enumerate(members)]
        self._speaker = dict(zip(self.groups, (some[-1] for some in members)))

    def _do(self, verb: str, **fields) -> dict:
        self._connection.request("POST", f"/sim/{verb}", json.dumps(fields).encode(), {"content-type": "application/json"})
        reply = self._connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            raise AssertionError(f"the simulator refused {verb}: {body.decode()}")
        return json.loads(body)

    @property
    def chats(self) -> list[int]:
        return self.persons + self.groups

    def write(self, chat: int, token: str) -> int:
        """The update's id."""
        call = "@butler_bot " if chat in self._speaker else ""
        return self._do("send_text", chat=chat, user=self._speaker.get(chat, chat), text=f"{call}{token} {WORDS}")["update_id"]


class Run:
    """One way in, from the start of all processes to their end."""

    def __init__(self, scratch: Path, mode: str, options: argparse.Namespace):
        self.mode, self.options = mode, options
        scratch.mkdir(mode=0o711)
        self.simulator = Simulator(scratch)
        people = ",".join(str(self.simulator.owner_id + number) for number in range(1, options.chats))
        port = net.free_port()
        webhook = {"TG_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook", "TG_WEBHOOK_SECRET": SECRET, "TG_WEBHOOK_PORT": str(port)}
        self.butler = Butler(scratch, self.simulator, TG_ALLOW_FROM=people, WORKER_CONCURRENCY="16",
                             **(webhook if mode == "webhook" else {}))
        self.faults: list[str] = []
        # Both clocks are the machine's; the simulator's is the one that never goes back.
        self._wall = min((time.time() - time.monotonic() for _ in range(50)), key=abs)

    def measure(self) -> list[dict]:
        options = self.options
        try:
            self.simulator.allow("rate_limit", times=-1)  # told below, with the phase
            self.people = People(self.simulator, options.chats, options.groups)
            self.butler.start_all()
            if self.mode == "webhook":
                until(lambda: self.simulator.state()["webhook"], "the webhook to be set")
            else:
                self.simulator.wait_for_polling()
            self.pids = {role: self.butler.pid(role) for role in ROLES} | {"simulator": self.simulator.process.pid}
            time.sleep(1)  # what a start leaves to be done
            self.idle = {name: pss_megabytes(pid) for name, pid in self.pids.items()}
            return [self._phase("calm", options.calm_rounds, options.calm_rate),
                    self._phase("flood", options.flood_rounds, None)]
        finally:
            self.butler.close()
            try:
                self.simulator.close()
            except AssertionError as violation:
                self.faults.append(f"{self.mode}: {violation}")

    def _phase(self, name: str, rounds: int, rate: float | None) -> dict:
        """All chats write so many rounds; without a rate as fast as the simulator takes it."""
        turns = [(chat, number) for number in range(rounds) for chat in random.Random(number).sample(self.people.chats, len(self.people.chats))]
        after = self.simulator.state()["seq"]
        cpu_before = {role: cpu_seconds(pid) for role, pid in self.pids.items()}
        sent: dict[int, list[str]] = defaultdict(list)
        updates: dict[str, int] = {}
        with Sampler(self.pids) as sampler:
            began = time.monotonic()
            for place, (chat, number) in enumerate(turns):
                if rate is not None:
                    time.sleep(max(0.0, began + place / rate - time.monotonic()))
                token = f"{name}-{abs(chat)}-{number}"
                sent[chat].append(token)
                updates[token] = self.people.write(chat, token)
            seconds = time.monotonic() - began
            simulator_busy = (cpu_seconds(self.pids["simulator"]) - cpu_before["simulator"]) / seconds
            self._wait_for_answers(len(turns))
        cpu = {role: (cpu_seconds(pid) - cpu_before[role]) * 1000 / len(turns) for role, pid in self.pids.items()}
        journal = net.request("GET", f"{self.simulator._control}/sim/journal?after={after}").json["entries"]
        times = self._times(updates, journal)
        self._check(name, sent, journal)
        return {"mode": self.mode, "phase": name, "chats": len(self.people.chats), "messages": len(turns),
                "messages_per_second": len(turns) / seconds, "simulator_busy": simulator_busy, "cpu_ms_per_message": cpu,
                "idle_pss_mb": self.idle, "peak_pss_mb": sampler.memory, "descriptors": sampler.descriptors,
                "refused": sum(entry.get("status") == 429 for entry in journal)} | times

    def _wait_for_answers(self, expected: int) -> None:
        """Until nothing waits in the gateway, or the slowest that Telegram's limits explain has passed."""
        goal = getattr(self, "_answered", 0) + expected
        self._answered = goal
        deadline = time.monotonic() + 60 + expected / 8

        def idle() -> bool:
            over = time.monotonic() > deadline
            calls = self.simulator.state()["calls"].get("sendMessage", 0)
            return over or calls >= goal and self.butler.administer("gateway", "GET", "/health").json["outbox"] == 0

        until(idle, "all answers", timeout=120 + expected / 8, interval=0.5)

    def _times(self, updates: dict[str, int], journal: list[dict]) -> dict:
        """Milliseconds of each stretch of the way, message by message."""
        handed: dict[int, float] = {}
        for entry in journal:
            if entry["direction"] == "bot" and entry["method"] == "getUpdates":
                for update in entry["effect"].get("update_ids", ()):
                    handed.setdefault(update, entry["t"])
            elif entry["direction"] == "webhook" and "seconds" in entry:
                handed.setdefault(entry["update_id"], entry["t"] - entry["seconds"])
        written = {found[0]: entry["t"] for entry in journal if entry["direction"] == "user"
                   and (found := TOKEN.findall(str(entry["fields"].get("text", ""))))}
        answered = {token: entry["t"] for token, entry in self._answers(journal)}
        created = {token: self._created(job) for job in self._jobs() for token in TOKEN.findall(job["prompt"])}
        stretches = {
            "in_to_job": [created[token] - handed[update] for token, update in updates.items() if token in created and update in handed],
            "sent_to_job": [created[token] - written[token] for token in updates if token in created],
            "sent_to_answer": [answered[token] - written[token] for token in updates if token in answered]}
        return {f"{name}_{label}_ms": max(0.0, percentile(values, share) * 1000) for name, values in stretches.items()
                for label, share in (("p50", 0.5), ("p99", 0.99))}

    def _created(self, job: dict) -> float:
        return datetime.fromisoformat(job["createdAt"]).timestamp() - self._wall

    def _jobs(self) -> list[dict]:
        """All, oldest first."""
        jobs: list[dict] = []
        while page := self.butler.jobs(limit=200, **({"before": jobs[-1]["id"]} if jobs else {})):
            jobs += page
        return jobs[::-1]

    def _answers(self, journal: list[dict]) -> list[tuple[str, dict]]:
        """Each answer that Telegram took, with the message that it repeats, in the order of their coming."""
        return [(token, entry) for entry in journal if entry["direction"] == "bot" and entry.get("status") == 200
                and entry["method"].startswith("send") and str(entry["params"].get("text", "")).startswith("You said")
                for token in TOKEN.findall(entry["params"]["text"])]

    def _check(self, phase: str, sent: dict[int, list[str]], journal: list[dict]) -> None:
        """Every message is one job and one answer, in the order in which its chat wrote."""
        jobs, answers = defaultdict(list), defaultdict(list)
        for job in self._jobs():
            jobs[int(job["chatId"])] += [token for token in TOKEN.findall(job["prompt"]) if token.startswith(phase)]
        for token, entry in self._answers(journal):
            answers[int(entry["params"]["chat_id"])].append(token)
        for what, found in (("jobs", jobs), ("answers", answers)):
            for chat, tokens in sent.items():
                if found[chat] != tokens:
                    lost = sorted((Counter(tokens) - Counter(found[chat])))
                    doubled = sorted((Counter(found[chat]) - Counter(tokens)))
                    kind = f"lost {lost}, doubled {doubled}" if lost or doubled else f"out of order: {found[chat]}"
                    self.faults.append(f"{self.mode}, {phase}, {what} of chat {chat}: {kind}")
        refused = [entry["method"] for entry in journal if entry.get("status") == 429]
        if refused:
            self.faults.append(f"{self.mode}, {phase}: Telegram refused {len(refused)} calls (429): {sorted(set(refused))}")


def table(results: list[dict]) -> str:
    rows = [["measure", "must"] + [f"{result['mode']}, {result['phase']}" for result in results]]
    add = rows.append
    add(["chats; messages; a second", ""] + [f"{r['chats']}; {r['messages']}; {r['messages_per_second']:.0f}" for r in results])
    for name, what, must in (("in_to_job", "in → job, p50 / p99", f"p99 ≤ {IN_TO_JOB_P99_MS} ms, calm"),
                             ("sent_to_job", "sent → job, p50 / p99", ""), ("sent_to_answer", "sent → answer, p50 / p99", "")):
        add([what, must] + [f"{r[name + '_p50_ms']:.0f} / {r[name + '_p99_ms']:.0f} ms" for r in results])
    for role in ROLES:
        add([f"{role}, CPU per message", ""] + [f"{r['cpu_ms_per_message'][role]:.2f} ms" for r in results])
    for role in ROLES:
        add([f"{role}, PSS idle → peak", ""] + [f"{r['idle_pss_mb'][role]:.1f} → {r['peak_pss_mb'][role]:.1f} MB" for r in results])
    add(["three roles, PSS idle", "≤ 25 MB"] + [f"{sum(r['idle_pss_mb'][role] for role in ROLES):.1f} MB" for r in results])
    add(["descriptors: " + ", ".join(ROLES), ""] + [", ".join(str(r["descriptors"][role]) for role in ROLES) for r in results])
    add(["calls refused by Telegram (429)", "0"] + [str(r["refused"]) for r in results])
    add(["simulator, of a processor while messages come", f"< {BUSY:.0%}, else it is the limit"] + [f"{r['simulator_busy']:.0%}" for r in results])
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "| --- " * len(rows[0]) + "|", *lines[1:]])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chats", type=int, default=200, help="private chats (default 200)")
    parser.add_argument("--groups", type=int, default=20, help="groups of three people and the bot (default 20)")
    parser.add_argument("--calm-rate", type=float, default=15, help="messages a second of all chats, calm (default 15)")
    parser.add_argument("--calm-rounds", type=int, default=3, help="messages of each chat, calm (default 3)")
    parser.add_argument("--flood-rounds", type=int, default=5, help="messages of each chat in the flood (default 5)")
    parser.add_argument("--mode", choices=("polling", "webhook"), help="only this way in")
    parser.add_argument("--quick", action="store_true", help="one calm round, two of the flood: about a minute and a half")
    parser.add_argument("--realtime", action="store_true", help="before every other program of the machine (SCHED_FIFO; root only)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    if options.quick:
        options.calm_rounds, options.flood_rounds = 1, 2
    if options.realtime:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    results, faults = [], []
    with tempfile.TemporaryDirectory(prefix="butler-bench-", dir="/var/tmp") as name:
        Path(name).chmod(0o711)
        for mode in (options.mode,) if options.mode else ("polling", "webhook"):
            run = Run(Path(name) / mode, mode, options)
            results += run.measure()
            faults += run.faults
    print(json.dumps({"results": results, "faults": faults}, indent=2) if options.json else table(results))
    for fault in faults[:20]:
        print(f"fault: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

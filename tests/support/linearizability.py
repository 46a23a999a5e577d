"""Whether what clients were told can be told in one order: each job is a small register, and each call happened at one moment
between its begin and its answer; one that nobody answered happened at some moment after its begin, or never.

    history = History()
    clients = Clients(history, [url, …], seed)        # run, until clients.stop()
    history.check()                                   # raises with the job whose calls fit no order
"""

import http.client
import random
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from . import net
from .butler import GATEWAY_TOKEN, WORKER_TOKEN
from .wait import PATIENCE

ABSENT = ("absent", None, None)  # status, lease token, result


@dataclass
class Operation:
    """`answer` is None when nobody knows what became of it."""

    name: str
    job: str  # the job's key, which is its prompt
    argument: Any
    begun: float
    ended: float = float("inf")
    answer: Any = None


def after(operation: Operation, state: tuple) -> tuple | None:
    """The job's state after the call, when the call may have had this answer in `state`; None when it may not."""
    status, token, result = state
    answer, argument = operation.answer, operation.argument
    if operation.name == "create":
        return ("queued", None, None) if status == "absent" else state
    if operation.name == "claim":
        # Without an answer nobody knows the token yet; the repeated call, with the same claim id, will.
        if status == "queued":
            return "running", argument, None
        return state if token == argument and status == "running" else None
    if operation.name == "complete":
        held = token is not None and token == argument[0]
        if answer is None or answer == 200:
            if held and status == "running":
                return "completed", token, argument[1]
            repeated = held and status == "completed" and result == argument[1]
            return state if repeated or answer is None else None
        return None if held and status == "running" else state
    seen_status, seen_result = answer
    return state if (status, result) == (seen_status, seen_result) else None


def fits(operations: list[Operation]) -> bool:
    """Whether there is an order (Wing and Gong's search, with the states that were seen before left out)."""
    everything = [each for each in sorted(operations, key=lambda each: each.begun) if each.name != "read" or each.answer is not None]
    must = sum(1 << number for number, each in enumerate(everything) if each.answer is not None)
    seen: set[tuple[int, tuple]] = set()
    open_ends = [(0, ABSENT)]
    while open_ends:
        done, state = open_ends.pop()
        if done & must == must:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        left = [number for number in range(len(everything)) if not done >> number & 1]
        first_end = min(everything[number].ended for number in left)
        for number in left:
            if everything[number].begun <= first_end:
                following = after(everything[number], state)
                if following is not None:
                    open_ends.append((done | 1 << number, following))
    return False


class History:
    def __init__(self):
        self.operations: list[Operation] = []
        self.holds: list[tuple[str, float, float]] = []  # session, from when to when somebody surely held a job of it
        self._lock = threading.Lock()

    def add(self, operation: Operation) -> None:
        with self._lock:
            self.operations.append(operation)

    def held(self, session: str, since: float, until: float) -> None:
        with self._lock:
            self.holds.append((session, since, until))

    def says_something(self) -> bool:
        """Whether there are some jobs, and a call of which nobody knows what became of it."""
        with self._lock:
            known = list(self.operations)
        return len({each.job for each in known}) > 5 and any(each.answer is None for each in known)

    def check(self) -> dict[str, int]:
        """What was checked. An AssertionError shows the calls of a job that fit no order."""
        by_job: dict[str, list[Operation]] = {}
        for operation in self.operations:
            by_job.setdefault(operation.job, []).append(operation)
        for job, operations in by_job.items():
            if not fits(operations):
                shown = "\n".join(f"  {each}" for each in sorted(operations, key=lambda each: each.begun))
                raise AssertionError(f"no order of these calls explains their answers ({job}):\n{shown}")
        for session in {hold[0] for hold in self.holds}:
            ordered = sorted(hold for hold in self.holds if hold[0] == session)
            for one, other in zip(ordered, ordered[1:]):
                assert one[2] <= other[1], f"two jobs of {session} ran at the same time: {one}, {other}"
        unknown = sum(each.answer is None for each in self.operations)
        return {"jobs": len(by_job), "calls": len(self.operations), "unknown": unknown}


class Clients:
    """So many threads that create, claim, complete and read, through any of the addresses, with pauses and repetitions."""

    def __init__(self, history: History, urls: list[str], seed: int, count: int = 6, sessions: int = 6):
        self._history, self._urls, self._sessions = history, urls, sessions
        self._stopped = threading.Event()
        self._ids: dict[str, str] = {}  # key → job id, of all that are known
        self.faults: list[str] = []
        self._threads = [threading.Thread(target=self._run, args=(number, random.Random(seed + number)), daemon=True) for number in range(count)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        deadline = time.monotonic() + 240
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        # What such a thread still did would be missing in the history.
        assert not any(thread.is_alive() for thread in self._threads), "a client has not ended"
        assert not self.faults, self.faults

    # ---- what a client does --------------------------------------------------------------------------

    def _run(self, number: int, chance: random.Random) -> None:
        made = 0
        try:
            while not self._stopped.is_set():
                what = chance.random()
                if what < 0.35:
                    made += 1
                    self._create(f"job-{number}-{made}", chance)
                elif what < 0.7:
                    self._work(chance)
                else:
                    self._read(chance)
        except Exception as fault:  # noqa: BLE001 - told by stop()
            self.faults.append(f"client {number}: {fault!r}")

    def _call(self, chance: random.Random, method: str, path: str, body, token: str, headers: dict[str, str]) -> net.Reply | None:
        """None: nobody knows. An answer of 503 says no more. A claim that is given up and served later would hold a job that no
        history knows of: so nobody gives up."""
        try:
            reply = net.request(method, chance.choice(self._urls) + path, body, {"x-api-key": token} | headers, timeout=PATIENCE)
        except (OSError, http.client.HTTPException):
            self._stopped.wait(0.02)
            return None
        if reply.status == 503:
            self._stopped.wait(0.02)
            return None
        return reply

    def _create(self, key: str, chance: random.Random) -> None:
        session = f"session-{chance.randrange(self._sessions)}"
        body = {"channel": "api", "chatId": "1", "requesterId": "1", "sessionKey": session, "prompt": key}
        while not self._stopped.is_set():
            operation = Operation("create", key, None, time.monotonic())
            reply = self._call(chance, "POST", "/v1/jobs", body, GATEWAY_TOKEN, {"idempotency-key": key})
            if reply is not None:
                operation.ended = time.monotonic()
                operation.answer = reply.json["job"]["id"]
                known = self._ids.setdefault(key, operation.answer)
                assert known == operation.answer, f"{key} has two jobs: {known} and {operation.answer}"
            self._history.add(operation)
            if reply is not None and chance.random() < 0.9:
                return  # or once more, as a client that did not listen

    def _work(self, chance: random.Random) -> None:
        claim, began = str(uuid.UUID(int=chance.getrandbits(128))), []
        while True:
            began.append(time.monotonic())
            reply = self._call(chance, "POST", "/v1/workers/claim", {"workerId": "w", "claimId": claim}, WORKER_TOKEN, {})
            if reply is not None or self._stopped.is_set() and len(began) > 50:
                break
        if reply is None or reply.json["job"] is None:
            return  # what an earlier, unheard try has taken, the same claim would have got
        key, token = reply.json["job"]["prompt"], reply.json["leaseToken"]
        got = time.monotonic()
        for begun in began[:-1]:
            self._history.add(Operation("claim", key, token, begun))
        self._history.add(Operation("claim", key, token, began[-1], got, token))
        if chance.random() < 0.3:
            self._complete(key, reply.json["job"]["id"], "a token that nobody has", "stolen", chance)
        self._history.held(reply.json["job"]["sessionKey"], got, time.monotonic())
        self._complete(key, reply.json["job"]["id"], token, f"result of {key}", chance)

    def _complete(self, key: str, job_id: str, token: str, result: str, chance: random.Random) -> None:
        while True:
            operation = Operation("complete", key, (token, result), time.monotonic())
            reply = self._call(chance, "POST", f"/v1/workers/{job_id}/complete", {"resultText": result}, WORKER_TOKEN, {"x-lease-token": token})
            if reply is not None:
                operation.ended, operation.answer = time.monotonic(), reply.status
            self._history.add(operation)
            if reply is not None or self._stopped.is_set():
                return

    def _read(self, chance: random.Random) -> None:
        known = list(self._ids.items())[-12:]  # the youngest change most
        if not known:
            self._stopped.wait(0.01)
            return
        key, job_id = chance.choice(known)
        operation = Operation("read", key, None, time.monotonic())
        reply = self._call(chance, "GET", f"/v1/jobs/{job_id}", None, GATEWAY_TOKEN, {})
        if reply is not None:
            job = reply.json["job"]
            operation.ended, operation.answer = time.monotonic(), (job["status"], job.get("resultText"))
            self._history.add(operation)

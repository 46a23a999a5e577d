"""Failures on order: which call, how often, what goes wrong."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from .errors import ControlError

# kind → fields it understands besides match, times, probability
CALL_KINDS = {
    "status": {"code", "description", "retry_after", "migrate_to"},
    "delay": {"ms", "when"},
    "reset_before_apply": set(),
    "reset_after_apply": set(),
    "timeout": {"apply"},
    "garbage_body": {"apply"},
    "truncate_body": {"n"},
    "conflict_409": set(),
}
UPDATE_KINDS = {"duplicate_update": set(), "drop_update": set(), "gap_update_id": {"n"}}
MATCH_FIELDS = {"method", "chat", "contains", "nth", "update"}
DESCRIPTIONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden: bot was blocked by the user",
                404: "Not Found", 409: "Conflict: terminated by other getUpdates request; make sure that only one bot "
                                       "instance is running", 500: "Internal Server Error", 502: "Bad Gateway",
                503: "Service Unavailable", 504: "Gateway Timeout"}


@dataclass
class Fault:
    """One scheduled failure and how often it has been considered and fired."""

    id: int
    kind: str
    match: dict[str, Any]
    left: int  # -1 = for ever
    probability: float
    options: dict[str, Any]
    seen: int = 0
    fired: int = 0

    def describe(self) -> dict:
        return {"id": self.id, "kind": self.kind, "match": self.match, "left": self.left, "fired": self.fired,
                "probability": self.probability, **self.options}


class Faults:
    """The faults in force, oldest first. Chance comes from one seeded source, so a run can be repeated."""

    def __init__(self, seed: int):
        self._random = random.Random(seed)
        self._next_id = 1
        self.active: list[Fault] = []

    def add(self, body: dict) -> Fault:
        """Schedules a fault; refuses what it does not understand."""
        kind = body.get("kind")
        known = CALL_KINDS.get(kind, UPDATE_KINDS.get(kind)) if isinstance(kind, str) else None
        if known is None:
            raise ControlError(f"kind: one of {', '.join([*CALL_KINDS, *UPDATE_KINDS])}, not {kind!r}")
        match = body.get("match", {})
        if not isinstance(match, dict) or set(match) - MATCH_FIELDS:
            raise ControlError(f"match: an object with any of {', '.join(sorted(MATCH_FIELDS))}")
        extra = set(body) - {"kind", "match", "times", "probability"} - known
        if extra:
            raise ControlError(f"{sorted(extra)[0]}: unknown for the fault {kind}; it knows "
                               f"{', '.join(sorted(known)) or 'no options'}")
        times, probability = body.get("times", 1), body.get("probability", 1.0)
        if not isinstance(times, int) or isinstance(times, bool) or times == 0 or times < -1:
            raise ControlError("times: a number from 1, or -1 for ever")
        if not isinstance(probability, (int, float)) or not 0 < probability <= 1:
            raise ControlError("probability: a number above 0, at most 1")
        options = {key: body[key] for key in known if key in body}
        if kind == "status" and not isinstance(options.get("code"), int):
            raise ControlError("code: the HTTP status to answer, a number")
        if kind == "delay" and (not isinstance(options.get("ms"), (int, float)) or options["ms"] < 0):
            raise ControlError("ms: milliseconds from 0")
        if kind == "delay" and options.get("when", "before") not in ("before", "after"):
            raise ControlError("when: before or after")
        fault = Fault(self._next_id, kind, match, times, float(probability), options)
        self._next_id += 1
        self.active.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> int:
        """Removes one fault, or all; returns how many."""
        before = len(self.active)
        self.active = [fault for fault in self.active if fault_id is not None and fault.id != fault_id]
        return before - len(self.active)

    def for_call(self, method: str, chat: str | None, text: str) -> Fault | None:
        """The fault that befalls this call, if any."""
        return self._pick([fault for fault in self.active if fault.kind in CALL_KINDS
                           and fault.match.get("method", method).lower() == method.lower()
                           and (fault.kind != "conflict_409" or method.lower() == "getupdates")], chat, text)

    def for_update(self, kind: str, chat: str | None, text: str) -> Fault | None:
        """The fault that befalls an update about to be queued, if any."""
        return self._pick([fault for fault in self.active if fault.kind in UPDATE_KINDS
                           and fault.match.get("update", kind) == kind], chat, text)

    def _pick(self, candidates: list[Fault], chat: str | None, text: str) -> Fault | None:
        for fault in candidates:
            if "chat" in fault.match and str(fault.match["chat"]) != chat:
                continue
            if str(fault.match.get("contains", "")) not in text:
                continue
            fault.seen += 1
            if fault.seen < fault.match.get("nth", 1):
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            fault.fired += 1
            if fault.left > 0:
                fault.left -= 1
                if fault.left == 0:
                    self.active.remove(fault)
            return fault
        return None

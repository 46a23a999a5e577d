"""Failures on order: which call, download or update, how often, what goes wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ControlError


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


# What a field of a fault may be: (test, the words for it).
_NUMBER = (_is_number, "a number")
_POSITIVE = (lambda value: _is_number(value) and value >= 0, "a number from 0")
_RATE = (lambda value: _is_number(value) and value > 0, "a number above 0")
_COUNT = (_is_count, "a whole number from 0")
_INTEGER = (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number")
_TEXT = (lambda value: isinstance(value, str), "a string")
_FLAG = (lambda value: isinstance(value, bool), "true or false")
_WHEN = (lambda value: value in ("before", "after"), "before or after")

Check = tuple[Callable[[Any], bool], str]

# kind → fields besides match, times and probability; a name with "!" is required.
CALL_KINDS: dict[str, dict[str, Check]] = {
    "status": {"code!": (_is_count, "the HTTP status to answer, a number"), "description": _TEXT,
               "retry_after": _COUNT, "migrate_to": _INTEGER},
    "delay": {"ms!": (_POSITIVE[0], "milliseconds from 0"), "when": _WHEN},
    "reset_before_apply": {},
    "reset_after_apply": {},
    "timeout": {"apply": _FLAG},
    "garbage_body": {"apply": _FLAG},
    "truncate_body": {"n": _COUNT},
    "close_idle": {"ms": _POSITIVE},
    "conflict_409": {},
    "clock_jump": {"s!": _NUMBER},
}
FILE_KINDS: dict[str, dict[str, Check]] = {
    "slow_drip": {"bytes_per_s!": _RATE},
    "short_file": {"n": _COUNT},
    "expired_link": {},
}
UPDATE_KINDS: dict[str, dict[str, Check]] = {
    "duplicate_update": {}, "drop_update": {}, "gap_update_id": {"n": _COUNT}, "reorder_updates": {},
}
OUTAGE_KINDS: dict[str, dict[str, Check]] = {"connect_refused": {"s": _RATE}}
KINDS = {**CALL_KINDS, **FILE_KINDS, **UPDATE_KINDS, **OUTAGE_KINDS}

DOWNLOAD = "file"  # stands for a method's name where a download is meant
MATCH_FIELDS = {"method", "chat", "contains", "nth", "update"}


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
        known = KINDS.get(kind) if isinstance(kind, str) else None
        if known is None:
            raise ControlError(f"kind: one of {', '.join(KINDS)}, not {kind!r}")
        match = _match(body.get("match", {}), kind)
        options = _options(kind, known, body)
        times, probability = body.get("times", 1), body.get("probability", 1.0)
        if not isinstance(times, int) or isinstance(times, bool) or times == 0 or times < -1:
            raise ControlError("times: a number from 1, or -1 for ever")
        if not _is_number(probability) or not 0 < probability <= 1:
            raise ControlError("probability: a number above 0, at most 1")
        fault = Fault(self._next_id, kind, match, times, float(probability), options)
        self._next_id += 1
        self.active.append(fault)
        return fault

    def clear(self, fault_id: int | None = None) -> list[Fault]:
        """Removes one fault, or all; returns them."""
        gone = [fault for fault in self.active if fault_id in (None, fault.id)]
        self.active = [fault for fault in self.active if fault not in gone]
        return gone

    def for_call(self, method: str, chat: str | None, text: str) -> Fault | None:
        """The fault that befalls this call, if any."""
        polls = method.lower() == "getupdates"
        return self._pick([fault for fault in self.active if fault.kind in CALL_KINDS
                           and fault.match.get("method", method).lower() == method.lower()
                           and (fault.kind != "conflict_409" or polls)], chat, text)

    def for_download(self, path: str) -> Fault | None:
        """The fault that befalls the download of a file: its own kinds, and those of calls that name "file"."""
        return self._pick([fault for fault in self.active if fault.kind in FILE_KINDS
                           or (fault.kind in CALL_KINDS and fault.match.get("method") == DOWNLOAD)], None, path)

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


def _match(match: Any, kind: str) -> dict[str, Any]:
    if not isinstance(match, dict) or set(match) - MATCH_FIELDS:
        raise ControlError(f"match: an object with any of {', '.join(sorted(MATCH_FIELDS))}")
    if match and kind in OUTAGE_KINDS:
        raise ControlError(f"match: {kind} befalls everybody at once")
    nth = match.get("nth", 1)
    if not _is_count(nth) or nth < 1:
        raise ControlError("match: nth is a whole number from 1")
    if not isinstance(match.get("method", ""), str):
        raise ControlError("match: method is the name of a method, or \"file\" for downloads")
    return match


def _options(kind: str, known: dict[str, Check], body: dict) -> dict[str, Any]:
    checks = {name.rstrip("!"): check for name, check in known.items()}
    extra = sorted(set(body) - {"kind", "match", "times", "probability"} - set(checks))
    if extra:
        raise ControlError(f"{extra[0]}: unknown for the fault {kind}; it knows {', '.join(checks) or 'no options'}")
    for name in known:
        if name.endswith("!") and name[:-1] not in body:
            raise ControlError(f"{name[:-1]}: is required, {known[name][1]}")
    for name, (fits, words) in checks.items():
        if name in body and not fits(body[name]):
            raise ControlError(f"{name}: {words}")
    return {name: body[name] for name in checks if name in body}

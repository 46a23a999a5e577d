"""Everything that happened, in order: calls, updates, markers, violations. Append-only, in memory and as JSONL."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO


class Journal:
    """Numbers entries, keeps the bot token out of them, tells listeners about each."""

    def __init__(self, path: Path | None, secret: str, now: Callable[[], float]):
        self._file: TextIO | None = path.open("a", encoding="utf-8") if path else None
        self._secret = secret
        self._now = now
        self.entries: list[dict[str, Any]] = []
        self.violations: list[dict[str, Any]] = []
        self.redacted: set[int] = set()  # entries in which the secret stood
        self.call_counts: dict[str, int] = {}
        self.listeners: list[Callable[[dict[str, Any]], None]] = []

    def append(self, direction: str, **fields: Any) -> dict[str, Any]:
        """Adds one entry. `direction` is bot (a call), user (a control verb), update, fault, marker or violation."""
        entry = {"seq": len(self.entries) + 1, "t": round(self._now(), 6), "direction": direction, **fields}
        line = json.dumps(entry, ensure_ascii=False)
        if self._secret in line:
            line = line.replace(self._secret, "<bot token>")
            entry = json.loads(line)
            self.redacted.add(entry["seq"])
        self.entries.append(entry)
        if direction == "bot":
            self.call_counts[entry["method"]] = self.call_counts.get(entry["method"], 0) + 1
        if self._file is not None:
            self._file.write(line + "\n")
            self._file.flush()
        for listener in self.listeners:
            listener(entry)
        return entry

    def violation(self, kind: str, method: str, description: str, claimed: bool, **fields: Any) -> dict[str, Any]:
        """Records a call that a correct bot never makes. It is an entry of its own, so that order is kept."""
        entry = self.append("violation", kind=kind, method=method, description=description, claimed=claimed, **fields)
        self.violations.append(entry)
        return entry

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def matches(entry: Any, wanted: Any) -> bool:
    """True if `entry` has every field of `wanted`, objects compared field by field."""
    if isinstance(wanted, dict):
        return isinstance(entry, dict) and all(key in entry and matches(entry[key], value)
                                               for key, value in wanted.items())
    return entry == wanted

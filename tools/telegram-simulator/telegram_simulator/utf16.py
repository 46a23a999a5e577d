"""Offsets of entities count UTF-16 code units; Python counts code points."""

from __future__ import annotations


def units(text: str) -> int:
    """The length of `text` in UTF-16 code units."""
    return len(text) + sum(1 for char in text if char > "\uffff")


class Utf16Map:
    """Translates between code point indexes and UTF-16 offsets of one text."""

    def __init__(self, text: str):
        self.to_units = [0] * (len(text) + 1)
        at = 0
        for index, char in enumerate(text):
            self.to_units[index] = at
            at += 2 if char > "\uffff" else 1
        self.to_units[len(text)] = at
        self.length = at
        self._to_index = {unit: index for index, unit in enumerate(self.to_units)}

    def index(self, unit: int) -> int | None:
        """The code point index at a UTF-16 offset; None inside a surrogate pair or beyond the end."""
        return self._to_index.get(unit)


def slice_units(text: str, offset: int, length: int) -> str:
    """The part of `text` that an entity covers."""
    encoded = text.encode("utf-16-le", "surrogatepass")
    return encoded[offset * 2:(offset + length) * 2].decode("utf-16-le", "replace")

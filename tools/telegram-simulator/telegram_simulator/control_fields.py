"""Reads the fields of a control call; a wrong one is named in the error."""

from __future__ import annotations

from typing import Any

from .errors import ControlError

_REQUIRED = object()


class Fields:
    """The JSON object of a control call. `finish` refuses what nobody asked for."""

    def __init__(self, body: dict[str, Any]):
        self._body = body
        self._asked: set[str] = set()

    def any(self, name: str, default: Any = _REQUIRED) -> Any:
        """The value as it is."""
        self._asked.add(name)
        if self._body.get(name) is None:
            if default is _REQUIRED:
                raise ControlError(f"{name}: is required")
            return default
        return self._body[name]

    def _typed(self, name: str, default: Any, kinds: tuple, what: str) -> Any:
        value = self.any(name, default)
        if value is not default and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            raise ControlError(f"{name}: {what} is expected, not {value!r}")
        return value

    def text(self, name: str, default: Any = _REQUIRED) -> Any:
        return self._typed(name, default, (str,), "a string")

    def integer(self, name: str, default: Any = _REQUIRED) -> Any:
        return self._typed(name, default, (int,), "a whole number")

    def number(self, name: str, default: Any = _REQUIRED) -> Any:
        return self._typed(name, default, (int, float), "a number")

    def flag(self, name: str, default: Any = _REQUIRED) -> Any:
        return self._typed(name, default, (bool,), "true or false")

    def dict(self, name: str, default: Any = _REQUIRED) -> Any:
        return self._typed(name, default, (dict,), "an object")

    def list(self, name: str, default: Any = _REQUIRED) -> Any:
        return self._typed(name, default, (list,), "an array")

    def integers(self, name: str, default: Any = _REQUIRED) -> Any:
        values = self.list(name, default)
        if any(not isinstance(value, int) or isinstance(value, bool) for value in values):
            raise ControlError(f"{name}: an array of whole numbers is expected")
        return values

    def finish(self) -> None:
        """A field that the verb does not know is a typing mistake in a test."""
        unknown = sorted(set(self._body) - self._asked)
        if unknown:
            raise ControlError(f"{unknown[0]}: no such field; this call knows {', '.join(sorted(self._asked))}")

"""Checks a call against the machine-readable Bot API specification (data/bot-api-10.3.json).

The real server is lenient (it ignores unknown parameters and turns garbage numbers into 0). A test double that is as
lenient hides mistakes, so this one reports each of them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import bot_api_description
from .rich_messages import measure

# Numbers that the server clamps silently instead of refusing [server source].
CLAMPED = {("getUpdates", "limit"), ("getUpdates", "timeout")}

# Telegram's own wording, where it is known: (method or type, field, kind of problem) → message.
# "*" stands for any method or type.
KNOWN_TEXTS = {
    ("*", "chat_id", "missing"): "chat_id is empty",
    ("*", "text", "missing"): "message text is empty",
    ("*", "text", "length"): "message text is empty",
    ("*", "message_id", "missing"): "message identifier is not specified",
    ("*", "group", "one_group"): "message identifier is not specified",
    ("*", "callback_query_id", "missing"): "query is too old and response timeout expired or query ID is invalid",
    ("sendChatAction", "action", "missing"): "wrong parameter action in request",
    ("sendChatAction", "action", "enum"): "wrong parameter action in request",
    ("InlineKeyboardButton", "callback_data", "length"): "BUTTON_DATA_INVALID",
    ("InlineKeyboardButton", "fields", "exactly_one"): "BUTTON_TYPE_INVALID",
    ("ReactionTypeEmoji", "emoji", "enum"): "REACTION_INVALID",
    ("setMessageReaction", "reaction", "bot_reactions"): "REACTIONS_TOO_MANY",
    ("BotCommand", "command", "pattern"): "BOT_COMMAND_INVALID",
    ("BotCommand", "command", "length"): "BOT_COMMAND_INVALID",
    ("BotCommand", "description", "length"): "BOT_COMMAND_DESCRIPTION_INVALID",
    ("answerCallbackQuery", "text", "length"): "MESSAGE_TOO_LONG",
    ("*", "text", "text_raw_bytes"): "text is too long",
    ("*", "parse_mode", "enum"): "unsupported parse_mode",
}


@dataclass
class Problem:
    """One thing that is wrong with a call."""

    kind: str  # unknown_parameter, missing, type, enum, range, length, pattern, items, null, or the name of a rule
    path: str  # where, such as reply_markup.inline_keyboard[0][1].callback_data
    owner: str  # the method or type that declares the field
    field: str
    detail: str

    def description(self) -> str:
        """Telegram's text where it is known, else one that names the field."""
        for owner in (self.owner, "*"):
            known = KNOWN_TEXTS.get((owner, self.field, self.kind))
            if known is not None:
                return bot_api_description("Bad Request", known)
        return f"Bad Request: {self.path}: {self.detail}"


class BotApiSpec:
    """The methods, types and cross-field rules of one Bot API version."""

    def __init__(self, path: Path):
        data = json.loads(path.read_text("utf-8"))
        self.version: str = data["version"]
        self.methods: dict[str, dict] = data["methods"]
        self.types: dict[str, dict] = data["types"]
        self.update_types: list[str] = data["update_types"]
        self.default_excluded_updates: list[str] = data["default_excluded_updates"]
        self._by_lower_name = {name.lower(): name for name in self.methods}
        self._rules: dict[str, list[dict]] = {}
        for rule in data["rules"]:
            self._rules.setdefault(rule["on"], []).append(rule)

    def method_name(self, name: str) -> str | None:
        """The method's proper spelling; names are case-insensitive [server source]."""
        return self._by_lower_name.get(name.lower())

    def check(self, method: str, raw: dict[str, str], file_fields: set[str]) -> tuple[dict[str, Any], list[Problem]]:
        """Returns the parameters in their declared types, and every problem found."""
        declared = {field["name"]: field for field in self.methods[method]["fields"]}
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, text in raw.items():
            field = declared.get(name)
            if field is None:
                problems.append(Problem("unknown_parameter", name, method, name, "the method has no such parameter"))
                values[name] = text
                continue
            values[name] = self._parameter(method, field, text, problems)
        for name, field in declared.items():
            if field["required"] and name not in raw and name not in file_fields:
                problems.append(Problem("missing", name, method, name, "the parameter is required"))
        self._check_rules(method, values, method, problems)
        for rule in self._rules.get("*", []):
            if rule["kind"] == "text_raw_bytes" and isinstance(values.get("text"), str) \
                    and len(values["text"].encode()) > rule["max"]:
                problems.append(Problem("text_raw_bytes", "text", method, "text", f"longer than {rule['max']} bytes"))
        return values, problems

    def _parameter(self, method: str, field: dict, text: str, problems: list[Problem]) -> Any:
        """A parameter arrives as text; its declared type says how to read it."""
        name, types = field["name"], field["types"]
        if text == "null" and types != ["String"]:
            problems.append(Problem("null", name, method, name, "null arrives as the text \"null\"; leave the key out"))
            return None
        value: Any = text
        for candidate in types:
            if candidate == "String":
                value = text
                continue
            if candidate == "Integer" and re.fullmatch(r"[+-]?\d{1,20}", text):
                value = int(text)
                break
            if candidate in ("Boolean", "True") and text.lower() in ("true", "false", "1", "0", "yes", "no"):
                value = text.lower() in ("true", "1", "yes")
                break
            if candidate == "Float" and re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text):
                value = float(text)
                break
            if candidate not in ("Integer", "Boolean", "True", "Float", "InputFile"):
                try:
                    value = json.loads(text)
                except (ValueError, RecursionError):
                    problems.append(Problem("type", name, method, name, f"can't parse {candidate} as JSON"))
                    return text
                break
        self._value(method, field, value, name, problems)
        return value

    def _value(self, owner: str, field: dict, value: Any, path: str, problems: list[Problem]) -> None:
        """Checks one value against the declaration of its field, nested objects included."""
        name = field["name"]
        items = [kind.removeprefix("Array of ") for kind in field["types"] if kind.startswith("Array of ")]
        if len(items) > 1 and isinstance(value, list):  # "Array of A and B" is one array with items of both
            found = [problem for index, item in enumerate(value)
                     for problem in self._best(owner, name, items, item, f"{path}[{index}]")]
        else:
            found = self._best(owner, name, field["types"], value, path)
        problems.extend(found)
        if found:
            return

        def complain(kind: str, detail: str) -> None:
            problems.append(Problem(kind, path, owner, name, detail))

        if "enum" in field:
            allowed = [str(item).lower() for item in field["enum"]] if name == "parse_mode" else field["enum"]
            if (value.lower() if name == "parse_mode" else value) not in allowed:
                complain("enum", f"{value!r} is not one of the allowed values")
        if field.get("nonzero") and value == 0:
            complain("range", "must not be 0")
        if isinstance(value, (int, float)) and not isinstance(value, bool) and (owner, name) not in CLAMPED \
                and value not in field.get("also", ()):
            if ("min" in field and value < field["min"]) or ("max" in field and value > field["max"]):
                complain("range", f"{value} is outside {field.get('min')}..{field.get('max')}")
        if isinstance(value, str) and "length_unit" in field:
            self._length(field, value, complain)
        if isinstance(value, str) and "pattern" in field and not re.fullmatch(field["pattern"], value):
            complain("pattern", f"does not match {field['pattern']}")
        if isinstance(value, list):
            if len(value) > field.get("max_items", len(value)) or len(value) < field.get("min_items", 0):
                complain("items", f"{len(value)} items; allowed {field.get('min_items', 0)}..{field.get('max_items')}")
            if field.get("item_is_update_name"):
                for item in value:
                    if item not in self.update_types:
                        complain("enum", f"{item!r} is no kind of update")

    def _best(self, owner: str, name: str, kinds: list[str], value: Any, path: str) -> list[Problem]:
        """The problems with the kind that fits best."""
        best: list[Problem] | None = None
        for kind in kinds:
            found: list[Problem] = []
            self._typed(owner, name, kind, value, path, found)
            if best is None or len(found) < len(best):
                best = found
            if not best:
                break
        return best or []

    @staticmethod
    def _length(field: dict, value: str, complain) -> None:
        unit = field["length_unit"]
        if unit == "chars_after_entities":
            # The upper bound is checked on the cleaned text; an empty text is wrong before and after.
            if len(value) < field.get("min_length", 0):
                complain("length", "is empty")
            return
        size = len(value.encode()) if unit == "bytes" else len(value)
        if size < field.get("min_length", 0) or size > field.get("max_length", size):
            complain("length", f"{size} {unit}; allowed {field.get('min_length', 0)}..{field.get('max_length')}")

    def _typed(self, owner: str, name: str, kind: str, value: Any, path: str, problems: list[Problem]) -> None:
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                problems.append(Problem("type", path, owner, name, f"expected {kind}"))
                return
            for index, item in enumerate(value):
                self._typed(owner, name, kind[len("Array of "):], item, f"{path}[{index}]", problems)
            return
        fits = {"Integer": isinstance(value, int) and not isinstance(value, bool), "String": isinstance(value, str),
                "Boolean": isinstance(value, bool), "True": value is True,
                "Float": isinstance(value, (int, float)) and not isinstance(value, bool),
                "InputFile": isinstance(value, str)}
        if kind in fits:
            if not fits[kind]:
                problems.append(Problem("type", path, owner, name, f"expected {kind}, got {json.dumps(value)[:60]}"))
            return
        if kind == "RichText" and isinstance(value, str):  # plain text is RichText too [docs]
            return
        if kind == "RichText" and isinstance(value, list):  # and so is an array of RichText [docs]
            for index, item in enumerate(value):
                self._typed(owner, name, kind, item, f"{path}[{index}]", problems)
            return
        declared = self.types[kind]
        if declared.get("subtypes"):
            self._subtype(owner, name, kind, value, path, problems)
            return
        if not isinstance(value, dict):
            problems.append(Problem("type", path, owner, name, f"expected an object {kind}"))
            return
        fields = {field["name"]: field for field in declared.get("fields", [])}
        for key, item in value.items():
            if key not in fields:
                problems.append(Problem("unknown_parameter", f"{path}.{key}", kind, key, f"{kind} has no such field"))
            else:
                self._value(kind, fields[key], item, f"{path}.{key}", problems)
        for key, field in fields.items():
            if field["required"] and key not in value:
                problems.append(Problem("missing", f"{path}.{key}", kind, key, "the field is required"))
        self._check_rules(kind, value, path, problems)

    def _subtype(self, owner: str, name: str, kind: str, value: Any, path: str, problems: list[Problem]) -> None:
        """Picks the variant by the one-valued enum that tells variants apart, such as "type"."""
        for subtype in self.types[kind]["subtypes"]:
            marks = [field for field in self.types.get(subtype, {}).get("fields", [])
                     if field["required"] and len(field.get("enum", ())) == 1]
            if isinstance(value, dict) and marks and all(value.get(mark["name"]) == mark["enum"][0] for mark in marks):
                self._typed(owner, name, subtype, value, path, problems)
                return
        problems.append(Problem("type", path, owner, name, f"is no kind of {kind}"))

    def _check_rules(self, owner: str, values: dict, path: str, problems: list[Problem]) -> None:
        for rule in self._rules.get(owner, []):
            kind = rule["kind"]
            present = [name for name in rule.get("fields", ()) if name in values]
            if kind == "at_most_one" and len(present) > 1:
                problems.append(Problem(kind, path, owner, "fields", f"only one of {', '.join(present)} may be given"))
            elif kind == "exactly_one" and len(present) != 1:
                what = ", ".join(present) if present else "none"
                if owner == "editMessageText" and not present:
                    problems.append(Problem("missing", "text", owner, "text", "the parameter is required"))
                else:
                    problems.append(Problem(kind, path, owner, "fields", f"exactly one action is needed, got {what}"))
            elif kind == "one_group":
                full = [group for group in rule["groups"] if all(name in values for name in group)]
                if len(full) != 1:
                    field = "chat_id" if "message_id" in values and "chat_id" not in values else "group"
                    problems.append(Problem("missing" if field == "chat_id" else kind, field, owner, field,
                                            "give chat_id and message_id, or inline_message_id"))
            elif kind == "rich_limits":
                self._check_rich(rule, values, path, problems)
            elif kind == "album" and isinstance(values.get("media"), list):
                kinds = {item.get("type") for item in values["media"] if isinstance(item, dict)}
                if len(kinds) > 1 and kinds & {"document", "audio"}:
                    problems.append(Problem(kind, "media", owner, "media",
                                            "documents only with documents, audio only with audio"))
            elif kind == "bot_reactions" and len(values.get("reaction") or ()) > 1:
                problems.append(Problem(kind, "reaction", owner, "reaction", "a bot sets at most one reaction"))
        if values.get("parse_mode"):
            problems.append(Problem("parse_mode", f"{path}.parse_mode", owner, "parse_mode",
                                    "entities are to be used instead"))
        if owner == "InlineKeyboardMarkup" and isinstance(values.get("inline_keyboard"), list):
            rows = [row for row in values["inline_keyboard"] if isinstance(row, list)]
            # Clients show at most 8 in a row and 100 in all [client behaviour].
            if any(len(row) > 8 for row in rows) or sum(map(len, rows)) > 100:
                problems.append(Problem("items", path, owner, "inline_keyboard", "at most 8 in a row and 100 in all"))
        for name in ("entities", "caption_entities"):
            if owner in self.methods and isinstance(values.get(name), list) and len(values[name]) > 100:
                # Only the first hundred are shown [client behaviour].
                problems.append(Problem("entities", name, owner, name, f"{len(values[name])} entities; shown are 100"))

    @staticmethod
    def _check_rich(rule: dict, values: dict, path: str, problems: list[Problem]) -> None:
        size = measure(values)
        for limit, found in (("max_chars", size.chars), ("max_blocks", size.blocks), ("max_depth", size.depth),
                             ("max_media", size.media), ("max_table_columns", size.columns)):
            if found > rule[limit]:
                problems.append(Problem("rich_limits", path, "InputRichMessage", limit.removeprefix("max_"),
                                        f"{found}; allowed are {rule[limit]}"))

"""Promises about all that happened so far, for POST /sim/assert: each function returns what breaks one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .control_fields import Fields
from .errors import ControlError
from .rate_model import CREATES_MESSAGE, NOT_A_MESSAGE
from .simulator_core import Core
from .state import Message

# One line per breach; empty: the promise holds.
Breaches = list[str]


def check(core: Core, fields: Fields) -> dict:
    """Answers whether the promise named by `check` holds, and every breach of it."""
    name = fields.text("check")
    if name not in CHECKS:
        raise ControlError(f"check: one of {', '.join(CHECKS)}, not {name!r}")
    breaches = CHECKS[name](core, fields)
    fields.finish()
    return {"holds": not breaches, "breaches": breaches}


def _exactly_once(core: Core, fields: Fields) -> Breaches:
    """Each of `keys` stands in exactly one visible message of the bot, in `chat` or anywhere; `at_least` 0 permits
    none."""
    keys, chat = _keys(fields), fields.integer("chat", None)
    at_least = fields.integer("at_least", 1)
    breaches = []
    for key in keys:
        found = [message for message in _visible(core, chat, None) if key in message.text]
        if not at_least <= len(found) <= 1:
            where = ", ".join(f"{message.id} in chat {message.chat_id}" for message in found)
            breaches.append(f"{key!r} stands in {len(found)} messages" + (f": {where}" if where else ""))
    return breaches


def _order(core: Core, fields: Fields) -> Breaches:
    """In `chat` (and `thread`), the messages with `keys` come in the order of `keys`; without keys: answers come in the
    order of the messages that they answer."""
    chat, thread = fields.integer("chat"), fields.integer("thread", None)
    visible = _visible(core, chat, thread)
    if fields.list("keys", None) is None:
        answers = [(message.id, message.api["reply_to_message"]["message_id"]) for message in visible
                   if "reply_to_message" in message.api]
        return [f"message {later[0]} answers {later[1]}, after {earlier[0]} answered {earlier[1]}"
                for earlier, later in zip(answers, answers[1:]) if later[1] < earlier[1]]
    breaches, previous = [], (0, "")
    for key in _keys(fields):
        found = next((message.id for message in visible if key in message.text), None)
        if found is None:
            breaches.append(f"{key!r} stands in no message")
        elif found < previous[0]:
            breaches.append(f"{key!r} (message {found}) comes before {previous[1]!r} (message {previous[0]})")
        else:
            previous = (found, key)
    return breaches


def _confirmed_after_marker(core: Core, fields: Fields) -> Breaches:
    """No update is confirmed by a higher offset before a marker with `name` whose data has it as `update_id` or among
    `update_ids`: the test writes the marker when the update is durably stored."""
    name = fields.text("name")
    stored: set[int] = set()
    breaches = []
    for entry in core.journal.entries:
        if entry["direction"] == "marker" and entry["name"] == name:
            data = entry["data"] or {}
            stored.update([data["update_id"]] if "update_id" in data else data.get("update_ids", []))
        elif entry["direction"] == "confirm":
            breaches.extend(f"offset {entry['offset']} (entry {entry['seq']}) confirmed update {update} before its marker"
                            for update in entry["update_ids"] if update not in stored)
    return breaches


def _spacing(core: Core, fields: Fields) -> Breaches:
    """Two messages or edits of the bot in the same chat (`chat`, or each) are at least `seconds` apart."""
    seconds, only = fields.number("seconds"), fields.integer("chat", None)
    latest: dict[int, dict[str, Any]] = {}
    breaches = []
    for entry in _calls(core):
        chat = _chat_of(core, entry)
        if chat is None or only not in (None, chat) or entry["status"] != 200 or not _writes(entry["method"]):
            continue
        if chat in latest and entry["t"] - latest[chat]["t"] < seconds:
            breaches.append(f"entries {latest[chat]['seq']} and {entry['seq']} in chat {chat} are "
                            f"{entry['t'] - latest[chat]['t']:.3f} s apart")
        latest[chat] = entry
    return breaches


def _one_preview(core: Core, fields: Fields) -> Breaches:
    """In each chat and topic the bot shows at most one preview (a draft, or a message that it edits) for each message
    that people wrote there."""
    only = fields.integer("chat", None)
    turns: dict[tuple[int, Any], int] = {}
    previews: dict[tuple[int, Any], set[tuple[str, int]]] = {}
    breaches = []
    for entry in core.journal.entries:
        if entry["direction"] == "update" and entry["kind"] == "message":
            place = _place(core, entry["chat"], entry["message_id"])
            turns[place] = turns.get(place, 0) + 1
        elif (found := _preview(core, entry)) is not None and only in (None, found[0][0]):
            place, preview = found
            shown = previews.setdefault(place, set())
            if preview not in shown and len(shown) >= turns.get(place, 0):
                breaches.append(f"entry {entry['seq']} in chat {place[0]} shows preview {len(shown) + 1} ({preview[0]} "
                                f"{preview[1]}) for {turns.get(place, 0)} messages")
            shown.add(preview)
    return breaches


def _callbacks_answered(core: Core, fields: Fields) -> Breaches:
    """Every button press is answered within `within_s` (1 s)."""
    within = fields.number("within_s", 1.0)
    breaches = []
    for callback in core.world.callbacks.values():
        if callback.answered_after is None:
            age = core.clock.monotonic() - callback.created
            if age > within:
                breaches.append(f"{callback.id} ({callback.data!r}) is unanswered after {age:.1f} s")
        elif callback.answered_after > within:
            breaches.append(f"{callback.id} ({callback.data!r}) was answered after {callback.answered_after:.1f} s")
    return breaches


def _silent_after_401(core: Core, fields: Fields) -> Breaches:
    """Once a call was answered 401, the bot calls no more."""
    refused = next((entry for entry in _calls(core) if entry["status"] == 401), None)
    if refused is None:
        return []
    return [f"{entry['method']} (entry {entry['seq']}) after the 401 of entry {refused['seq']}"
            for entry in _calls(core) if entry["arrived"] > refused["t"]]


def _retry_after_respected(core: Core, fields: Fields) -> Breaches:
    """After a 429 the bot writes nothing to that chat until retry_after is over."""
    until: dict[int, tuple[float, int]] = {}
    breaches = []
    for entry in _calls(core):
        chat = _chat_of(core, entry)
        if chat is None or not _writes(entry["method"]):
            continue
        if chat in until and entry["arrived"] < until[chat][0]:
            breaches.append(f"{entry['method']} (entry {entry['seq']}) came {until[chat][0] - entry['arrived']:.1f} s "
                            f"before the wait of entry {until[chat][1]} was over")
        if entry["status"] == 429:
            until[chat] = (entry["t"] + entry["response"]["parameters"]["retry_after"], entry["seq"])
    return breaches


def _no_client_429(core: Core, fields: Fields) -> Breaches:
    """The rate model refused nothing that was not allowed."""
    return [f"{item['method']} (entry {item['seq']}): {item['description']}" for item in core.journal.violations
            if item["kind"] == "rate_limit" and not item["claimed"]]


def _token_absent(core: Core, fields: Fields) -> Breaches:
    """The bot's token stands in nothing that the bot sent, and in none of `lines`, such as its log."""
    lines = fields.list("lines", [])
    token = core.options.bot_token
    secrets = [token, token.partition(":")[2]]
    breaches = [f"entry {seq}: the bot sent its token" for seq in sorted(core.journal.redacted)
                if core.journal.entries[seq - 1]["direction"] == "bot"]
    for number, line in enumerate(lines, 1):
        if any(secret and secret in str(line) for secret in secrets):
            breaches.append(f"line {number} has the token in it")
    return breaches


CHECKS: dict[str, Callable[[Core, Fields], Breaches]] = {
    "exactly_once": _exactly_once, "order": _order, "confirmed_after_marker": _confirmed_after_marker,
    "spacing": _spacing, "one_preview": _one_preview, "callbacks_answered": _callbacks_answered,
    "silent_after_401": _silent_after_401, "retry_after_respected": _retry_after_respected,
    "no_client_429": _no_client_429, "token_absent": _token_absent}


def _keys(fields: Fields) -> list[str]:
    keys = fields.list("keys")
    if not keys or any(not isinstance(key, str) or not key for key in keys):
        raise ControlError("keys: an array of strings is expected")
    return keys


def _visible(core: Core, chat: int | None, thread: int | None) -> list[Message]:
    if chat is not None and chat not in core.world.chats:
        raise ControlError(f"chat: there is no chat {chat}")
    chats = core.world.chats.values() if chat is None else [core.world.chats[chat]]
    return [message for item in chats for message in core.world.transcript(item)
            if message.from_bot and thread in (None, message.thread)]


def _calls(core: Core) -> Iterator[dict[str, Any]]:
    return (entry for entry in core.journal.entries if entry["direction"] == "bot")


def _writes(method: str) -> bool:
    return method.startswith("editMessage") or (method.startswith(CREATES_MESSAGE) and method not in NOT_A_MESSAGE)


def _chat_of(core: Core, entry: dict[str, Any]) -> int | None:
    chat = core.world.find_chat(entry["params"].get("chat_id"))
    return chat.id if chat else None


def _place(core: Core, chat: int, message_id: int) -> tuple[int, Any]:
    """Chat and topic of a message; a thread of replies is no topic."""
    message = core.world.chats[chat].messages.get(message_id)
    return chat, message.thread if message is not None and message.api.get("is_topic_message") else None


def _preview(core: Core, entry: dict[str, Any]) -> tuple[tuple[int, Any], tuple[str, int]] | None:
    if entry["direction"] != "bot" or entry["status"] != 200:
        return None
    chat, params = _chat_of(core, entry), entry["params"]
    if chat is None:
        return None
    if entry["method"] in ("sendMessageDraft", "sendRichMessageDraft"):
        return (chat, params.get("message_thread_id")), ("draft", params["draft_id"])
    if entry["method"] in ("editMessageText", "editMessageCaption"):
        return _place(core, chat, params["message_id"]), ("message", params["message_id"])
    return None

"""What POST /sim/wait can wait for."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from .control_fields import Fields
from .errors import ControlError
from .journal import matches
from .simulator_core import Core
from .state import Message

# Answers the list of what matched, or None while the wait goes on.
Predicate = Callable[[], "list[Any] | None"]


def parse_predicate(core: Core, body: dict[str, Any]) -> Predicate:
    """Turns the fields of the call into a function to be asked after every change."""
    kinds = {"journal": _journal, "method": _method, "polling": _polling, "typing": _typing, "draft": _draft,
             "callback_answered": _callback, "queue_empty": _queue_empty, "violations": _violations, "chat": _chat}
    fields = Fields(body)
    for name, make in kinds.items():
        if name in body:
            predicate = make(core, fields)
            fields.finish()
            return predicate
    raise ControlError(f"predicate: one of {', '.join(kinds)} is needed")


def _enough(found: list[Any], count: int) -> list[Any] | None:
    return found if len(found) >= count else None


def _chat(core: Core, fields: Fields) -> Predicate:
    chat_id, sender = fields.integer("chat"), fields.text("from", None)
    contains, text = fields.text("contains", None), fields.text("text", None)
    count, after = fields.integer("count", 1), fields.integer("after_message_id", 0)
    thread, button = fields.integer("thread", None), fields.text("button", None)
    message_id, edits = fields.integer("message_id", None), fields.integer("edits", None)
    reaction, media = fields.text("reaction", None), fields.text("media", None)
    if chat_id not in core.world.chats:
        raise ControlError(f"chat: there is no chat {chat_id}")
    if sender not in (None, "bot", "user"):
        raise ControlError("from: bot or user")

    def is_meant(message: Message) -> bool:
        if message.deleted or (sender and sender != ("bot" if message.from_bot else "user")):
            return False
        if (contains is not None and contains not in message.text) or (text is not None and text != message.text):
            return False
        return (thread is None or message.thread == thread) and message_id in (None, message.id)

    def looks_as_wanted(shown: dict[str, Any]) -> bool:
        if edits is not None and shown["edits"] < edits:
            return False
        if reaction is not None and reaction not in [item["emoji"] for item in shown["reactions"]]:
            return False
        if media is not None and media != shown.get("media", {}).get("kind"):
            return False
        labels = [item["text"] for row in (shown["reply_markup"] or {}).get("inline_keyboard", []) for item in row]
        return button is None or button in labels

    def ask() -> list[Any] | None:
        # From the newest, as long as they are new: a test may wait a hundred thousand times in a long chat.
        new = itertools.takewhile(lambda message: message.id > after, reversed(core.world.chats[chat_id].messages.values()))
        found = [shown for message in new if is_meant(message) and looks_as_wanted(shown := message.view())]
        return _enough(found[::-1], count)

    return ask


def _entries(core: Core, wanted: dict[str, Any], count: int, after: int) -> Predicate:
    seen = [max(after, 0)]
    found: list[Any] = []

    def ask() -> list[Any] | None:
        # Entries are numbered from 1 without gaps, so those after seq s begin at index s; none is looked at twice.
        for entry in core.journal.entries[seen[0]:]:
            if matches(entry, wanted):
                found.append(entry)
        seen[0] = max(seen[0], len(core.journal.entries))
        return _enough(found, count)

    return ask


def _method(core: Core, fields: Fields) -> Predicate:
    name = core.spec.method_name(fields.text("method"))
    if name is None:
        raise ControlError(f"method: the Bot API has no {fields.text('method')}")
    wanted: dict[str, Any] = {"direction": "bot", "method": name}
    params, status = fields.dict("params", None), fields.integer("status", None)
    if params is not None:
        wanted["params"] = params
    if status is not None:
        wanted["status"] = status
    return _entries(core, wanted, fields.integer("count", 1), fields.integer("after_seq", 0))


def _journal(core: Core, fields: Fields) -> Predicate:
    return _entries(core, fields.dict("journal"), fields.integer("count", 1), fields.integer("after_seq", 0))


def _polling(core: Core, fields: Fields) -> Predicate:
    wanted = fields.flag("polling")
    return lambda: [{"polling": wanted}] if core.queue.is_polling == wanted else None


def _typing(core: Core, fields: Fields) -> Predicate:
    chat_id = fields.integer("typing")
    return lambda: [item for item in core.world.live_typing() if item["chat"] == chat_id] or None


def _draft(core: Core, fields: Fields) -> Predicate:
    chat_id, contains = fields.integer("draft"), fields.text("contains", "")
    updates, gone = fields.integer("updates", 1), fields.flag("gone", False)

    def ask() -> list[Any] | None:
        drafts = [item for item in core.world.live_drafts() if item["chat"] == chat_id]
        if gone:
            return None if drafts else [{"chat": chat_id, "gone": True}]
        return [item for item in drafts if contains in item["text"] and item["updates"] >= updates] or None

    return ask


def _callback(core: Core, fields: Fields) -> Predicate:
    callback_id = fields.text("callback_answered")
    if callback_id not in core.world.callbacks:
        raise ControlError(f"callback_answered: there is no callback query {callback_id}")

    def ask() -> list[Any] | None:
        callback = core.world.callbacks[callback_id]
        if callback.answer is None:
            return None
        return [{"callback_query_id": callback_id, "answered_after_s": callback.answered_after, **callback.answer}]

    return ask


def _queue_empty(core: Core, fields: Fields) -> Predicate:
    wanted = fields.flag("queue_empty")
    return lambda: [{"queue_empty": wanted}] if (not core.queue.pending()) == wanted else None


def _violations(core: Core, fields: Fields) -> Predicate:
    count, kind = fields.integer("violations"), fields.text("kind", None)
    return lambda: _enough([item for item in core.journal.violations
                            if not item["claimed"] and kind in (None, item["kind"])], count)

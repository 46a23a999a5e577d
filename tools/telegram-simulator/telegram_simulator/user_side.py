"""What people do with messages in their Telegram clients: one function per verb of POST /sim/<verb>."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from .acting import Acting, client_text
from .control_fields import Fields
from .errors import ControlError
from .simulator_core import Core
from .state import Callback, Chat, Message
from .user_chats import UserChats

CLIENT_MAX_TEXT = 4096  # clients cut a longer text into several messages
START_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")  # [docs]


class UserSide:
    """Does the verbs. Each takes the call's fields and returns the answer's."""

    def __init__(self, core: Core, chats: UserChats):
        self._core = core
        self._chats = chats
        self._world = core.world
        self._acting = Acting(core)
        self._callbacks = 0

    def verbs(self) -> dict[str, Callable[[Fields], dict]]:
        return {"send_text": self.send_text, "edit": self.edit, "press": self.press, "press_stale": self.press_stale,
                "stop_draft": self.stop_draft, "react": self.react, "open_deeplink": self.open_deeplink,
                "delete_message": self.delete_message, "raw_update": self.raw_update}

    def send_text(self, fields: Fields) -> dict:
        """A person writes. A text above 4096 characters goes out as several messages, as clients do it."""
        chat = self._acting.chat(fields)
        user = self._acting.sender(fields, chat)
        text = fields.text("text")
        thread, replied = self._acting.place(fields, chat)
        entities = fields.list("entities", [])
        extra = fields.dict("extra", {})
        fields.finish()
        self._acting.may_write(chat)
        ids, updates = [], []
        for start in range(0, max(len(text), 1), CLIENT_MAX_TEXT):
            content = client_text(text[start:start + CLIENT_MAX_TEXT], entities)
            message, update = self._acting.post(chat, user, {**content, **extra}, thread, replied if start == 0 else None)
            ids.append(message.id)
            updates.append(update)
        return {"message_id": ids[0], "update_id": updates[0], "message_ids": ids, "update_ids": updates}

    def edit(self, fields: Fields) -> dict:
        """A person changes a message of theirs."""
        chat = self._acting.chat(fields)
        message = self._acting.message(chat, fields.integer("message"))
        text, entities = fields.text("text"), fields.list("entities", [])
        fields.finish()
        if message.from_bot:
            raise ControlError(f"message: {message.id} is the bot's; people edit their own")
        part = "text" if "text" in message.api else "caption"
        content = client_text(text, entities, part)
        message.remember()
        message.api.pop("entities" if part == "text" else "caption_entities", None)
        message.api.update(content, edit_date=self._core.clock.date())
        self._world.changed(chat.id)
        return {"message_id": message.id, "update_id": self._core.emit_message("edited_message", chat, message)}

    def press(self, fields: Fields) -> dict:
        """A person taps an inline button, named by its label, its data, or row and col. With stale, the data need not
        be on the message any more: the client showed an old keyboard."""
        chat = self._acting.chat(fields)
        message = self._acting.message(chat, fields.integer("message"))
        user = self._acting.sender(fields, chat)
        label, data = fields.text("label", None), fields.text("data", None)
        row, col = fields.integer("row", None), fields.integer("col", None)
        stale = fields.flag("stale", False)
        fields.finish()
        return self._press(chat, message, user, label, data, row, col, stale)

    def press_stale(self, fields: Fields) -> dict:
        """A person taps a button that the message no longer has: the client showed an old keyboard."""
        chat = self._acting.chat(fields)
        message = self._acting.message(chat, fields.integer("message"))
        user = self._acting.sender(fields, chat)
        data = fields.text("data")
        fields.finish()
        return self._press(chat, message, user, None, data, None, None, True)

    def _press(self, chat: Chat, message: Message, user: dict[str, Any], label: str | None, data: str | None,
               row: int | None, col: int | None, stale: bool) -> dict:
        if stale and data is not None:
            button: dict[str, Any] = {"text": "", "callback_data": data}
        else:
            button = self._button(message, label, data, row, col)
        if "disabled" in button:
            raise ControlError(f"label: the button {button['text']!r} is disabled", 409)
        if "callback_data" not in button:
            return {"button": button, "update_id": None}
        self._callbacks += 1
        callback = Callback(str((user["id"] << 32) + self._callbacks), chat.id, message.id, user["id"],
                            button["callback_data"], self._core.clock.monotonic())
        self._world.callbacks[callback.id] = callback
        update = self._core.emit("callback_query", {
            "id": callback.id, "from": user, "message": message.api, "chat_instance": str(chat.id * 31337),
            "data": callback.data}, chat)
        return {"callback_query_id": callback.id, "update_id": update}

    def stop_draft(self, fields: Fields) -> dict:
        """A person taps Stop under a draft that has can_stop; without keep_on_stop the draft goes away."""
        chat = self._acting.chat(fields)
        wanted = fields.integer("draft", None)
        thread = fields.integer("thread", None)
        fields.finish()
        self._world.live_drafts()
        draft = self._world.drafts.get((chat.id, thread))
        if draft is None or (wanted is not None and draft.id != wanted):
            raise ControlError(f"draft: the chat {chat.id} shows no such draft")
        if not draft.can_stop or draft.stopped:
            raise ControlError(f"draft: {draft.id} has no Stop button", 409)
        draft.stopped = True
        if not draft.keep_on_stop:
            self._world.drafts.pop((chat.id, thread))
        payload: dict[str, Any] = {"chat": self._world.chat_object(chat)}
        if thread is not None:
            payload["message_thread_id"] = thread
        payload["draft_id"] = draft.id
        self._world.changed(chat.id)
        return {"update_id": self._core.emit("stopped_message_generation", payload, chat), "draft_id": draft.id}

    def react(self, fields: Fields) -> dict:
        """A person sets a reaction; an empty emoji takes it away. In groups a bot learns of it as administrator only."""
        chat = self._acting.chat(fields)
        message = self._acting.message(chat, fields.integer("message"))
        user = self._acting.sender(fields, chat)
        emoji = fields.text("emoji")
        fields.finish()
        old = message.reactions.get(user["id"], [])
        new = [{"type": "emoji", "emoji": emoji}] if emoji else []
        message.reactions[user["id"]] = new
        self._world.changed(chat.id)
        if chat.is_group and chat.bot_status != "administrator":
            return {"update_id": None}
        return {"update_id": self._core.emit("message_reaction", {
            "chat": self._world.chat_object(chat), "message_id": message.id, "user": user,
            "date": self._core.clock.date(), "old_reaction": old, "new_reaction": new}, chat)}

    def open_deeplink(self, fields: Fields) -> dict:
        """A person follows t.me/<bot>?start=<payload>: it arrives as the text "/start <payload>"; with a group as `chat`,
        ?startgroup=<payload>: the bot is added and reads "/start@<bot> <payload>" [docs]."""
        user = self._acting.user(fields.integer("user", self._core.options.owner_id))
        payload = fields.text("payload", "")
        group = self._acting.group(fields) if fields.any("chat", None) is not None else None
        fields.finish()
        if payload and not START_PAYLOAD.fullmatch(payload):
            raise ControlError("payload: 1 to 64 of A-Z a-z 0-9 _ -")
        if group is None:
            return self.send_text(Fields({"chat": user["id"], "user": user["id"], "text": f"/start {payload}".strip()}))
        if group.bot_status in ("left", "kicked"):
            self._chats.bot_add(Fields({"chat": group.id, "user": user["id"]}))
        text = f"/start@{self._world.bot['username']} {payload}".strip()
        return self.send_text(Fields({"chat": group.id, "user": user["id"], "text": text}))

    def delete_message(self, fields: Fields) -> dict:
        """A person deletes a message; bots are not told [docs]."""
        chat = self._acting.chat(fields)
        message = self._acting.message(chat, fields.integer("message"))
        fields.finish()
        message.deleted = True
        self._world.changed(chat.id)
        return {}

    def raw_update(self, fields: Fields) -> dict:
        """Any update at all, known to the specification or not, in the queue as it is."""
        update = fields.dict("json")
        fields.finish()
        update_id = self._core.queue.add_raw(update)
        self._core.journal.append("update", kind="raw", update_id=update_id)
        return {"update_id": update_id}

    @staticmethod
    def _button(message: Message, label: str | None, data: str | None, row: int | None,
                col: int | None) -> dict[str, Any]:
        rows = (message.api.get("reply_markup") or {}).get("inline_keyboard", [])
        if row is not None:
            if not 0 <= row < len(rows) or not 0 <= (col or 0) < len(rows[row]):
                raise ControlError(f"row: message {message.id} has no button at row {row}, col {col or 0}")
            return rows[row][col or 0]
        for button in (button for line in rows for button in line):
            if (label is not None and button["text"] == label) or (
                    data is not None and button.get("callback_data") == data):
                return button
        labels = [button["text"] for line in rows for button in line]
        raise ControlError(f"label: message {message.id} has no such button; it has {labels}")

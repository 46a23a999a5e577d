"""What people do in their Telegram clients: one function per verb of POST /sim/<verb>."""

from __future__ import annotations

import re
from typing import Any

from .control_fields import Fields
from .entities import format_text
from .errors import BotApiError, ControlError
from .methods.chats import bot_member
from .methods.topics import create_topic
from .simulator_core import Core
from .state import Callback, Chat, Message

CLIENT_MAX_TEXT = 4096  # clients cut a longer text into several messages
START_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")  # [docs]


class UserSide:
    """Does the verbs. Each takes the call's fields and returns the answer's."""

    def __init__(self, core: Core):
        self._core = core
        self._world = core.world
        self._callbacks = 0

    def user_create(self, fields: Fields) -> dict:
        """A new person with a private chat; `started` means that they have pressed Start before."""
        user_id = fields.integer("id", None)
        name = fields.text("name", "User")
        username = fields.text("username", None)
        started, topics = fields.flag("started", False), fields.flag("topics", False)
        language = fields.text("language", "en")
        fields.finish()
        if user_id is not None and (user_id in self._world.users or user_id <= 0):
            raise ControlError(f"id: {user_id} is taken or not positive")
        user = self._world.add_user(user_id, name, username, started, topics, language)
        if topics:
            self._world.bot["has_topics_enabled"] = True
        return {"user": user["id"], "chat": user["id"]}

    def chat_create(self, fields: Fields) -> dict:
        """A group, supergroup, forum or channel; the bot is in it, and told so."""
        kind = fields.text("type", "group")
        forum = fields.flag("forum", False)
        members = fields.integers("members", [self._core.options.owner_id])
        title = fields.text("title", "Group")
        admin = fields.flag("bot_admin", False)
        username = fields.text("username", None)
        fields.finish()
        if kind not in ("group", "supergroup", "channel"):
            raise ControlError("type: group, supergroup or channel (a private chat comes with user.create)")
        if forum and kind != "supergroup":
            raise ControlError("forum: only a supergroup has topics")
        for user in members:
            self._user(user)
        if not members:
            raise ControlError("members: at least one person")
        chat = self._world.add_chat(kind, title, set(members), forum, admin, username)
        update = self._bot_moved(chat, "left", members[0])
        return {"chat": chat.id, "update_id": update}

    def send_text(self, fields: Fields) -> dict:
        """A person writes. A text above 4096 characters goes out as several messages, as clients do it."""
        chat = self._chat(fields)
        user = self._sender(fields, chat)
        text = fields.text("text")
        thread = fields.integer("thread", None)
        reply_to = fields.integer("reply_to", None)
        entities = fields.list("entities", [])
        extra = fields.dict("extra", {})
        fields.finish()
        if thread is not None and (not chat.is_forum or thread not in chat.topics or chat.topics[thread].deleted):
            raise ControlError(f"thread: the chat {chat.id} has no topic {thread}")
        replied = self._message(chat, reply_to, "reply_to") if reply_to is not None else None
        if thread is None and replied is not None and chat.is_forum:
            thread = replied.thread
        if chat.type == "private" and chat.bot_status == "kicked":
            raise ControlError("chat: the person has blocked the bot; unblock first")
        chat.started = True
        ids, updates = [], []
        for start in range(0, max(len(text), 1), CLIENT_MAX_TEXT):
            content = self._content(text[start:start + CLIENT_MAX_TEXT], entities)
            message = self._world.add_message(chat, user, {**content, **extra}, thread=None if thread == 1 else thread,
                                              reply_to=replied if start == 0 else None)
            ids.append(message.id)
            updates.append(self._core.emit_message("channel_post" if chat.type == "channel" else "message",
                                                   chat, message))
        return {"message_id": ids[0], "update_id": updates[0], "message_ids": ids, "update_ids": updates}

    def edit(self, fields: Fields) -> dict:
        """A person changes a message of theirs."""
        chat = self._chat(fields)
        message = self._message(chat, fields.integer("message"), "message")
        text, entities = fields.text("text"), fields.list("entities", [])
        fields.finish()
        content = self._content(text, entities)
        if message.from_bot:
            raise ControlError(f"message: {message.id} is the bot's; people edit their own")
        message.history.append({"text": message.text, "entities": message.api.get("entities", [])})
        message.api.pop("entities", None)
        message.api.update(content, edit_date=self._core.clock.date())
        self._world.changed(chat.id)
        return {"message_id": message.id, "update_id": self._core.emit_message("edited_message", chat, message)}

    def press(self, fields: Fields) -> dict:
        """A person taps an inline button, named by its label, its data, or row and col. With stale, the data need not
        be on the message any more: the client showed an old keyboard."""
        chat = self._chat(fields)
        message = self._message(chat, fields.integer("message"), "message")
        user = self._sender(fields, chat)
        label, data = fields.text("label", None), fields.text("data", None)
        row, col = fields.integer("row", None), fields.integer("col", None)
        stale = fields.flag("stale", False)
        fields.finish()
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
        chat = self._chat(fields)
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
        chat = self._chat(fields)
        message = self._message(chat, fields.integer("message"), "message")
        user = self._sender(fields, chat)
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

    def block(self, fields: Fields) -> dict:
        """A person blocks the bot."""
        return self._set_blocked(fields, "kicked")

    def unblock(self, fields: Fields) -> dict:
        """A person unblocks the bot."""
        return self._set_blocked(fields, "member")

    def bot_kick(self, fields: Fields) -> dict:
        """The bot is thrown out of a group."""
        return self._move_bot(fields, "kicked")

    def bot_add(self, fields: Fields) -> dict:
        """The bot comes (back) into a group."""
        return self._move_bot(fields, "member")

    def bot_promote(self, fields: Fields) -> dict:
        """The bot becomes an administrator of a group."""
        return self._move_bot(fields, "administrator")

    def migrate_group(self, fields: Fields) -> dict:
        """A basic group becomes a supergroup with another id; both sides get a service message."""
        chat = self._chat(fields)
        fields.finish()
        if chat.type != "group" or chat.migrated_to is not None:
            raise ControlError(f"chat: {chat.id} is no basic group")
        new = self._world.add_chat("supergroup", chat.title, chat.members, False, chat.bot_status == "administrator")
        sender = self._user(sorted(chat.members)[0])
        old_message = self._world.add_message(chat, sender, {"migrate_to_chat_id": new.id})
        chat.migrated_to = new.id
        new_message = self._world.add_message(new, sender, {"migrate_from_chat_id": chat.id})
        updates = [self._core.emit_message("message", chat, old_message),
                   self._core.emit_message("message", new, new_message)]
        return {"chat": new.id, "update_id": updates[0], "update_ids": updates}

    def topic_create(self, fields: Fields) -> dict:
        """A person makes a topic in a forum, or in a private chat with topics."""
        chat = self._chat(fields)
        user = self._sender(fields, chat)
        name = fields.text("name")
        fields.finish()
        if not chat.is_forum:
            raise ControlError(f"chat: {chat.id} has no topics")
        topic, message = create_topic(self._world, chat, user, name, 7322096)
        return {"thread": topic.id, "update_id": self._core.emit_message("message", chat, message)}

    def topic_close(self, fields: Fields) -> dict:
        """A person closes a topic."""
        chat, topic, user = self._topic(fields)
        topic.closed = True
        message = self._world.add_message(chat, user, {"forum_topic_closed": {}}, thread=topic.id)
        return {"update_id": self._core.emit_message("message", chat, message)}

    def topic_delete(self, fields: Fields) -> dict:
        """A person deletes a topic with all in it; bots are not told [docs]."""
        chat, topic, _ = self._topic(fields)
        topic.deleted = True
        for message in chat.messages.values():
            if message.thread == topic.id:
                message.deleted = True
        self._world.changed(chat.id)
        return {}

    def open_deeplink(self, fields: Fields) -> dict:
        """A person follows t.me/<bot>?start=<payload>: it arrives as the text "/start <payload>" [docs]."""
        user = self._user(fields.integer("user", self._core.options.owner_id))
        payload = fields.text("payload", "")
        fields.finish()
        if payload and not START_PAYLOAD.fullmatch(payload):
            raise ControlError("payload: 1 to 64 of A-Z a-z 0-9 _ -")
        return self.send_text(Fields({"chat": user["id"], "user": user["id"], "text": f"/start {payload}".strip()}))

    def delete_message(self, fields: Fields) -> dict:
        """A person deletes a message; bots are not told [docs]."""
        chat = self._chat(fields)
        message = self._message(chat, fields.integer("message"), "message")
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

    def _content(self, text: str, entities: list[Any]) -> dict[str, Any]:
        try:
            formatted = format_text(text, entities)
        except (BotApiError, KeyError, TypeError) as error:
            raise ControlError(f"text: a client would not send this ({error})") from None
        return {"text": formatted.text, **({"entities": formatted.entities} if formatted.entities else {})}

    def _chat(self, fields: Fields) -> Chat:
        reference = fields.any("chat", self._core.options.owner_id)
        chat = self._world.find_chat(reference)
        if chat is None:
            raise ControlError(f"chat: there is no chat {reference!r}")
        return chat

    def _user(self, user_id: int) -> dict[str, Any]:
        user = self._world.users.get(user_id)
        if user is None:
            raise ControlError(f"user: there is no user {user_id}")
        return user

    def _sender(self, fields: Fields, chat: Chat) -> dict[str, Any]:
        """Who acts: `user`, else the chat's own person or the first member."""
        default = chat.id if chat.type == "private" else sorted(chat.members)[0]
        return self._user(fields.integer("user", default))

    def _message(self, chat: Chat, message_id: int | None, name: str) -> Message:
        message = self._world.message(chat, message_id)
        if message is None:
            raise ControlError(f"{name}: the chat {chat.id} has no message {message_id}")
        return message

    def _topic(self, fields: Fields) -> tuple[Chat, Any, dict[str, Any]]:
        chat = self._chat(fields)
        user = self._sender(fields, chat)
        thread = fields.integer("thread")
        fields.finish()
        topic = chat.topics.get(thread)
        if topic is None or topic.deleted:
            raise ControlError(f"thread: the chat {chat.id} has no topic {thread}")
        return chat, topic, user

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

    def _set_blocked(self, fields: Fields, status: str) -> dict:
        user = self._user(fields.integer("user", self._core.options.owner_id))
        fields.finish()
        chat = self._world.chats[user["id"]]
        return self._change_bot(chat, status, user["id"])

    def _move_bot(self, fields: Fields, status: str) -> dict:
        chat = self._chat(fields)
        fields.finish()
        if not chat.is_group:
            raise ControlError(f"chat: {chat.id} is no group (for a private chat: block, unblock)")
        return self._change_bot(chat, status, sorted(chat.members)[0])

    def _change_bot(self, chat: Chat, status: str, by: int) -> dict:
        old, chat.bot_status = chat.bot_status, status
        self._world.changed(chat.id)
        if old == status:
            return {"update_id": None}
        return {"update_id": self._bot_moved(chat, old, by)}

    def _bot_moved(self, chat: Chat, old: str, by: int) -> int | None:
        return self._core.emit("my_chat_member", {
            "chat": self._world.chat_object(chat), "from": self._user(by), "date": self._core.clock.date(),
            "old_chat_member": bot_member(self._world, old),
            "new_chat_member": bot_member(self._world, chat.bot_status)}, chat)

"""People and groups: who there is, who is where, which topics there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .acting import Acting
from .control_fields import Fields
from .errors import ControlError
from .methods.chats import bot_member, member_object
from .methods.topics import create_topic
from .simulator_core import Core
from .state import Chat


class UserChats:
    """Does the verbs about chats. Each takes the call's fields and returns the answer's."""

    def __init__(self, core: Core):
        self._core = core
        self._world = core.world
        self._acting = Acting(core)

    def verbs(self) -> dict[str, Callable[[Fields], dict]]:
        return {"user.create": self.user_create, "user.topics": self.user_topics,
                "user.deactivate": self.user_deactivate, "chat.create": self.chat_create,
                "chat.delete": self.chat_delete, "join": self.join, "leave": self.leave, "kick": self.kick,
                "promote": self.promote, "block": self.block, "unblock": self.unblock, "bot.kick": self.bot_kick,
                "bot.add": self.bot_add, "bot.promote": self.bot_promote, "bot.demote": self.bot_demote,
                "migrate_group": self.migrate_group, "topic.create": self.topic_create,
                "topic.close": self.topic_close, "topic.reopen": self.topic_reopen, "topic.delete": self.topic_delete}

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

    def user_topics(self, fields: Fields) -> dict:
        """Topics in a person's private chat with the bot, on or off."""
        user = self._acting.user(fields.integer("user", self._core.options.owner_id))
        on = fields.flag("on", True)
        fields.finish()
        self._world.chats[user["id"]].is_forum = on
        self._world.bot["has_topics_enabled"] = any(
            chat.is_forum for chat in self._world.chats.values() if not chat.is_group)
        self._world.changed(user["id"])
        return {"on": on}

    def user_deactivate(self, fields: Fields) -> dict:
        """A person deletes their account; bots are not told."""
        user = self._acting.user(fields.integer("user"))
        fields.finish()
        self._world.chats[user["id"]].deactivated = True
        self._world.changed(user["id"])
        return {}

    def chat_delete(self, fields: Fields) -> dict:
        """Somebody deletes a group for all."""
        chat = self._acting.group(fields)
        fields.finish()
        chat.gone = True
        self._world.changed(chat.id)
        return {}

    def chat_create(self, fields: Fields) -> dict:
        """A group, supergroup, forum or channel; the bot is in it, and told so. The first member made it."""
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
            self._acting.user(user)
        if not members:
            raise ControlError("members: at least one person")
        chat = self._world.add_chat(kind, title, members, forum, admin, username)
        update = self._bot_moved(chat, "left", members[0])
        return {"chat": chat.id, "update_id": update}

    def join(self, fields: Fields) -> dict:
        """A person comes into a group; with `by`, somebody else added them."""
        chat, user = self._acting.group(fields), self._acting.user(fields.integer("user"))
        by = self._acting.user(fields.integer("by", user["id"]))
        fields.finish()
        if user["id"] in chat.members:
            raise ControlError(f"user: {user['id']} is in the chat {chat.id} already")
        old = member_object(self._world, chat, user["id"])
        chat.members.add(user["id"])
        return self._member_moved(chat, user, by, old, {"new_chat_members": [user]})

    def leave(self, fields: Fields) -> dict:
        """A person leaves a group."""
        chat, user = self._member(fields)
        fields.finish()
        return self._take_out(chat, user, user)

    def kick(self, fields: Fields) -> dict:
        """Somebody (`by`, else who made the group) removes a person from a group."""
        chat, user = self._member(fields)
        by = self._acting.user(fields.integer("by", min(chat.admins, default=user["id"])))
        fields.finish()
        return self._take_out(chat, user, by)

    def promote(self, fields: Fields) -> dict:
        """A person becomes an administrator of a group."""
        chat, user = self._member(fields)
        fields.finish()
        old = member_object(self._world, chat, user["id"])
        chat.admins.add(user["id"])
        return self._member_moved(chat, user, self._acting.user(min(chat.admins)), old, None)

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

    def bot_demote(self, fields: Fields) -> dict:
        """The bot is no longer an administrator of a group."""
        return self._move_bot(fields, "member")

    def migrate_group(self, fields: Fields) -> dict:
        """A basic group becomes a supergroup with another id; both sides get a service message."""
        chat = self._acting.chat(fields)
        fields.finish()
        if chat.type != "group" or chat.migrated_to is not None:
            raise ControlError(f"chat: {chat.id} is no basic group")
        new = self._world.add_chat("supergroup", chat.title, sorted(chat.members), False,
                                   chat.bot_status == "administrator")
        new.admins = set(chat.admins)
        sender = self._acting.user(min(chat.members))
        _, first = self._acting.post(chat, sender, {"migrate_to_chat_id": new.id})
        chat.migrated_to = new.id
        _, second = self._acting.post(new, sender, {"migrate_from_chat_id": chat.id})
        return {"chat": new.id, "update_id": first, "update_ids": [first, second]}

    def topic_create(self, fields: Fields) -> dict:
        """A person makes a topic in a forum, or in a private chat with topics."""
        chat = self._acting.chat(fields)
        user = self._acting.sender(fields, chat)
        name = fields.text("name")
        fields.finish()
        if not chat.is_forum:
            raise ControlError(f"chat: {chat.id} has no topics")
        topic, message = create_topic(self._world, chat, user, name, 7322096)
        return {"thread": topic.id, "update_id": self._core.emit_message("message", chat, message)}

    def topic_close(self, fields: Fields) -> dict:
        """A person closes a topic."""
        return self._set_closed(fields, True)

    def topic_reopen(self, fields: Fields) -> dict:
        """A person opens a closed topic again."""
        return self._set_closed(fields, False)

    def topic_delete(self, fields: Fields) -> dict:
        """A person deletes a topic with all in it; bots are not told [docs]."""
        chat = self._acting.chat(fields)
        self._acting.sender(fields, chat)
        topic = self._acting.topic(chat, fields.integer("thread"))
        fields.finish()
        self._world.delete_topic(chat, topic)
        return {}

    def _set_closed(self, fields: Fields, closed: bool) -> dict:
        chat = self._acting.chat(fields)
        user = self._acting.sender(fields, chat)
        topic = self._acting.topic(chat, fields.integer("thread"))
        fields.finish()
        topic.closed = closed
        said: dict[str, Any] = {"forum_topic_closed" if closed else "forum_topic_reopened": {}}
        _, update = self._acting.post(chat, user, said, thread=topic.id)
        return {"update_id": update}

    def _member(self, fields: Fields) -> tuple[Chat, dict[str, Any]]:
        chat, user = self._acting.group(fields), self._acting.user(fields.integer("user"))
        if user["id"] not in chat.members:
            raise ControlError(f"user: {user['id']} is not in the chat {chat.id}")
        return chat, user

    def _take_out(self, chat: Chat, user: dict[str, Any], by: dict[str, Any]) -> dict:
        old = member_object(self._world, chat, user["id"])
        chat.members.discard(user["id"])
        chat.admins.discard(user["id"])
        return self._member_moved(chat, user, by, old, {"left_chat_member": user})

    def _member_moved(self, chat: Chat, user: dict[str, Any], by: dict[str, Any], old: dict[str, Any],
                      said: dict[str, Any] | None) -> dict:
        """The service message, and chat_member for a bot that is an administrator and asked for it [docs]."""
        answer: dict[str, Any] = {"update_id": None}
        if said is not None and chat.type != "channel":
            message, answer["update_id"] = self._acting.post(chat, by, said)
            answer["message_id"] = message.id
        if chat.bot_status == "administrator":
            answer["chat_member_update_id"] = self._core.emit("chat_member", {
                "chat": self._world.chat_object(chat), "from": by, "date": self._core.clock.date(),
                "old_chat_member": old, "new_chat_member": member_object(self._world, chat, user["id"])}, chat)
        self._world.changed(chat.id)
        return answer

    def _set_blocked(self, fields: Fields, status: str) -> dict:
        user = self._acting.user(fields.integer("user", self._core.options.owner_id))
        fields.finish()
        return self._change_bot(self._world.chats[user["id"]], status, user["id"])

    def _move_bot(self, fields: Fields, status: str) -> dict:
        chat = self._acting.group(fields)
        by = fields.integer("user", min(chat.members, default=self._core.options.owner_id))
        fields.finish()
        return self._change_bot(chat, status, by)

    def _change_bot(self, chat: Chat, status: str, by: int) -> dict:
        old, chat.bot_status = chat.bot_status, status
        self._world.changed(chat.id)
        if old == status:
            return {"update_id": None}
        return {"update_id": self._bot_moved(chat, old, by)}

    def _bot_moved(self, chat: Chat, old: str, by: int) -> int | None:
        return self._core.emit("my_chat_member", {
            "chat": self._world.chat_object(chat), "from": self._acting.user(by), "date": self._core.clock.date(),
            "old_chat_member": bot_member(self._world, old),
            "new_chat_member": bot_member(self._world, chat.bot_status)}, chat)

"""What every verb of a person needs: who acts, where, on which message, and how a message of theirs goes out."""

from __future__ import annotations

from typing import Any

from .control_fields import Fields
from .entities import format_text
from .errors import BotApiError, ControlError
from .simulator_core import Core
from .state import Chat, Message, Topic


def client_text(text: str, entities: list[Any], part: str = "text") -> dict[str, Any]:
    """A person's text as the message's `text` or `caption`, with its entities; refuses what a client cannot send."""
    try:
        formatted = format_text(text, entities)
    except (BotApiError, KeyError, TypeError) as error:
        raise ControlError(f"{part}: a client would not send this ({error})") from None
    name = "entities" if part == "text" else "caption_entities"
    return {part: formatted.text, **({name: formatted.entities} if formatted.entities else {})}


class Acting:
    """Reads the common fields of a verb and does the common acts."""

    def __init__(self, core: Core):
        self.core = core
        self.world = core.world

    def chat(self, fields: Fields) -> Chat:
        """`chat`, else the owner's private one."""
        reference = fields.any("chat", self.core.options.owner_id)
        chat = self.world.find_chat(reference)
        if chat is None:
            raise ControlError(f"chat: there is no chat {reference!r}")
        return chat

    def group(self, fields: Fields) -> Chat:
        """`chat`, which has to be a group, supergroup or channel."""
        chat = self.chat(fields)
        if not chat.is_group:
            raise ControlError(f"chat: {chat.id} is no group (for a private chat: block, unblock)")
        return chat

    def user(self, user_id: int) -> dict[str, Any]:
        user = self.world.users.get(user_id)
        if user is None:
            raise ControlError(f"user: there is no user {user_id}")
        return user

    def sender(self, fields: Fields, chat: Chat) -> dict[str, Any]:
        """Who acts: `user`, else the chat's own person or the member with the smallest id."""
        if chat.type == "private":
            return self.user(fields.integer("user", chat.id))
        if not chat.members and fields.integer("user", None) is None:
            raise ControlError(f"user: {chat.id} has no members, so say who acts")
        return self.user(fields.integer("user", min(chat.members, default=0)))

    def message(self, chat: Chat, message_id: int | None, name: str = "message") -> Message:
        message = self.world.message(chat, message_id)
        if message is None:
            raise ControlError(f"{name}: the chat {chat.id} has no message {message_id}")
        return message

    def topic(self, chat: Chat, thread: int) -> Topic:
        topic = chat.topics.get(thread)
        if topic is None or topic.deleted:
            raise ControlError(f"thread: the chat {chat.id} has no topic {thread}")
        return topic

    def place(self, fields: Fields, chat: Chat) -> tuple[int | None, Message | None]:
        """`thread` and `reply_to`: the topic (None in General) and the message replied to. An answer stays in the topic
        of what it answers."""
        thread, reply_to = fields.integer("thread", None), fields.integer("reply_to", None)
        if thread is not None:
            if not chat.is_forum:
                raise ControlError(f"thread: the chat {chat.id} has no topics")
            self.topic(chat, thread)
        replied = self.message(chat, reply_to, "reply_to") if reply_to is not None else None
        if thread is None and replied is not None and chat.is_forum:
            thread = replied.thread
        return None if thread == 1 else thread, replied

    def may_write(self, chat: Chat) -> None:
        """Refuses what a client would not let a person do; a first message starts the private chat."""
        if chat.type == "private" and chat.bot_status == "kicked":
            raise ControlError("chat: the person has blocked the bot; unblock first")
        if chat.deactivated or chat.gone:
            raise ControlError(f"chat: {chat.id} is deleted")
        if chat.migrated_to is not None:
            raise ControlError(f"chat: {chat.id} became {chat.migrated_to}")
        chat.started = True

    def post(self, chat: Chat, user: dict[str, Any], content: dict[str, Any], thread: int | None = None,
             reply_to: Message | None = None) -> tuple[Message, int | None]:
        """Puts a person's message into the chat; returns it and the id of its update."""
        message = self.world.add_message(chat, user, content, thread=thread, reply_to=reply_to)
        kind = "channel_post" if chat.type == "channel" else "message"
        return message, self.core.emit_message(kind, chat, message)

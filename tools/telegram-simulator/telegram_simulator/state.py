"""Users, chats, messages, topics, drafts: what Telegram would remember."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .clock import Clock
from .media import media_of
from .rich_messages import plain_text

TYPING_SECONDS = 5.0  # [docs]
DRAFT_SECONDS = 30.0  # [docs]
CALLBACK_SECONDS = 150.0  # [server source]
SERVICE_PREFIXES = ("forum_topic_", "migrate_", "new_chat_", "left_chat_")
SUPERGROUP_BASE = -1000000000000


@dataclass
class Message:
    """One message: the Bot API object, and what only a test wants to know."""

    id: int
    chat_id: int
    api: dict[str, Any]
    from_bot: bool
    deleted: bool = False
    silent: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)  # earlier versions, oldest first
    reactions: dict[int, list[dict[str, Any]]] = field(default_factory=dict)  # user id → reactions

    @property
    def text(self) -> str:
        """What there is to read: the text, the caption of a file, or a rich message without its looks."""
        if "rich_message" in self.api:
            return plain_text(self.api["rich_message"]["blocks"])
        return self.api.get("text", self.api.get("caption", ""))

    @property
    def entities(self) -> list[dict[str, Any]]:
        return self.api.get("entities", self.api.get("caption_entities", []))

    @property
    def thread(self) -> int | None:
        return self.api.get("message_thread_id")

    @property
    def is_service(self) -> bool:
        """Says what happened in the chat instead of what somebody wrote."""
        return any(key.startswith(SERVICE_PREFIXES) for key in self.api)

    def remember(self) -> None:
        """Keeps the present version as an earlier one, before a change."""
        self.history.append({"text": self.text, "entities": self.entities, "reply_markup": self.api.get("reply_markup"),
                             "date": self.api.get("edit_date", self.api["date"])})

    @property
    def reworded(self) -> bool:
        """Whether clients mark it as edited: a change of the keyboard alone is not marked."""
        return any((earlier["text"], earlier["entities"]) != (self.text, self.entities) for earlier in self.history)

    def view(self) -> dict[str, Any]:
        """The message as the control API shows it."""
        shown = {"message_id": self.id, "from": "bot" if self.from_bot else "user",
                 "user": self.api.get("from", {}).get("id"), "name": self.api.get("from", {}).get("first_name"),
                 "text": self.text, "entities": self.entities, "date": self.api["date"],
                 "thread": self.thread, "reply_to": self.api.get("reply_to_message", {}).get("message_id"),
                 "reply_markup": self.api.get("reply_markup"), "edited": self.reworded,
                 "edits": len(self.history), "silent": self.silent,
                 "reactions": [{"user": user, "emoji": item.get("emoji", "")}
                               for user, items in self.reactions.items() for item in items]}
        media = media_of(self.api)
        if media is not None:
            shown["media"] = media
        for key in ("media_group_id", "forward_origin", "rich_message"):
            if key in self.api:
                shown[key] = self.api[key]
        if self.is_service:
            shown["service"] = {key: value for key, value in self.api.items() if key.startswith(SERVICE_PREFIXES)}
        return shown


@dataclass
class Topic:
    """A thread of a forum or of a private chat with topics."""

    id: int
    name: str
    icon_color: int = 7322096
    closed: bool = False
    deleted: bool = False


@dataclass
class Draft:
    """A message that the bot streams; no message yet."""

    chat_id: int
    thread: int | None
    id: int
    text: str
    entities: list[dict[str, Any]]
    can_stop: bool
    keep_on_stop: bool
    expires: float
    stopped: bool = False
    updates: int = 1


@dataclass
class Chat:
    """A chat as the bot's server sees it."""

    id: int
    type: str  # private, group, supergroup, channel
    title: str = ""
    username: str | None = None
    is_forum: bool = False  # also: a private chat with topics
    members: set[int] = field(default_factory=set)
    admins: set[int] = field(default_factory=set)  # people only, the creator among them
    bot_status: str = "member"  # member, administrator, left, kicked
    creator: int | None = None
    started: bool = True  # private: the person has written to the bot, so the bot may write to them
    deactivated: bool = False  # private: the account is deleted
    gone: bool = False  # a group that was deleted
    migrated_to: int | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    last_id: int = 0
    menu_button: dict[str, Any] | None = None

    @property
    def is_group(self) -> bool:
        return self.type != "private"


@dataclass
class Callback:
    """A press of an inline button, waiting to be answered once."""

    id: str
    chat_id: int
    message_id: int
    user_id: int
    data: str
    created: float
    answer: dict[str, Any] | None = None
    answered_after: float | None = None


class World:
    """All state behind the bot's token. Every change is reported to `changed(chat id)`."""

    def __init__(self, clock: Clock, bot: dict[str, Any]):
        self.clock = clock
        self.bot = bot
        self.users: dict[int, dict[str, Any]] = {}
        self.chats: dict[int, Chat] = {}
        self.callbacks: dict[str, Callback] = {}
        self.drafts: dict[tuple[int, int | None], Draft] = {}
        self.typing: dict[tuple[int, int | None], tuple[str, float]] = {}
        self.commands: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.menu_button: dict[str, Any] = {"type": "commands"}
        self.logged_out = False
        self.started_at = clock.monotonic()
        self._account_messages = 1  # the number 1 is a forum's General topic, and nothing else
        self._next_group = 1
        self._next_user = 5001
        self.changed: Callable[[int | None], None] = lambda chat_id: None

    def add_user(self, user_id: int | None, first_name: str, username: str | None, started: bool,
                 topics: bool = False, language: str = "en") -> dict[str, Any]:
        """Creates a person and their private chat with the bot (chat id = user id [docs])."""
        if user_id is None:
            user_id = self._next_user
        self._next_user = max(self._next_user, user_id + 1)
        user: dict[str, Any] = {"id": user_id, "is_bot": False, "first_name": first_name, "language_code": language}
        if username:
            user["username"] = username
        self.users[user_id] = user
        self.chats[user_id] = Chat(user_id, "private", username=username, started=started, members={user_id},
                                   is_forum=topics)
        self.changed(user_id)
        return user

    def add_chat(self, kind: str, title: str, members: list[int], forum: bool, bot_admin: bool,
                 username: str | None = None) -> Chat:
        """Creates a group, supergroup or channel in which the bot is a member; the first of the people made it."""
        number = self._next_group
        self._next_group += 1
        chat_id = -(4000000 + number) if kind == "group" else SUPERGROUP_BASE - 2000000 - number
        chat = Chat(chat_id, kind, title, username, forum, set(members), set(members[:1]),
                    "administrator" if bot_admin or kind == "channel" else "member", creator=members[0])
        if kind == "supergroup":
            chat.last_id = 1  # number 1 is the message that says the group was made, and the General topic's id
        if forum:
            chat.topics[1] = Topic(1, "General")
        self.chats[chat_id] = chat
        self.changed(chat_id)
        return chat

    def chat_object(self, chat: Chat) -> dict[str, Any]:
        """The Bot API's Chat."""
        shown: dict[str, Any] = {"id": chat.id, "type": chat.type}
        if chat.type == "private":
            user = self.users[chat.id]
            shown["first_name"] = user["first_name"]
        else:
            shown["title"] = chat.title
        if chat.username:
            shown["username"] = chat.username
        if chat.is_forum:
            shown["is_forum"] = True
        return shown

    def next_message_id(self, chat: Chat) -> int:
        """Supergroups and channels count by themselves; private chats and basic groups share the account's counter,
        so ids are unique per chat only, and have gaps there."""
        if chat.type in ("supergroup", "channel"):
            chat.last_id += 1
        else:
            self._account_messages += 1
            chat.last_id = self._account_messages
        return chat.last_id

    def add_message(self, chat: Chat, sender: dict[str, Any], content: dict[str, Any], *, thread: int | None = None,
                    reply_to: Message | None = None, silent: bool = False) -> Message:
        """Stores a message and returns it; typing and drafts of its thread end with a message of the bot."""
        from_bot = sender["id"] == self.bot["id"]
        message_id = self.next_message_id(chat)
        api: dict[str, Any] = {"message_id": message_id}
        if thread is not None:
            api["message_thread_id"] = thread
        api["from"] = self.bot_sender() if from_bot else sender
        api["chat"] = self.chat_object(chat)
        api["date"] = self.clock.date()
        if thread is not None and chat.is_forum:
            api["is_topic_message"] = True
        if reply_to is not None:
            api["reply_to_message"] = {key: value for key, value in reply_to.api.items() if key != "reply_to_message"}
            if thread is None and chat.type == "supergroup" and not chat.is_forum:
                api["message_thread_id"] = reply_to.thread or reply_to.id  # a reply thread, no topic
        api.update(content)
        message = Message(message_id, chat.id, api, from_bot, silent=silent)
        chat.messages[message_id] = message
        if from_bot:
            self.drafts.pop((chat.id, thread), None)
            self.typing.pop((chat.id, thread), None)
        self.changed(chat.id)
        return message

    def bot_sender(self) -> dict[str, Any]:
        """The bot as the `from` of a message: getMe without the flags."""
        return {key: self.bot[key] for key in ("id", "is_bot", "first_name", "username")}

    def find_chat(self, reference: Any) -> Chat | None:
        """By id, or by @username for groups and channels."""
        if isinstance(reference, str) and reference.startswith("@"):
            return next((chat for chat in self.chats.values() if chat.username and chat.type != "private"
                         and chat.username.lower() == reference[1:].lower()), None)
        try:
            return self.chats.get(int(reference))
        except (TypeError, ValueError):
            return None

    def message(self, chat: Chat, message_id: Any) -> Message | None:
        """A message that still exists."""
        found = chat.messages.get(message_id)
        return None if found is None or found.deleted else found

    def changed_for(self, chat_id: int, seconds: float) -> None:
        """Reports a change that ends by itself: now, and when it has ended."""
        self.changed(chat_id)
        self.clock.call_later(seconds + 0.01, self.changed, chat_id)

    def delete_topic(self, chat: Chat, topic: Topic) -> None:
        """The topic and all that was written in it."""
        topic.deleted = True
        for message in chat.messages.values():
            if message.thread == topic.id:
                message.deleted = True
        self.changed(chat.id)

    def live_typing(self) -> list[dict[str, Any]]:
        """Chat actions still shown: five seconds at most [docs]."""
        now = self.clock.monotonic()
        self.typing = {key: value for key, value in self.typing.items() if value[1] > now}
        return [{"chat": chat, "thread": thread, "action": action, "seconds_left": round(end - now, 2)}
                for (chat, thread), (action, end) in self.typing.items()]

    def live_drafts(self) -> list[dict[str, Any]]:
        """Drafts still shown: thirty seconds after their last update [docs]."""
        now = self.clock.monotonic()
        self.drafts = {key: draft for key, draft in self.drafts.items() if draft.expires > now}
        return [{"chat": draft.chat_id, "thread": draft.thread, "draft_id": draft.id, "text": draft.text,
                 "entities": draft.entities, "can_stop": draft.can_stop, "stopped": draft.stopped,
                 "updates": draft.updates, "seconds_left": round(draft.expires - now, 2)}
                for draft in self.drafts.values()]

    def transcript(self, chat: Chat) -> list[Message]:
        """Every message that is still there, oldest first."""
        return [message for message in chat.messages.values() if not message.deleted]

    def describe_chat(self, chat: Chat) -> dict[str, Any]:
        """A chat in the control API's words."""
        name = self.users[chat.id]["first_name"] if chat.type == "private" else chat.title
        last = next((message for message in reversed(chat.messages.values()) if not message.deleted), None)
        return {"id": chat.id, "type": chat.type, "name": name, "forum": chat.is_forum,
                "members": sorted(chat.members), "admins": sorted(chat.admins),
                "bot_status": chat.bot_status, "started": chat.started, "migrated_to": chat.migrated_to,
                "topics": [{"thread": topic.id, "name": topic.name, "closed": topic.closed}
                           for topic in chat.topics.values() if not topic.deleted],
                "last_message_id": chat.last_id, "last_text": last.text[:100] if last else "",
                "last_message": _brief(last) if last else None}


def _brief(message: Message) -> dict[str, Any]:
    """What a list of chats shows of the last message."""
    shown = message.view()
    kept = {key: shown[key] for key in ("message_id", "from", "name", "user", "date", "media", "service") if key in shown}
    return {**kept, "text": message.text[:100]}

"""Ties state, queue, journal, rate model and faults together and tells the outside about every change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .bot_api_spec import BotApiSpec
from .clock import Clock
from .faults import Faults
from .files import FileStore
from .journal import Journal
from .rate_model import RateModel
from .state import Chat, Message, World
from .update_queue import UpdateQueue
from .utf16 import slice_units
from .webhook import WebhookSender

SPEC_PATH = Path(__file__).resolve().parent.parent / "data" / "bot-api-10.3.json"


@dataclass
class Options:
    """How one stand-in is set up."""

    bot_token: str
    bot_username: str = "butler_bot"
    owner_id: int = 1001
    owner_name: str = "Ada"
    note: str = ""
    journal: Path | None = None
    rate_model: bool = True
    privacy: bool = True
    seed: int = 1
    virtual_clock: bool = False
    first_update_id: int | None = None  # None: the same one at each start


@dataclass
class Permission:
    """A violation that a test expects: recorded as claimed instead of failing it."""

    kind: str
    method: str | None
    field: str | None
    left: int  # -1 = for ever


class Core:
    """What both sides, the bot's and the users', work on."""

    def __init__(self, options: Options):
        self.options = options
        self.clock = Clock(options.virtual_clock)
        self.spec = BotApiSpec(SPEC_PATH)
        self.faults = Faults(options.seed)
        self.files = FileStore(self.clock)
        self.albums = 0  # sent so far, by anybody
        self.journal = Journal(options.journal, options.bot_token, self.clock.monotonic)
        self.rates = RateModel(self.clock, options.rate_model)
        bot_id = options.bot_token.partition(":")[0]
        self.world = World(self.clock, {
            "id": int(bot_id) if bot_id.isdigit() else 700001, "is_bot": True,
            "first_name": options.bot_username.removesuffix("_bot").replace("_", " ").title() or "Bot",
            "username": options.bot_username, "can_join_groups": True,
            "can_read_all_group_messages": not options.privacy, "supports_inline_queries": False,
            "can_connect_to_business": False, "has_main_web_app": False, "has_topics_enabled": False})
        self.queue = UpdateQueue(self.clock, self.spec, self.faults, options.seed, options.first_update_id)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.webhook = WebhookSender(self, options.seed)
        self.permissions: list[Permission] = []
        self.listeners: list[Callable[[str, int | None], None]] = []
        self.world.changed = lambda chat_id: self.notify("chat", chat_id)
        self.queue.on_change = lambda: self.notify("queue", None)
        self.queue.on_confirm = lambda offset, ids: self.journal.append("confirm", offset=offset, update_ids=ids) and None
        self.journal.listeners.append(lambda entry: self.notify("journal", None))
        self.world.add_user(options.owner_id, options.owner_name, None, started=True)

    def notify(self, what: str, chat_id: int | None) -> None:
        """Tells waiting tests and open pages that something changed."""
        for listener in list(self.listeners):
            listener(what, chat_id)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Lets something go on by itself until `close`."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)  # the loop itself keeps weak references only
        task.add_done_callback(self._tasks.discard)
        return task

    def permitted(self, kind: str, method: str, field: str | None) -> bool:
        """Uses up one permission for this violation, if there is one."""
        for permission in self.permissions:
            if permission.kind == kind and permission.method in (None, method) and permission.field in (None, field):
                if permission.left > 0:
                    permission.left -= 1
                    if permission.left == 0:
                        self.permissions.remove(permission)
                return True
        return False

    def emit(self, kind: str, payload: dict[str, Any], chat: Chat | None) -> int | None:
        """Creates an update; returns its id, or None if the bot does not get it."""
        date = payload.get("edit_date") or payload.get("date") or self.clock.unix()
        update_id = self.queue.add(kind, payload, chat.id if chat else None, date)
        self.journal.append("update", kind=kind, update_id=update_id, chat=chat.id if chat else None,
                            message_id=payload.get("message_id"))
        return update_id

    def emit_message(self, kind: str, chat: Chat, message: Message) -> int | None:
        """Creates a message update if the bot is there and its privacy lets it see the message."""
        if chat.bot_status in ("left", "kicked") or not self._visible(chat, message):
            return None
        return self.emit(kind, message.api, chat)

    def _visible(self, chat: Chat, message: Message) -> bool:
        """With privacy on, a bot that is no administrator sees in groups only commands that may be meant for it, mentions
        of it, replies to it, and service messages [docs, and the words of BotFather's /setprivacy]."""
        if not chat.is_group or chat.bot_status == "administrator" or self.world.bot["can_read_all_group_messages"]:
            return True
        if message.is_service:
            return True
        if message.api.get("reply_to_message", {}).get("from", {}).get("id") == self.world.bot["id"]:
            return True
        name = self.world.bot["username"].lower()
        for entity in message.entities:
            word = slice_units(message.text, entity["offset"], entity["length"]).lower()
            if entity["type"] == "bot_command" and ("@" not in word or word.endswith("@" + name)):
                return True
            if (entity["type"] == "mention" and word == "@" + name) or (
                    entity["type"] == "text_mention" and entity["user"]["id"] == self.world.bot["id"]):
                return True
        return False

    def close(self) -> None:
        """Ends what goes on by itself and closes the journal's file."""
        self.webhook.stop()
        for task in list(self._tasks):
            task.cancel()
        self.journal.close()

"""How a method's model is declared, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..errors import BotApiError, bad_request, forbidden
from ..http_server import Request
from ..parameters import UploadedFile
from ..simulator_core import Core
from ..state import Chat


@dataclass
class RawJson:
    """A result that is JSON already."""

    text: bytes


@dataclass
class Call:
    """One call whose parameters have passed the specification."""

    core: Core
    method: str
    params: dict[str, Any]
    files: list[UploadedFile]
    request: Request
    effect: dict[str, Any] = field(default_factory=dict)  # goes into the journal
    description: str | None = None  # some methods say something beside their result

    def chat(self) -> Chat:
        """The chat that the call names, whatever its state."""
        chat = self.core.world.find_chat(self.params.get("chat_id"))
        if chat is None:
            raise bad_request("chat not found")
        if chat.migrated_to is not None:
            raise BotApiError(400, "Bad Request: group chat was upgraded to a supergroup chat",
                              migrate_to_chat_id=chat.migrated_to)
        return chat

    def writable_chat(self) -> Chat:
        """The chat, if the bot may write there; else the server's words for why not."""
        chat = self.chat()
        if chat.type == "private":
            if chat.deactivated:
                raise forbidden("user is deactivated")
            if chat.bot_status == "kicked":
                raise forbidden("bot was blocked by the user")
            if not chat.started:
                if any(chat.id in other.members for other in self.core.world.chats.values() if other.is_group):
                    raise forbidden("bot can't initiate conversation with a user")
                raise bad_request("chat not found")  # the bot has never met this person
        elif chat.gone:
            raise forbidden("the group chat was deleted")
        elif chat.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {chat.type} chat")
        elif chat.bot_status == "left":
            raise forbidden(f"bot is not a member of the {chat.type} chat")
        return chat


METHODS: dict[str, Callable[[Call], Any]] = {}


def method(function: Callable[[Call], Any]) -> Callable[[Call], Any]:
    """Registers a model under its function's name, which is the method's name in camel case."""
    parts = function.__name__.split("_")
    METHODS[parts[0] + "".join(part.title() for part in parts[1:])] = function
    return function

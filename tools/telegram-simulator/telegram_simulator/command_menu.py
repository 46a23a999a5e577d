"""Which of the bot's lists of commands a person sees in a chat: the most specific scope that has one [docs]."""

from __future__ import annotations

import json
from typing import Any

from .state import Chat, World


def scopes_for(chat: Chat, user_id: int) -> list[dict[str, Any]]:
    """The scopes that fit, most specific first."""
    default: dict[str, Any] = {"type": "default"}
    if not chat.is_group:
        return [{"type": "chat", "chat_id": chat.id}, {"type": "all_private_chats"}, default]
    is_admin = user_id in chat.admins
    own: list[dict[str, Any]] = [{"type": "chat_member", "chat_id": chat.id, "user_id": user_id}]
    if is_admin:
        own.append({"type": "chat_administrators", "chat_id": chat.id})
    own.append({"type": "chat", "chat_id": chat.id})
    if is_admin:
        own.append({"type": "all_chat_administrators"})
    return [*own, {"type": "all_group_chats"}, default]


def commands_for(world: World, chat: Chat, user_id: int) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """The scope whose list is shown, and the list. The person's language goes before no language."""
    language = world.users.get(user_id, {}).get("language_code", "")
    for scope in scopes_for(chat, user_id):
        for code in dict.fromkeys((language, "")):
            found = world.commands.get((json.dumps(scope, sort_keys=True), code))
            if found:
                return scope, found
    return None, []

"""The bot's list of commands, by scope and language."""

from __future__ import annotations

import json
from typing import Any

from ..errors import bad_request
from .registry import Call, method


def _key(call: Call) -> tuple[str, str]:
    scope = call.params.get("scope") or {"type": "default"}
    if "chat_id" in scope:
        chat = call.core.world.find_chat(scope["chat_id"])
        if chat is None or (chat.type == "private" and not chat.started):
            raise bad_request("chat not found")
        scope = {**scope, "chat_id": chat.id}
    return json.dumps(scope, sort_keys=True), call.params.get("language_code", "")


@method
def set_my_commands(call: Call) -> bool:
    commands = call.params["commands"]
    names = [command["command"] for command in commands]
    if len(set(names)) != len(names):
        raise bad_request("BOT_COMMAND_INVALID", violation="duplicate_command")
    call.core.world.commands[_key(call)] = commands
    call.core.world.changed(None)
    return True


@method
def get_my_commands(call: Call) -> list[dict[str, Any]]:
    return call.core.world.commands.get(_key(call), [])


@method
def delete_my_commands(call: Call) -> bool:
    call.core.world.commands.pop(_key(call), None)
    call.core.world.changed(None)
    return True

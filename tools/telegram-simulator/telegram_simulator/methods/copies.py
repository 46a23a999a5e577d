"""Forwarding, copying and deleting messages."""

from __future__ import annotations

from typing import Any

from ..errors import bad_request
from ..state import Chat, Message
from .content import caption_content, inline_keyboard, post
from .registry import Call, method

DELETE_SECONDS = 48 * 3600  # [docs]
# What a copy or a forward takes along.
CONTENT = ("text", "entities", "link_preview_options", "rich_message", "photo", "document", "voice", "audio", "video",
           "sticker", "location", "contact", "caption", "caption_entities")


def _source(call: Call, missing: str) -> Message:
    chat = call.core.world.find_chat(call.params["from_chat_id"])
    if chat is None:
        raise bad_request("chat not found")
    message = call.core.world.message(chat, call.params["message_id"])
    if message is None or message.is_service:
        raise bad_request(missing)
    return message


@method
def forward_message(call: Call) -> dict:
    chat = call.writable_chat()
    source = _source(call, "message to forward not found")
    content = {key: source.api[key] for key in CONTENT if key in source.api}
    content["forward_origin"] = source.api.get("forward_origin") or {
        "type": "user", "sender_user": source.api["from"], "date": source.api["date"]}
    return post(call, chat, content).api


@method
def copy_message(call: Call) -> dict:
    chat = call.writable_chat()
    source = _source(call, "message to copy not found")
    content: dict[str, Any] = {key: source.api[key] for key in CONTENT if key in source.api}
    if "caption" in call.params and "text" not in source.api:
        content.pop("caption", None)
        content.pop("caption_entities", None)
        content.update(caption_content(call, call.params))
    keyboard = inline_keyboard(call)
    if keyboard:
        content["reply_markup"] = keyboard
    return {"message_id": post(call, chat, content).id}


def _may_delete(call: Call, chat: Chat, message: Message) -> bool:
    may = message.from_bot or chat.type == "private" or chat.bot_status == "administrator"
    return may and call.core.world.clock.date() - message.api["date"] <= DELETE_SECONDS


def _delete(call: Call, message: Message) -> None:
    message.deleted = True
    call.effect.setdefault("message_ids", []).append(message.id)
    call.core.world.changed(message.chat_id)


@method
def delete_message(call: Call) -> bool:
    chat = call.writable_chat()
    message = call.core.world.message(chat, call.params["message_id"])
    if message is None:
        raise bad_request("message to delete not found")
    if not _may_delete(call, chat, message):
        raise bad_request("message can't be deleted")
    _delete(call, message)
    call.effect["message_id"] = message.id
    return True


@method
def delete_messages(call: Call) -> bool:
    """Those that cannot be found are skipped [docs]."""
    chat = call.writable_chat()
    found = [message for message in (call.core.world.message(chat, number) for number in call.params["message_ids"])
             if message is not None]
    if any(not _may_delete(call, chat, message) for message in found):
        raise bad_request("message can't be deleted")
    for message in found:
        _delete(call, message)
    return True

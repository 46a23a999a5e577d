"""Sending and editing messages; reactions, chat actions, answers to button presses."""

from __future__ import annotations

from typing import Any

from ..errors import bad_request
from ..media import media_of
from ..state import CALLBACK_SECONDS, TYPING_SECONDS, Message
from .content import caption_content, formatted_text, inline_keyboard, post, thread_for_send
from .registry import Call, method
from .rich import rich_message

NOT_MODIFIED = ("message is not modified: specified new message content and reply markup are exactly the same as a "
                "current content and reply markup of the message")


@method
def send_message(call: Call) -> dict:
    chat = call.writable_chat()
    text = formatted_text(call)
    content: dict[str, Any] = {"text": text.text}
    if text.entities:
        content["entities"] = text.entities
    if call.params.get("link_preview_options"):
        content["link_preview_options"] = call.params["link_preview_options"]
    return post(call, chat, content).api


def _own_message(call: Call, missing: str, foreign: str) -> Message:
    chat = call.writable_chat()
    message = call.core.world.message(chat, call.params["message_id"])
    if message is None:
        raise bad_request(missing)
    if not message.from_bot:
        raise bad_request(foreign)
    return message


def _replace(call: Call, message: Message, changes: dict[str, Any]) -> dict:
    """Puts the new content in place; a change that changes nothing is an error [server source]."""
    parts = ("text", "entities", "caption", "caption_entities", "rich_message", "reply_markup", "link_preview_options")
    current = {key: message.api.get(key) for key in parts}
    wanted = {**current, **changes}
    if wanted == current:
        raise bad_request(NOT_MODIFIED)
    message.remember()
    for key, value in wanted.items():
        if value is None:
            message.api.pop(key, None)
        else:
            message.api[key] = value
    message.api["edit_date"] = call.core.clock.date()
    call.effect["message_id"] = message.id
    call.core.world.changed(message.chat_id)
    return message.api


@method
def edit_message_text(call: Call) -> Any:
    if "inline_message_id" in call.params:
        raise bad_request("MESSAGE_ID_INVALID")
    message = _own_message(call, "message to edit not found", "message can't be edited")
    if "text" not in message.api and "rich_message" not in message.api:
        raise bad_request("there is no text in the message to edit")
    if "rich_message" in call.params:
        return _replace(call, message, {"text": None, "entities": None, "link_preview_options": None,
                                        "rich_message": rich_message(call), "reply_markup": inline_keyboard(call)})
    text = formatted_text(call)
    # A keyboard that is not repeated goes away [docs].
    return _replace(call, message, {"text": text.text, "entities": text.entities or None, "rich_message": None,
                                    "reply_markup": inline_keyboard(call),
                                    "link_preview_options": call.params.get("link_preview_options")})


@method
def edit_message_caption(call: Call) -> Any:
    if "inline_message_id" in call.params:
        raise bad_request("MESSAGE_ID_INVALID")
    message = _own_message(call, "message to edit not found", "message can't be edited")
    if media_of(message.api) is None:
        raise bad_request("there is no caption in the message to edit")
    wanted = caption_content(call, call.params)
    return _replace(call, message, {"caption": wanted.get("caption"), "caption_entities": wanted.get("caption_entities"),
                                    "reply_markup": inline_keyboard(call)})


@method
def edit_message_reply_markup(call: Call) -> Any:
    if "inline_message_id" in call.params:
        raise bad_request("MESSAGE_ID_INVALID")
    message = _own_message(call, "message to edit not found", "message can't be edited")
    return _replace(call, message, {"reply_markup": inline_keyboard(call)})


@method
def send_chat_action(call: Call) -> bool:
    chat = call.writable_chat()
    world = call.core.world
    thread = call.params.get("message_thread_id")
    if thread == 1 and chat.is_forum:
        thread = None  # the General topic may be named here, unlike in messages [server source]
    elif thread is not None:
        thread = thread_for_send(call, chat)
    world.typing[(chat.id, thread)] = (call.params["action"], world.clock.monotonic() + TYPING_SECONDS)
    world.changed_for(chat.id, TYPING_SECONDS)
    return True


@method
def set_message_reaction(call: Call) -> bool:
    chat = call.writable_chat()
    world = call.core.world
    message = world.message(chat, call.params["message_id"])
    if message is None:
        raise bad_request("message to react not found")
    reactions = call.params.get("reaction") or []
    if any(reaction["type"] == "paid" for reaction in reactions):
        raise bad_request("REACTION_INVALID", violation="bot_reactions")
    if reactions:
        message.reactions[world.bot["id"]] = reactions
    else:
        message.reactions.pop(world.bot["id"], None)
    call.effect["message_id"] = message.id
    world.changed(chat.id)
    return True


@method
def answer_callback_query(call: Call) -> bool:
    world = call.core.world
    callback = world.callbacks.get(call.params["callback_query_id"])
    now = world.clock.monotonic()
    if callback is None or callback.answer is not None or now - callback.created > CALLBACK_SECONDS:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    callback.answer = {key: call.params[key] for key in ("text", "show_alert", "url") if key in call.params}
    callback.answered_after = round(now - callback.created, 4)
    call.effect["callback_query_id"] = callback.id
    call.effect["answered_after_s"] = callback.answered_after
    world.changed(callback.chat_id)
    return True

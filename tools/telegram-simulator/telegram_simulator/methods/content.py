"""Parts that several methods take: a text or caption with entities, a keyboard, a reply, a thread."""

from __future__ import annotations

from typing import Any

from ..entities import FormattedText, format_text
from ..errors import bad_request
from ..markdown_v2 import parse_markdown_v2
from ..state import Chat, Message
from .registry import Call

MAX_TEXT = 4096  # code points after cleaning: the server counts those for bots [server source]
MAX_CAPTION = 1024  # [docs]


def _formatted(call: Call, text: str, entities: list[Any], mode: str | None, allow_empty: bool) -> FormattedText:
    if mode:
        if mode.lower() != "markdownv2":
            raise bad_request("unsupported parse_mode: the simulator reads MarkdownV2 only",
                              violation="unmodelled_parse_mode")
        text, entities = parse_markdown_v2(text)
    if not text and not allow_empty:
        raise bad_request("message text is empty", violation="empty_text")
    result = format_text(text, entities, allow_empty=allow_empty)
    if result.repaired:
        call.effect["entities_repaired"] = True
    return result


def formatted_text(call: Call, *, allow_empty: bool = False) -> FormattedText:
    """The call's text as a reader sees it, from `entities` or `parse_mode`."""
    params = call.params
    result = _formatted(call, params.get("text", ""), params.get("entities", []), params.get("parse_mode"), allow_empty)
    if len(result.text) > MAX_TEXT:
        raise bad_request("message is too long", violation="length", field="text")
    return result


def caption_content(call: Call, fields: dict[str, Any]) -> dict[str, Any]:
    """The caption in `fields` (a call's, or those of one item of an album) as the Message has it."""
    result = _formatted(call, fields.get("caption", ""), fields.get("caption_entities", []), fields.get("parse_mode"), True)
    if len(result.text) > MAX_CAPTION:
        raise bad_request("message caption is too long", violation="length", field="caption")
    content: dict[str, Any] = {}
    if result.text:
        content["caption"] = result.text
    if result.entities:
        content["caption_entities"] = result.entities
    return content


def thread_for_send(call: Call, chat: Chat) -> int | None:
    """Which topic a message goes to.

    The General topic's id 1 must be left out; a thread id in a group without topics is ignored [server source]."""
    thread = call.params.get("message_thread_id")
    if not thread:
        return None
    if not chat.is_forum:
        if chat.type == "private":
            raise bad_request("message thread not found")
        return None
    topic = chat.topics.get(thread)
    if thread == 1 or topic is None or topic.deleted:
        raise bad_request("message thread not found")
    if topic.closed and chat.bot_status != "administrator":
        raise bad_request("TOPIC_CLOSED")
    return thread


def replied_message(call: Call, chat: Chat, content: dict[str, Any]) -> Message | None:
    """The message that reply_parameters name; adds the quote to `content`."""
    reply = call.params.get("reply_parameters")
    if not reply:
        return None
    world = call.core.world
    other = world.find_chat(reply["chat_id"]) if "chat_id" in reply else chat
    found = world.message(other, reply.get("message_id")) if other else None
    if found is None:
        if reply.get("allow_sending_without_reply"):
            call.effect["sent_without_reply"] = True
            return None
        raise bad_request("message to be replied not found")
    quote = reply.get("quote")
    if quote:
        if quote not in found.text:
            raise bad_request("QUOTE_TEXT_INVALID")
        content["quote"] = {"text": quote, "position": reply.get("quote_position", 0), "is_manual": True}
    return found


def inline_keyboard(call: Call) -> dict[str, Any] | None:
    """The keyboard that a Message carries; other kinds of markup are shown by clients and never returned."""
    markup = call.params.get("reply_markup")
    if not markup or not markup.get("inline_keyboard"):
        return None
    return markup


def post(call: Call, chat: Chat, content: dict[str, Any]) -> Message:
    """Puts the bot's message into the chat: content, and what every send method takes beside it."""
    thread = thread_for_send(call, chat)
    if call.params.get("protect_content"):
        content["has_protected_content"] = True
    keyboard = inline_keyboard(call)
    if keyboard:
        content["reply_markup"] = keyboard
    reply_to = replied_message(call, chat, content)
    message = call.core.world.add_message(chat, call.core.world.bot, content, thread=thread, reply_to=reply_to,
                                          silent=bool(call.params.get("disable_notification")))
    call.effect["message_id"] = message.id
    return message

"""Rich messages: blocks as they come; Markdown and HTML are kept as paragraphs of their source."""

from __future__ import annotations

from typing import Any

from ..errors import bad_request
from ..media import media_object
from ..rich_messages import MEDIA_BLOCKS, plain_text
from .content import post
from .drafts import show_draft
from .media import given_file
from .registry import Call, method


def rich_message(call: Call) -> dict[str, Any]:
    """The call's InputRichMessage as the RichMessage of a Message."""
    given = call.params["rich_message"]
    if "blocks" in given:
        blocks = [_block(call, block) for block in given["blocks"]]
    else:
        source = given.get("markdown", given.get("html", ""))
        blocks = [{"type": "paragraph", "text": part.strip()} for part in source.split("\n\n") if part.strip()]
    if not blocks:
        raise bad_request("message text is empty", violation="empty_text")
    return {"blocks": blocks, **({"is_rtl": True} if given.get("is_rtl") else {})}


def _block(call: Call, block: dict[str, Any]) -> dict[str, Any]:
    """A block with its files in place of what names them."""
    made = dict(block)
    if "blocks" in block:
        made["blocks"] = [_block(call, item) for item in block["blocks"]]
    if "items" in block:
        made["items"] = [{"label": "•", **item, "blocks": [_block(call, inner) for inner in item["blocks"]]}
                         for item in block["items"]]
    kind = MEDIA_BLOCKS.get(block["type"])
    if kind is not None:
        known = {"voice_note": "voice", "animation": "document"}.get(kind, kind)
        file = given_file(call, known, kind, block[kind]["media"])
        made[kind] = media_object(call.core.files, known, file, block[kind])
    return made


@method
def send_rich_message(call: Call) -> dict:
    chat = call.writable_chat()
    return post(call, chat, {"rich_message": rich_message(call)}).api


@method
def send_rich_message_draft(call: Call) -> bool:
    return show_draft(call, plain_text(rich_message(call)["blocks"]), [])

"""sendMessageDraft: a message while it is written."""

from __future__ import annotations

from typing import Any

from ..errors import bad_request
from ..state import DRAFT_SECONDS, Draft
from .content import formatted_text, thread_for_send
from .registry import Call, method


@method
def send_message_draft(call: Call) -> bool:
    text = formatted_text(call, allow_empty=True)
    return show_draft(call, text.text, text.entities)


def show_draft(call: Call, text: str, entities: list[dict[str, Any]]) -> bool:
    """Shows the draft for half a minute in place of the one before it; the same draft_id is the same draft, changed."""
    chat = call.writable_chat()
    if chat.type != "private":
        raise bad_request("TEXTDRAFT_PEER_INVALID", violation="draft_outside_private_chat")
    world = call.core.world
    thread = thread_for_send(call, chat)
    draft_id = call.params["draft_id"]
    key = (chat.id, thread)
    previous = world.drafts.get(key)
    expires = world.clock.monotonic() + DRAFT_SECONDS
    world.drafts[key] = Draft(chat.id, thread, draft_id, text, entities, bool(call.params.get("can_stop")),
                              bool(call.params.get("keep_on_stop")), expires,
                              updates=previous.updates + 1 if previous and previous.id == draft_id else 1)
    call.effect["draft_id"] = draft_id
    world.changed_for(chat.id, DRAFT_SECONDS)
    return True

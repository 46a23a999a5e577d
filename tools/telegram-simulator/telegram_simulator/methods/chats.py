"""What a bot may ask about chats and their members, and the menu button."""

from __future__ import annotations

from typing import Any

from ..errors import bad_request
from ..state import Chat
from .registry import Call, method

# The rights of an administrator here; nobody may do more.
ADMINISTRATOR = {
    **{name: True for name in ("can_manage_chat", "can_delete_messages", "can_restrict_members", "can_change_info",
                               "can_invite_users", "can_pin_messages", "can_manage_topics")},
    **{name: False for name in ("is_anonymous", "can_manage_video_chats", "can_promote_members", "can_post_stories",
                                "can_edit_stories", "can_delete_stories")}}


@method
def get_chat(call: Call) -> dict:
    chat = call.chat()
    if chat.type == "private" and not chat.started:
        raise bad_request("chat not found")
    full: dict[str, Any] = {**call.core.world.chat_object(chat), "accent_color_id": 0, "max_reaction_count": 11,
                            "accepted_gift_types": {"unlimited_gifts": False, "limited_gifts": False,
                                                    "unique_gifts": False, "premium_subscription": False,
                                                    "gifts_from_channels": False}}
    if chat.username:
        full["active_usernames"] = [chat.username]
    return full


def member_object(call_world: Any, chat: Chat, user_id: int) -> dict[str, Any]:
    """The Bot API's ChatMember of a person or of the bot."""
    if user_id == call_world.bot["id"]:
        return bot_member(call_world, chat.bot_status)
    member: dict[str, Any] = {"user": call_world.users[user_id]}
    if user_id == chat.creator and user_id in chat.members:
        return {**member, "status": "creator", "is_anonymous": False}
    if user_id in chat.admins:
        return {**member, "status": "administrator", **ADMINISTRATOR, "can_be_edited": False}
    return {**member, "status": "member" if user_id in chat.members else "left"}


def bot_member(world: Any, status: str) -> dict[str, Any]:
    """The bot's own ChatMember in a given state."""
    member: dict[str, Any] = {"user": world.bot_sender(), "status": status}
    if status == "kicked":
        member["until_date"] = 0
    if status == "administrator":
        member.update(ADMINISTRATOR, can_be_edited=False)
    return member


@method
def leave_chat(call: Call) -> bool:
    chat = call.writable_chat()
    if not chat.is_group:
        raise bad_request("chat member status can't be changed in private chats")
    old, chat.bot_status = chat.bot_status, "left"
    world = call.core.world
    call.core.emit("my_chat_member", {
        "chat": world.chat_object(chat), "from": world.bot_sender(), "date": call.core.clock.date(),
        "old_chat_member": bot_member(world, old), "new_chat_member": bot_member(world, "left")}, chat)
    world.changed(chat.id)
    return True


@method
def get_chat_member(call: Call) -> dict:
    chat = call.writable_chat()
    user_id = call.params["user_id"]
    world = call.core.world
    if user_id not in world.users and user_id != world.bot["id"]:
        raise bad_request("user not found")
    return member_object(world, chat, user_id)


@method
def set_chat_menu_button(call: Call) -> bool:
    button = call.params.get("menu_button") or {"type": "default"}
    world = call.core.world
    if "chat_id" in call.params:
        chat = call.chat()
        if chat.type != "private":
            raise bad_request("chat not found")
        chat.menu_button = button
        world.changed(chat.id)
    else:
        world.menu_button = button
    return True


@method
def get_chat_menu_button(call: Call) -> dict:
    world = call.core.world
    if "chat_id" in call.params:
        return call.chat().menu_button or world.menu_button
    return world.menu_button

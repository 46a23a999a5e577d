"""Topics that the bot makes and closes."""

from __future__ import annotations

from typing import Any

from ..errors import bad_request
from ..state import Chat, Topic, World
from .registry import Call, method


def create_topic(world: World, chat: Chat, sender: dict[str, Any], name: str, icon_color: int) -> tuple[Topic, Any]:
    """Makes a topic: its id is the id of the service message that announces it."""
    made = {"name": name, "icon_color": icon_color}
    message = world.add_message(chat, sender, {"forum_topic_created": made})
    message.api["message_thread_id"] = message.id
    message.api["is_topic_message"] = True
    topic = Topic(message.id, name, icon_color)
    chat.topics[topic.id] = topic
    world.changed(chat.id)
    return topic, message


def _topic(call: Call) -> tuple[Chat, Topic]:
    chat = call.writable_chat()
    topic = chat.topics.get(call.params["message_thread_id"])
    if topic is None or topic.deleted:
        raise bad_request("message thread not found")
    return chat, topic


@method
def create_forum_topic(call: Call) -> dict:
    chat = call.writable_chat()
    if not chat.is_forum:
        raise bad_request("the chat is not a forum")
    if chat.is_group and chat.bot_status != "administrator":
        raise bad_request("not enough rights to create a topic")
    world = call.core.world
    topic, message = create_topic(world, chat, world.bot, call.params["name"], call.params.get("icon_color", 7322096))
    call.effect["message_id"] = message.id
    return {"message_thread_id": topic.id, "name": topic.name, "icon_color": topic.icon_color}


@method
def edit_forum_topic(call: Call) -> bool:
    chat, topic = _topic(call)
    if call.params.get("name"):
        topic.name = call.params["name"]
    call.core.world.changed(chat.id)
    return True


@method
def close_forum_topic(call: Call) -> bool:
    chat, topic = _topic(call)
    if topic.closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = True
    call.core.world.changed(chat.id)
    return True


@method
def reopen_forum_topic(call: Call) -> bool:
    chat, topic = _topic(call)
    if not topic.closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = False
    call.core.world.changed(chat.id)
    return True


@method
def delete_forum_topic(call: Call) -> bool:
    chat, topic = _topic(call)
    call.core.world.delete_topic(chat, topic)
    return True

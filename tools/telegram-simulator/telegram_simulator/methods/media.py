"""Sending files: alone, and as albums."""

from __future__ import annotations

import json
from typing import Any

from ..errors import BotApiError, bad_request
from ..files import MAX_PHOTO, MAX_UPLOAD, StoredFile
from ..media import DEFAULT_NAMES, DEFAULT_TYPES, media_object
from .content import caption_content, post
from .registry import Call, method

DETAILS = ("duration", "width", "height", "performer", "title")


def given_file(call: Call, kind: str, name: str, value: str | None) -> StoredFile:
    """The file that a parameter means: a part of the body by its own name or as attach://, a file_id, or a URL."""
    part = value.removeprefix("attach://") if value and value.startswith("attach://") else name if value is None else None
    if part is not None:
        uploaded = next((file for file in call.files if file.name == part), None)
        if uploaded is None:
            raise bad_request(f"there is no {part} in the request", violation="attach", field=name)
        _check_size(kind, len(uploaded.data))
        if not uploaded.data:
            raise bad_request("file must be non-empty", violation="empty_file", field=name)
        return call.core.files.add(kind, uploaded.filename or DEFAULT_NAMES[kind], uploaded.mime or DEFAULT_TYPES[kind],
                                   uploaded.data, True)
    assert value is not None
    if value.lower().startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")  # nothing here reaches out into the network
    known = call.core.files.find(value)
    if known is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return known


def _check_size(kind: str, size: int) -> None:
    if size > MAX_UPLOAD:
        raise BotApiError(413, "Request Entity Too Large", violation="too_large")
    if kind == "photo" and size > MAX_PHOTO:
        raise bad_request(f"file of size {size} bytes is too big for a photo; the maximum size is {MAX_PHOTO} bytes",
                          violation="too_large")


def _send(call: Call, kind: str) -> dict:
    chat = call.writable_chat()
    file = given_file(call, kind, kind, call.params.get(kind))
    content: dict[str, Any] = {kind: media_object(call.core.files, kind, file, _details(call.params))}
    content.update(caption_content(call, call.params))
    return post(call, chat, content).api


def _details(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: fields[key] for key in DETAILS if key in fields}


@method
def send_photo(call: Call) -> dict:
    return _send(call, "photo")


@method
def send_document(call: Call) -> dict:
    return _send(call, "document")


@method
def send_voice(call: Call) -> dict:
    return _send(call, "voice")


@method
def send_audio(call: Call) -> dict:
    return _send(call, "audio")


@method
def send_video(call: Call) -> dict:
    return _send(call, "video")


@method
def send_media_group(call: Call) -> list[dict]:
    chat = call.writable_chat()
    contents = []
    for item in call.params["media"]:
        kind = item["type"]
        if kind not in ("photo", "document", "audio", "video"):
            raise BotApiError(501, f"Not Implemented: the simulator has no model of {kind} in albums",
                              violation="unmodelled_method")
        file = given_file(call, kind, kind, item["media"])
        contents.append({kind: media_object(call.core.files, kind, file, _details(item)), **caption_content(call, item)})
    call.core.albums += 1
    group = str(13000000000000000 + call.core.albums)
    messages = [post(call, chat, {"media_group_id": group, **content}) for content in contents]
    call.effect["message_ids"] = [message.id for message in messages]
    return json.loads(json.dumps([message.api for message in messages]))

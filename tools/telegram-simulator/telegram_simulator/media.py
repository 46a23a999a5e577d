"""The parts of a Message that are no text: photo, document, voice, audio, video, sticker, location, contact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .files import FileStore, StoredFile

MEDIA_KINDS = ("photo", "document", "voice", "audio", "video", "sticker")
KINDS = (*MEDIA_KINDS, "location", "contact")
DEFAULT_NAMES = {"photo": "photo.jpg", "document": "file.bin", "voice": "voice.oga", "audio": "audio.mp3",
                 "video": "video.mp4", "sticker": "sticker.webp"}
DEFAULT_TYPES = {"photo": "image/jpeg", "document": "application/octet-stream", "voice": "audio/ogg",
                 "audio": "audio/mpeg", "video": "video/mp4", "sticker": "image/webp"}
PHOTO_SIDES = (90, 320, 800, 1280)  # a photo comes in several sizes, the largest last [docs]


def _identity(file: StoredFile) -> dict[str, Any]:
    return {"file_id": file.id, "file_unique_id": file.unique_id}


def photo(store: FileStore, file: StoredFile, fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The sizes of a photo. The smaller ones are files of their own, made up."""
    width, height = fields.get("width", 1280), fields.get("height", 960)
    longest = max(width, height)
    sizes = []
    for side in (side for side in PHOTO_SIDES if side < longest):
        small = store.add("photo", file.name, file.mime, max(1, file.size * side * side // (longest * longest)),
                          file.from_bot)
        sizes.append({**_identity(small), "file_size": small.size, "width": max(1, width * side // longest),
                      "height": max(1, height * side // longest)})
    return [*sizes, {**_identity(file), "file_size": file.size, "width": width, "height": height}]


def document(_store: FileStore, file: StoredFile, _fields: dict[str, Any]) -> dict[str, Any]:
    return {"file_name": file.name, "mime_type": file.mime, **_identity(file), "file_size": file.size}


def voice(_store: FileStore, file: StoredFile, fields: dict[str, Any]) -> dict[str, Any]:
    return {"duration": fields.get("duration", 3), "mime_type": file.mime, **_identity(file), "file_size": file.size}


def audio(_store: FileStore, file: StoredFile, fields: dict[str, Any]) -> dict[str, Any]:
    named = {key: fields[key] for key in ("performer", "title") if key in fields}
    return {"duration": fields.get("duration", 180), **named, "file_name": file.name, "mime_type": file.mime,
            **_identity(file), "file_size": file.size}


def video(_store: FileStore, file: StoredFile, fields: dict[str, Any]) -> dict[str, Any]:
    return {"width": fields.get("width", 1280), "height": fields.get("height", 720),
            "duration": fields.get("duration", 10), "file_name": file.name, "mime_type": file.mime,
            **_identity(file), "file_size": file.size}


def sticker(_store: FileStore, file: StoredFile, fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False,
            "emoji": fields.get("emoji", "👍"), **_identity(file), "file_size": file.size}


_MAKERS: dict[str, Callable[[FileStore, StoredFile, dict[str, Any]], Any]] = {
    "photo": photo, "document": document, "voice": voice, "audio": audio, "video": video, "sticker": sticker}


def media_object(store: FileStore, kind: str, file: StoredFile, fields: dict[str, Any]) -> Any:
    """What stands in the Message under the name of the kind; `fields` may have duration, width, height, …"""
    return _MAKERS[kind](store, file, fields)


def media_of(api: dict[str, Any]) -> dict[str, Any] | None:
    """What the control API shows of a message's file, place or contact; None if it has none."""
    for kind in MEDIA_KINDS:
        if kind in api:
            item = api[kind][-1] if kind == "photo" else api[kind]
            shown = {key: item[key] for key in ("file_id", "file_name", "mime_type", "file_size", "duration", "emoji",
                                                "width", "height", "title", "performer") if key in item}
            return {"kind": kind, **shown}
    for kind in ("location", "contact"):
        if kind in api:
            return {"kind": kind, **api[kind]}
    return None

"""Files, places and contacts that people send: send_photo, send_document, …, album."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from .acting import Acting, client_text
from .control_fields import Fields
from .errors import ControlError
from .media import DEFAULT_NAMES, DEFAULT_TYPES, MEDIA_KINDS, media_object
from .simulator_core import Core

DETAILS = ("duration", "width", "height")
ALBUM_KINDS = ("photo", "video", "document", "audio")


class UserMedia:
    """Does the verbs. Each takes the call's fields and returns the answer's."""

    def __init__(self, core: Core):
        self._core = core
        self._acting = Acting(core)

    def verbs(self) -> dict[str, Any]:
        """send_<kind> for every kind, and album."""
        found: dict[str, Any] = {f"send_{kind}": self._sender(kind) for kind in MEDIA_KINDS}
        return {**found, "send_location": self.send_location, "send_contact": self.send_contact, "album": self.album}

    def _sender(self, kind: str) -> Any:
        def send(fields: Fields) -> dict:
            return self._post(fields, lambda: self._media(kind, fields))
        return send

    def send_location(self, fields: Fields) -> dict:
        """A place on the map."""
        return self._post(fields, lambda: {"location": {"latitude": fields.number("latitude", 60.17),
                                                        "longitude": fields.number("longitude", 24.94)}})

    def send_contact(self, fields: Fields) -> dict:
        """A person's telephone number."""
        return self._post(fields, lambda: {"contact": {"phone_number": fields.text("phone_number", "+358401234567"),
                                                       "first_name": fields.text("first_name", "Grace")}})

    def album(self, fields: Fields) -> dict:
        """Several files at once: as many messages with one media_group_id, and no mark of the last one."""
        chat = self._acting.chat(fields)
        user = self._acting.sender(fields, chat)
        thread, replied = self._acting.place(fields, chat)
        items = fields.list("items")
        fields.finish()
        self._acting.may_write(chat)
        if not 2 <= len(items) <= 10 or not all(isinstance(item, dict) for item in items):
            raise ControlError("items: 2 to 10 objects {kind, bytes|size|text, …}")
        contents = [self._album_item(Fields(item)) for item in items]
        group = self._next_group()
        posted = [self._acting.post(chat, user, {"media_group_id": group, **content}, thread, replied)
                  for content in contents]
        return {"media_group_id": group, "message_ids": [message.id for message, _ in posted],
                "update_ids": [update for _, update in posted], "message_id": posted[0][0].id,
                "update_id": posted[0][1]}

    def _album_item(self, fields: Fields) -> dict[str, Any]:
        kind = fields.text("kind", "photo")
        if kind not in ALBUM_KINDS:
            raise ControlError(f"kind: an album has {', '.join(ALBUM_KINDS)}")
        content = self._media(kind, fields)
        fields.finish()
        return content

    def _next_group(self) -> str:
        self._core.albums += 1
        return str(13000000000000000 + self._core.albums)

    def _post(self, fields: Fields, content_of: Any) -> dict:
        chat = self._acting.chat(fields)
        user = self._acting.sender(fields, chat)
        thread, replied = self._acting.place(fields, chat)
        group = fields.text("media_group", None)
        extra = fields.dict("extra", {})
        content = content_of()
        fields.finish()
        self._acting.may_write(chat)
        if group is not None:
            content["media_group_id"] = group
        message, update = self._acting.post(chat, user, {**content, **extra}, thread, replied)
        return {"message_id": message.id, "update_id": update,
                **{key: value for key, value in message.view().get("media", {}).items() if key == "file_id"}}

    def _media(self, kind: str, fields: Fields) -> dict[str, Any]:
        """The file, by its `bytes` (base64), its `text` or only its `size`, with `name`, `mime` and `caption`."""
        data = self._data(fields)
        name, mime = fields.text("name", DEFAULT_NAMES[kind]), fields.text("mime", DEFAULT_TYPES[kind])
        caption = fields.text("caption", None)
        entities = fields.list("entities", [])
        details = {key: fields.integer(key) for key in DETAILS if fields.integer(key, None) is not None}
        file = self._core.files.add(kind, name, mime, data, False)
        content = {kind: media_object(self._core.files, kind, file, details)}
        if caption:
            content.update(client_text(caption, entities, "caption"))
        return content

    @staticmethod
    def _data(fields: Fields) -> bytes | int:
        encoded, text, size = fields.text("bytes", None), fields.text("text", None), fields.integer("size", None)
        if sum(value is not None for value in (encoded, text, size)) > 1:
            raise ControlError("bytes: give one of bytes (base64), text and size")
        if encoded is not None:
            try:
                return base64.b64decode(encoded, validate=True)
            except binascii.Error:
                raise ControlError("bytes: base64 is expected") from None
        if text is not None:
            return text.encode()
        if size is not None and size < 0:
            raise ControlError("size: bytes, from 0")
        return 1000 if size is None else size

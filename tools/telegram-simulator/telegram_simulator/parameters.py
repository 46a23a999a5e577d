"""Decodes the parameters of a Bot API call from the query string and the three kinds of body."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from urllib.parse import parse_qsl

from .errors import BotApiError, bad_request
from .http_server import Request

MAX_PARAMETER_BYTES = 1024 * 1024  # all parameters together [server source]
MAX_BOUNDARY = 70  # [server source]


@dataclass
class UploadedFile:
    """One file part of a multipart body."""

    name: str
    filename: str
    mime: str
    data: bytes

    def summary(self) -> dict:
        """What the journal keeps of it."""
        return {"field": self.name, "name": self.filename, "mime": self.mime, "size": len(self.data),
                "sha256": hashlib.sha256(self.data).hexdigest()}


def _too_large() -> BotApiError:
    return BotApiError(413, "Request Entity Too Large", violation="too_large")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8", violation="encoding") from None


def decode_parameters(request: Request) -> tuple[dict[str, str], list[UploadedFile]]:
    """Returns name → text, and files. A value that is no string in a JSON body becomes its JSON text, as on the real
    server: {"reply_markup": {…}} is the same as a string of it, and null becomes the text "null" [server source].
    """
    values: dict[str, str] = {}
    files: list[UploadedFile] = []
    size = len(request.query)
    for name, value in _pairs(request.query):
        values[name] = value
    body = request.body
    if body:
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind == "multipart/form-data":
            fields, files = _multipart(body, request.headers["content-type"])
            values.update(fields)
            size += sum(len(name) + len(value.encode()) for name, value in fields.items())
        elif len(body) > MAX_PARAMETER_BYTES:
            raise _too_large()
        elif kind == "application/json":
            size += len(body)
            values.update(_json(body))
        elif kind == "application/x-www-form-urlencoded":
            size += len(body)
            values.update(_pairs(_text(body)))
        # Any other content type: the server does not look at the body at all.
    if size > MAX_PARAMETER_BYTES:
        raise _too_large()
    return values, files


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict") if text else []
    except (UnicodeDecodeError, ValueError):
        raise bad_request("strings must be encoded in UTF-8", violation="encoding") from None


def _json(body: bytes) -> dict[str, str]:
    try:
        top = json.loads(_text(body))
    except (ValueError, RecursionError):
        raise BotApiError(400, "Bad Request: can't parse JSON object", violation="json") from None
    if not isinstance(top, dict):
        raise BotApiError(400, "Bad Request: expected an Object", violation="json")
    values = {name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
              for name, value in top.items()}
    try:
        "".join(values.values()).encode()
    except UnicodeEncodeError:  # a lone surrogate, written as \ud83d
        raise bad_request("strings must be encoded in UTF-8", violation="encoding") from None
    return values


def _multipart(body: bytes, content_type: str) -> tuple[dict[str, str], list[UploadedFile]]:
    boundary = ""
    for item in content_type.split(";")[1:]:
        name, _, value = item.strip().partition("=")
        if name.lower() == "boundary":
            boundary = value.strip('"')
    if not boundary:
        raise BotApiError(400, "Bad Request: boundary not found", violation="multipart")
    if len(boundary) > MAX_BOUNDARY:
        raise _too_large()
    delimiter = b"\r\n--" + boundary.encode("latin-1")
    parts = (b"\r\n" + body).split(delimiter)
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        raise BotApiError(400, "Bad Request: boundary mismatch", violation="multipart")
    fields: dict[str, str] = {}
    files: list[UploadedFile] = []
    for part in parts[1:-1]:
        head, separator, data = part.partition(b"\r\n\r\n")
        if not separator:
            raise BotApiError(400, "Bad Request: malformed multipart body", violation="multipart")
        headers = {}
        for line in head.decode("utf-8", "replace").split("\r\n"):
            key, _, value = line.partition(":")
            headers[key.strip().lower()] = value.strip()
        disposition = _disposition(headers.get("content-disposition", ""))
        name = disposition.get("name", "")
        if "filename" in disposition:
            files.append(UploadedFile(name, disposition["filename"],
                                      headers.get("content-type", "application/octet-stream"), data))
        else:
            fields[name] = _text(data)
    return fields, files


def _disposition(value: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in value.split(";")[1:]:
        name, _, text = item.strip().partition("=")
        found[name.lower()] = text.strip('"').replace('\\"', '"')
    return found

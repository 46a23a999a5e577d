"""Parses MarkdownV2, for tests that allow parse_mode. Error texts are the server's [server source]."""

from __future__ import annotations

from typing import Any

from .errors import bad_request
from .utf16 import units

RESERVED = "_*[]()~`>#+-=|{}.!"
MARKS = {"*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler"}
NAMES = {"bold": "Bold", "italic": "Italic", "underline": "Underline", "strikethrough": "Strikethrough",
         "spoiler": "Spoiler", "code": "Code", "pre": "Pre", "text_link": "TextUrl"}


def _fail(message: str) -> Exception:
    return bad_request(f"can't parse entities: {message}", violation="parse_entities")


def parse_markdown_v2(source: str) -> tuple[str, list[dict[str, Any]]]:
    """Returns the text without markup and its entities, in UTF-16 units."""
    text = ""
    entities: list[dict[str, Any]] = []
    open_marks: list[tuple[str, str, int, int]] = []  # kind, closing mark, offset in the text, byte offset
    at = 0
    while at < len(source):
        char = source[at]
        if char == "\\" and at + 1 < len(source) and source[at + 1] < "\x7f":
            text += source[at + 1]
            at += 2
            continue
        byte_offset = len(source[:at].encode())
        if char == "`":
            at, text = _code(source, at, byte_offset, text, entities)
            continue
        if open_marks and source.startswith(open_marks[-1][1], at) and not (
                open_marks[-1][1] == "_" and source.startswith("__", at) and "__" in (m[1] for m in open_marks)):
            kind, mark, offset, begin = open_marks.pop()
            at += len(mark)
            entity: dict[str, Any] = {"type": kind, "offset": offset, "length": units(text) - offset}
            if kind == "text_link":
                at, entity["url"] = _url(source, at, begin)
            if entity["length"]:
                entities.append(entity)
            continue
        mark = next((item for item in ("||", "__", "*", "_", "~") if source.startswith(item, at)), None)
        if mark is not None:
            open_marks.append((MARKS[mark], mark, units(text), byte_offset))
            at += len(mark)
        elif char == "[":
            open_marks.append(("text_link", "]", units(text), byte_offset))
            at += 1
        elif char in RESERVED:
            raise _fail(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")
        else:
            text += char
            at += 1
    if open_marks:
        kind, _, _, begin = open_marks[-1]
        raise _fail(f"Can't find end of {NAMES[kind]} entity at byte offset {begin}")
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return text, entities


def _code(source: str, at: int, byte_offset: int, text: str, entities: list[dict[str, Any]]) -> tuple[int, str]:
    fence = "```" if source.startswith("```", at) else "`"
    kind = "pre" if fence == "```" else "code"
    at += len(fence)
    language = ""
    if kind == "pre":
        end = at
        while end < len(source) and not source[end].isspace() and source[end] != "`":
            end += 1
        if end < len(source) and source[end] == "\n":
            language, at = source[at:end], end + 1
    offset = units(text)
    while not source.startswith(fence, at):
        if at >= len(source):
            raise _fail(f"Can't find end of {NAMES[kind]} entity at byte offset {byte_offset}")
        if source[at] == "\\" and at + 1 < len(source):
            at += 1
        text += source[at]
        at += 1
    length = units(text) - offset
    if length:
        entities.append({"type": kind, "offset": offset, "length": length, **({"language": language} if language else {})})
    return at + len(fence), text


def _url(source: str, at: int, begin: int) -> tuple[int, str]:
    if not source.startswith("(", at):
        raise _fail(f"Can't find end of a URL at byte offset {begin}")
    at += 1
    url = ""
    while not source.startswith(")", at):
        if at >= len(source):
            raise _fail(f"Can't find end of a URL at byte offset {begin}")
        if source[at] == "\\" and at + 1 < len(source):
            at += 1
        url += source[at]
        at += 1
    return at + 1, url

"""Cleans a text and legalises its entities the way Telegram's server does before anybody sees the message.

Internally entities are kept as spans over code points; the wire format counts UTF-16 units.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .errors import bad_request
from .text_detection import find_entities
from .utf16 import Utf16Map

SPLITTABLE = ("bold", "italic", "underline", "strikethrough", "spoiler")
QUOTES = ("blockquote", "expandable_blockquote")
ATOMS = ("pre", "code", "date_time")
LINK_SCHEMES = ("http", "https", "tg", "ton", "tonsite")  # [server source]

# Where two entities begin together and are equally long, the smaller number holds the other [server source].
PRIORITY = {"blockquote": 0, "expandable_blockquote": 0, "pre": 11, "code": 20, "date_time": 30, "text_link": 49,
            "text_mention": 49, "bold": 90, "italic": 91, "underline": 92, "strikethrough": 93, "spoiler": 94,
            "custom_emoji": 99}


@dataclass
class Span:
    """An entity over the code points begin..end."""

    kind: str
    begin: int
    end: int
    extra: dict[str, Any] = field(default_factory=dict)

    def order(self) -> tuple[int, int, int]:
        return (self.begin, -self.end, PRIORITY.get(self.kind, 50))


@dataclass
class FormattedText:
    """What a reader of the message sees."""

    text: str
    entities: list[dict[str, Any]]
    repaired: bool  # the entities given were not legal and the server changed them


def format_text(text: str, entities: list[dict[str, Any]], *, allow_empty: bool = False,
                empty_text: str = "text must be non-empty") -> FormattedText:
    """Cleans, legalises, adds the entities that the server finds by itself.

    Raises the server's own errors for an empty text and for entities that end outside the text."""
    given = _to_spans(text, entities)
    clean, spans = _clean(text, given)
    spans = _without_blank(clean, spans)
    spans = [span for span in spans if span.kind != "text_link" or _good_link(span.extra.get("url", ""))]
    legal = _without_blank(clean, _legalise(spans))
    clean, legal = _trim(clean, legal)
    if not clean.strip(" \n\u00a0\u200b\u200c\u200d\u2060\ufeff") and not allow_empty:
        raise bad_request(empty_text, violation="empty_text")
    repaired = len(legal) != len(given) or [(s.kind, s.begin, s.end) for s in sorted(given, key=Span.order)] != [
        (s.kind, s.begin, s.end) for s in legal]
    taken = [span for span in legal if span.kind not in SPLITTABLE and span.kind not in QUOTES]
    found = [Span(kind, begin, end) for kind, begin, end in find_entities(clean)]
    found = [span for span in found if not any(span.begin < other.end and other.begin < span.end for other in taken)
             and not _crosses_quote(span, legal)]
    if found:
        legal = _legalise(legal + found)
    return FormattedText(clean, _to_wire(clean, legal), repaired)


def _to_spans(text: str, entities: list[dict[str, Any]]) -> list[Span]:
    places = Utf16Map(text)
    spans = []
    for entity in entities:
        offset, length = entity["offset"], entity["length"]
        begin = places.index(offset)
        if offset < 0 or length <= 0:
            raise bad_request(f"entity at UTF-16 offset {offset} has the length {length}", violation="entity_range")
        end = places.index(offset + length)
        if offset + length > places.length:
            raise bad_request(f"entity beginning at UTF-16 offset {offset} ends after the end of the text at UTF-16 "
                              f"offset {offset + length}", violation="entity_range")
        if begin is None or end is None:
            where = "begins" if begin is None else "ends"
            raise bad_request(f"entity beginning at UTF-16 offset {offset} {where} in a middle of a UTF-16 symbol",
                              violation="entity_range")
        extra = {key: value for key, value in entity.items() if key not in ("type", "offset", "length")}
        spans.append(Span(entity["type"], begin, end, extra))
    return spans


def _clean(text: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """Removes \\r and U+2028..U+202E, turns every other control character and TAB into a space [server source]."""
    kept: list[str] = []
    moved = [0] * (len(text) + 1)
    for index, char in enumerate(text):
        moved[index] = len(kept)
        if char == "\r" or "\u2028" <= char <= "\u202e":
            continue
        kept.append(" " if char < " " and char != "\n" else char)
    moved[len(text)] = len(kept)
    return "".join(kept), [Span(s.kind, moved[s.begin], moved[s.end], s.extra) for s in spans]


def _trim(text: str, spans: list[Span]) -> tuple[str, list[Span]]:
    """Trailing whitespace goes; leading whitespace goes up to the first entity [server source]."""
    text = text.rstrip(" \n")
    first = min((span.begin for span in spans), default=len(text))
    cut = min(len(text) - len(text.lstrip(" \n")), first)
    text = text[cut:]
    trimmed = [Span(s.kind, s.begin - cut, min(s.end - cut, len(text)), s.extra) for s in spans]
    return text, sorted((span for span in trimmed if span.end > span.begin), key=Span.order)


def _without_blank(text: str, spans: list[Span]) -> list[Span]:
    """An entity of whitespace is dropped [server source]."""
    return [span for span in spans if text[span.begin:span.end].strip()]


def _good_link(url: str) -> bool:
    """A link with another scheme is dropped without a word [server source]."""
    try:
        parts = urlsplit(url if "://" in url or url.startswith("tg:") else f"http://{url}")
    except ValueError:
        return False
    if parts.scheme.lower() not in LINK_SCHEMES:
        return False
    return parts.scheme.lower() == "tg" or bool(parts.hostname and ("." in parts.hostname or parts.hostname ==
                                                                    "localhost" or parts.scheme.startswith("ton")))


def _legalise(spans: list[Span]) -> list[Span]:
    """No partial overlap; pre, code and date_time hold nothing and are held by quotes only; links, mentions and
    quotes do not nest; a type does not nest in itself [server source]."""
    ordered = sorted(spans, key=Span.order)
    quotes = _without_intersections([span for span in ordered if span.kind in QUOTES])
    solid = _without_intersections(
        [span for span in ordered if span.kind not in QUOTES and span.kind not in SPLITTABLE
         and span.kind != "custom_emoji"])
    solid = [span for span in solid if not _crosses_quote(span, quotes)]
    atoms = [span for span in solid if span.kind in ATOMS]
    emoji = [span for span in ordered if span.kind == "custom_emoji"
             and not any(_touch(span, other) for other in atoms)
             and all(not _touch(span, other) or (other.begin <= span.begin and span.end <= other.end)
                     for other in quotes + solid)]
    result = quotes + solid + _without_intersections(emoji)
    borders = sorted({edge for span in result for edge in (span.begin, span.end)})
    for kind in SPLITTABLE:
        for begin, end in _union([span for span in ordered if span.kind == kind]):
            result.extend(Span(kind, *piece) for piece in _split_style(begin, end, atoms, result, borders))
        borders = sorted({edge for span in result for edge in (span.begin, span.end)})
    return sorted(result, key=Span.order)


def _touch(one: Span, other: Span) -> bool:
    return one.begin < other.end and other.begin < one.end


def _crosses(one: Span, other: Span) -> bool:
    """Overlaps without one holding the other."""
    return _touch(one, other) and not (one.begin >= other.begin and one.end <= other.end) and not (
        other.begin >= one.begin and other.end <= one.end)


def _crosses_quote(span: Span, others: list[Span]) -> bool:
    """Nothing may cross a quote's border, and nothing but a style may hold a quote."""
    return any(_touch(span, quote) and not (span.begin >= quote.begin and span.end <= quote.end)
               for quote in others if quote.kind in QUOTES)


def _without_intersections(ordered: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in ordered:
        if not kept or span.begin >= kept[-1].end:
            kept.append(span)
    return kept


def _union(spans: list[Span]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for span in spans:
        if merged and span.begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span.end))
        else:
            merged.append((span.begin, span.end))
    return merged


def _split_style(begin: int, end: int, atoms: list[Span], others: list[Span],
                 borders: list[int]) -> list[tuple[int, int]]:
    """Cuts a style around atoms and wherever it would cross the border of another entity."""
    pieces: list[tuple[int, int]] = []
    at = begin
    for atom in sorted(atoms, key=Span.order):
        if atom.end <= at or atom.begin >= end:
            continue
        if atom.begin > at:
            pieces.append((at, atom.begin))
        at = max(at, atom.end)
    if at < end:
        pieces.append((at, end))
    final: list[tuple[int, int]] = []
    for left, right in pieces:
        start = left
        for border in borders:
            if start < border < right and any(_crosses(Span("", start, right), other) for other in others
                                              if border in (other.begin, other.end)):
                final.append((start, border))
                start = border
        final.append((start, right))
    return final


def _to_wire(text: str, spans: list[Span]) -> list[dict[str, Any]]:
    places = Utf16Map(text)
    wire = []
    for span in spans:
        if not text[span.begin:span.end].strip():
            continue
        offset = places.to_units[span.begin]
        wire.append({"type": span.kind, "offset": offset, "length": places.to_units[span.end] - offset, **span.extra})
    return wire

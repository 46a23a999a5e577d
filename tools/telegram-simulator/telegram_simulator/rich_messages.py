"""What a rich message measures, and how it reads as plain text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MEDIA_BLOCKS = {"animation": "animation", "audio": "audio", "document": "document", "photo": "photo", "video": "video",
                "voice_note": "voice_note"}


@dataclass
class Measure:
    """The sizes that Telegram limits."""

    chars: int = 0
    blocks: int = 0
    depth: int = 0
    media: int = 0
    columns: int = 0


def rich_text(value: Any) -> str:
    """RichText as plain text: a string, an array of RichText, or an object around one."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(rich_text(item) for item in value)
    if isinstance(value, dict):
        return rich_text(value.get("text", value.get("expression", "")))
    return ""


def _block_texts(block: dict[str, Any]) -> list[str]:
    """The texts of one block, without those of the blocks in it."""
    texts = [rich_text(block[key]) for key in ("summary", "text", "credit") if key in block]
    if isinstance(block.get("expression"), str):
        texts.append(block["expression"])
    caption = block.get("caption")
    if caption is not None:
        texts.append(rich_text(caption))
    for row in block.get("cells") or []:
        texts.append(" | ".join(rich_text(cell.get("text", "")) for cell in row if isinstance(cell, dict)))
    return texts


def _inner(block: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(block.get("blocks") or [])
    for item in block.get("items") or []:
        found.extend(item.get("blocks") or [])
    return [item for item in found if isinstance(item, dict)]


def plain_text(blocks: list[dict[str, Any]]) -> str:
    """All texts of all blocks, a line each."""
    lines: list[str] = []
    for block in blocks:
        lines.extend(_block_texts(block))
        inner = plain_text(_inner(block))
        if inner:
            lines.append(inner)
    return "\n".join(lines)


def measure(message: dict[str, Any]) -> Measure:
    """Measures an InputRichMessage."""
    size = Measure(media=len(message.get("media") or []))
    for source in ("markdown", "html"):
        if isinstance(message.get(source), str):
            size.chars += len(message[source])
    blocks = message.get("blocks")
    if isinstance(blocks, list):
        _measure_blocks([block for block in blocks if isinstance(block, dict)], 1, size)
    return size


def _measure_blocks(blocks: list[dict[str, Any]], depth: int, size: Measure) -> None:
    if blocks:
        size.depth = max(size.depth, depth)
    for block in blocks:
        size.blocks += 1
        size.chars += sum(map(len, _block_texts(block)))
        size.media += block.get("type") in MEDIA_BLOCKS
        size.columns = max([size.columns, *(len(row) for row in block.get("cells") or [])])
        _measure_blocks(_inner(block), depth + 1, size)

"""A small HTTP/1.1 client for the webhook: one POST at a time per connection, kept alive between them."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult

MAX_ANSWER_BYTES = 1024 * 1024


class BadAnswer(Exception):
    """What came back is no HTTP, or it ended early."""


@dataclass
class HttpAnswer:
    """What the other side said."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes


class HttpClient:
    """Posts to one URL. Idle connections are used again; `close` drops them."""

    def __init__(self, url: SplitResult, authority: str | None):
        """`authority`: certificates (PEM) to trust instead of the system's."""
        self._url = url
        self._tls = ssl.create_default_context(cadata=authority) if url.scheme == "https" else None
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, body: bytes, headers: dict[str, str]) -> HttpAnswer:
        """Raises OSError if nobody answers, BadAnswer if nonsense comes."""
        reader, writer = await self._connection()
        try:
            target = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
            head = [f"POST {target} HTTP/1.1", f"Host: {self._url.netloc.rpartition('@')[2]}",
                    "Content-Type: application/json", f"Content-Length: {len(body)}", "Connection: keep-alive",
                    *(f"{name}: {value}" for name, value in headers.items())]
            writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
            await writer.drain()
            answer, keeps = await self._read(reader)
        except BaseException as error:
            writer.transport.abort()
            if isinstance(error, (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)):
                raise BadAnswer("the connection was closed") from None
            raise
        if keeps:
            self._idle.append((reader, writer))
        else:
            writer.close()
        return answer

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        host = self._url.hostname or ""
        port = self._url.port or (443 if self._tls else 80)
        return await asyncio.open_connection(host, port, ssl=self._tls)

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> tuple[HttpAnswer, bool]:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        code, _, reason = rest.partition(" ")
        if not version.startswith("HTTP/1.") or not code.isdigit():
            raise BadAnswer("no HTTP came back")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        body, framed = await _body(reader, int(code), headers)
        keeps = framed and "close" not in headers.get("connection", "").lower() and version != "HTTP/1.0"
        return HttpAnswer(int(code), reason, headers, body), keeps


async def _body(reader: asyncio.StreamReader, status: int, headers: dict[str, str]) -> tuple[bytes, bool]:
    """The body, and whether the connection is still in step after it."""
    if status in (204, 304):
        return b"", True
    if "chunked" in headers.get("transfer-encoding", "").lower():
        whole = b""
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            whole += (await reader.readexactly(size + 2))[:-2]
            if len(whole) > MAX_ANSWER_BYTES:
                raise BadAnswer("too long")
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
        return whole, True
    if "content-length" in headers:
        return await reader.readexactly(min(int(headers["content-length"]), MAX_ANSWER_BYTES)), True
    return await reader.read(MAX_ANSWER_BYTES), False

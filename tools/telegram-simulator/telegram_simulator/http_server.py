"""A small HTTP/1.1 server on asyncio: keep-alive, Content-Length and chunked bodies, limits, and ways to misbehave."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import unquote

MAX_HEADER_BYTES = 256 * 1024  # [server source]
MAX_BODY_BYTES = 64 * 1024 * 1024  # files included; the limit on parameters is applied where they are decoded

REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict", 413: "Request Entity Too Large",
           421: "Misdirected Request", 429: "Too Many Requests", 500: "Internal Server Error",
           501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


@dataclass
class Request:
    """One request, body complete."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    connection_id: int
    on_disconnect: list[Callable[[], None]] = field(default_factory=list)


@dataclass
class Response:
    """An answer, or one of the ways in which a network fails to give one."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    truncate_to: int | None = None  # send this many bytes of the body, then close
    reset: bool = False  # TCP RST instead of an answer
    hang: bool = False  # say nothing until the peer gives up
    stream: Callable[[Callable[[bytes], None]], None] | None = None  # handed a writer; open until the peer leaves
    pieces: AsyncIterator[bytes] | None = None  # the body, bit by bit; `body` only says how long it is
    close_after_s: float | None = None  # the idle connection is closed so long after the answer, without a word


Handler = Callable[[Request], Awaitable[Response]]


class _BadRequest(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


class Connection(asyncio.Protocol):
    """Parses requests as bytes come in and answers them one at a time, in order."""

    def __init__(self, server: HttpServer, connection_id: int):
        self._server = server
        self._id = connection_id
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self.path = ""  # of the latest request
        self._current: Request | None = None
        self._close_after = False
        self._head: tuple[str, str, dict[str, str]] | None = None
        self._head_scan = 0
        self._length = 0
        self._chunks: bytearray | None = None
        self._chunk_left = -1
        self._discarded = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        self._transport = None
        if self._current is not None:
            for callback in self._current.on_disconnect:
                callback()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._current is None:
            self._advance()

    def abort(self, reset: bool = True) -> None:
        """Ends the connection at once; with `reset` the peer sees ECONNRESET."""
        if self._transport is None:
            return
        if reset:
            # Linger 0 makes close() send RST instead of FIN.
            self._transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _advance(self) -> None:
        try:
            request = self._parse()
        except _BadRequest as error:
            self._close_after = True
            self._write(Response(error.status, self._server.error_body(error.status, str(error))))
            return
        if request is None:
            return
        self._current = request
        self.path = request.path
        # The loop itself keeps weak references only; a task that nobody holds may vanish.
        self._server.tasks.add(task := asyncio.ensure_future(self._serve(request)))
        task.add_done_callback(self._server.tasks.discard)

    async def _serve(self, request: Request) -> None:
        response = await self._server.handle(request)
        if self._transport is None:
            return
        if response.hang:
            return
        if response.reset:
            self.abort()
            return
        self._write(response)
        if response.stream is not None:
            response.stream(self._stream_write)
            return
        if response.pieces is not None:
            async for piece in response.pieces:
                self._stream_write(piece)
        self._current = None
        if response.close_after_s is not None:
            asyncio.get_running_loop().call_later(response.close_after_s, self._close_idle)
        if self._transport is not None and not self._close_after and self._buffer:
            self._advance()

    def _close_idle(self) -> None:
        if self._transport is not None and self._current is None:
            self._transport.close()

    def _stream_write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _write(self, response: Response) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        head = [f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Status')}",
                f"Date: {formatdate(usegmt=True)}",
                f"Content-Type: {response.content_type}"]
        if response.stream is None:
            head.append(f"Content-Length: {len(response.body)}")
        head.extend(f"{name}: {value}" for name, value in response.headers.items())
        close = self._close_after or response.truncate_to is not None or response.stream is not None
        head.append("Connection: close" if close else "Connection: keep-alive")
        body = response.body if response.truncate_to is None else response.body[:response.truncate_to]
        body = b"" if response.pieces is not None else body
        transport.write("\r\n".join(head).encode("latin-1", "replace") + b"\r\n\r\n" + body)
        if close and response.stream is None:
            transport.close()

    def _parse(self) -> Request | None:
        """Takes one complete request off the buffer, or None while bytes are missing."""
        if self._head is None and not self._parse_head():
            return None
        assert self._head is not None
        body = self._take_chunked() if self._chunks is not None else self._take_fixed()
        if body is None:
            return None
        method, target, headers = self._head
        self._head, self._chunks, self._head_scan = None, None, 0
        path, _, query = target.partition("?")
        return Request(method, unquote(path), query, headers, body, self._id)

    def _parse_head(self) -> bool:
        while self._buffer[:2] == b"\r\n":  # empty lines before a request are to be ignored (RFC 9112, 2.2)
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n", max(0, self._head_scan - 3))
        if end < 0:
            self._head_scan = len(self._buffer)
            if len(self._buffer) > MAX_HEADER_BYTES:
                raise _BadRequest(413, "Request Entity Too Large")
            return False
        if end > MAX_HEADER_BYTES:
            raise _BadRequest(413, "Request Entity Too Large")
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[:end + 4]
        parts = lines[0].split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1.") or not parts[1].startswith("/"):
            raise _BadRequest(400, "Bad Request: malformed request line")
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or name != name.strip():
                raise _BadRequest(400, "Bad Request: malformed header")
            headers[name.lower()] = value.strip()
        connection = headers.get("connection", "").lower()
        self._close_after = "close" in connection or (parts[2] == "HTTP/1.0" and "keep-alive" not in connection)
        self._head = (parts[0], parts[1], headers)
        if "chunked" in headers.get("transfer-encoding", "").lower():
            self._chunks, self._chunk_left = bytearray(), -1
        else:
            length = headers.get("content-length", "0")
            if not length.isdigit():
                raise _BadRequest(400, "Bad Request: malformed Content-Length")
            self._length, self._discarded = int(length), 0
        if headers.get("expect", "").lower() == "100-continue" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def _take_fixed(self) -> bytes | None:
        if self._length > MAX_BODY_BYTES:
            # Reading on keeps the answer from being lost in a reset of a connection with unread bytes.
            self._discarded += len(self._buffer)
            self._buffer.clear()
            if self._discarded < self._length and self._discarded < 2 * MAX_BODY_BYTES:
                return None
            raise _BadRequest(413, "Request Entity Too Large")
        if len(self._buffer) < self._length:
            return None
        body = bytes(self._buffer[:self._length])
        del self._buffer[:self._length]
        return body

    def _take_chunked(self) -> bytes | None:
        assert self._chunks is not None
        while True:
            if self._chunk_left < 0:
                end = self._buffer.find(b"\r\n")
                if end < 0:
                    return None
                size = self._buffer[:end].split(b";")[0].strip()
                try:
                    self._chunk_left = int(size, 16)
                except ValueError:
                    raise _BadRequest(400, "Bad Request: malformed chunk") from None
                if len(self._chunks) + self._chunk_left > MAX_BODY_BYTES:
                    raise _BadRequest(413, "Request Entity Too Large")
                del self._buffer[:end + 2]
            if self._chunk_left == 0:
                end = self._buffer.find(b"\r\n")  # trailers are skipped up to the empty line
                while end > 0:
                    del self._buffer[:end + 2]
                    end = self._buffer.find(b"\r\n")
                if end < 0:
                    return None
                del self._buffer[:2]
                return bytes(self._chunks)
            if len(self._buffer) < self._chunk_left + 2:
                return None
            self._chunks += self._buffer[:self._chunk_left]
            del self._buffer[:self._chunk_left + 2]
            self._chunk_left = -1


class HttpServer:
    """Listens, numbers connections, hands each request to `handle`."""

    def __init__(self, handle: Handler, error_body: Callable[[int, str], bytes]):
        self.handle = handle
        self.error_body = error_body
        self.connections: set[Connection] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self._next_id = 0
        self._server: asyncio.Server | None = None
        self._held: socket.socket | None = None  # keeps the port while nobody may connect

    async def listen(self, host: str, port: int) -> int:
        """Starts to accept; returns the port (useful with port 0)."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, host, port, backlog=512)
        return self._server.sockets[0].getsockname()[1]

    def refuse(self, drop: Callable[[str], bool]) -> None:
        """From now on nobody can connect; connections whose latest path fits `drop` are reset. The port stays ours."""
        if self._server is None:
            return
        listening = self._server.sockets[0]
        self._held = socket.socket(listening.family)
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        address = listening.getsockname()
        self._server.close()
        self._server = None
        self._held.bind(address)  # bound, not listening: the kernel refuses
        for connection in list(self.connections):
            if drop(connection.path):
                connection.abort()

    async def accept_again(self) -> None:
        """Ends what `refuse` began."""
        held, self._held = self._held, None
        if held is not None:
            self._server = await asyncio.get_running_loop().create_server(self._connection, sock=held, backlog=512)

    def close(self) -> None:
        """Stops accepting, drops every connection and ends what they wait for, at once."""
        if self._server is not None:
            self._server.close()
        if self._held is not None:
            self._held.close()
        for connection in list(self.connections):
            connection.abort(reset=False)
        for task in list(self.tasks):
            task.cancel()

    def _connection(self) -> Connection:
        self._next_id += 1
        return Connection(self, self._next_id)

"""HTTP on a socket that the test holds in its hand: bytes as they are, requests left open, closed half-way.

    with Connection(port) as wire:
        wire.send("POST", "/v1/workers/claim", {…}, token=WORKER_TOKEN)     # nobody waits for the answer yet
        …
        reply = wire.receive()
"""

import json
import socket
import time

from .net import Reply
from .wait import PATIENCE


class Connection:
    """One connection to a server on loopback. Reads fail after PATIENCE."""

    def __init__(self, port: int):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = port
        self._read = b""  # arrived, and not taken yet
        self._stream = b""  # likewise, of a stream of events

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        self._socket.close()

    # ---- requests ------------------------------------------------------------------------------------

    def send(self, method: str, path: str, body=None, headers: dict[str, str] | None = None, token: str | None = None) -> None:
        """A whole request. `body`: bytes as they are, anything else as JSON."""
        self.send_bytes(self.request(method, path, body, headers, token))

    def request(self, method: str, path: str, body=None, headers: dict[str, str] | None = None, token: str | None = None) -> bytes:
        """The bytes of that request."""
        fields = {"host": f"127.0.0.1:{self._port}"}
        if token is not None:
            fields["x-api-key"] = token
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            fields["content-type"] = "application/json"
        if body is not None:
            fields["content-length"] = str(len(body))
        fields |= headers or {}
        lines = [f"{method} {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items()]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")

    def send_bytes(self, data: bytes) -> None:
        self._socket.sendall(data)

    # ---- answers -------------------------------------------------------------------------------------

    def receive(self) -> Reply:
        """The next whole answer."""
        reply = self.receive_head()
        if reply.status not in (204, 304):
            if reply.headers.get("transfer-encoding") == "chunked":
                while chunk := self.receive_chunk():
                    reply.body += chunk
            else:
                reply.body = self._take(int(reply.headers.get("content-length", "0")))
        return reply

    def receive_head(self) -> Reply:
        """Status and fields (names in lower case) of the next answer, its body still to come."""
        lines = self._take_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        fields = [line.split(":", 1) for line in lines[1:] if line]
        return Reply(int(lines[0].split()[1]), b"", {name.lower(): value.strip() for name, value in fields})

    def receive_chunk(self) -> bytes:
        """The next piece of a chunked body; empty at its end."""
        size = int(self._take_until(b"\r\n").strip(), 16)
        chunk = self._take(size)
        self._take(2)
        return chunk

    def receive_event(self) -> dict[str, str]:
        """The next event of a stream, field by field; a comment's name is "". Empty at the end."""
        while b"\n\n" not in self._stream:
            chunk = self.receive_chunk()
            if not chunk:
                return {}
            self._stream += chunk
        event, _, self._stream = self._stream.partition(b"\n\n")
        fields = [line.partition(":") for line in event.decode().split("\n")]
        return {name: value.strip() for name, _, value in fields}

    # ---- what does, and does not, happen -------------------------------------------------------------

    def stays_silent(self, seconds: float) -> bool:
        """Whether the server neither says anything nor closes, for so long."""
        if self._read:
            return False
        self._socket.settimeout(seconds)
        try:
            self._socket.recv(1, socket.MSG_PEEK)
            return False
        except TimeoutError:
            return True
        except OSError:
            return False
        finally:
            self._socket.settimeout(PATIENCE)

    def is_closed(self, timeout: float = PATIENCE) -> bool:
        """Whether the server closes the connection within so many seconds, without another byte."""
        if self._read:
            return False
        self._socket.settimeout(timeout)
        try:
            return self._socket.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        finally:
            self._socket.settimeout(PATIENCE)

    def _take(self, count: int) -> bytes:
        while len(self._read) < count:
            self._receive_more()
        taken, self._read = self._read[:count], self._read[count:]
        return taken

    def _take_until(self, end: bytes) -> bytes:
        while end not in self._read:
            self._receive_more()
        taken, _, self._read = self._read.partition(end)
        return taken

    def _receive_more(self) -> None:
        arrived = self._socket.recv(1 << 20)
        if not arrived:
            raise ConnectionError(f"the server closed the connection; unread: {self._read[:200]!r}")
        self._read += arrived


class Stopwatch:
    """How long something took, in seconds."""

    def __enter__(self):
        self._started = time.monotonic()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self._started

"""Ports, and HTTP on loopback and on unix sockets."""

import functools
import http.client
import json
import random
import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

# Below the kernel's ephemeral range, so that no outgoing connection takes one between choice and use.
_PORTS = range(20_000, 30_000)
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_ours: list[socket.socket] = []


def free_port() -> int:
    """A port of loopback that nobody listens on, and that no other test is given while this one runs: neither before somebody
    listens there, nor while who did is being started again."""
    for port in random.SystemRandom().sample(_PORTS, 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if _claim(port):
            return port
    raise OSError("200 ports of loopback in a row are taken")


def _claim(port: int) -> bool:
    """By a name that only one process can have, in the same network namespace as the port, and that ends with the process."""
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0butler-test-port-{port}")
    except OSError:
        claim.close()
        return False
    _ours.append(claim)
    return True


@functools.cache
def _opener(authority: Path | None) -> urllib.request.OpenerDirector:
    if authority is None:
        return _DIRECT
    context = ssl.create_default_context(cafile=str(authority))
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))


@dataclass
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)


def request(method: str, url: str, body=None, headers: dict[str, str] | None = None, timeout: float = 60.0,
            authority: Path | None = None) -> Reply:
    """One HTTP exchange. `body`: bytes as they are, anything else as JSON. Any status is a Reply; only a
    server that cannot be reached raises (OSError). `authority` has signed an https server's certificate."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    outgoing = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with _opener(authority).open(outgoing, timeout=timeout) as reply:
            return Reply(reply.status, reply.read(), dict(reply.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.read(), dict(error.headers))


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def request_on_socket(path: Path, method: str, target: str, body=None, timeout: float = 60.0) -> Reply:
    """As request(), to who listens on the unix socket `path`."""
    connection = _SocketConnection(path, timeout)
    try:
        connection.request(method, target, None if body is None else json.dumps(body).encode())
        response = connection.getresponse()
        return Reply(response.status, response.read(), dict(response.getheaders()))
    finally:
        connection.close()

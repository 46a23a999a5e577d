"""Ports and HTTP on loopback."""

import json
import random
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass, field

# Below the kernel's ephemeral range, so that no outgoing connection takes one between choice and use.
_PORTS = range(20_000, 30_000)
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    for port in random.SystemRandom().sample(_PORTS, 200):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("200 ports of loopback in a row are taken")


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


def request(method: str, url: str, body=None, headers: dict[str, str] | None = None, timeout: float = 60.0) -> Reply:
    """One HTTP exchange. `body`: bytes as they are, anything else as JSON. Any status is a Reply; only a
    server that cannot be reached raises (OSError)."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    outgoing = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with _DIRECT.open(outgoing, timeout=timeout) as reply:
            return Reply(reply.status, reply.read(), dict(reply.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.read(), dict(error.headers))

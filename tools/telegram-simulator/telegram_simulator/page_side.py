"""The chat page: three files, and a stream of "something changed" so that the page fetches what it shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from .http_server import Request, Response
from .simulator_core import Core

PAGE = Path(__file__).resolve().parent.parent / "page"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
HEADERS = {"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                                      "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
           "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
HEARTBEAT_SECONDS = 15.0


class PageSide:
    """Serves the page and its event stream."""

    def __init__(self, core: Core):
        self._core = core

    def file(self, path: str) -> Response:
        """One of the page's files; only those that lie there by name."""
        name = path.lstrip("/") or "index.html"
        known = {entry.name: entry for entry in PAGE.iterdir() if entry.suffix in TYPES}
        if name not in known:
            return Response(404, b"Not Found\n", "text/plain; charset=utf-8")
        return Response(200, known[name].read_bytes(), TYPES[known[name].suffix], dict(HEADERS))

    def events(self, request: Request) -> Response:
        """Server-sent events: {"chats": […], "state": bool}, gathered per turn of the event loop."""
        return Response(200, b": open\n\n", "text/event-stream", {"Cache-Control": "no-store"},
                        stream=lambda write: self._subscribe(write, request))

    def _subscribe(self, write: Callable[[bytes], None], request: Request) -> None:
        loop = asyncio.get_running_loop()
        pending: set[int] = set()
        scheduled: list[asyncio.Handle] = []

        def flush() -> None:
            scheduled.clear()
            write(b"data: " + json.dumps({"chats": sorted(pending)}).encode() + b"\n\n")
            pending.clear()

        def changed(what: str, chat_id: int | None) -> None:
            if what == "journal":
                return
            if chat_id is not None:
                pending.add(chat_id)
            if not scheduled:
                scheduled.append(loop.call_later(0.015, flush))

        def beat() -> None:
            write(b": beat\n\n")
            timer[0] = loop.call_later(HEARTBEAT_SECONDS, beat)

        timer = [loop.call_later(HEARTBEAT_SECONDS, beat)]

        def leave() -> None:
            timer[0].cancel()
            if changed in self._core.listeners:
                self._core.listeners.remove(changed)

        self._core.listeners.append(changed)
        request.on_disconnect.append(leave)

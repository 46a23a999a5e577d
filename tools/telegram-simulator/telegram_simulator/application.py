"""One stand-in, listening: the bot's side, the control API and the page on one port."""

from __future__ import annotations

import json
import traceback

from .bot_side import BotSide
from .control_side import ControlSide
from .file_side import FileSide
from .http_server import HttpServer, Request, Response
from .outage import Outage
from .page_side import PageSide
from .simulator_core import Core, Options


class Application:
    """Routes by path. `start` listens, `close` ends everything at once."""

    def __init__(self, options: Options):
        self.core = Core(options)
        self._bot = BotSide(self.core)
        self._page = PageSide(self.core)
        self._files = FileSide(self.core)
        self._server = HttpServer(self._handle, _error_body)
        self._control_server = HttpServer(self._handle, _error_body)
        self._control: ControlSide | None = None
        self.port = 0
        self.control_port: int | None = None

    async def start(self, host: str, port: int, control_port: int | None = None) -> int:
        """Returns the port it listens on. On `control_port` the same is served, also while the first one is closed by
        the fault connect_refused."""
        self._control = ControlSide(self.core, Outage(self.core, self._server, control_port is not None),
                                    self._files)
        self.port = await self._server.listen(host, port)
        if control_port is not None:
            self.control_port = await self._control_server.listen(host, control_port)
        return self.port

    def close(self) -> None:
        """Drops every connection, parked polls included."""
        self._server.close()
        self._control_server.close()
        self.core.close()

    async def _handle(self, request: Request) -> Response:
        try:
            return await self._route(request)
        except Exception:  # a mistake in the stand-in must be seen, and must not end the test run's server
            text = traceback.format_exc().replace(self.core.options.bot_token, "<bot token>")
            print(text, flush=True)
            self.core.journal.violation("simulator_error", request.path.rpartition("/")[2], text, False)
            return Response(500, _error_body(500, "Internal Server Error"))

    async def _route(self, request: Request) -> Response:
        path = request.path
        if path.startswith("/bot"):
            return await self._bot.handle(request)
        if path == "/sim/events" and request.method == "GET":
            return self._page.events(request)
        if path.startswith("/sim/"):
            assert self._control is not None
            return await self._control.handle(request)
        if path.startswith("/file/"):
            return await self._files.handle(request)
        if request.method != "GET":
            return Response(405, _error_body(405, "Method Not Allowed"))
        return self._page.file(path)


def _error_body(status: int, description: str) -> bytes:
    return json.dumps({"ok": False, "error_code": status, "description": description}).encode()

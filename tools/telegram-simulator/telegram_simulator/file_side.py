"""Downloads: /file/bot<token>/<path> for the bot, /sim/file/<file_id> for the page."""

from __future__ import annotations

from collections.abc import AsyncIterator

from .errors import BotApiError
from .fault_effects import answer_with
from .faults import DOWNLOAD, FILE_KINDS, Fault
from .files import StoredFile
from .http_server import Request, Response
from .simulator_core import Core

PIECES_PER_SECOND = 10  # of a slow download


class FileSide:
    """Answers downloads, or fails them as ordered."""

    def __init__(self, core: Core):
        self._core = core

    async def handle(self, request: Request) -> Response:
        """token → scheduled fault → an open link → the bytes. Each download is an entry of the journal, method "file"."""
        began = self._core.clock.monotonic()
        token, _, path = request.path.removeprefix("/file/bot").partition("/")
        fault: Fault | None = None
        try:
            if request.method != "GET":
                raise BotApiError(405, "Method Not Allowed")
            if token != self._core.options.bot_token:
                raise BotApiError(401, "Unauthorized")
            fault = self._core.faults.for_download(path)
            response = await self._answer(path, fault)
        except BotApiError as error:
            response = error.response()
        silent = response.reset or response.hang
        self._core.journal.append(
            "bot", method=DOWNLOAD, params={"path": path}, validation="not checked", effect={"size": len(response.body)},
            status=None if silent else response.status, response=None, connection=request.connection_id,
            arrived=round(began, 6), seconds=round(self._core.clock.monotonic() - began, 6),
            **({"fault": fault.kind} if fault else {}))
        return response

    def shown(self, file_id: str) -> Response:
        """The same for people: their clients keep what they have seen, so links do not matter. Whatever the file says
        of itself, the browser neither opens nor runs it."""
        file = self._core.files.find(file_id)
        if file is None:
            return _not_found()
        response = _whole(file)
        response.headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff",
                            "Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "no-store"}
        return response

    async def _answer(self, path: str, fault: Fault | None) -> Response:
        if fault is None or fault.kind in FILE_KINDS:
            return self._download(path, fault)

        async def download() -> Response:
            return self._download(path, None)

        return await answer_with(fault, self._core.clock, download,
                                 lambda error: Response(500) if error is None else error.response())

    def _download(self, path: str, fault: Fault | None) -> Response:
        """The file behind an open link, whole or as the fault leaves it."""
        kind, options = (None, {}) if fault is None else (fault.kind, fault.options)
        if kind == "expired_link":
            self._core.files.expire_link(path)
        file = self._core.files.linked(path)
        if file is None:
            return _not_found()
        response = _whole(file)
        if kind == "short_file":
            response.body = response.body[:options.get("n", file.size // 2)]
        elif kind == "slow_drip":
            response.pieces = self._drip(response.body, options["bytes_per_s"])
        return response

    async def _drip(self, body: bytes, bytes_per_second: float) -> AsyncIterator[bytes]:
        step = max(1, int(bytes_per_second / PIECES_PER_SECOND))
        for start in range(0, len(body), step):
            piece = body[start:start + step]
            await self._core.clock.sleep(len(piece) / bytes_per_second)
            yield piece


def _whole(file: StoredFile) -> Response:
    return Response(200, file.content(), file.mime if file.mime.isprintable() else "application/octet-stream")


def _not_found() -> Response:
    return BotApiError(404, "Not Found").response()

"""The Bot API as the bot meets it: /bot<token>/<method>. Every call passes the same checks in the same order."""

from __future__ import annotations

import inspect
import json
from typing import Any

from .bot_api_spec import Problem
from .errors import BotApiError, too_many_requests
from .fault_effects import answer_with
from .http_server import Request, Response
from .methods import METHODS, Call, RawJson
from .parameters import UploadedFile, decode_parameters
from .simulator_core import Core

# Problems after which the real server would still do the call; with a permission, so does this one.
SURVIVABLE = {"unknown_parameter", "parse_mode", "entities"}


class BotSide:
    """Answers the bot."""

    def __init__(self, core: Core):
        self._core = core

    async def handle(self, request: Request) -> Response:
        """transport → token → scheduled fault → method → rate → specification → state → answer."""
        record = _Record(request, self._core.clock.monotonic())
        try:
            return await self._answer(request, record)
        except BotApiError as error:
            if error.violation:
                self._violation(record, error.violation, error.field, error.description)
            return self._finish(record, error.code, error)

    async def _answer(self, request: Request, record: _Record) -> Response:
        core = self._core
        token, _, name = request.path.removeprefix("/bot").partition("/")
        name = name.rstrip("/")
        record.method = core.spec.method_name(name) or name or "(none)"
        if request.method not in ("GET", "POST") or not name or "/" in name:
            raise BotApiError(404, "Not Found")
        raw, record.files = decode_parameters(request)
        record.params = dict(raw)
        if token != core.options.bot_token:
            well_formed = token.partition(":")[0].isdigit() and len(token.partition(":")[2]) > 2
            raise BotApiError(401, "Unauthorized" if well_formed else "Unauthorized: invalid token specified")
        if core.world.logged_out:
            raise BotApiError(400, "Logged out")
        chat = self._chat_key(raw)
        fault = core.faults.for_call(name, chat, " ".join(raw.values()))
        if fault is not None:
            record.fault = fault.kind
            return await answer_with(fault, core.clock, lambda: self._done(record, raw, request),
                                     lambda error: self._finish(record, error.code if error else None, error))
        return await self._done(record, raw, request)

    async def _done(self, record: _Record, raw: dict[str, str], request: Request) -> Response:
        return self._ok(record, await self._apply(record, raw, request))

    def _chat_key(self, raw: dict[str, str]) -> str | None:
        reference = raw.get("chat_id")
        chat = self._core.world.find_chat(reference) if reference else None
        return str(chat.id) if chat else reference

    async def _apply(self, record: _Record, raw: dict[str, str], request: Request) -> bytes:
        """Does the call and returns the body of its success."""
        core = self._core
        name = core.spec.method_name(record.method)
        if name is None:
            raise BotApiError(404, "Not Found: method not found", violation="unknown_method")
        self._check_rate(name, raw, record)
        params, problems = core.spec.check(name, raw, {file.name for file in record.files})
        record.params = params
        if problems:
            self._refuse(record, problems)
        model = METHODS.get(name)
        if model is None:
            raise BotApiError(501, f"Not Implemented: the simulator has no model of {name}",
                              violation="unmodelled_method")
        call = Call(core, name, params, record.files, request, record.effect)
        result = model(call)
        if inspect.isawaitable(result):
            result = await result
        record.validation = record.validation or "ok"
        text = result.text if isinstance(result, RawJson) else json.dumps(result, ensure_ascii=False).encode()
        tail = b"" if call.description is None else b',"description":' + json.dumps(call.description).encode()
        return b'{"ok":true,"result":' + text + tail + b"}"

    def _check_rate(self, name: str, raw: dict[str, str], record: _Record) -> None:
        chat = self._core.world.find_chat(raw.get("chat_id"))
        wait, record.rate = self._core.rates.check(name, str(chat.id) if chat else None, raw.get("message_id"),
                                                   chat is not None and chat.is_group)
        if wait:
            raise too_many_requests(wait, violation="rate_limit")

    def _refuse(self, record: _Record, problems: list[Problem]) -> None:
        """Records each problem; answers 400 unless all of them are permitted and survivable."""
        record.validation = [f"{problem.kind}: {problem.path}: {problem.detail}" for problem in problems]
        fatal: Problem | None = None
        for problem in problems:
            claimed = self._violation(record, problem.kind, problem.field, f"{problem.path}: {problem.detail}")
            if fatal is None and not (claimed and problem.kind in SURVIVABLE):
                fatal = problem
        if fatal is not None:
            raise BotApiError(400, fatal.description())

    def _violation(self, record: _Record, kind: str, field: str | None, text: str) -> bool:
        claimed = self._core.permitted(kind, record.method, field)
        self._core.journal.violation(kind, record.method, text, claimed, field=field,
                                     params={key: _short(value) for key, value in record.params.items()},
                                     connection=record.connection)
        if record.validation is None:
            record.validation = [f"{kind}: {text}"]
        return claimed

    def _ok(self, record: _Record, body: bytes) -> Response:
        shown: Any = {"ok": True, "result": record.effect["update_ids"]} if "update_ids" in record.effect \
            else json.loads(body)
        self._write(record, 200, shown)
        return Response(200, body)

    def _finish(self, record: _Record, status: int | None, error: BotApiError | None) -> Response:
        """Records the call's end; without an error there is nothing to answer with."""
        self._write(record, status, None if error is None else error.body())
        return Response(500) if error is None else error.response()

    def _write(self, record: _Record, status: int | None, response: Any) -> None:
        entry: dict[str, Any] = {
            "method": record.method, "params": record.params, "validation": record.validation or "not checked",
            "effect": record.effect, "status": status, "response": response, "connection": record.connection,
            "arrived": round(record.started, 6), "seconds": round(self._core.clock.monotonic() - record.started, 6)}
        if record.files:
            entry["files"] = [file.summary() for file in record.files]
        if record.fault:
            entry["fault"] = record.fault
        if record.rate:
            entry["rate"] = record.rate
        self._core.journal.append("bot", **entry)


class _Record:
    """What the journal will say of one call."""

    def __init__(self, request: Request, started: float):
        self.connection = request.connection_id
        self.started = started
        self.method = "(none)"
        self.params: dict[str, Any] = {}
        self.files: list[UploadedFile] = []
        self.validation: Any = None
        self.effect: dict[str, Any] = {}
        self.fault: str | None = None
        self.rate: dict[str, Any] = {}


def _short(value: Any) -> Any:
    return value[:200] + "…" if isinstance(value, str) and len(value) > 200 else value

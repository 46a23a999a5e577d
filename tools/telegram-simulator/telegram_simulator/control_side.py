"""POST and GET /sim/…: what tests and the chat page use."""

from __future__ import annotations

import asyncio
import inspect
import ipaddress
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs

from .assertions import CHECKS, check
from .command_menu import commands_for
from .control_fields import Fields
from .errors import ControlError
from .faults import OUTAGE_KINDS
from .file_side import FileSide
from .http_server import Request, Response
from .outage import Outage
from .predicates import parse_predicate
from .simulator_core import Core, Permission
from .user_chats import UserChats
from .user_media import UserMedia
from .user_side import UserSide

MAX_WAIT_SECONDS = 120
UNRECORDED = {"marker", "assert"}  # verbs that write their own entry, or none


class ControlSide:
    """Routes the control API."""

    def __init__(self, core: Core, outage: Outage, files: FileSide):
        self._core = core
        self._files = files
        self._outage = outage
        chats = UserChats(core)
        self._verbs: dict[str, Callable[[Fields], Any]] = {
            **chats.verbs(), **UserSide(core, chats).verbs(), **UserMedia(core).verbs(),
            "clock.advance": self._advance, "rate_model": self._rate_model, "allow": self._allow,
            "marker": self._marker, "assert": lambda fields: check(core, fields)}

    async def handle(self, request: Request) -> Response:
        """Answers JSON; refuses what another web site's script might send."""
        try:
            self._check_origin(request)
            name = request.path.removeprefix("/sim/").rstrip("/")
            if name == "fault":
                return _json(await self._fault(request))
            if request.method == "GET":
                return self._read(name, {key: values[-1] for key, values in parse_qs(request.query).items()})
            if request.method != "POST":
                raise ControlError(f"{request.method} is not served here", 405)
            body = _body(request)
            if name == "wait":
                return await self._wait(body, request)
            verb = self._verbs.get(name)
            if verb is None:
                raise ControlError(f"there is no verb {name!r}; there are {', '.join(sorted(self._verbs))}", 404)
            answer = verb(Fields(body))  # each verb reads all its fields, then refuses others, then acts
            if inspect.isawaitable(answer):
                answer = await answer
            if name not in UNRECORDED:
                self._core.journal.append("user", verb=name, fields=body, effect=answer)
            return _json({"ok": True, **answer})
        except ControlError as error:
            return _json({"ok": False, "error": str(error)}, error.status)

    @staticmethod
    def _check_origin(request: Request) -> None:
        """A page of another site may reach a loopback port by rebinding its own name to 127.0.0.1, so only addresses
        and localhost count as our name; and a script of another origin is refused."""
        host = request.headers.get("host", "")
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            if name != "localhost":
                raise ControlError("Host: the control API answers to an address or to localhost only", 403) from None
        origin = request.headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            raise ControlError("Origin: another site may not use the control API", 403)

    async def _fault(self, request: Request) -> dict:
        faults = self._core.faults
        if request.method == "GET":
            return {"ok": True, "faults": [fault.describe() for fault in faults.active]}
        if request.method == "DELETE":
            wanted = parse_qs(request.query).get("id", [""])[0]
            gone = faults.clear(int(wanted) if wanted.isdigit() else None)
            if self._outage.forget(gone):
                await self._outage.end()
            return {"ok": True, "removed": len(gone)}
        fault = faults.add(_body(request))
        if fault.kind in OUTAGE_KINDS:
            self._outage.begin(fault)
        self._core.journal.append("fault", **{"fault": fault.describe()})
        return {"ok": True, "id": fault.id}

    def _read(self, name: str, query: dict[str, str]) -> Response:
        core, world = self._core, self._core.world
        if name.startswith("chat/"):
            return self._transcript(name.removeprefix("chat/"), query)
        if name.startswith("file/"):
            return self._files.shown(name.removeprefix("file/"))
        if name == "typing":
            return _json({"typing": world.live_typing()})
        if name == "drafts":
            return _json({"drafts": world.live_drafts()})
        if name == "commands":
            return _json(self._commands(query))
        if name == "state":
            return _json(self.state())
        if name == "journal":
            after = query.get("after", "0")
            if not after.isdigit():
                raise ControlError("after: a seq, from 0")
            return _json({"entries": core.journal.entries[int(after):]})
        if name == "violations":
            found = core.journal.violations
            if query.get("unclaimed") == "1":
                found = [item for item in found if not item["claimed"]]
            return _json({"violations": found, "unclaimed": sum(not item["claimed"] for item in found)})
        if name == "assert":
            return _json({"checks": {name: " ".join((promise.__doc__ or "").split())
                                     for name, promise in CHECKS.items()}})
        raise ControlError(f"there is no reader {name!r}", 404)

    def _commands(self, query: dict[str, str]) -> dict:
        """Every list by scope; with chat (and user), also what that person sees there; with scope, lists of one type."""
        world = self._core.world
        lists = [{"scope": json.loads(scope), "language_code": language, "commands": items}
                 for (scope, language), items in world.commands.items()]
        answer: dict[str, Any] = {"commands": [item for item in lists
                                               if query.get("scope") in (None, item["scope"]["type"])],
                                  "menu_button": world.menu_button}
        if "chat" in query:
            chat = world.find_chat(query["chat"])
            if chat is None:
                raise ControlError(f"chat: there is no chat {query['chat']!r}", 404)
            user = query.get("user", str(min(chat.members, default=0)))
            if not user.isdigit():
                raise ControlError("user: a whole number is expected")
            scope, shown = commands_for(world, chat, int(user))
            answer.update(shown=shown, scope=scope, menu_button=chat.menu_button or world.menu_button)
        return answer

    def _transcript(self, reference: str, query: dict[str, str]) -> Response:
        world = self._core.world
        chat = world.find_chat(reference)
        if chat is None:
            raise ControlError(f"there is no chat {reference!r}", 404)
        messages = [message.view() for message in world.transcript(chat)]
        if query.get("format") == "text":
            lines = []
            for shown in messages:
                head = f"[{shown['message_id']}] {shown['name']}" + (" (edited)" if shown["edited"] else "")
                lines.append(f"{head}: {shown['text'] or json.dumps(shown.get('service', {}))}")
                for row in (shown["reply_markup"] or {}).get("inline_keyboard", []):
                    lines.append("    " + " ".join(f"[{button['text']}]" for button in row))
            return Response(200, ("\n".join(lines) + "\n").encode(), "text/plain; charset=utf-8")
        if query.get("limit", "").isdigit():
            messages = messages[-int(query["limit"]):]
        return _json({**world.describe_chat(chat), "messages": messages,
                      "deleted": [message.id for message in chat.messages.values() if message.deleted],
                      "typing": [item for item in world.live_typing() if item["chat"] == chat.id],
                      "drafts": [item for item in world.live_drafts() if item["chat"] == chat.id]})

    def state(self) -> dict:
        """Everything but the messages."""
        core, world = self._core, self._core.world
        return {"bot": world.bot, "note": core.options.note, "owner_id": core.options.owner_id,
                "polling": core.queue.is_polling, "seconds_since_poll": min(core.queue.seconds_since_poll(), 1e6),
                "pending_updates": core.queue.pending(), "allowed_updates": core.queue.allowed,
                "webhook": core.webhook.current.url if core.webhook.current else None,
                "confirmed_below": core.queue.confirmed_below,
                "users": list(world.users.values()),
                "chats": [world.describe_chat(chat) for chat in world.chats.values()],
                "callbacks": [{"id": item.id, "chat": item.chat_id, "message": item.message_id, "user": item.user_id,
                               "data": item.data, "answer": item.answer, "answered_after_s": item.answered_after}
                              for item in world.callbacks.values()],
                "calls": core.journal.call_counts, "seq": len(core.journal.entries),
                "rate_model": core.rates.describe(),
                "unclaimed_violations": sum(not item["claimed"] for item in core.journal.violations)}

    async def _wait(self, body: dict, request: Request) -> Response:
        """Answers as soon as the predicate holds; 408 after timeout_s."""
        seconds = body.pop("timeout_s", 10)
        if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 <= seconds <= MAX_WAIT_SECONDS:
            raise ControlError(f"timeout_s: seconds, 0 to {MAX_WAIT_SECONDS}")
        predicate = parse_predicate(self._core, body)
        matched = predicate()
        if matched is None:
            done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

            def look(_what: str, _chat: int | None) -> None:
                if not done.done():
                    found = predicate()
                    if found is not None:
                        done.set_result(found)

            def end() -> None:
                if not done.done():
                    done.set_result(None)

            timer = asyncio.get_running_loop().call_later(seconds, end)
            request.on_disconnect.append(end)
            self._core.listeners.append(look)
            try:
                matched = await done
            finally:
                timer.cancel()
                self._core.listeners.remove(look)
        if matched is None:
            return _json({"ok": False, "timed_out": True}, 408)
        return _json({"ok": True, "matched": matched})

    async def _advance(self, fields: Fields) -> dict:
        seconds = fields.number("s")
        fields.finish()
        if seconds < 0:
            raise ControlError("s: time does not go back")
        await self._core.clock.advance(seconds)
        self._core.world.changed(None)
        return {"now": self._core.clock.date()}

    def _allow(self, fields: Fields) -> dict:
        """Claims violations that happened (seq, or all), or permits a kind that will."""
        seq, everything = fields.integer("seq", None), fields.flag("all", False)
        kind, method, field = fields.text("kind", None), fields.text("method", None), fields.text("field", None)
        times = fields.integer("times", -1)
        fields.finish()
        if kind is not None:
            self._core.permissions.append(Permission(kind, method, field, times))
            return {"permitted": kind}
        if seq is None and not everything:
            raise ControlError("kind: give kind to permit what will come, or seq or all to claim what has come")
        claimed = [item for item in self._core.journal.violations if everything or item["seq"] == seq]
        if not claimed and not everything:
            raise ControlError(f"seq: {seq} is no violation")
        for item in claimed:
            item["claimed"] = True
        return {"claimed": len(claimed)}

    def _marker(self, fields: Fields) -> dict:
        name, data = fields.text("name"), fields.any("data", None)
        fields.finish()
        entry = self._core.journal.append("marker", name=name, data=data)
        return {"seq": entry["seq"]}

    def _rate_model(self, fields: Fields) -> dict:
        changes: dict[str, Any] = {}
        for name, value in asdict(self._core.rates.limits).items():
            given = fields.flag(name, None) if isinstance(value, bool) else fields.number(name, None)
            if given is not None:
                changes[name] = given
        fields.finish()
        for name, value in changes.items():
            if not isinstance(value, bool) and value <= 0:
                raise ControlError(f"{name}: a number above 0")
        self._core.rates.configure(changes)
        return self._core.rates.describe()


def _body(request: Request) -> dict:
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError:
        raise ControlError("the body is no JSON") from None
    if not isinstance(body, dict):
        raise ControlError("the body has to be a JSON object")
    return body


def _json(value: dict, status: int = 200) -> Response:
    return Response(status, json.dumps(value, ensure_ascii=False).encode(), "application/json; charset=utf-8",
                    {"Cache-Control": "no-store"})

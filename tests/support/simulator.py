"""The Telegram simulator as a test sees it: what a person does, what they then see, and what goes wrong."""

import sys
from pathlib import Path

from . import net
from .paths import SIMULATOR, require
from .process import Process
from .wait import PATIENCE, until

BOT_TOKEN = "700001:token-of-the-tests-0123456789abcdefgh"


class Simulator:
    """One simulator with an owner whose private chat is started. `close` fails the test when the bot broke
    a rule of the Bot API, or wrote too fast, and the test has not allowed it. `url` is the bot's API root and can
    be closed by the fault connect_refused; the test itself uses a second port that stays open."""

    def __init__(self, scratch: Path, owner_id: int = 1001, rate_model: bool = True, note: str = "", clock: str = "real",
                 privacy: bool = True, seed: int = 1):
        self.bot_token = BOT_TOKEN
        self.owner_id = owner_id
        self._scratch = scratch
        self._options = ["--owner-id", owner_id, "--owner-name", "Ada", "--note", note, "--clock", clock, "--seed", seed]
        self._options += ["--rate-model", "on" if rate_model else "off", "--privacy", "on" if privacy else "off"]
        self.process = self._start()
        self.port = int((scratch / "simulator.port").read_text())
        self.url = f"http://127.0.0.1:{self.port}"
        self._control = f"http://127.0.0.1:{int((scratch / 'simulator.control-port').read_text())}"

    def _start(self) -> Process:
        port_file = self._scratch / "simulator.port"
        port_file.unlink(missing_ok=True)
        script = require(SIMULATOR, "the checkout")
        arguments = ["--port", 0, "--port-file", port_file, "--bot-token", BOT_TOKEN, *self._options]
        arguments += ["--control-port", 0, "--control-port-file", self._scratch / "simulator.control-port"]
        process = Process("simulator", [sys.executable, script, *arguments], {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        try:
            process.wait_for_line(r"Telegram stand-in: http://")
        except AssertionError:
            process.destroy()
            raise
        return process

    def close(self) -> None:
        """Ends it. Fails when it has violations that nobody claimed."""
        try:
            if self.process.running:
                found = self.violations()
                assert not found, f"the bot broke rules of the Bot API (rate_limit: it wrote too fast): {found}"
        finally:
            self.process.destroy()

    def report(self) -> str:
        return self.process.report()

    # ---- what a person does --------------------------------------------------------------------------

    def do(self, verb: str, **fields) -> dict:
        """Any verb of the control API: do("user.create", id=7, name="Bob", started=True)."""
        reply = net.request("POST", f"{self._control}/sim/{verb}", fields)
        if reply.status != 200:
            raise AssertionError(f"the simulator refused {verb}: {reply.text}")
        return reply.json

    def send_text(self, text: str, chat: int | None = None, user: int | None = None, **fields) -> int:
        """A person writes (the owner, unless told otherwise, in their private chat); the message's id."""
        chat = self.owner_id if chat is None else chat
        if user is not None:
            fields["user"] = user
        return self.do("send_text", chat=chat, text=text, **fields)["message_id"]

    def press(self, message: dict | int, label: str, chat: int | None = None, **fields) -> dict:
        """A person taps a button of a message."""
        message_id = message if isinstance(message, int) else message["message_id"]
        return self.do("press", chat=self.owner_id if chat is None else chat, message=message_id, label=label, **fields)

    def add_user(self, user_id: int, name: str = "Bob", started: bool = True) -> int:
        """Another person with a private chat; their id, which is the chat's too."""
        return self.do("user.create", id=user_id, name=name, started=started)["chat"]

    def add_group(self, *members: int, title: str = "Group", forum: bool = False, **fields) -> int:
        """A group of the owner, these people and the bot; with forum a supergroup with topics. Its chat id."""
        kind = {"type": "supergroup", "forum": True} if forum else {}
        return self.do("chat.create", title=title, members=[self.owner_id, *members], **kind, **fields)["chat"]

    def add_topic(self, chat: int, name: str = "Garden") -> int:
        """A topic that a person makes; its thread."""
        return self.do("topic.create", chat=chat, name=name)["thread"]

    def advance(self, seconds: float) -> None:
        """Lets so many seconds pass at once, as Telegram sees them."""
        self.do("clock.advance", s=seconds)

    # ---- what they see -------------------------------------------------------------------------------

    def wait(self, timeout: float = PATIENCE, **predicate) -> list[dict]:
        """What matched, as soon as the predicate holds (telegram_simulator/predicates.py has them all)."""
        reply = net.request("POST", f"{self._control}/sim/wait", predicate | {"timeout_s": timeout}, timeout=timeout + 10)
        if reply.status == 408:
            chat = predicate.get("chat", self.owner_id)
            raise AssertionError(f"waited {timeout:g} s for {predicate}; the chat {chat}:\n{self.transcript(chat)}")
        if reply.status != 200:
            raise AssertionError(f"the simulator refused to wait for {predicate}: {reply.text}")
        return reply.json["matched"]

    def wait_for_reply(self, contains: str | None = None, after: int = 0, count: int = 1, chat: int | None = None,
                       timeout: float = PATIENCE, **fields) -> list[dict]:
        """The bot's messages that contain this, newer than the message `after`, once there are `count`."""
        if contains is not None:
            fields["contains"] = contains
        chat = self.owner_id if chat is None else chat
        return self.wait(timeout, chat=chat, count=count, after_message_id=after, **{"from": "bot"}, **fields)

    def messages(self, chat: int | None = None, sender: str | None = None) -> list[dict]:
        """The chat as it is now, oldest first; `sender`: only those of "bot" or "user"."""
        shown = self._get(f"chat/{self.owner_id if chat is None else chat}")["messages"]
        return [message for message in shown if sender in (None, message["from"])]

    def transcript(self, chat: int | None = None) -> str:
        """The same as text, for people."""
        return net.request("GET", f"{self._control}/sim/chat/{self.owner_id if chat is None else chat}?format=text").text

    def commands_shown(self, chat: int | None = None, user: int | None = None) -> list[str]:
        """The names in the menu that a person sees in a chat (the owner in theirs, unless told otherwise)."""
        chat = self.owner_id if chat is None else chat
        path = f"commands?chat={chat}" + ("" if user is None else f"&user={user}")
        return [item["command"] for item in self._get(path)["shown"]]

    def menu(self, chat: int) -> dict[str, str]:
        """The menu that a person sees in their private chat: each command's description."""
        return {item["command"]: item["description"] for item in self._get(f"commands?chat={chat}&user={chat}")["shown"]}

    def drafts(self) -> list[dict]:
        """Those that people see being written now."""
        return self._get("drafts")["drafts"]

    def state(self) -> dict:
        return self._get("state")

    def journal(self, direction: str | None = None, method: str | None = None) -> list[dict]:
        """Everything that happened; `direction` "bot" are the bot's calls, with `method`, `params`, `status`."""
        return [entry for entry in self._get("journal")["entries"]
                if direction in (None, entry["direction"]) and method in (None, entry.get("method"))]

    def _get(self, path: str) -> dict:
        reply = net.request("GET", f"{self._control}/sim/{path}")
        if reply.status != 200:
            raise AssertionError(f"the simulator refused {path}: {reply.text}")
        return reply.json

    # ---- what goes wrong -----------------------------------------------------------------------------

    def fault(self, kind: str, method: str | None = None, times: int = 1, **fields) -> int:
        """Schedules a fault (telegram_simulator/faults.py has the kinds); its id."""
        match = fields.pop("match", {}) | ({"method": method} if method else {})
        return self.do("fault", kind=kind, match=match, times=times, **fields)["id"]

    def wait_for_fault(self, fault_id: int) -> None:
        """Until the fault has begun to act, as often as it was to."""
        until(lambda: all(each["id"] != fault_id or each["left"] == 0 for each in self._get("fault")["faults"]), "the fault to act")

    def clear_faults(self, fault_id: int | None = None) -> None:
        """This one, or all: it does not act any more."""
        net.request("DELETE", f"{self._control}/sim/fault" + ("" if fault_id is None else f"?id={fault_id}"))

    def violations(self) -> list[dict]:
        """What the bot did against the rules of the Bot API ("rate_limit": it wrote too fast), and was not allowed."""
        return self._get("violations?unclaimed=1")["violations"]

    def client_429s(self) -> list[dict]:
        """The calls that the rate model refused. `close` fails on them unless `allow("rate_limit")`."""
        return [item for item in self._get("violations")["violations"] if item["kind"] == "rate_limit"]

    def allow(self, kind: str, **fields) -> None:
        """Permits what would be a violation; "rate_limit" is a 429 of the rate model."""
        self.do("allow", kind=kind, **fields)

    # ---- what must be true of all that happened (telegram_simulator/assertions.py) --------------------

    def check(self, promise: str, **fields) -> None:
        """Fails with every breach of the promise."""
        breaches = self.do("assert", check=promise, **fields)["breaches"]
        assert not breaches, f"{promise}: " + "; ".join(breaches)

    def check_exactly_once(self, *keys: str, **fields) -> None:
        """Each key stands in exactly one visible message of the bot (at_least=0: or in none), in `chat` or anywhere."""
        self.check("exactly_once", keys=list(keys), **fields)

    def check_order(self, *keys: str, chat: int | None = None, **fields) -> None:
        """The bot's messages with these keys come in this order; without keys: answers come as the questions came."""
        if keys:
            fields["keys"] = list(keys)
        self.check("order", chat=self.owner_id if chat is None else chat, **fields)

    def check_confirmed_after_marker(self, name: str) -> None:
        """No update was confirmed before the test said, with this marker, that it is durably stored."""
        self.check("confirmed_after_marker", name=name)

    def check_spacing(self, seconds: float, **fields) -> None:
        """The bot's messages and edits in a chat are at least so far apart."""
        self.check("spacing", seconds=seconds, **fields)

    def check_one_preview(self, **fields) -> None:
        """At most one draft or edited message for each message of a person."""
        self.check("one_preview", **fields)

    def check_callbacks_answered(self, within: float = 10.0) -> None:
        """Every button press was answered: in no time, on a machine that has some. bench/chat_slo.py holds it to a second."""
        self.check("callbacks_answered", within_s=within)

    def check_silent_after_401(self) -> None:
        self.check("silent_after_401")

    def check_retry_after_respected(self) -> None:
        """After a 429 the bot wrote nothing to that chat before it might."""
        self.check("retry_after_respected")

    def check_token_absent(self, lines: list[str] = ()) -> None:
        """The bot's token is in nothing it sent and in none of these lines, such as a role's log."""
        self.check("token_absent", lines=list(lines))

    def marker(self, name: str, **data) -> None:
        """Puts an entry of the test's own into the journal."""
        self.do("marker", name=name, data=data)

    def wait_for_polling(self, timeout: float = PATIENCE) -> None:
        """Until the bot waits in getUpdates."""
        self.wait(timeout, polling=True)

    def wait_for_silence(self, seconds_of_polling: float = 0.3, timeout: float = PATIENCE) -> None:
        """Until every update is confirmed and the bot does nothing but poll: for "and nothing else came"."""
        self.wait(timeout, queue_empty=True)
        previous = [-1]

        def quiet() -> bool:
            calls = len([entry for entry in self.journal("bot") if entry["method"] != "getUpdates"])
            unchanged, previous[0] = calls == previous[0], calls
            return unchanged

        until(quiet, "the bot to be silent", timeout, interval=seconds_of_polling)

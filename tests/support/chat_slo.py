"""How long people wait in a chat, told from outside: by the simulator's journal. bench/chat_slo.py holds these figures to what
the design promises, tests/system/test_scenarios_slo.py to looser ones, which a busy machine keeps too."""

import hashlib

from .butler import Butler
from .model_server import ModelServer, call
from .people import code_in
from .simulator import Simulator
from .wait import until

SLOW_TOOL = "sleep 600"


def story() -> dict:
    """What a model does that is stopped in mid-tool: it says something, and runs a command that does not end."""
    fixture = call("bash", {"command": SLOW_TOOL}, when="story", call_id="call_sleep")
    fixture["response"]["content"] = "Let me look first."
    return fixture


class ChatSlo:
    """Butler and the simulator run; where the docstring says so, this is the worker."""

    def __init__(self, simulator: Simulator, butler: Butler):
        self.simulator = simulator
        self.butler = butler
        self.owner = simulator.owner_id

    # ---- a visible state -----------------------------------------------------------------------------

    def shown(self, people: list[int]) -> list[float]:
        """From the message of each of these people until their chat shows that it runs, in seconds. This is the worker."""
        times = []
        for person in people:
            self.simulator.wait_for_silence()  # where messages come too fast, "typing…" is left out
            self.simulator.send_text("think", chat=person, user=person)
            claim = self._claim()
            self.simulator.wait(typing=person)
            self._complete(claim)
            entries = self.simulator.journal()
            asked = next(entry["t"] for entry in entries if entry["direction"] == "user" and entry["verb"] == "send_text"
                         and entry["fields"].get("chat") == person)
            times.append(next(entry["t"] for entry in entries if entry["direction"] == "bot" and entry["method"] == "sendChatAction"
                              and entry["params"]["chat_id"] == person) - asked)
        return times

    # ---- answers -------------------------------------------------------------------------------------

    def finals(self, people: list[int], group: int | None = None) -> list[float]:
        """A turn of each of these people, each shown as running; then they are completed, one after the other. From each
        completion until its answer is visible, in seconds. This is the worker."""
        chats = {person: person for person in people} | ({self.owner: group} if group else {})
        for person, chat in chats.items():
            self.simulator.send_text(f"/task think about {chat}", chat=chat, user=person)
        claims = [self._claim() for _ in chats]
        for chat in chats.values():
            if chat == group:
                self.simulator.wait_for_reply("Thinking", chat=chat)
            else:
                self.simulator.wait(draft=chat)
        return [self._complete(claim) for claim in claims]

    def _claim(self) -> dict:
        return self.butler.as_worker("POST", "/v1/workers/claim", {"workerId": "w", "waitSeconds": 50}).json

    def _complete(self, claim: dict) -> float:
        job, answer = claim["job"], f"Answer {claim['job']['id']}"
        self.simulator.marker("completed", job=job["id"])
        reply = self.butler.as_worker("POST", f"/v1/workers/{job['id']}/complete", {"resultText": answer},
                                      {"x-lease-token": claim["leaseToken"]})
        assert reply.status == 200, reply.text
        self.simulator.wait_for_reply(answer, chat=int(job["chatId"]))
        entries = self.simulator.journal()
        ended = next(entry["t"] for entry in entries if entry["direction"] == "marker" and entry["data"] == {"job": job["id"]})
        return next(entry["t"] for entry in entries if is_message(entry, answer)) - ended

    # ---- buttons -------------------------------------------------------------------------------------

    def callbacks(self, strangers: tuple[int, int]) -> dict[str, float]:
        """Presses buttons of every kind; from each press until it was answered, in seconds, by what stands on the button.
        This is the worker. The strangers have a private chat and are not let in yet."""
        pressed: dict[str, str] = {}  # callback query: what was pressed

        def press(message: dict, label: str, kind: str) -> None:
            query = self.simulator.press(message, label)["callback_query_id"]
            pressed[query] = f"{kind}: {label}"
            self.simulator.wait(callback_answered=query)

        press(self._say("/run make one", "make one"), "Approve", "command")
        press(self._say("/run make two", "make two"), "Deny", "command")
        claim = self._claim()
        self.butler.as_worker("POST", f"/v1/workers/{claim['job']['id']}/fail", {"error": "The compiler is missing."},
                              {"x-lease-token": claim["leaseToken"]})
        failure = self.simulator.wait_for_reply("The compiler is missing.")[0]
        press(failure, "Details", "failure")
        press(failure, "Retry", "failure")

        self.simulator.send_text("tidy up")
        claim = self._claim()
        for number, label in enumerate(("Once", "This session", "Always", "Deny")):
            press(self._tool_question(claim, f"rm file{number}"), label, "tool call")
        waiting = self._say("me too", "Queued")
        press(waiting, "Status", "queue")
        press(waiting, "Stop", "queue")
        settings = self._say("/settings", "mode")
        press(settings, "draft", "settings")
        self.simulator.wait(chat=self.owner, button="• draft")
        press(settings, "status", "settings")
        for stranger, label in zip(strangers, ("Approve", "Deny")):
            sent = self.simulator.send_text("/start", chat=stranger, user=stranger)
            code = code_in(self.simulator.wait_for_reply("code", after=sent, chat=stranger)[0]["text"])
            press(self.simulator.wait_for_reply(code)[0], label, "pairing")
        answered = {item["id"]: item["answered_after_s"] for item in self.simulator.state()["callbacks"]}
        return {kind: answered[query] for query, kind in pressed.items()}

    def _say(self, text: str, contains: str) -> dict:
        sent = self.simulator.send_text(text)
        return self.simulator.wait_for_reply(contains, after=sent)[0]

    def _tool_question(self, claim: dict, command: str) -> dict:
        asked = {"toolCallId": f"call {command}", "toolName": "bash", "summary": command, "input": {"command": command},
                 "risk": "It deletes.", "payloadHash": hashlib.sha256(command.encode()).hexdigest(), "cwd": "/workspace",
                 "sandboxProfile": "bwrap/1"}
        reply = self.butler.as_worker("POST", f"/v1/workers/{claim['job']['id']}/approvals", asked,
                                      {"x-lease-token": claim["leaseToken"]})
        assert reply.status in (200, 201), reply.text
        question = self.simulator.wait_for_reply(command)[0]
        # Shown is what the gateway knows to be shown.
        self.butler.wait_until_sent()
        return question

    # ---- Stop ----------------------------------------------------------------------------------------

    def stop_by_draft(self) -> float:
        """Stop under the draft of a private chat, in the middle of a tool; until the stopped answer is visible, in seconds."""
        sent = self.simulator.send_text("a long story")
        self.simulator.wait(draft=self.owner, contains=f"bash: {SLOW_TOOL}")
        agents = self.butler.agents()
        self.simulator.do("stop_draft", chat=self.owner)
        return self._stopped(self.owner, sent, "stop_draft", agents)

    def stop_by_button(self, group: int) -> float:
        """The same by the button under a group's status message."""
        sent = self.simulator.send_text("/task a long story", chat=group)
        status = self.simulator.wait_for_reply(f"bash: {SLOW_TOOL}", after=sent, chat=group)[0]
        agents = self.butler.agents()
        self.simulator.press(status, "Stop", chat=group)
        return self._stopped(group, sent, "press", agents)

    def _stopped(self, chat: int, sent: int, verb: str, agents: list[int]) -> float:
        answer = self.simulator.wait_for_reply("(stopped)", after=sent, chat=chat)[0]
        assert answer["text"] == "Let me look first.\n\n(stopped)", answer
        assert agents and self.butler.agents() == agents, "an agent had to be killed, which is to end its command when it is asked"
        entries = self.simulator.journal()
        pressed = max(entry["t"] for entry in entries if entry["direction"] == "user" and entry["verb"] == verb)
        return next(entry["t"] for entry in entries if entry["t"] > pressed and is_message(entry, "(stopped)")) - pressed


def is_message(entry: dict, text: str) -> bool:
    """Whether the journal's entry is a message with this text that the bot has sent."""
    sent = entry["direction"] == "bot" and entry["method"] == "sendMessage" and entry["status"] == 200
    return sent and text in entry["params"].get("text", "")


def configure(model: ModelServer) -> None:
    """Before stop_by_draft() and stop_by_button()."""
    model.script(story())

"""A message in each state of its life at once, each in a chat of its own, and what must become of it.

    cells = FaultCells(test, butler, simulator, chats)
    cells.prepare(1)            # each is in its state now
    …                           # something breaks
    cells.let_go()              # what was held back goes on, agents finish, people press their buttons
    cells.wait_for_answers()
    cells.check(may_lose=False)
"""

import unittest
from dataclasses import dataclass, field

from .faulty_butler import FaultyButler
from .invariants import FAILED, LOST, OPEN, all_jobs
from .relay import Hold
from .simulator import Simulator
from .wait import until

# The order in which they are brought about: the later ones keep what the earlier ones need.
STATES = ("agent has said text", "queued behind another", "tool runs", "person is asked", "part is sending", "part has arrived unheard",
          "result stored", "claimed unheard", "turn stored", "just accepted")
AWAY = "can't reach my orchestrator"  # whose press was not carried out reads that, and presses again
SCRIPT = "#!/bin/sh\necho $1 >> acted\n"  # what it does is in no command: a person is asked


@dataclass
class Cell:
    state: str
    chat: int
    key: str
    prompt: str
    round_start: int = 0  # the chat's messages before this one belong to earlier rounds
    holds: list[Hold] = field(default_factory=list)
    presses: list[str] = field(default_factory=list)  # ids of the callback queries
    witnessed: dict[str, list[dict]] = field(default_factory=dict)  # job id → the events that were seen

    @property
    def answer(self) -> str:
        return f"Answer: {self.key}."


class FaultCells:
    def __init__(self, test: unittest.TestCase, butler: FaultyButler, simulator: Simulator, chats: list[int]):
        self.test, self.butler, self.simulator = test, butler, simulator
        self.chats = dict(zip(STATES, [chats[0], chats[0], *chats[1:]], strict=True))  # the queued one is behind the first
        self.now: list[Cell] = []
        self.all: list[Cell] = []
        self._go = butler.scratch / "go"  # the agents wait until a file with their key is there
        self._go.mkdir(exist_ok=True)
        self._go.chmod(0o711)
        self._name = ""

    # ---- before the fault ----------------------------------------------------------------------------

    def prepare(self, name: str) -> None:
        self._name, self.now = name, []
        makers = (self._text, self._queued, self._tool, self._asked, self._sending, self._arrived, self._stored, self._claimed, self._turn, self._accepted)
        for state, make in zip(STATES, makers, strict=True):
            chat = self.chats[state]
            key = f"{name}-{STATES.index(state)}"
            cell = Cell(state, chat, key, "")
            self.now.append(cell)
            self.all.append(cell)
            make(cell)

    def _send(self, cell: Cell, prompt: str) -> None:
        cell.prompt = prompt
        cell.round_start = self.simulator.send_text(prompt, chat=cell.chat)

    def _job(self, cell: Cell, *statuses: str) -> dict | None:
        return next((job for job in self.butler.jobs(limit=50) if job["prompt"] == cell.prompt and job["status"] in statuses), None)

    def _witness(self, cell: Cell, event: str) -> None:
        def seen() -> bool:
            job = self._job(cell, *OPEN)
            events = self.butler.events(job["id"]) if job else []
            if not any(each["type"] == event for each in events):
                return False
            cell.witnessed[job["id"]] = events
            return True

        until(seen, f"'{cell.prompt}' to have a {event}")

    def _text(self, cell: Cell) -> None:
        self._send(cell, f"until {self._go / cell.key} {cell.key}.")
        self._witness(cell, "agent_text_delta")

    def _queued(self, cell: Cell) -> None:
        self._send(cell, f"say Answer: {cell.key}.")
        until(lambda: self._job(cell, "queued"), "the job to be queued")

    def _tool(self, cell: Cell) -> None:
        self._send(cell, f"act {cell.key}. echo {cell.key} >> acted; while test ! -e {self._go / cell.key}; do sleep 0.02; done")
        until(lambda: cell.key in self.acted(), "the tool to act")

    def _asked(self, cell: Cell) -> None:
        script = self.butler.workspace / "x.sh"
        script.write_text(SCRIPT)
        script.chmod(0o755)
        self._send(cell, f"act {cell.key}. ./x.sh {cell.key}")
        self.simulator.wait_for_reply("May I use bash?", after=cell.round_start, chat=cell.chat)

    def _delayed(self, cell: Cell, when: str) -> None:
        fault = self.simulator.fault("delay", ms=1_500, when=when, match={"method": "sendMessage", "chat": cell.chat, "contains": cell.answer})
        self._send(cell, f"say Answer: {cell.key}.")
        self.simulator.wait_for_fault(fault)

    def _sending(self, cell: Cell) -> None:
        self._delayed(cell, "before")

    def _arrived(self, cell: Cell) -> None:
        self._delayed(cell, "after")
        self.simulator.wait_for_reply(cell.answer, chat=cell.chat)

    def _held(self, cell: Cell, prompt: str, relay: str, words: str, answers: bool) -> None:
        hold = self.butler.relays[relay].hold(words.encode(), answers)
        cell.holds.append(hold)
        self._send(cell, prompt)
        hold.wait()

    def _stored(self, cell: Cell) -> None:
        self._held(cell, f"say {cell.answer}", "gateway", f'"resultText":"{cell.answer}', True)

    def _claimed(self, cell: Cell) -> None:
        self._held(cell, f"say {cell.answer}", "worker", f'"prompt":"say {cell.answer}', True)

    def _turn(self, cell: Cell) -> None:
        self._held(cell, f"say {cell.answer}", "gateway", f'"prompt":"say {cell.answer}', False)

    def _accepted(self, cell: Cell) -> None:
        self._send(cell, f"say {cell.answer}")

    # ---- while, and after ----------------------------------------------------------------------------

    def let_go(self) -> None:
        """What was held back goes on, agents finish, people press their buttons."""
        for cell in self.now:
            for hold in cell.holds:
                hold.release()
            (self._go / cell.key).touch()
            if cell.state == "person is asked":
                self._press(cell)

    def _press(self, cell: Cell) -> None:
        question = next(m for m in self.simulator.messages(cell.chat, "bot") if m["message_id"] > cell.round_start and m["reply_markup"])
        cell.presses.append(self.simulator.press(question, "Once", chat=cell.chat)["callback_query_id"])

    def _press_again_when_told_to(self, cell: Cell) -> None:
        shown = [str(each["answer"] or "") for each in self.simulator.state()["callbacks"] if each["id"] in cell.presses]
        told = len(self._visible(cell, AWAY)) + sum(AWAY in text for text in shown)
        if cell.presses and told >= len(cell.presses):
            self._press(cell)

    def wait_for_answers(self) -> None:
        for cell in self.now:
            until(lambda: self._ended(cell), f"an answer to '{cell.prompt}' ({cell.state})", timeout=90)
        until(lambda: not [job for job in all_jobs(self.butler) if job["status"] in OPEN], "nothing to be open")
        jobs = {job["prompt"]: job for job in all_jobs(self.butler)}
        for cell in self.now:  # two share a chat: what was seen above may be the other's end
            words = self._words_of_end(cell, jobs[cell.prompt])
            until(lambda: self._visible(cell, words), f"'{words}' after '{cell.prompt}' ({cell.state})")

    def _words_of_end(self, cell: Cell, job: dict) -> str:
        """What a person reads when the job has ended so."""
        if job["status"] == "completed":
            return cell.answer
        return LOST if job["error"] == "worker_lost" else FAILED

    def _ended(self, cell: Cell) -> bool:
        self.butler.restart_ended()
        self._press_again_when_told_to(cell)
        return any(self._visible(cell, words) for words in (cell.answer, LOST, FAILED))

    def _visible(self, cell: Cell, words: str) -> list[dict]:
        later = [each.round_start for each in self.all if each.chat == cell.chat and each.key.rsplit("-", 1)[0] != cell.key.rsplit("-", 1)[0]
                 and each.round_start > cell.round_start]
        end = min(later, default=1 << 62)
        return [m for m in self.simulator.messages(cell.chat, "bot") if cell.round_start < m["message_id"] < end and words in m["text"]]

    def acted(self) -> list[str]:
        """What the tools have done, in order."""
        file = self.butler.workspace / "acted"
        return file.read_text().split() if file.exists() else []

    # ---- what must be true ---------------------------------------------------------------------------

    def check(self, may_lose: bool, may_fail: bool) -> None:
        """Of this round's messages. `may_lose`: whether a job that had acted may end as lost; `may_fail`: whether one may end by
        saying that its agent could not work."""
        jobs = all_jobs(self.butler)
        for cell in self.now:
            with self.test.subTest(round=self._name, state=cell.state):
                self._check(cell, [job for job in jobs if job["prompt"] == cell.prompt], may_lose, may_fail)
        self._check_order(jobs)

    def _check(self, cell: Cell, jobs: list[dict], may_lose: bool, may_fail: bool) -> None:
        self.test.assertEqual(len(jobs), 1, "a message is one job")
        (job,) = jobs
        answers = self._visible(cell, cell.answer)
        unknown = self.butler.unknown_sends(job["id"])
        if job["status"] == "completed":
            self.test.assertIn(len(answers), range(1, 2 + unknown), f"one answer is seen: {job}")
        else:
            self.test.assertEqual(job["status"], "failed")
            self.test.assertTrue(may_lose if job["error"] == "worker_lost" else may_fail, job)
            self.test.assertEqual(answers, [])
            self.test.assertIn(len(self._visible(cell, self._words_of_end(cell, job))), range(1, 2 + unknown), "what became of it is said once")
        times = self.acted().count(cell.key)
        self.test.assertLessEqual(times, 1, "nothing is done twice")
        if job["status"] == "completed" and cell.state in ("tool runs", "person is asked"):
            self.test.assertEqual(times, 1)
        for job_id, events in cell.witnessed.items():
            self.test.assertEqual(job_id, job["id"])
            self.test.assertEqual(self.butler.events(job_id)[: len(events)], events, "what was answered is still there")

    def _check_order(self, jobs: list[dict]) -> None:
        """Of the two that share a chat: by what is seen, and by when they ran."""
        first, second = self.now[:2]
        ends = [next(job["updatedAt"] for job in jobs if job["prompt"] == cell.prompt) for cell in (first, second)]
        self.test.assertLessEqual(ends[0], ends[1])
        seen = self._visible(first, first.answer) or self._visible(first, LOST)
        behind = self._visible(second, second.answer) or self._visible(second, LOST)
        if seen and behind:
            self.test.assertLess(seen[0]["message_id"], behind[-1]["message_id"], "answers come in the order of the messages")

    def check_all(self) -> None:
        """Of everything, at the end: no message has more jobs than one, and nothing late has come."""
        prompts = [job["prompt"] for job in all_jobs(self.butler)]
        self.test.assertEqual(sorted(prompts), sorted(cell.prompt for cell in self.all))
        acted = self.acted()
        self.test.assertEqual(len(acted), len(set(acted)), "no side effect was repeated")

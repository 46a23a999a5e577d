"""Each process, in each state of a message's life, meets each fault: killed, stopped past its lease, its disk full or dead, its clock
moved, its connections cut, PostgreSQL restarted, an answer of Telegram's lost. One fault meets ten messages, one in each state.

The seed is printed; BUTLER_FAULTS_SEED repeats a run, BUTLER_FAULTS="gateway kill,worker cut" chooses, BUTLER_TEST_LONG runs them
all, several times.
"""

import os
import random
import time
import unittest

from support.butler import ROLES
from support.case import SystemTest
from support.fault_cells import STATES, FaultCells
from support.faulty_butler import TWIN, FaultyButler
from support.wait import until

LONG = bool(os.environ.get("BUTLER_TEST_LONG"))
# Seconds. Sanitizers take their time, and a busy machine must not look like a dead worker.
LEASE = 12 if os.environ.get("BUTLER_SANITIZED") else 5
HOUR = 3_600
LINKS = {"gateway": ("gateway", "telegram"), "orchestrator": ("gateway", "worker"), "worker": ("worker",)}
# A worker gives an orchestrator that says nothing fifteen seconds for a job's last words before it turns to the other, so there the
# lease is the default one.
LEASE_OF_TWO = 30
OF_TWO = ("kill", "stay_away")
OF_TWO_LONG = ("freeze_for_good", "freeze")
FAULTS = ("kill", "freeze", "full", "read_only", "clock", "cut", "long_cut")
# After these a job that had acted may be lost: nobody knows whether its worker lives.
MAY_LOSE = {("worker", fault) for fault in ("kill", "freeze", "full", "read_only", "long_cut")} | {("orchestrator", "long_cut")}

# An agent that cannot write says so.
MAY_FAIL = {("worker", "full"), ("worker", "read_only")}


class Faults(SystemTest):
    def setUp(self):
        self.seed = int(os.environ.get("BUTLER_FAULTS_SEED", random.SystemRandom().randrange(2**32)))
        self.random = random.Random(self.seed)
        self.simulator = self.start_simulator()
        people = [self.simulator.owner_id, *range(2001, 2001 + len(STATES) - 2)]
        for person in people[1:]:
            self.simulator.add_user(person, f"Person {person}")
        self.people = people
        self.postgres = None

    def start(self, twin: bool = False, **environment: str) -> None:
        self.lease = LEASE_OF_TWO if twin else LEASE
        self.butler = FaultyButler(self, self.simulator, self.people, self.lease, twin, **environment)
        self._reports.append(self.butler.report)
        self.cells = FaultCells(self, self.butler, self.simulator, self.people)

    def test_nothing_is_lost_or_doubled_whatever_breaks_whenever(self):
        self.start()
        self.run_rounds([(role, fault) for role in ROLES for fault in FAULTS] + [("gateway", "lost_answers")], 2)

    def test_nor_with_the_state_in_postgresql(self):
        self.postgres = self.start_postgres()
        self.start(ORCH_DATABASE_URL=self.postgres.url())
        self.run_rounds([("orchestrator", "database_restarted"), *(("orchestrator", fault) for fault in FAULTS)], 1)

    def test_nor_with_the_gateway_s_state_there(self):
        self.postgres = self.start_postgres()
        self.postgres.query("CREATE DATABASE chats")
        self.start(ORCH_DATABASE_URL=self.postgres.url(), GATEWAY_DATABASE_URL=self.postgres.url("chats"))
        self.butler.ask_gateway_server = lambda sql: self.postgres.query(sql, "chats")
        faults = ("database_restarted", "lost_answers", *FAULTS)
        self.run_rounds([("gateway", fault) for fault in faults], 1)

    def test_nor_with_two_orchestrators_of_which_one_goes_on(self):
        self.postgres = self.start_postgres()
        self.start(twin=True, ORCH_DATABASE_URL=self.postgres.url())
        either = ("orchestrator", TWIN)
        matrix = [("orchestrator", "database_restarted"), *((role, fault) for role in either for fault in OF_TWO)]
        long = [(role, fault) for role in either for fault in OF_TWO_LONG]
        long += [(role, fault) for role in ("gateway", "worker") for fault in ("kill", "freeze", "cut")]
        self.run_rounds(matrix + long if LONG else matrix, 2)

    def test_a_message_after_the_clock_was_set_back_waits_its_turn(self):
        self.start()
        if not self.butler.clocks_can_jump:
            self.skipTest("no clock can jump here")
        go = self.butler.scratch / "go" / "now"
        said = ["Answer: first.", "Answer: second.", "Answer: third."]
        self.simulator.send_text(f"until {go} {said[0]}")
        until(lambda: self.butler.jobs(status="running"), "the first to run")
        self.simulator.send_text(f"say {said[1]}")
        until(lambda: self.butler.jobs(status="queued"), "the second to wait")
        self.butler.kill("orchestrator")
        self.butler.set_clock("orchestrator", -2 * HOUR)
        self.butler.start("orchestrator")
        self.simulator.send_text(f"say {said[2]}")
        until(lambda: len(self.butler.jobs(status="queued")) == 2, "the third to wait")
        self.assertEqual([said[2] in job["prompt"] for job in self.butler.jobs()], [True, False, False], "newest first")
        go.touch()
        self.simulator.wait_for_reply(said[2])
        answers = [message["text"] for message in self.simulator.messages(sender="bot") if message["text"] in said]
        self.assertEqual(answers[-2:], said[1:])

    # ---- rounds --------------------------------------------------------------------------------------

    def run_rounds(self, matrix: list[tuple[str, str]], count: int) -> None:
        if not self.butler.clocks_can_jump:
            matrix = [each for each in matrix if each[1] != "clock"]
        chosen = [each for _ in range(3) for each in self.random.sample(matrix, len(matrix))] if LONG else self.random.sample(matrix, count)
        if given := os.environ.get("BUTLER_FAULTS"):
            chosen = [each for each in (tuple(words.split()) for words in given.split(",")) if each in matrix]
        print(f"faults: {len(chosen)} rounds of {len(STATES)} states, seed {self.seed}", flush=True)
        for number, (role, fault) in enumerate(chosen):
            started = time.monotonic()
            self.round(f"r{number}", role, fault)
            print(f"faults: {role} {fault}, {time.monotonic() - started:.1f} s", flush=True)
        self.simulator.wait_for_silence()
        self.cells.check_all()

    def round(self, name: str, role: str, fault: str) -> None:
        self.cells.prepare(name)
        act = getattr(self, f"_{fault}")
        # Whether the world goes on while it is broken, or only afterwards.
        early = self.random.random() < 0.5 or fault in ("stay_away", "freeze_for_good")
        act(role, self.cells.let_go if early else lambda: None)
        if not early:
            self.cells.let_go()
        self.cells.wait_for_answers()
        self.cells.check(may_lose=(role, fault) in MAY_LOSE, may_fail=(role, fault) in MAY_FAIL)

    # ---- faults: each begins, calls `meanwhile`, and ends ---------------------------------------------

    def _kill(self, role: str, meanwhile) -> None:
        self.butler.kill(role)
        meanwhile()
        self.butler.start(role)

    def _freeze(self, role: str, meanwhile) -> None:
        self.butler.freeze(role)
        meanwhile()
        self.pass_a_lease()
        self.butler.thaw(role)

    def _stay_away(self, role: str, meanwhile) -> None:
        """The other goes on alone."""
        self.butler.kill(role)
        self.butler.away.add(role)
        meanwhile()
        self.cells.wait_for_answers()
        self.butler.away.discard(role)
        self.butler.start(role)

    def _freeze_for_good(self, role: str, meanwhile) -> None:
        """The other goes on alone, and nobody is told that this one does not."""
        self.butler.freeze(role)
        meanwhile()
        self.cells.wait_for_answers()
        self.butler.thaw(role)

    def _full(self, role: str, meanwhile) -> None:
        self.butler.disks[role].fill()
        meanwhile()
        self.notice(role)
        self.butler.disks[role].make_room()
        self.butler.restart_ended()

    def _read_only(self, role: str, meanwhile) -> None:
        self.butler.disks[role].break_off()
        meanwhile()
        self.notice(role)
        try:
            self.butler.kill(role)
        except ProcessLookupError:
            pass  # it has ended by itself
        until(self.butler.disks[role].try_to_repair, f"nobody to use the disk of the {role}")
        self.butler.start(role)

    def _clock(self, role: str, meanwhile) -> None:
        self.butler.set_clock(role, self.random.choice((-2 * HOUR, 2 * HOUR, 48 * HOUR)))
        self.pass_a_lease()  # whoever reckons with two clocks has lost it by then
        meanwhile()
        if self.random.random() < 0.5:
            self.butler.set_clock(role, 0)

    def _cut(self, role: str, meanwhile) -> None:
        for link in LINKS[role]:
            self.butler.relays[link].cut()
        meanwhile()
        for link in LINKS[role]:
            self.butler.relays[link].mend()

    def _long_cut(self, role: str, meanwhile) -> None:
        for link in LINKS[role]:
            self.butler.relays[link].cut()
        meanwhile()
        self.pass_a_lease()
        for link in LINKS[role]:
            self.butler.relays[link].mend()

    def _lost_answers(self, role: str, meanwhile) -> None:
        for method in ("sendMessage", "answerCallbackQuery", "getUpdates"):
            self.simulator.fault("reset_after_apply", method, times=2)
        meanwhile()

    def _database_restarted(self, role: str, meanwhile) -> None:
        self.postgres.kill()
        meanwhile()
        self.postgres.start()

    def pass_a_lease(self) -> None:
        began = time.monotonic()
        until(lambda: time.monotonic() - began > self.lease * 1.3, "a lease to pass")

    def notice(self, role: str) -> None:
        """Until the role has ended of its broken disk, or has had the time to."""
        began = time.monotonic()
        until(lambda: not self.butler.runs(role) or time.monotonic() - began > 1, "the role to notice")


if __name__ == "__main__":
    unittest.main()

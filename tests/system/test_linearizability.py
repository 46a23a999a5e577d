"""Clients write and read while one orchestrator, or two, are killed, stopped and cut from their database: what they were told can be told in one
order, in which each job is one register.

The seed is printed; BUTLER_LINEAR_SEED repeats a run's choices, BUTLER_TEST_LONG makes it minutes.
"""

import itertools
import os
import random
import shutil
import tempfile
import time
import unittest
from pathlib import Path

from support.butler import Butler
from support.case import SystemTest
from support.linearizability import Clients, History, Operation, fits
from support.postgres import Postgres
from support.wait import PATIENCE, until

SECONDS = 60 if os.environ.get("BUTLER_TEST_LONG") else 3


def setUpModule():
    """One server for all, a database for each test."""
    global SERVER
    folder = Path(tempfile.mkdtemp(prefix="butler-test-", dir="/tmp"))
    folder.chmod(0o711)
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    SERVER = Postgres(folder)
    unittest.addModuleCleanup(SERVER.close)


class Search(unittest.TestCase):
    """The check itself finds what it is there to find."""

    def test_it_accepts_what_can_be_ordered_and_nothing_else(self):
        made = Operation("create", "j", None, 0, 1, "id")
        claimed = Operation("claim", "j", "t", 2, 3, "t")
        done = Operation("complete", "j", ("t", "r"), 4, 5, 200)
        unheard = Operation("complete", "j", ("t", "r"), 4)
        for expected, more in (
            (True, [claimed, done, Operation("read", "j", None, 6, 7, ("completed", "r"))]),
            (False, [claimed, done, Operation("read", "j", None, 6, 7, ("running", None))]),
            (True, [claimed, done, Operation("read", "j", None, 4.5, 7, ("running", None))]),
            (True, [claimed, unheard, Operation("read", "j", None, 6, 7, ("running", None)), Operation("read", "j", None, 8, 9, ("completed", "r"))]),
            (False, [claimed, unheard, Operation("read", "j", None, 6, 7, ("completed", "r")), Operation("read", "j", None, 8, 9, ("running", None))]),
            (False, [claimed, Operation("claim", "j", "u", 4, 5, "u")]),
            (False, [claimed, Operation("complete", "j", ("u", "r"), 4, 5, 200)]),
            (True, [claimed, Operation("complete", "j", ("u", "r"), 4, 5, 409)]),
            (False, [claimed, Operation("complete", "j", ("t", "r"), 4, 5, 409)]),
            (False, [Operation("read", "j", None, 6, 7, ("completed", "r"))]),
        ):
            with self.subTest(more=more):
                self.assertEqual(fits([made, *more]), expected)


class Linearizability(SystemTest):
    def setUp(self):
        self.seed = int(os.environ.get("BUTLER_LINEAR_SEED", random.SystemRandom().randrange(2**32)))
        self.random = random.Random(self.seed)

    def new_database(self, name: str) -> str:
        """Its address."""
        SERVER.query(f"CREATE DATABASE {name}", "postgres")
        self._reports.append(SERVER.report)
        return SERVER.url(name)

    def test_one_orchestrator_on_sqlite_that_is_killed_and_stopped(self):
        self.orchestrators = [self.make_butler()]
        self.run_history([self.kill, self.stop])

    def test_one_orchestrator_on_postgresql_whose_connections_are_ended_too(self):
        self.orchestrators = [self.make_butler(ORCH_DATABASE_URL=self.new_database("one"))]
        self.run_history([self.kill, self.stop, self.end_connections])

    def test_two_orchestrators_on_one_database(self):
        database = self.new_database("two")
        (self.scratch / "second").mkdir(mode=0o711)
        first = self.make_butler(ORCH_DATABASE_URL=database)
        second = Butler(self.scratch / "second", None, None, ORCH_DATABASE_URL=database)
        self._reports.append(second.report)
        self.addCleanup(second.close)
        (second.home / "artifacts").symlink_to(first.home / "artifacts")
        self.orchestrators = [first, second]
        self.run_history([self.kill, self.stop, self.end_connections])

    def run_history(self, nemeses: list) -> None:
        for each in self.orchestrators:
            each.start("orchestrator")
        history = History()
        clients = Clients(history, [each.url for each in self.orchestrators], self.seed)
        began = time.monotonic()
        for number, nemesis in enumerate(itertools.cycle(self.random.sample(nemeses, len(nemeses)))):
            # Each has come at least once, and there is something to check: also where all is slow.
            if number >= len(nemeses) and (time.monotonic() - began > PATIENCE or time.monotonic() - began > SECONDS and history.says_something()):
                break
            pause, since = self.random.uniform(0.1, 0.6), time.monotonic()
            until(lambda: time.monotonic() - since > pause, "a while to pass")
            nemesis(self.random.choice(self.orchestrators))
            self.revive()
        clients.stop()
        checked = history.check()
        print(f"linearizability: {checked}, seed {self.seed}", flush=True)
        self.assertTrue(history.says_something(), "too few jobs, or no call was cut off")

    # ---- what goes wrong -----------------------------------------------------------------------------

    def kill(self, orchestrator) -> None:
        try:
            orchestrator.kill("orchestrator")
        except ProcessLookupError:
            pass  # it has ended just now; revive() starts either

    def revive(self) -> None:
        """As a service manager does: a write of which nobody knows whether it was kept ends an orchestrator."""
        for orchestrator in self.orchestrators:
            try:
                orchestrator.pid("orchestrator")
            except ProcessLookupError:
                orchestrator.start("orchestrator")

    def stop(self, orchestrator) -> None:
        try:
            orchestrator.freeze("orchestrator")
        except ProcessLookupError:
            return  # it has ended just now
        since = time.monotonic()
        until(lambda: time.monotonic() - since > 0.3, "a while to pass")
        orchestrator.thaw("orchestrator")

    def end_connections(self, _) -> None:
        SERVER.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'butler-orchestrator%'")


if __name__ == "__main__":
    unittest.main()

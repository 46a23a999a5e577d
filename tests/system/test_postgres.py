"""The orchestrator's state in PostgreSQL: from the message to the answer, and through kills of both."""

import os
import time
import unittest

from support.butler import ROLES
from support.case import SystemTest
from support.postgres import PASSWORD
from support.process import environment
from support.wait import until

# Long enough that a worker that is well is never late on a busy machine.
SHORT_LEASE = 5 if os.environ.get("BUTLER_SANITIZED") else 2


class Postgres(SystemTest):
    def start(self, **variables: str) -> None:
        self.postgres = self.start_postgres()
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator, ORCH_DATABASE_URL=self.postgres.url(), **variables)
        self.butler.up()
        self.simulator.wait_for_polling()

    def running_job(self) -> dict:
        return until(lambda: next(iter(self.butler.jobs(status="running")), None), "a job to run")

    def final_messages(self, text: str) -> list[dict]:
        return [message for message in self.simulator.messages(sender="bot") if text in message["text"]]

    def stored_jobs(self) -> list[list[str]]:
        return self.postgres.query("SELECT prompt, status, attempt FROM jobs ORDER BY id")

    def test_a_message_is_answered_and_only_the_orchestrator_knows_the_database(self):
        self.start()
        self.simulator.send_text("kept in a server")
        self.simulator.wait_for_reply("kept in a server")
        self.assertEqual(self.stored_jobs(), [["kept in a server", "completed", "1"]])
        self.assertFalse((self.butler.home / "state.db").exists())
        for role in ROLES:
            known = environment(self.butler.pid(role)).get("ORCH_DATABASE_URL")
            self.assertEqual(known, self.postgres.url() if role == "orchestrator" else None, role)
        self.assertNotIn(PASSWORD, "\n".join(self.butler.lines("orchestrator")))

    def test_an_orchestrator_killed_in_mid_job_still_brings_the_answer_once(self):
        self.start(PI_MOCK_STEP_MS="300")
        self.simulator.send_text("survive the orchestrator")
        self.running_job()
        old = self.butler.kill("orchestrator")
        self.butler.wait_for_restart("orchestrator", old)
        self.simulator.wait_for_reply("survive the orchestrator")
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.final_messages("survive the orchestrator")), 1)
        self.assertEqual(self.stored_jobs(), [["survive the orchestrator", "completed", "1"]])

    def test_a_server_away_for_longer_than_a_lease_takes_no_job_with_it(self):
        self.start(PI_MOCK_STEP_MS=str(1_500 * SHORT_LEASE), ORCH_LEASE_SECONDS=str(SHORT_LEASE), WORKER_HEARTBEAT_MS="300")
        self.simulator.send_text("survive the database")
        self.running_job()
        self.postgres.kill()
        self.butler.wait_for_log("orchestrator", r"event=store\.(error|away)")
        gone = time.monotonic()
        until(lambda: time.monotonic() - gone > 2 * SHORT_LEASE, "two leases to pass")
        self.postgres.start()
        self.simulator.wait_for_reply("survive the database")
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.final_messages("survive the database")), 1)
        self.assertEqual(self.stored_jobs(), [["survive the database", "completed", "1"]])


if __name__ == "__main__":
    unittest.main()

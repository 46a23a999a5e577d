"""ORCH_RETENTION_DAYS: what is old goes, in small steps that nobody waits for."""

import sqlite3
import unittest

from support.api import AT_ONCE, ApiTest
from support.prometheus import Metrics
from support.wait import until
from support.wire import Stopwatch

DAY = 24 * 60 * 60 * 1000


class Retention(ApiTest):
    environment = {"ORCH_RETENTION_DAYS": "30"}

    def restart_later(self, days: int, *statements: str) -> None:
        """As if that many days had passed in between."""
        self.butler.kill("orchestrator")
        database = sqlite3.connect(self.butler.home / "state.db")
        with database:
            database.execute(f"UPDATE jobs SET created_at = created_at - {days * DAY}, updated_at = updated_at - {days * DAY}, "
                             f"started_at = started_at - {days * DAY}, finished_at = finished_at - {days * DAY}")
            database.execute(f"UPDATE sessions SET used_at = used_at - {days * DAY}")
            for statement in statements:
                database.execute(statement)
        database.close()
        self.orchestrator = self.butler.start("orchestrator")

    def is_gone(self, job_id: str) -> bool:
        return self.gateway("GET", f"/v1/jobs/{job_id}").status == 404

    def test_only_ended_jobs_that_nobody_waits_for_go_and_their_keys_with_them(self):
        old = self.create(key="once", sessionKey="old")["id"]
        self.complete(self.claim(sessionStore="store-1"))
        delivered = self.complete(self.running(deliverTo="me"))["job"]["id"]
        waiting = self.create(kind="run")["id"]
        queued = self.create()["id"]
        self.restart_later(29)
        self.assertFalse(self.is_gone(old))
        self.restart_later(2)
        until(lambda: self.is_gone(old), "the old job to go")
        for job_id in (delivered, waiting, queued):
            self.assertFalse(self.is_gone(job_id))
        self.assertNotEqual(self.create(key="once", sessionKey="old")["id"], old)
        (open_delivery,) = self.expect(200, self.gateway("GET", "/v1/deliveries", deliverTo="me"))["jobs"]
        self.assertEqual(open_delivery["id"], delivered)
        self.expect(200, self.gateway("POST", f"/v1/deliveries/{delivered}/ack", {}))
        self.restart_later(0)
        until(lambda: self.is_gone(delivered), "the acknowledged job to go")

    def test_thousands_of_old_jobs_hinder_nobody(self):
        held = self.running()
        self.say(held, *["x" * 100] * 200)
        self.complete(held)
        copies = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
        columns = "kind, status, prompt, channel, chat_id, requester_id, session_key, requires_approval, attempt, max_attempts, created_at, updated_at, started_at, finished_at"
        self.restart_later(
            31,
            f"{copies} INSERT INTO jobs (id, {columns}) SELECT 'copy-' || i, {columns} FROM jobs, n WHERE jobs.row = 1",
            "INSERT INTO events SELECT jobs.row, events.seq, events.type, events.ts, NULL, NULL FROM jobs, events WHERE jobs.row > 1 AND events.seq <= 4")
        slowest = 0.0
        while not (self.is_gone(held.id) and self.is_gone("copy-3000")):
            with Stopwatch() as watch:
                self.create(kind="run")
            slowest = max(slowest, watch.seconds)
        self.assertLess(slowest, AT_ONCE)
        metrics = Metrics(self.gateway("GET", "/metrics").text)
        self.assertEqual(metrics["butler_jobs_removed_total"], 3001)


if __name__ == "__main__":
    unittest.main()

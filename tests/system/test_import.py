"""butler import: the data folder of the first version, with half-written and foreign entries."""

import datetime
import json
import os
import subprocess
import unittest

from support.case import SystemTest
from support.paths import BINARY


def days_ago(days: int) -> str:
    """As the first version wrote times. What ended longer ago than ORCH_RETENTION_DAYS goes at the first start."""
    return (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Import(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.simulator.add_user(3001, "Old Friend")
        self.butler = self.make_butler(self.simulator)
        self.folder = self.scratch / "first-version"
        self.folder.mkdir()

    def write(self, name: str, content) -> None:
        (self.folder / name).write_text(content if isinstance(content, str) else json.dumps(content))

    def run_import(self, *words: str, **more: str) -> subprocess.CompletedProcess:
        environment = {"PATH": os.environ["PATH"], "BUTLER_HOME": str(self.butler.home), "BUTLER_ENV_FILE": ""} | more
        return subprocess.run([BINARY, "import", *words, str(self.folder)], capture_output=True, text=True, env=environment, cwd=self.scratch, timeout=60)

    def job(self, **fields) -> dict:
        return {"kind": "task", "status": "completed", "prompt": "an old task", "channel": "telegram", "chatId": "3001", "requesterId": "3001",
                "sessionKey": "telegram:3001:v4", "resultText": "an old answer", "createdAt": days_ago(3), "updatedAt": days_ago(2)} | fields

    def test_who_was_paired_goes_on_in_the_same_session_with_the_history_there(self):
        self.write("state.json", {"jobs": {"1": self.job(id="1"), "2": self.job(id="2", status="queued", prompt="never begun"), "3": {"id": "3"}},
                                  "events": {"1": [{"type": "log", "ts": days_ago(3), "message": "hello"}]}})
        self.write("pairings.json", {"allowedUserIds": [3001], "pendingByUserId": {}})
        self.write("sessions.json", {"sessionsByRouteKey": {"chat:3001": {"sessionKey": "telegram:3001:v4", "generation": 4}}})

        done = self.run_import("--json")

        self.assertEqual(done.returncode, 1, "something was not taken over")
        told = json.loads(done.stdout)
        self.assertEqual((told["jobs"], told["peopleAndSessions"]), (2, 2))
        self.assertIn("the job 3 cannot be read", told["refused"][0])
        self.assertIn("the job 2 was queued", told["changed"][0])

        self.butler.up()
        self.assertEqual([(job["prompt"], job["status"]) for job in self.butler.jobs()], [("never begun", "aborted"), ("an old task", "completed")])
        sent = self.simulator.send_text("I am still in", chat=3001)
        self.simulator.wait_for_reply("I am still in", chat=3001, after=sent)
        self.assertEqual(self.butler.jobs()[0]["sessionKey"], "telegram:3001:v4")
        self.assertEqual(self.run_import().returncode, 1)
        self.assertIn("Butler runs", self.run_import().stderr)

    def test_a_half_written_file_is_named_and_the_others_are_taken(self):
        self.write("state.json", '{"jobs": {"1": {"id": "1", "sta')
        self.write("pairings.json", {"allowedUserIds": [3001]})
        done = self.run_import()
        self.assertEqual(done.returncode, 1)
        self.assertIn("state.json is no JSON, or was only half written", done.stdout)
        self.assertIn("0 jobs, 1 people", done.stdout)
        self.assertEqual(self.run_import("--json").returncode, 1)

    def test_nothing_is_taken_over_into_a_database_that_is_not_used(self):
        self.write("pairings.json", {"allowedUserIds": [3001]})
        done = self.run_import(ORCH_DATABASE_URL="postgresql://butler@localhost/butler")
        self.assertEqual(done.returncode, 1)
        self.assertIn("PostgreSQL", done.stderr)
        self.assertFalse((self.butler.home / "gateway.db").exists())

    def test_a_folder_of_something_else_is_refused(self):
        done = self.run_import()
        self.assertEqual(done.returncode, 1)
        self.assertIn("data folder", done.stderr)
        self.assertFalse((self.butler.home / "state.db").exists())


if __name__ == "__main__":
    unittest.main()

"""`butler migrate` and `butler export`: what an operator asks of the databases from outside."""

import json
import os
import sqlite3
import stat
import threading
import unittest
from pathlib import Path

from support import console
from support.butler import GATEWAY_TOKEN, WORKER_TOKEN, Butler
from support.case import SystemTest

FILES = {"jobs.jsonl", "results.jsonl", "events.jsonl", "messages.jsonl", "approvals.jsonl", "artifacts.jsonl", "people.jsonl", "sessions.jsonl"}


def migrate(case: SystemTest, butler: Butler, what: str, code: int) -> dict:
    """What `butler migrate status` or `up` says of each role's database."""
    ran = console.run(butler, "migrate", what, "--json")
    case.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
    answer = json.loads(ran.stdout)
    case.assertEqual(answer["ok"], code == 0)
    return {database["role"]: database for database in answer["databases"]}


class Migrate(SystemTest):
    def setUp(self):
        self.butler = self.make_butler(self.start_simulator())

    def migrate(self, what: str, code: int) -> dict:
        return migrate(self, self.butler, what, code)

    def age(self, name: str) -> None:
        """Takes the notes of the newest migrations away, and what they have made: as a Butler of before left it."""
        with sqlite3.connect(self.butler.home / name) as database:
            self.assertEqual(database.execute("SELECT max(version) FROM migrations").fetchone()[0], 6)
            database.executescript("""
                DROP TRIGGER artifacts_count_in; DROP TRIGGER artifacts_count_out; DROP TABLE artifacts; DROP TABLE artifact_bytes;
                DROP INDEX jobs_awaiting_attachments; ALTER TABLE jobs DROP COLUMN attachments; ALTER TABLE jobs DROP COLUMN attachments_due;
                DELETE FROM migrations WHERE version >= 5;""")

    def test_what_waits_is_told_applied_with_a_copy_and_a_newer_database_is_refused(self):
        absent = self.migrate("status", 0)
        self.assertEqual([database["state"] for database in absent.values()], ["absent", "absent"])
        self.assertFalse((self.butler.home / "state.db").exists(), "a look makes nothing")
        self.butler.start_all()
        running = self.migrate("status", 0)
        self.assertEqual([database["state"] for database in running.values()], ["current", "current"])
        refused = console.run(self.butler, "migrate", "up")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("Stop it first", refused.stderr)
        self.butler.close()

        self.age("state.db")
        before = (self.butler.home / "state.db").read_bytes()
        self.assertEqual(self.migrate("status", 1)["orchestrator"]["waiting"], ["0005_artifacts.sql", "0006_comparisons.sql"])
        self.assertEqual((self.butler.home / "state.db").read_bytes(), before)
        done = self.migrate("up", 0)["orchestrator"]
        self.assertEqual((done["state"], done["version"], done["waiting"]), ("current", 6, []))
        copy = Path(done["copy"])
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        with sqlite3.connect(copy) as database:
            self.assertEqual(database.execute("SELECT max(version) FROM migrations").fetchone()[0], 4)
        self.butler.start("orchestrator")  # nothing is in its way
        self.butler.close()

        with sqlite3.connect(self.butler.home / "gateway.db") as database:
            database.execute("INSERT INTO migrations VALUES (99, '0099_later.sql', 'x', 0)")
        self.assertEqual(self.migrate("up", 1)["gateway"]["state"], "newer")
        told = console.run(self.butler, "migrate", "status")
        self.assertEqual(told.returncode, 1)
        self.assertIn("a newer Butler wrote it", told.stdout)


class Export(SystemTest):
    def export(self, name: str = "out") -> tuple[Path, dict]:
        folder = self.scratch / name
        ran = console.run(self.butler, "export", str(folder), "--json")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return folder, json.loads(ran.stdout)

    def records(self, folder: Path, name: str) -> list[dict]:
        return [json.loads(line) for line in (folder / name).read_text().splitlines()]

    def check_export(self, **environment: str) -> None:
        simulator = self.start_simulator()
        self.butler = self.make_butler(simulator, **environment)
        self.butler.start_all()
        simulator.send_text("hello export ‘quoted’ 🙂")
        simulator.wait_for_reply("You said: hello export")
        stop = threading.Event()
        made: list[str] = []

        def create() -> None:
            while not stop.is_set():
                made.append(self.butler.create_job(f"number {len(made)}", sessionKey=f"s:{len(made)}")["id"])

        busy = threading.Thread(target=create)
        busy.start()
        try:
            folder, answer = self.export()
        finally:
            stop.set()
            busy.join()
        self.assertEqual(set(os.listdir(folder)), FILES | {"manifest.json"})
        self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700)
        manifest = json.loads((folder / "manifest.json").read_text())
        self.assertEqual(manifest["records"], answer["records"])
        everything = ""
        for name in FILES:
            self.assertEqual(stat.S_IMODE((folder / name).stat().st_mode), 0o600)
            self.assertEqual(len(self.records(folder, name)), manifest["records"][name], name)
            everything += (folder / name).read_text()
        jobs = {job["id"]: job for job in self.records(folder, "jobs.jsonl")}
        first = next(job for job in jobs.values() if job["prompt"].startswith("hello export"))
        self.assertIn("🙂", first["prompt"])
        api = self.butler.job(first["id"])
        for field in ("status", "chatId", "sessionKey", "createdAt", "finishedAt", "attempt", "requiresApproval"):
            self.assertEqual(first[field], api[field], field)
        results = {result["jobId"]: result for result in self.records(folder, "results.jsonl")}
        self.assertEqual(results[first["id"]]["resultText"], api["resultText"])
        # One moment: whatever has a job's end has its job and its events, however many came meanwhile.
        ended = {event["jobId"] for event in self.records(folder, "events.jsonl") if event["type"] == "job_finished"}
        self.assertEqual(ended, {job for job, result in results.items() if result["status"] == "completed"})
        self.assertLessEqual(set(results), set(jobs))
        self.assertEqual(self.records(folder, "sessions.jsonl")[0]["sessionKey"], first["sessionKey"])
        for secret in (GATEWAY_TOKEN, WORKER_TOKEN, simulator.bot_token):
            self.assertNotIn(secret, everything)

    def test_all_records_of_one_moment_while_butler_runs(self):
        self.check_export()
        again = console.run(self.butler, "export", str(self.scratch / "out"))
        self.assertEqual(again.returncode, 1)
        self.assertIn("File exists", again.stderr)

    def test_the_same_from_postgresql_whose_schema_is_told_without_a_write(self):
        self.check_export(ORCH_DATABASE_URL=self.start_postgres().url())
        status = migrate(self, self.butler, "status", 0)["orchestrator"]
        self.assertEqual((status["state"], status["place"]), ("current", "the database of ORCH_DATABASE_URL"))
        self.assertNotIn(self.butler.environment["ORCH_DATABASE_URL"], json.dumps(status))

    def test_conversations_too_come_from_postgresql_and_what_was_never_used_is_named(self):
        postgres = self.start_postgres()
        postgres.query("CREATE DATABASE chats")
        places = {"ORCH_DATABASE_URL": postgres.url(), "GATEWAY_DATABASE_URL": postgres.url("chats")}
        self.check_export(**places)
        self.butler.close()
        postgres.query("CREATE DATABASE unused")
        self.butler.environment["GATEWAY_DATABASE_URL"] = postgres.url("unused")
        folder, answer = self.export("without")
        self.assertEqual(answer["absent"], ["GATEWAY_DATABASE_URL"])
        self.assertFalse((folder / "sessions.jsonl").exists())

    def test_a_home_without_state_says_so_and_leaves_no_folder(self):
        self.butler = self.make_butler()
        ran = console.run(self.butler, "export", str(self.scratch / "out"))
        self.assertEqual(ran.returncode, 1)
        self.assertIn("nothing to export", ran.stderr)
        self.assertFalse((self.scratch / "out").exists())


if __name__ == "__main__":
    unittest.main()

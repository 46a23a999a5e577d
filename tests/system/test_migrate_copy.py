"""`butler migrate copy`: all state from SQLite to PostgreSQL and back, with what was open still open."""

import json
import signal
import sqlite3
import subprocess
import unittest

from support import console
from support.case import SystemTest
from support.paths import BINARY
from support.wait import until

FILES = {"orchestrator": "state.db", "gateway": "gateway.db"}
DATABASES = {"orchestrator": "butler", "gateway": "chats"}
ONLY_IN_POSTGRES = {"announcements", "orchestrators", "sightings"}


class MigrateCopy(SystemTest):
    def setUp(self):
        self.postgres = self.start_postgres()
        self.postgres.query("CREATE DATABASE chats")
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator, ORCH_LEASE_SECONDS="300")

    def use_postgres(self) -> None:
        """From here on the settings name the servers."""
        self.butler.environment |= {"ORCH_DATABASE_URL": self.postgres.url(), "GATEWAY_DATABASE_URL": self.postgres.url("chats")}

    def use_files(self) -> None:
        for name in ("ORCH_DATABASE_URL", "GATEWAY_DATABASE_URL"):
            del self.butler.environment[name]

    def copy(self, to: str, *words: str) -> dict:
        """The counts that it says, by role."""
        ran = console.run(self.butler, "migrate", "copy", "--to", to, "--json", *words)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        answer = json.loads(ran.stdout)
        self.assertTrue(answer["ok"])
        self.assertNotIn(self.postgres.url(), ran.stdout)
        return {database["role"]: database["rows"] for database in answer["databases"]}

    def refused(self, *words: str) -> str:
        ran = console.run(self.butler, "migrate", "copy", *words)
        self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
        return ran.stderr

    def counts_in_files(self) -> dict:
        found = {}
        for role, name in FILES.items():
            with sqlite3.connect(self.butler.home / name) as database:
                tables = [row[0] for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")]
                found[role] = {table: database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables if table != "migrations"}
            database.close()
        return found

    def counts_in_postgres(self) -> dict:
        found = {}
        for role, name in DATABASES.items():
            tables = [row[0] for row in self.postgres.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=name)]
            found[role] = {table: int(self.postgres.query(f'SELECT count(*) FROM "{table}"', database=name)[0][0])
                           for table in tables if table != "migrations" and table not in ONLY_IN_POSTGRES}
        return found

    def live(self) -> dict:
        """A job that another machine's worker has, one that was answered, one that made a file, and one that waits for its approval: the question."""
        for role in ("orchestrator", "gateway"):
            self.butler.start(role)
        self.elsewhere = self.butler.create_job("done elsewhere", sessionKey="elsewhere:1")
        self.lease = self.butler.as_worker("POST", "/v1/workers/claim", {"workerId": "elsewhere", "waitSeconds": 20}).json["leaseToken"]
        self.butler.start("worker")
        self.simulator.wait_for_polling()
        self.simulator.send_text("‘the first’ 🙂")
        self.simulator.wait_for_reply("You said: ‘the first’ 🙂")
        self.simulator.send_text("a file, please\nmock:send note.txt milk")
        self.simulator.wait_for_reply("a file, please")
        until(lambda: any(message.get("media") for message in self.simulator.messages(sender="bot")), "the file")
        sent = self.simulator.send_text("/run make it")
        question = self.simulator.wait_for_reply("make it", after=sent)[0]
        self.butler.wait_until_sent()
        return question

    def approve(self, question: dict) -> None:
        query = self.simulator.press(question, "Approve")["callback_query_id"]
        shown = self.simulator.wait(callback_answered=query)[0]
        self.assertFalse(shown.get("show_alert"), shown)
        self.simulator.wait_for_reply("$ make it", after=question["message_id"])

    def finish_elsewhere(self) -> None:
        """The lease of a worker that has waited for us holds."""
        body = {"resultText": "done"}
        reply = self.butler.as_worker("POST", f"/v1/workers/{self.elsewhere['id']}/complete", body, {"x-lease-token": self.lease})
        self.assertEqual(reply.status, 200, reply.text)
        self.assertEqual(self.butler.job(self.elsewhere["id"])["attempt"], 1)

    def answers(self, text: str) -> int:
        return sum(text in message["text"] for message in self.simulator.messages(sender="bot"))

    def check_alive(self, text: str) -> None:
        """A new message is answered, what was answered is not answered again, and the audit log is whole."""
        self.simulator.send_text(text)
        self.simulator.wait_for_reply(f"You said: {text}")
        self.simulator.wait_for_silence()
        self.assertEqual(self.answers("You said: ‘the first’ 🙂"), 1)
        verified = console.run(self.butler, "audit", "verify")
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        self.assertRegex(verified.stdout, r"whole: [1-9]\d* rows")
        self.butler.wait_until_sent()

    def put_files_away(self) -> None:
        away = self.butler.home / "away"
        away.mkdir()
        for name in FILES.values():
            (self.butler.home / name).rename(away / name)

    def test_what_was_open_goes_on_in_postgresql_and_back_in_files(self):
        question = self.live()
        self.use_postgres()
        self.assertIn("Stop it first", self.refused("--to", "postgresql"))
        self.butler.close()
        before = self.counts_in_files()
        self.assertEqual(before["orchestrator"]["jobs"], 4)
        self.assertGreater(before["orchestrator"]["artifacts"], 0)
        self.assertEqual(self.copy("postgresql", "--dry-run")["orchestrator"]["jobs"], 4)
        self.assertEqual(self.postgres.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), [["0"]])
        self.assertEqual(self.copy("postgresql"), before)
        self.assertEqual(self.counts_in_postgres(), before)
        self.assertEqual(self.counts_in_files(), before)

        self.butler.start_all()
        self.butler.wait_for_log("orchestrator", r"event=lease\.grace")
        self.assertEqual({job["status"] for job in self.butler.jobs()}, {"completed", "needs_approval", "running"})
        self.finish_elsewhere()
        self.approve(question)
        self.check_alive("the second")
        self.assertIn("connected to", self.refused_on_a_second_home())
        self.butler.close()

        self.assertIn("Move the file away", self.refused("--to", "sqlite"))
        self.put_files_away()
        there = self.counts_in_postgres()
        self.assertEqual(self.copy("sqlite"), there)
        self.assertEqual(self.counts_in_files(), there)
        self.use_files()
        self.butler.start_all()
        self.assertEqual({job["status"] for job in self.butler.jobs()}, {"completed"})
        self.assertEqual(len(self.butler.jobs()), 5)
        self.check_alive("the third")

    def refused_on_a_second_home(self) -> str:
        """Nothing runs there, but elsewhere on the same databases."""
        home = self.scratch / "second"
        ran = console.run(self.butler, "migrate", "copy", "--to", "sqlite", BUTLER_HOME=str(home))
        self.assertEqual(ran.returncode, 1, ran.stdout)
        self.assertFalse((home / "state.db").exists())
        return ran.stderr

    def test_a_copy_that_is_cut_or_incomplete_leaves_nothing_and_succeeds_afterwards(self):
        self.live()
        self.butler.close()
        self.use_postgres()
        self.butler.start("orchestrator")  # makes the tables, and no row that counts
        self.butler.close()
        self.postgres.query("""CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.seq = 1 THEN RETURN NULL; END IF; RETURN NEW; END $$""")
        self.postgres.query("CREATE TRIGGER lose BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION lose()")
        self.assertRegex(self.refused("--to", "postgresql"), r"the table events has \d+ rows and \d+ of them arrived, so nothing was copied")
        self.assertEqual(self.postgres.query("SELECT count(*) FROM jobs"), [["0"]])
        self.postgres.query("CREATE OR REPLACE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); RETURN NEW; END $$")
        self.cut_in_the_middle()
        self.postgres.query("DROP TRIGGER lose ON events")
        for role, counts in self.counts_in_postgres().items():
            self.assertLessEqual(set(table for table, rows in counts.items() if rows), {"admin", "artifact_bytes"}, role)
        self.assertEqual(self.copy("postgresql"), self.counts_in_postgres())
        self.assertEqual(self.postgres.query("SELECT count(*) FROM orchestrators"), [["0"]], "nobody serves who could have renewed a lease")
        self.assertIn("holds rows already", self.refused("--to", "postgresql"))

    def cut_in_the_middle(self) -> None:
        """Kills it while the server takes the events, after the jobs."""
        copying = "FROM pg_stat_activity WHERE application_name = 'butler-migrate'"
        command = [BINARY, "migrate", "copy", "--to", "postgresql"]
        running = subprocess.Popen(command, env=console.environment_of(self.butler), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until(lambda: self.postgres.query(f"SELECT 1 {copying} AND wait_event = 'PgSleep'"), "the copy to be at the events")
        finally:
            running.send_signal(signal.SIGKILL)
            running.wait()
        self.postgres.query(f"SELECT pg_terminate_backend(pid, 5000) {copying}")
        until(lambda: not self.postgres.query(f"SELECT 1 {copying}"), "the server to have noticed")

    def test_one_role_alone_and_what_the_settings_do_not_name(self):
        self.live()
        self.butler.close()
        self.assertIn("neither ORCH_DATABASE_URL nor GATEWAY_DATABASE_URL is set", self.refused("--to", "postgresql"))
        self.butler.environment["ORCH_DATABASE_URL"] = self.postgres.url()
        self.assertIn("GATEWAY_DATABASE_URL is not set", self.refused("--to", "postgresql", "--role", "gateway"))
        self.assertEqual(set(self.copy("postgresql")), {"orchestrator"})
        shown = console.run(self.butler, "migrate", "copy", "--to", "sqlite", "--dry-run")
        self.assertEqual(shown.returncode, 1, "the file is there still")
        self.butler.start_all()
        self.check_alive("half of it moved")


if __name__ == "__main__":
    unittest.main()

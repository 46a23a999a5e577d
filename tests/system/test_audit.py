"""The audit log: who did what, and that nobody can change it unnoticed."""

import hashlib
import json
import shutil
import sqlite3
import subprocess
import unittest

from support.api import ApiTest
from support.paths import BINARY


class Audit(ApiTest):
    def audit(self, *words: str) -> subprocess.CompletedProcess:
        return subprocess.run([BINARY, "audit", *words], env=self.butler.environment_of(), capture_output=True, text=True, timeout=60)

    def rows(self, *words: str) -> list[dict]:
        shown = self.audit("show", "--json", "--limit", "1000", *words)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        return [json.loads(line) for line in shown.stdout.splitlines()]

    def tamper(self, *statements: str, without_triggers: bool = True) -> None:
        """Changes the database behind the orchestrator's back."""
        self.butler.kill("orchestrator")
        with sqlite3.connect(self.butler.home / "state.db") as database:
            if without_triggers:
                for name in ("audit_takes_no_update", "audit_takes_no_delete", "audit_only_grows"):
                    database.execute(f"DROP TRIGGER IF EXISTS {name}")
            for statement in statements:
                database.execute(statement)
        database.close()
        self.orchestrator = self.butler.start("orchestrator")

    def live(self) -> str:
        """Some life; returns a job's id."""
        denied = self.create(kind="run", requesterId="1001")
        self.abort(denied["id"], reason="denied", requesterId="7", ifStatus="needs_approval")
        approved = self.create(kind="run", requesterId="1001", prompt="make")
        self.approve(approved["id"], approverId="8")
        held = self.claim()
        question = {"toolCallId": "c", "toolName": "bash", "summary": "make", "input": {}, "risk": "builds", "payloadHash": "a" * 64, "cwd": "/w", "sandboxProfile": "bwrap/1"}
        asked = self.expect(201, self.worker("POST", f"/v1/workers/{held.id}/approvals", question, held.token))["approval"]
        self.expect(200, self.gateway("POST", f"/v1/jobs/{held.id}/approvals/{asked['id']}", {"decision": "allow", "scope": "always", "deciderId": "9"}))
        self.expect(200, self.gateway("POST", "/v1/admin/pause", {"reason": "panic", "abortRunning": True, "requesterId": "8"}))
        self.acknowledge_abort(held)
        self.expect(200, self.gateway("POST", "/v1/admin/resume", {"requesterId": "8"}))
        return approved["id"]

    def test_who_did_what_is_shown(self):
        job_id = self.live()
        rows = self.rows()
        self.assertEqual([row["seq"] for row in rows], list(range(1, len(rows) + 1)))
        self.assertEqual(
            [(row["action"], row["actor"]) for row in rows if row["subject"] == job_id],
            [("job.created", "1001"), ("job.approved", "8"), ("approval.requested", "worker:worker-1"), ("approval.decided", "9"), ("decision.added", "9"),
             ("job.abort_requested", "8"), ("job.aborted", "worker:worker-1")],
        )
        self.assertEqual([(row["action"], row["actor"]) for row in rows if row["subject"] == "claims"], [("admin.paused", "8"), ("admin.resumed", "8")])
        self.assertEqual(json.loads(next(row for row in rows if row["action"] == "admin.paused")["details"]), {"reason": "panic", "aborted": 1})
        self.assertEqual(json.loads(rows[0]["details"])["promptHash"], hashlib.sha256(b"a task").hexdigest())
        self.assertEqual(self.rows("--job", job_id), [row for row in rows if row["subject"] == job_id])
        text = self.audit("show", "--limit", "1").stdout
        self.assertIn("admin.resumed  by 8  claims", text)

    def test_the_chain_is_computed_as_the_manual_says(self):
        self.live()
        previous = "0" * 64
        for row in self.rows():
            when = sqlite_milliseconds(self.butler.home / "state.db", row["seq"])
            fields = [str(row["seq"]), str(when), row["actor"], row["action"], row["subject"], row["details"], previous]
            text = "".join(f"{len(field.encode())}:{field}," for field in fields)
            self.assertEqual(row["hash"], hashlib.sha256(text.encode()).hexdigest())
            self.assertEqual(row["previous"], previous)
            previous = row["hash"]

    def test_a_whole_log_is_verified_and_exported(self):
        self.live()
        count = len(self.rows())
        verified = self.audit("verify")
        self.assertEqual((verified.returncode, f"{count} rows" in verified.stdout), (0, True), verified.stdout + verified.stderr)
        target = self.scratch / "audit.jsonl"
        exported = self.audit("export", "--output", str(target))
        self.assertEqual(exported.returncode, 0, exported.stderr)
        self.assertEqual(target.stat().st_mode & 0o777, 0o600)
        self.assertEqual([json.loads(line) for line in target.read_text().splitlines()], self.rows())
        self.assertEqual(self.audit("export").stdout, target.read_text())

    def test_the_database_refuses_edits(self):
        self.live()
        self.butler.kill("orchestrator")
        database = sqlite3.connect(self.butler.home / "state.db")
        self.addCleanup(database.close)
        for statement in (
            "UPDATE audit SET actor = 'somebody else' WHERE seq = 2",
            "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
            "INSERT OR REPLACE INTO audit SELECT seq, ts, 'somebody else', action, subject, details, previous, hash FROM audit WHERE seq = 2",
            "INSERT INTO audit SELECT seq + 1000, ts, actor, action, subject, details, previous, hash FROM audit WHERE seq = 2",
        ):
            with self.assertRaisesRegex(sqlite3.IntegrityError, "append-only"):
                database.execute(statement)
        self.orchestrator = self.butler.start("orchestrator")

    def test_tampering_is_found_and_its_row_named(self):
        self.live()
        self.butler.kill("orchestrator")
        clean = self.scratch / "clean.db"
        with sqlite3.connect(self.butler.home / "state.db") as database:
            database.execute("VACUUM INTO ?", (str(clean),))
        database.close()
        self.orchestrator = self.butler.start("orchestrator")
        for statement, found in (
            ("UPDATE audit SET actor = 'somebody else' WHERE seq = 3", "row 3 was changed"),
            ("UPDATE audit SET details = '{}' WHERE seq = 2", "row 2 was changed"),
            ("DELETE FROM audit WHERE seq = 4", "row 4 is missing"),
            ("UPDATE audit SET hash = previous WHERE seq = 5", "row 5 was changed"),
            ("UPDATE audit SET previous = hash WHERE seq = 6", "row 6 does not follow"),
        ):
            self.tamper(statement)
            verified = self.audit("verify")
            self.assertEqual((verified.returncode, found in verified.stdout), (1, True), verified.stdout + verified.stderr)
            self.butler.kill("orchestrator")
            for path in self.butler.home.glob("state.db-*"):
                path.unlink()
            shutil.copyfile(clean, self.butler.home / "state.db")  # into the file: its owner stays
            self.orchestrator = self.butler.start("orchestrator")
            self.assertEqual(self.audit("verify").returncode, 0)

    def test_rows_that_were_cut_off_at_the_end_are_found_by_a_hash_that_was_noted(self):
        self.live()
        noted = self.rows()[-1]["hash"]
        self.assertEqual(self.audit("verify", "--head", noted).returncode, 0)
        self.tamper("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
        self.assertEqual(self.audit("verify").returncode, 0, "the chain itself cannot tell")
        verified = self.audit("verify", "--head", noted)
        self.assertEqual((verified.returncode, "no row has the hash" in verified.stdout), (1, True))

    def test_a_row_is_durable_with_what_it_tells_of(self):
        self.live()
        before = self.rows()
        self.restart()
        self.assertEqual(self.rows(), before)
        self.wait_for_head(before[-1])

    def wait_for_head(self, row: dict) -> None:
        self.butler.wait_for_log("orchestrator", rf"event=orchestrator\.ready.*audit_rows={row['seq']} audit_head={row['hash']}")

    def test_without_an_orchestrator_the_command_says_so(self):
        self.butler.kill("orchestrator")
        refused = self.audit("verify")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("is the orchestrator running", refused.stderr)
        self.orchestrator = self.butler.start("orchestrator")


def sqlite_milliseconds(path, seq: int) -> int:
    """The row's time as the hash has it."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return database.execute("SELECT ts FROM audit WHERE seq = ?", (seq,)).fetchone()[0]
    finally:
        database.close()


if __name__ == "__main__":
    unittest.main()

"""What changes a job over HTTP: the lifecycle cell by cell, approval and abort."""

import threading
import unittest

from support.api import ApiTest, Held
from support.paths import CHECKOUT

STATUSES = ("needs_approval", "queued", "running", "aborting", "completed", "failed", "aborted")


def documented_table() -> dict[tuple[str, str], str]:
    """(action, status) → the cell of docs/job-lifecycle.md."""
    cells: dict[tuple[str, str], str] = {}
    header: list[str] = []
    for line in (CHECKOUT / "docs/job-lifecycle.md").read_text().splitlines():
        if not line.startswith("|"):
            continue
        words = [word.strip() for word in line.strip("|").split("|")]
        if words[0] == "action":
            header = words
        elif header and not words[0].startswith("-"):
            cells |= {(words[0], status): cell for status, cell in zip(header[1:], words[1:])}
    return cells


class LifecycleTable(ApiTest):
    """docs/job-lifecycle.md, cell by cell: every action on a job in every status."""

    def job_in(self, status: str) -> tuple[str, Held | None]:
        """A job in that status, and who holds it or held it at its end."""
        session = f"session-{self.count}"
        self.count += 1
        if status == "needs_approval":
            return self.create(sessionKey=session, requiresApproval=True)["id"], None
        if status == "queued":
            return self.create(sessionKey=session)["id"], None
        held = self.running(sessionKey=session)
        if status in ("aborting", "aborted"):
            self.abort(held.id)
        if status == "completed":
            self.complete(held)
        elif status == "failed":
            self.fail_job(held)
        elif status == "aborted":
            self.acknowledge_abort(held)
        return held.id, held

    def act(self, action: str, job_id: str, lease: str | None):
        worker_calls = {
            "append_events": ("events", {"event": {"type": "log", "message": "appended"}}),
            "complete": ("complete", {"resultText": "from the cell"}),
            "fail": ("fail", {"error": "from the cell"}),
            "requeue": ("fail", {"error": "from the cell", "retryable": True}),
            "acknowledge_abort": ("aborted", {"reason": "from the cell"}),
        }
        if action in ("approve", "abort"):
            return self.gateway("POST", f"/v1/jobs/{job_id}/{action}", {})
        path, body = worker_calls[action]
        return self.worker("POST", f"/v1/workers/{job_id}/{path}", body, lease)

    def setUp(self):
        super().setUp()
        self.count = 0

    def test_every_cell_is_as_documented(self):
        table = documented_table()
        self.assertEqual({status for _, status in table}, set(STATUSES))
        self.assertEqual(len(table), 8 * 7)
        for (action, status), cell in table.items():
            with self.subTest(action=action, status=status, cell=cell):
                self.check(action, status, cell)

    def check(self, action: str, status: str, cell: str) -> None:
        job_id, held = self.job_in(status)
        before, events_before = self.job(job_id), self.events(job_id)["events"]
        self.assertEqual(before["status"], status)
        if action == "claim":
            claimed = self.claim()
            self.assertEqual(claimed.id if claimed else None, job_id if cell != "conflict" else None)
        else:
            reply = self.act(action, job_id, held.token if held else None)
            if cell == "conflict":
                refusal = self.expect_error(409, "invalid_transition", reply)
                self.assertEqual((refusal["status"], refusal["command"]), (status, "fail" if action == "requeue" else action))
            elif action == "append_events":
                self.expect(202, reply)
            else:
                self.assertEqual(self.expect(200, reply)["job"], self.job(job_id))
        after, events = self.job(job_id), self.events(job_id)["events"]
        new_types = [event["type"] for event in events[len(events_before) :]]
        if cell == "stay":
            self.assertEqual((after, new_types), (before, ["log"]))
        elif ":" in cell:
            to, event_type = cell.split(": ")
            self.assertEqual((after["status"], new_types), (to, [event_type]))
            self.assertGreater(after["updatedAt"], before["updatedAt"])
            self.assertEqual("finishedAt" in after, to in ("completed", "failed", "aborted"))
        else:
            self.assertEqual((after, new_types), (before, []))
        if cell == "repeat_or_conflict":
            self.expect_error(409, "lease_lost", self.act(action, job_id, "somebody-else"))
        if after["status"] == "queued":
            self.abort(job_id)  # nothing for the next cell to claim

    def test_what_ended_without_ever_being_claimed_takes_no_worker(self):
        job = self.abort(self.create()["id"])
        for action in ("complete", "fail", "requeue", "acknowledge_abort", "append_events"):
            with self.subTest(action=action):
                self.expect_error(409, "invalid_transition", self.act(action, job["id"], None))
                self.expect_error(409, "lease_lost", self.act(action, job["id"], "made-up"))
        self.assertEqual(self.job(job["id"]), job)


class Commands(ApiTest):
    def test_an_approval_says_who_approved(self):
        job = self.create(kind="run")
        self.assertEqual(self.approve(job["id"], approverId="77")["status"], "queued")
        event = self.events(job["id"])["events"][-1]
        self.assertEqual((event["type"], event["data"]), ("job_approved", {"approverId": "77"}))
        self.expect_refused_field("approverId", self.gateway("POST", f"/v1/jobs/{job['id']}/approve", {"approverId": "1" * 129}))

    def test_a_body_may_be_absent_where_nothing_is_required(self):
        job = self.create(requiresApproval=True)
        self.expect(200, self.gateway("POST", f"/v1/jobs/{job['id']}/approve"))
        self.expect(200, self.gateway("POST", f"/v1/jobs/{job['id']}/abort"))

    def test_an_abort_keeps_its_reason(self):
        job = self.abort(self.create()["id"], reason="denied", requesterId="5")
        self.assertEqual((job["status"], job["error"]), ("aborted", "denied"))
        event = self.events(job["id"])["events"][-1]
        self.assertEqual((event["type"], event["message"]), ("job_aborted", "denied"))
        self.assertEqual(event["data"], {"reason": "denied", "requesterId": "5"})

    def test_an_abort_of_a_running_job_is_a_request_to_its_worker(self):
        held = self.running()
        job = self.abort(held.id, reason="enough")
        self.assertEqual((job["status"], job["abortRequested"]), ("aborting", True))
        event = self.events(held.id)["events"][-1]
        self.assertEqual((event["type"], event["message"]), ("log", "Abort requested"))

    def test_if_status_protects_from_a_status_that_has_changed(self):
        held = self.running()
        refusal = self.expect_error(409, "invalid_transition", self.gateway("POST", f"/v1/jobs/{held.id}/abort", {"ifStatus": "needs_approval"}))
        self.assertEqual((refusal["status"], refusal["command"]), ("running", "abort"))
        self.assertEqual(self.job(held.id)["status"], "running")
        self.assertEqual(self.abort(held.id, ifStatus="running")["status"], "aborting")
        self.expect_refused_field("ifStatus", self.gateway("POST", f"/v1/jobs/{held.id}/abort", {"ifStatus": "x"}))

    def test_a_reason_has_at_most_200_characters(self):
        path = f"/v1/jobs/{self.create()['id']}/abort"
        self.expect_refused_field("reason", self.gateway("POST", path, {"reason": "😀" * 201}))
        self.expect(200, self.gateway("POST", path, {"reason": "😀" * 200}))

    def test_the_checks_come_in_their_order(self):
        unknown = "/v1/workers/01900000-0000-7000-8000-000000000000/fail"
        self.expect_error(401, "unauthorized", self.gateway("POST", unknown, {"error": ""}))
        self.expect_refused_field("error", self.worker("POST", unknown, {"error": ""}, lease="stale"))
        self.expect_error(404, "job_not_found", self.worker("POST", unknown, {"error": "x"}, lease="stale"))
        held = self.running()
        self.complete(held)
        path = f"/v1/workers/{held.id}/events"
        self.expect_error(409, "lease_lost", self.worker("POST", path, {"event": {"type": "log"}}, lease="stale"))
        self.expect_error(409, "invalid_transition", self.worker("POST", path, {"event": {"type": "log"}}, lease=held.token))

    def test_racing_commands_end_in_one_transition(self):
        held = self.running()
        path = f"/v1/workers/{held.id}"
        answers: list[int] = []

        def send(end: str, body: dict) -> None:
            answers.append(self.worker("POST", f"{path}/{end}", body, held.token).status)

        racers = [threading.Thread(target=send, args=racer) for racer in [("complete", {"resultText": "x"}), ("fail", {"error": "x"}), ("aborted", {})] * 4]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        self.assertEqual(answers, [200] * 12)
        self.assertEqual(len([kind for kind in self.event_types(held.id) if kind in ("job_finished", "job_failed", "job_aborted")]), 1)


if __name__ == "__main__":
    unittest.main()

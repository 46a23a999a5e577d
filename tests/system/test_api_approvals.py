"""Approvals of tool calls over HTTP: asked by a worker, decided once, across crashes and lost workers."""

import threading
import unittest
from datetime import datetime, timedelta, timezone

from support.api import SHORT_LEASE, ApiTest, Held
from support.butler import GATEWAY_TOKEN
from support.wire import Connection


def in_seconds(seconds: float) -> str:
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Approvals(ApiTest):
    def question(self, call: str = "call-1", hash_digit: str = "a", **fields) -> dict:
        return {
            "toolCallId": call,
            "toolName": "bash",
            "summary": "rm -r build",
            "input": {"command": "rm -r build"},
            "risk": "deletes",
            "payloadHash": hash_digit * 64,
            "cwd": "/home/someone",
            "sandboxProfile": "bwrap/1",
        } | fields

    def ask(self, held: Held, status: int = 201, **fields) -> dict:
        return self.expect(status, self.worker("POST", f"/v1/workers/{held.id}/approvals", self.question(**fields), held.token))["approval"]

    def decide(self, approval: dict, decision: str = "allow", scope: str = "once", decider: str = "1001", **fields):
        body = {"decision": decision, "scope": scope, "deciderId": decider} | fields
        return self.gateway("POST", f"/v1/jobs/{approval['jobId']}/approvals/{approval['id']}", body)

    def approvals(self, job_id: str) -> list[dict]:
        return self.expect(200, self.gateway("GET", f"/v1/jobs/{job_id}/approvals"))["approvals"]


class Decisions(Approvals):
    def test_the_decision_wakes_a_parked_heartbeat_and_is_repeated_until_it_is_acknowledged(self):
        held = self.running()
        asked = self.ask(held)
        self.assertEqual((asked["status"], asked["jobId"]), ("pending", held.id))
        self.assertEqual(asked["scopes"], ["once", "session", "always"])
        self.assertEqual(self.ask(held, 200), asked)
        self.assertEqual(self.job(held.id)["status"], "running")

        parked = self.park_heartbeat(held)
        decided = self.expect(200, self.decide(asked, reason="go on"))["approval"]
        self.assertEqual((decided["status"], decided["scope"], decided["deciderId"]), ("allowed", "once", "1001"))
        (decision,) = self.expect(200, parked.receive())["decisions"]
        self.assertEqual(
            decision,
            {"seq": 1, "approvalId": asked["id"], "toolCallId": "call-1", "payloadHash": "a" * 64, "decision": "allow", "scope": "once", "reason": "go on"},
        )
        self.assertEqual(self.heartbeat(held)["decisions"], [decision])
        self.assertEqual(self.heartbeat(held, ack=1)["decisions"], [])
        self.assertEqual(self.approvals(held.id), [decided])
        events = [event for event in self.events(held.id)["events"] if event["type"].startswith("approval")]
        self.assertEqual([event["data"] for event in events], [asked, decided])

    def test_a_hundred_racing_decisions_resolve_once(self):
        held = self.running()
        asked = self.ask(held)
        start = threading.Barrier(20)
        replies: list = []

        def tap(number: int) -> None:
            with Connection(self.butler.port) as connection:
                start.wait()
                for attempt in range(5):
                    body = {"decision": "allow" if (number + attempt) % 2 else "deny", "scope": "once", "deciderId": f"person-{number}-{attempt}"}
                    connection.send("POST", f"/v1/jobs/{held.id}/approvals/{asked['id']}", body, None, GATEWAY_TOKEN)
                    replies.append((body, connection.receive()))

        threads = [threading.Thread(target=tap, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(len(replies), 100)
        (final,) = self.approvals(held.id)
        for body, reply in replies:
            wins = {"allow": "allowed", "deny": "denied"}[body["decision"]] == final["status"]
            told = reply.json["approval"]
            self.assertEqual((reply.status, told["deciderId"]), (200 if wins else 409, final["deciderId"]))
        self.assertEqual(self.event_types(held.id).count("approval_decided"), 1)
        self.assertEqual(len(self.heartbeat(held)["decisions"]), 1)

    def test_who_comes_too_late_is_told_who_won(self):
        asked = self.ask(self.running())
        self.expect(200, self.decide(asked, "deny", decider="1001"))
        self.expect(200, self.decide(asked, "deny", decider="2002"))
        late = self.expect_error(409, "already_decided", self.decide(asked, "allow", decider="2002"))
        self.assertEqual(late["message"], "1001 has denied it")
        self.assertEqual(late["approval"]["status"], "denied")
        self.expect_error(409, "already_decided", self.decide(asked, "deny", "always"))

    def test_only_an_offered_scope_may_be_chosen(self):
        held = self.running()
        asked = self.ask(held, scopes=["once", "session"])
        self.expect_refused_field("scope", self.decide(asked, scope="always"))
        self.expect(200, self.decide(asked, scope="session"))
        self.assertEqual(self.ask(held, call="call-2")["status"], "allowed")

    def test_wrong_requests_are_refused_by_field_and_nobody_else_may_ask_or_decide(self):
        held = self.running()
        asked = self.ask(held)
        path = f"/v1/workers/{held.id}/approvals"
        for field, wrong in (("payloadHash", "A" * 64), ("toolCallId", ""), ("summary", "x" * 4_001), ("scopes", []), ("cwd", ...)):
            body = {name: value for name, value in (self.question(call="call-9") | {field: wrong}).items() if value is not ...}
            self.expect_refused_field(field, self.worker("POST", path, body, held.token))
        self.expect_refused_field("deciderId", self.decide(asked, decider=""))
        self.expect_error(409, "lease_lost", self.worker("POST", path, self.question(), "stale"))
        self.expect_error(401, "unauthorized", self.gateway("POST", path, self.question()))
        decide = f"/v1/jobs/{held.id}/approvals/{asked['id']}"
        self.expect_error(401, "unauthorized", self.worker("POST", decide, {"decision": "allow", "scope": "once", "deciderId": "1"}))
        self.expect_error(401, "unauthorized", self.worker("GET", f"/v1/jobs/{held.id}/approvals"))
        self.expect_error(404, "approval_not_found", self.decide(asked | {"id": "unknown"}))
        self.expect_error(404, "approval_not_found", self.decide(asked | {"jobId": self.create(sessionKey="other")["id"]}))
        self.expect_error(404, "job_not_found", self.decide(asked | {"jobId": "unknown"}))
        self.assertEqual(self.approvals(held.id), [asked])

    def test_what_nobody_decides_in_time_expires_and_the_worker_hears_a_denial(self):
        held = self.running()
        parked = self.park_heartbeat(held)
        asked = self.ask(held, expiresAt=in_seconds(2))
        (decision,) = self.expect(200, parked.receive())["decisions"]
        self.assertEqual((decision["decision"], decision["reason"]), ("deny", "nobody decided in time"))
        self.expect_error(409, "approval_expired", self.decide(asked))
        (final,) = self.approvals(held.id)
        self.assertEqual(final["status"], "expired")
        self.assertEqual(self.event_types(held.id)[-1], "approval_decided")

    def test_a_job_that_ends_ends_its_questions(self):
        held = self.running()
        asked = self.ask(held)
        self.complete(held)
        self.expect_error(409, "approval_expired", self.decide(asked))
        self.assertEqual(self.event_types(held.id)[-2:], ["approval_decided", "job_finished"])
        self.expect_error(409, "not_running", self.worker("POST", f"/v1/workers/{held.id}/approvals", self.question(call="call-2"), held.token))

    def test_panic_ends_the_questions_of_what_it_aborts_and_tells_how_many_jobs_that_were(self):
        first, second = self.running(sessionKey="1"), self.running(sessionKey="2")
        asked = self.ask(first)
        answer = self.expect(200, self.gateway("POST", "/v1/admin/pause", {"reason": "panic", "abortRunning": True, "requesterId": "1001"}))
        self.assertEqual((answer["aborted"], answer["admin"]["paused"]), (2, True))
        self.expect_error(409, "approval_expired", self.decide(asked))
        self.assertTrue(self.heartbeat(first)["abortRequested"])
        self.acknowledge_abort(first)
        self.acknowledge_abort(second)


class StandingDecisions(Approvals):
    def test_they_answer_later_questions_are_listed_and_revoked_and_survive_a_crash(self):
        held = self.running()
        self.expect(200, self.decide(self.ask(held), scope="always"))
        self.restart()
        other = self.running(sessionKey="another")
        answered = self.ask(other)
        self.assertEqual((answered["status"], answered["scope"], answered["deciderId"]), ("allowed", "always", "1001"))
        self.assertNotIn("approval_requested", self.event_types(other.id))
        stranger = self.running(sessionKey="stranger", requesterId="2002")
        self.assertEqual(self.ask(stranger)["status"], "pending")

        (standing,) = self.expect(200, self.gateway("GET", "/v1/decisions"))["decisions"]
        self.assertEqual((standing["decision"], standing["requesterId"], standing["used"]), ("allow", "1001", 1))
        revoke = f"/v1/decisions/{standing['id']}/revoke"
        self.expect(200, self.gateway("POST", revoke, {"revokerId": "1001"}))
        self.expect_error(404, "decision_not_found", self.gateway("POST", revoke, {}))
        self.assertEqual(self.ask(other, call="call-2")["status"], "pending")
        self.expect_error(401, "unauthorized", self.worker("GET", "/v1/decisions"))


class Crashes(Approvals):
    def test_a_question_and_its_answer_survive_crashes_and_the_same_job_goes_on(self):
        held = self.running()
        asked = self.ask(held)
        self.restart()
        self.assertEqual(self.approvals(held.id), [asked])
        decided = self.expect(200, self.decide(asked))["approval"]
        self.restart()
        self.assertEqual(self.approvals(held.id), [decided])
        (decision,) = self.heartbeat(held)["decisions"]
        self.assertEqual(decision["approvalId"], asked["id"])
        self.restart()
        self.assertEqual(self.heartbeat(held, ack=decision["seq"])["decisions"], [])
        start = {"type": "tool_start", "data": {"toolCallId": "call-1", "toolName": "bash"}}
        self.expect(202, self.report(held, start, batch=1))
        self.complete(held)
        self.assertEqual(self.job(held.id)["attempt"], 1)


class LostWorkers(Approvals):
    environment = {"ORCH_LEASE_SECONDS": str(SHORT_LEASE)}

    def test_a_job_that_waits_for_a_decision_goes_back_uncounted_and_the_next_worker_takes_it_once(self):
        held = self.running()
        self.say(held, "I shall clean up.")
        asked = self.ask(held)
        self.wait_until_job_is(held.id, "queued")
        self.assertEqual(self.job(held.id)["attempt"], 0)
        self.expect_error(409, "lease_lost", self.worker("POST", f"/v1/workers/{held.id}/approvals", self.question(), held.token))
        self.expect(200, self.decide(asked))

        second = self.claim("worker-2")
        self.assertEqual(second.job["attempt"], 1)
        (left,) = second.answer["approvals"]
        self.assertEqual((left["id"], left["status"]), (asked["id"], "allowed"))
        self.assertEqual(self.heartbeat(second)["decisions"], [])
        taken = self.ask(second, 200, call="call-2")
        self.assertEqual((taken["id"], taken["status"], taken["toolCallId"]), (asked["id"], "allowed", "call-2"))
        self.assertEqual(self.ask(second, call="call-3")["status"], "pending", "it was allowed once")
        self.assertEqual(self.event_types(held.id).count("approval_requested"), 2)
        self.complete(second)

    def test_a_call_that_was_started_is_not_repeated(self):
        held = self.running()
        asked = self.ask(held)
        self.expect(200, self.decide(asked))
        self.expect(202, self.report(held, {"type": "tool_start", "data": {"toolCallId": "call-1", "toolName": "bash"}}))
        self.assertEqual(self.wait_until_job_is(held.id, "failed")["error"], "worker_lost")

    def test_a_worker_that_hands_the_job_back_while_it_waits_is_not_counted_either(self):
        held = self.running()
        self.say(held, "text")
        self.ask(held)
        self.assertEqual(self.fail_job(held, "the worker is stopped", retryable=True)["status"], "queued")
        self.assertEqual(self.claim("worker-2").job["attempt"], 1)


if __name__ == "__main__":
    unittest.main()

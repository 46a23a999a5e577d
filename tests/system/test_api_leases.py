"""Leases over HTTP: what keeps one, what follows its loss, and what a heartbeat brings."""

import time
import unittest

from support.api import AT_ONCE, LONG_LEASE, MOMENT, SHORT_LEASE, ApiTest, Held, milliseconds, now_in_milliseconds
from support.wait import until
from support.wire import Stopwatch


class Leases(ApiTest):
    environment = {"ORCH_LEASE_SECONDS": str(SHORT_LEASE)}

    def test_a_job_without_activity_goes_back_to_the_queue(self):
        held = self.running()
        self.expect(202, self.report(held, {"type": "log", "message": "starting"}, {"type": "usage", "data": {"inputTokens": 1}}))
        job = self.wait_until_job_is(held.id, "queued")
        self.assertNotIn("workerId", job)
        self.assertNotIn("startedAt", job)
        self.assertEqual(self.event_types(held.id)[-1], "job_requeued")
        again = self.claim("worker-2")
        self.assertEqual((again.id, again.job["attempt"]), (held.id, 2))
        self.assertNotEqual(again.token, held.token)

    def test_an_orchestrator_that_stood_still_for_longer_than_a_lease_takes_no_job_away(self):
        held = self.running()
        self.say(held, "half an ans")
        self.butler.freeze("orchestrator")
        stopped = time.monotonic()
        until(lambda: time.monotonic() - stopped > SHORT_LEASE * 1.5, "a lease to pass")
        self.butler.thaw("orchestrator")
        self.butler.wait_for_log("orchestrator", r"event=lease\.stood_still seconds=\d")
        self.say(held, "wer")
        self.assertEqual(self.complete(held, "half an answer")["job"]["status"], "completed")

    def test_a_job_goes_back_to_the_queue_at_most_until_its_third_attempt(self):
        held = self.running()
        for attempt in (2, 3):
            parked = self.park_claim(f"worker-{attempt}")
            held = Held(self.expect(200, parked.receive()))
            self.assertEqual(held.job["attempt"], attempt)
        job = self.wait_until_job_is(held.id, "failed")
        self.assertEqual(job["error"], "worker_lost")
        self.assertEqual(self.event_types(held.id)[-1], "job_failed")

    def test_a_job_with_activity_fails_as_worker_lost_and_keeps_its_text(self):
        activities = [
            {"type": "agent_text_delta", "data": {"delta": "half a "}},
            {"type": "agent_thinking_delta", "message": "hm"},
            {"type": "tool_start", "data": {"toolCallId": "1", "toolName": "bash"}},
            {"type": "tool_update", "data": {"toolCallId": "1", "toolName": "bash"}},
            {"type": "tool_end", "data": {"toolCallId": "1", "toolName": "bash"}},
            {"type": "artifact_added", "data": {"name": "a.txt"}},
        ]
        jobs = []
        for number, activity in enumerate(activities):
            held = self.running(sessionKey=str(number))
            self.expect(202, self.report(held, activity))
            jobs.append(held.id)
        for job_id, activity in zip(jobs, activities):
            with self.subTest(activity=activity["type"]):
                job = self.wait_until_job_is(job_id, "failed")
                self.assertEqual((job["error"], job["attempt"]), ("worker_lost", 1))
        self.assertEqual(self.job(jobs[0])["resultText"], "half a ")

    def test_a_job_that_was_being_aborted_is_aborted(self):
        held = self.running()
        self.abort(held.id)
        job = self.wait_until_job_is(held.id, "aborted")
        self.assertEqual(self.event_types(held.id)[-1], "job_aborted")
        self.assertIn("finishedAt", job)

    def test_heartbeats_and_events_keep_a_lease(self):
        held = self.running(sessionKey="a")
        lost = self.running(sessionKey="b")
        # Waited for by what the other lease does, which ends in its time.
        waiting = self.leave_open("GET", f"/v1/jobs/{lost.id}", wait=60, ifUpdatedAfter=lost.job["updatedAt"])
        for turn in range(1_000):
            if not waiting.stays_silent(0.1):
                break
            self.heartbeat(held) if turn % 2 else self.expect(202, self.report(held, {"type": "log"}))
        self.assertEqual(self.expect(200, waiting.receive())["job"]["status"], "queued")
        self.assertEqual(self.job(held.id)["status"], "running")
        self.complete(held)

    def test_a_worker_that_was_cut_off_can_do_nothing_more(self):
        held = self.running()
        self.wait_until_job_is(held.id, "queued")
        new = self.claim("worker-2")
        calls = [("events", {"event": {"type": "log"}}), ("complete", {"resultText": "late"}), ("fail", {"error": "late"}), ("aborted", {})]
        for end, body in calls:
            with self.subTest(call=end):
                refusal = self.expect_error(409, "lease_lost", self.worker("POST", f"/v1/workers/{held.id}/{end}", body, held.token))
                self.assertEqual(refusal["holder"], "worker-2")
                self.assertAlmostEqual(milliseconds(refusal["since"]), now_in_milliseconds(), delta=20_000)
        self.expect_error(409, "lease_lost", self.worker("GET", f"/v1/workers/{held.id}/heartbeat", lease=held.token))
        self.assertEqual(self.complete(new, "mine")["job"]["resultText"], "mine")
        self.expect_error(409, "lease_lost", self.worker("POST", f"/v1/workers/{held.id}/complete", {"resultText": "late"}, held.token))
        self.assertEqual(self.job(held.id)["resultText"], "mine")

    def test_an_old_clients_job_is_never_repeated(self):
        held = self.running()
        self.expect(202, self.report(held, {"type": "log", "message": "an old client"}, token=None))
        job = self.wait_until_job_is(held.id, "failed")
        self.assertEqual((job["error"], job["attempt"]), ("worker_lost", 1))

    def test_every_running_job_has_one_more_lease_after_a_restart(self):
        held = self.running()
        self.restart()
        self.assertEqual(self.job(held.id)["status"], "running")
        self.heartbeat(held)
        self.complete(held, "it came back")
        lost = self.running()
        self.restart()
        self.wait_until_job_is(lost.id, "queued")

    def test_the_end_of_a_lease_wakes_the_claim_that_waits(self):
        held = self.running()
        parked = self.park_claim("worker-2")
        self.assertEqual(self.expect(200, parked.receive())["job"]["id"], held.id)


class OldClients(ApiTest):
    def test_calls_without_a_token_are_accepted_until_one_has_carried_it(self):
        held = self.running()
        path = f"/v1/workers/{held.id}"
        self.expect(202, self.worker("POST", f"{path}/events", {"event": {"type": "log"}}))
        self.expect(200, self.worker("GET", f"{path}/heartbeat"))
        self.heartbeat(held)
        self.expect_error(409, "lease_lost", self.worker("POST", f"{path}/events", {"event": {"type": "log"}}))
        self.expect_error(409, "lease_lost", self.worker("GET", f"{path}/heartbeat"))
        self.expect_error(409, "lease_lost", self.worker("POST", f"{path}/complete", {"resultText": "x"}))
        self.complete(held)

    def test_an_old_client_works_from_claim_to_complete(self):
        self.create()
        job_id = self.claim().id
        path = f"/v1/workers/{job_id}"
        self.expect(202, self.worker("POST", f"{path}/events", {"event": {"type": "agent_text_delta", "data": {"delta": "x"}, "ts": "2026-01-02T03:04:05.678Z"}}))
        self.assertEqual(self.expect(200, self.worker("GET", f"{path}/heartbeat"))["abortRequested"], False)
        for _ in range(2):
            job = self.expect(200, self.worker("POST", f"{path}/complete", {"resultText": "y"}))["job"]
            self.assertEqual((job["status"], job["resultText"]), ("completed", "y"))

    def test_that_a_token_was_seen_is_known_after_a_crash(self):
        held = self.running()
        self.heartbeat(held)
        self.restart()
        self.expect_error(409, "lease_lost", self.worker("GET", f"/v1/workers/{held.id}/heartbeat"))
        self.heartbeat(held)


class Heartbeats(ApiTest):
    environment = {"ORCH_LEASE_SECONDS": LONG_LEASE}  # a heartbeat ends by itself after a third of it

    def test_a_heartbeat_tells_the_lease_and_no_news(self):
        answer = self.heartbeat(self.running())
        self.assertAlmostEqual(milliseconds(answer.pop("leaseExpiresAt")), now_in_milliseconds() + int(LONG_LEASE) * 1000, delta=60_000)
        self.assertEqual(answer, {"abortRequested": False, "messages": [], "decisions": []})

    def test_an_abort_ends_the_wait_at_once(self):
        held = self.running()
        parked = self.park_heartbeat(held)
        self.assertTrue(parked.stays_silent(MOMENT))
        with Stopwatch() as watch:
            self.abort(held.id)
            answer = self.expect(200, parked.receive())
        self.assertTrue(answer["abortRequested"])
        self.assertLess(watch.seconds, AT_ONCE)

    def test_an_abort_before_the_wait_is_told_at_once_and_only_once_so(self):
        held = self.running()
        self.abort(held.id)
        with Stopwatch() as watch:
            self.assertTrue(self.heartbeat(held, wait=60)["abortRequested"])
        self.assertLess(watch.seconds, AT_ONCE)
        # The worker knows now and is ending its agent: it must not spin meanwhile.
        parked = self.park_heartbeat(held)
        self.assertTrue(parked.stays_silent(MOMENT))

    def test_a_message_ends_the_wait_and_is_repeated_until_acknowledged(self):
        held = self.running()
        parked = self.park_heartbeat(held)
        self.assertTrue(parked.stays_silent(MOMENT))
        self.expect(202, self.send_message(held, "first", "steer", "one"))
        self.assertEqual(self.expect(200, parked.receive())["messages"], [{"seq": 1, "mode": "steer", "text": "one"}])
        self.expect(202, self.send_message(held, "second", "follow_up", "two 😀"))
        both = [{"seq": 1, "mode": "steer", "text": "one"}, {"seq": 2, "mode": "follow_up", "text": "two 😀"}]
        self.assertEqual(self.heartbeat(held, wait=60)["messages"], both)
        self.restart()
        self.assertEqual(self.heartbeat(held)["messages"], both)
        self.assertEqual(self.heartbeat(held, ack=1)["messages"], both[1:])
        self.assertEqual(self.heartbeat(held, ack=2)["messages"], [])
        self.assertEqual(self.heartbeat(held)["messages"], [])

    def test_a_repeated_message_comes_once(self):
        held = self.running()
        for _ in range(3):
            self.expect(202, self.send_message(held, "same key", "steer", "once"))
        self.assertEqual(len(self.heartbeat(held)["messages"]), 1)

    def test_a_message_needs_a_running_job_a_key_and_a_text(self):
        job = self.create()
        path = f"/v1/jobs/{job['id']}/messages"
        body = {"mode": "steer", "text": "x"}
        self.expect_error(409, "not_running", self.gateway("POST", path, body, {"idempotency-key": "k"}))
        held = self.claim()
        self.expect_refused_field("idempotency-key", self.gateway("POST", path, body))
        self.expect_refused_field("mode", self.gateway("POST", path, body | {"mode": "shout"}, {"idempotency-key": "k"}))
        self.expect_refused_field("text", self.gateway("POST", path, body | {"text": ""}, {"idempotency-key": "k"}))
        self.expect_refused_field("text", self.gateway("POST", path, body | {"text": "😀" * 20_001}, {"idempotency-key": "k"}))
        self.expect(202, self.gateway("POST", path, body | {"text": "😀" * 20_000}, {"idempotency-key": "k"}))
        self.abort(held.id)
        self.expect_error(409, "not_running", self.gateway("POST", path, body, {"idempotency-key": "l"}))

    def send_message(self, held: Held, key: str, mode: str, text: str):
        return self.gateway("POST", f"/v1/jobs/{held.id}/messages", {"mode": mode, "text": text}, {"idempotency-key": key.replace(" ", "-")})

    def test_wrong_numbers_are_refused_by_name(self):
        held = self.running()
        for name in ("wait", "ack"):
            for wrong in ("-1", "x", "1.0"):
                self.expect_refused_field(name, self.worker("GET", f"/v1/workers/{held.id}/heartbeat", lease=held.token, **{name: wrong}))


class HeartbeatLength(ApiTest):
    environment = {"ORCH_LEASE_SECONDS": str(SHORT_LEASE)}

    def test_waits_keep_a_lease(self):
        held = self.running()
        with Stopwatch() as watch:
            for _ in range(4):
                self.heartbeat(held, wait=60)
        self.assertGreater(watch.seconds, SHORT_LEASE)
        self.assertEqual(self.job(held.id)["status"], "running")


class HeartbeatThird(ApiTest):
    environment = {"ORCH_LEASE_SECONDS": "60"}

    def test_a_wait_lasts_a_third_of_the_lease(self):
        held = self.running()
        with Stopwatch() as watch:
            self.heartbeat(held, wait=60)
        self.assertGreater(watch.seconds, 18)
        self.assertLess(watch.seconds, 45)


if __name__ == "__main__":
    unittest.main()

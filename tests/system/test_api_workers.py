"""The worker's side over HTTP: claims, leases, heartbeats, and the ends of an attempt."""

import unittest

from support.api import AT_ONCE, MOMENT, ApiTest, Held, milliseconds, now_in_milliseconds
from support.butler import WORKER_TOKEN
from support.wire import Stopwatch


class Claiming(ApiTest):
    def test_a_claim_gets_the_oldest_job_and_a_lease(self):
        first = self.create(sessionKey="a")
        self.create(sessionKey="b")
        answer = self.claim("worker-7").answer
        self.assertEqual(sorted(answer), ["approvals", "job", "leaseExpiresAt", "leaseToken"])
        self.assertEqual(answer["approvals"], [])
        self.assertGreaterEqual(len(answer["leaseToken"]), 16)
        self.assertAlmostEqual(milliseconds(answer["leaseExpiresAt"]), now_in_milliseconds() + 30_000, delta=10_000)
        job = answer["job"]
        self.assertEqual((job["id"], job["status"], job["workerId"], job["attempt"]), (first["id"], "running", "worker-7", 1))
        self.assertIn("startedAt", job)
        event = self.events(first["id"])["events"][-1]
        self.assertEqual((event["type"], event["data"]), ("job_started", {"workerId": "worker-7", "attempt": 1}))

    def test_a_claim_that_does_not_wait_answers_null(self):
        self.assertIsNone(self.claim())

    def test_a_claim_that_waits_gets_a_new_job_at_once(self):
        parked = self.park_claim()
        self.assertTrue(parked.stays_silent(MOMENT))
        with Stopwatch() as watch:
            created = self.create()
            answer = self.expect(200, parked.receive())
        self.assertEqual(answer["job"]["id"], created["id"])
        self.assertLess(watch.seconds, AT_ONCE)

    def test_a_claim_that_waits_gets_an_approved_job_at_once(self):
        job = self.create(kind="run")
        parked = self.park_claim()
        self.assertTrue(parked.stays_silent(MOMENT))
        self.approve(job["id"])
        self.assertEqual(self.expect(200, parked.receive())["job"]["id"], job["id"])

    def test_a_wait_that_runs_out_answers_null(self):
        with Stopwatch() as watch:
            self.assertIsNone(self.claim(waitSeconds=1))
        self.assertGreaterEqual(watch.seconds, 0.9)

    def test_of_many_that_wait_one_gets_the_job(self):
        parked = [self.park_claim(f"worker-{number}") for number in range(10)]
        created = [self.create(sessionKey=str(number))["id"] for number in range(9)]
        got = [self.expect(200, claim.receive())["job"]["id"] for claim in parked[:9]]
        self.assertEqual(sorted(got), created)
        self.assertEqual(got, created, "whoever waits longest is served first")
        self.assertTrue(parked[9].stays_silent(MOMENT))

    def test_of_many_claims_at_the_same_time_each_gets_another_job(self):
        ids = {self.create(sessionKey=str(number))["id"] for number in range(20)}
        open_claims = [self.leave_open("POST", "/v1/workers/claim", {"workerId": f"worker-{number}"}, token=WORKER_TOKEN) for number in range(25)]
        got = [self.expect(200, claim.receive())["job"] for claim in open_claims]
        self.assertEqual({job["id"] for job in got if job}, ids)
        self.assertEqual(len([job for job in got if job]), 20)

    def test_nothing_is_leased_to_a_connection_that_has_closed(self):
        for round_number in range(30):
            parked = self.park_claim("gone")
            parked.close()
            job = self.create(sessionKey=f"s{round_number}")
            held = self.claim("present")
            self.assertIsNotNone(held, f"round {round_number}: {self.job(job['id'])}")
            self.assertEqual((held.id, held.job["attempt"]), (job["id"], 1))

    def test_the_next_that_waits_gets_what_the_gone_one_does_not(self):
        gone, present = self.park_claim("gone"), self.park_claim("present")
        gone.close()
        self.create()
        self.assertEqual(self.expect(200, present.receive())["job"]["workerId"], "present")

    def test_a_wait_beyond_its_bound_is_cut_and_a_wrong_one_refused(self):
        parked = self.park_claim(wait=10**12)
        self.assertTrue(parked.stays_silent(MOMENT))
        for wrong in (-1, 1.5, "60", True):
            reply = self.worker("POST", "/v1/workers/claim", {"workerId": "w", "waitSeconds": wrong})
            self.expect_refused_field("waitSeconds", reply)

    def test_each_name_of_a_claim_has_1_to_128_characters(self):
        for field in ("workerId", "claimId", "sessionStore"):
            with self.subTest(field=field):
                self.assertIsNone(self.claim(**{"worker_id" if field == "workerId" else field: "😀" * 128}))
                for wrong in ("😀" * 129, ""):
                    self.expect_refused_field(field, self.worker("POST", "/v1/workers/claim", {"workerId": "w", field: wrong}))
        self.expect_refused_field("workerId", self.worker("POST", "/v1/workers/claim", {}))
        self.expect_refused_field("kinds/0", self.worker("POST", "/v1/workers/claim", {"workerId": "w", "kinds": ["shell"]}))


class WhoGetsWhat(ApiTest):
    def test_kinds_are_respected(self):
        task = self.create(sessionKey="a")
        run = self.create(sessionKey="b", kind="run")
        self.approve(run["id"])
        self.assertIsNone(self.claim(kinds=[]))
        self.assertEqual(self.claim(kinds=["run"]).id, run["id"])
        self.assertIsNone(self.claim(kinds=["run"]))
        self.assertEqual(self.claim(kinds=["run", "task"]).id, task["id"])

    def test_a_job_with_labels_goes_only_to_a_worker_that_has_them_all(self):
        job = self.create(labels=["gpu", "eu"])
        self.assertIsNone(self.claim())
        self.assertIsNone(self.claim(labels=["gpu"]))
        self.assertEqual(self.claim(labels=["fast", "eu", "gpu"]).id, job["id"])

    def test_a_worker_with_labels_takes_jobs_without(self):
        job = self.create()
        self.assertEqual(self.claim(labels=["gpu"]).id, job["id"])

    def test_a_claim_that_does_not_fit_goes_on_waiting_while_another_is_served(self):
        without, fitting = self.park_claim("without"), self.park_claim("fitting", labels=["gpu"])
        self.create(labels=["gpu"])
        self.assertEqual(self.expect(200, fitting.receive())["job"]["workerId"], "fitting")
        self.assertTrue(without.stays_silent(MOMENT))
        self.create(sessionKey="b")
        self.assertEqual(self.expect(200, without.receive())["job"]["workerId"], "without")

    def test_a_session_belongs_to_the_store_that_first_ran_it(self):
        self.create()
        self.complete(self.claim(sessionStore="disk-1"))
        second = self.create()
        self.assertIsNone(self.claim(sessionStore="disk-2"))
        self.assertEqual(self.claim(sessionStore="disk-1").id, second["id"])
        other = self.create(sessionKey="another")
        self.assertEqual(self.claim(sessionStore="disk-2").id, other["id"])

    def test_a_sessions_store_is_known_after_a_crash(self):
        self.create()
        self.complete(self.claim(sessionStore="disk-1"))
        self.create()
        self.restart()
        self.assertIsNone(self.claim(sessionStore="disk-2"))
        self.assertIsNotNone(self.claim(sessionStore="disk-1"))

    def test_a_claim_without_a_store_gets_any_session(self):
        self.create()
        self.complete(self.claim(sessionStore="disk-1"))
        second = self.create()
        self.assertEqual(self.claim().id, second["id"])

    def test_one_job_of_a_session_runs_at_a_time_and_in_order(self):
        ids = [self.create()["id"] for _ in range(3)]
        for job_id in ids:
            held = self.claim()
            self.assertEqual(held.id, job_id)
            self.assertIsNone(self.claim())
            self.complete(held)
        self.assertIsNone(self.claim())

    def test_a_session_that_is_being_aborted_is_still_busy(self):
        held = self.running()
        self.create()
        self.abort(held.id)
        self.assertIsNone(self.claim())
        self.acknowledge_abort(held)
        self.assertIsNotNone(self.claim())

    def test_a_job_that_waits_for_approval_holds_nothing_back(self):
        older = self.create(requiresApproval=True)
        newer = self.create()
        self.assertEqual(self.claim().id, newer["id"])
        self.approve(older["id"])
        self.assertIsNone(self.claim(), "the session is busy")

    def test_an_older_job_that_is_approved_goes_before_a_newer_one_that_is_queued(self):
        older = self.create(requiresApproval=True)
        newer = self.create()
        self.approve(older["id"])
        held = self.claim()
        self.assertEqual(held.id, older["id"])
        self.complete(held)
        self.assertEqual(self.claim().id, newer["id"])

    def test_an_abort_of_the_first_in_line_lets_the_next_go(self):
        first, second = self.create(), self.create()
        self.abort(first["id"])
        self.assertEqual(self.claim().id, second["id"])

    def test_the_end_of_a_job_wakes_the_claim_that_waits_for_its_session(self):
        held = self.running()
        second = self.create()
        parked = self.park_claim("worker-2")
        self.assertTrue(parked.stays_silent(MOMENT))
        self.complete(held)
        self.assertEqual(self.expect(200, parked.receive())["job"]["id"], second["id"])


class RepeatedClaims(ApiTest):
    def test_a_repeated_claim_id_gets_the_same_job_and_lease(self):
        self.create(sessionKey="a")
        self.create(sessionKey="b")
        first = self.claim(claimId="claim-1")
        again = self.claim(claimId="claim-1")
        self.assertEqual((again.id, again.token, again.job), (first.id, first.token, first.job))
        self.assertEqual(self.event_types(first.id), ["job_created", "job_started"])
        self.assertNotEqual(self.claim(claimId="claim-2").id, first.id)

    def test_a_claim_whose_answer_was_lost_in_a_crash_is_answered_after_it(self):
        self.create()
        first = self.claim(claimId="claim-1")
        self.restart()
        again = self.claim(claimId="claim-1")
        self.assertEqual((again.id, again.token), (first.id, first.token))
        self.complete(again)

    def test_a_repeated_claim_is_answered_while_paused(self):
        self.create()
        first = self.claim(claimId="claim-1")
        self.gateway("POST", "/v1/admin/pause")
        self.assertEqual(self.claim(claimId="claim-1").token, first.token)

    def test_a_claim_id_whose_job_has_ended_takes_no_other_job(self):
        held = self.claim_new("claim-1")
        self.complete(held)
        self.create()
        self.assertIsNone(self.claim(claimId="claim-1"))
        self.assertIsNotNone(self.claim(claimId="claim-2"))

    def claim_new(self, claim_id: str) -> Held:
        self.create()
        return self.claim(claimId=claim_id)


class Leases(ApiTest):
    environment = {"ORCH_LEASE_SECONDS": "1"}

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
        # Waited for by what the other lease does, which ends after its second.
        waiting = self.leave_open("GET", f"/v1/jobs/{lost.id}", wait=60, ifUpdatedAfter=lost.job["updatedAt"])
        for turn in range(100):
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
    def test_a_heartbeat_tells_the_lease_and_no_news(self):
        answer = self.heartbeat(self.running())
        self.assertAlmostEqual(milliseconds(answer.pop("leaseExpiresAt")), now_in_milliseconds() + 30_000, delta=10_000)
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
    environment = {"ORCH_LEASE_SECONDS": "3"}

    def test_a_wait_lasts_at_most_a_third_of_the_lease_and_keeps_it(self):
        held = self.running()
        with Stopwatch() as watch:
            for _ in range(4):
                self.heartbeat(held, wait=60)
        self.assertGreater(watch.seconds, 3)
        self.assertLess(watch.seconds, 4 * 1.5 + AT_ONCE)
        self.assertEqual(self.job(held.id)["status"], "running")


class Ends(ApiTest):
    def test_complete_keeps_text_and_usage(self):
        held = self.running()
        usage = {"inputTokens": 10, "outputTokens": 20, "cacheReadTokens": 30, "cacheWriteTokens": 40, "costUsd": 0.0125}
        job = self.complete(held, "grüße 😀", usage=usage)["job"]
        self.assertEqual((job["status"], job["resultText"], job["usage"]), ("completed", "grüße 😀", usage))
        self.assertEqual(self.event_types(held.id)[-1], "job_finished")
        self.assertEqual(self.job(held.id), job)

    def test_a_result_may_be_empty_and_must_be_there(self):
        held = self.running()
        self.expect_refused_field("resultText", self.worker("POST", f"/v1/workers/{held.id}/complete", {}, held.token))
        self.assertEqual(self.complete(held, "")["job"]["resultText"], "")

    def test_the_longest_result_fits_whatever_its_escapes(self):
        held = self.running()
        longest = "\\u0001" * 2_000_000
        body = b'{"resultText":"' + longest.encode() + b'"}'
        headers = {"x-lease-token": held.token, "content-type": "application/json"}
        one_more = body.replace(b'"}', b'x"}')
        path = f"/v1/workers/{held.id}/complete"
        self.expect_refused_field("resultText", self.butler.as_worker("POST", path, one_more, headers))
        job = self.expect(200, self.butler.as_worker("POST", path, body, headers))["job"]
        self.assertEqual(len(job["resultText"]), 2_000_000)
        self.assertEqual(self.job(held.id), job)

    def test_a_repeated_end_answers_the_first_whatever_its_body(self):
        held = self.running()
        job = self.complete(held, "first")["job"]
        self.assertEqual(self.complete(held, "second")["job"], job)
        self.assertEqual(self.fail_job(held, "late"), job)
        self.assertEqual(self.acknowledge_abort(held), job)
        self.restart()
        self.assertEqual(self.complete(held, "third")["job"], job)
        self.assertEqual(len(self.event_types(held.id)), 3)

    def test_fail_keeps_the_error_and_the_text_so_far(self):
        held = self.running()
        self.say(held, "half a ", "sentence")
        job = self.fail_job(held, "😀" * 8_000)
        self.assertEqual((job["status"], job["error"], job["resultText"]), ("failed", "😀" * 8_000, "half a sentence"))
        self.assertEqual(self.job(held.id), job)
        message = self.events(held.id)["events"][-1]["message"]
        self.assertEqual((len(message), message[-1]), (4_000, "…"))

    def test_an_error_has_1_to_8000_characters(self):
        held = self.running()
        for wrong in ("", "😀" * 8_001):
            self.expect_refused_field("error", self.worker("POST", f"/v1/workers/{held.id}/fail", {"error": wrong}, held.token))

    def test_a_retryable_failure_before_any_activity_goes_back_to_the_queue(self):
        held = self.running()
        job = self.fail_job(held, "the agent did not start", retryable=True)
        self.assertEqual(job["status"], "queued")
        event = self.events(held.id)["events"][-1]
        self.assertEqual((event["type"], event["message"]), ("job_requeued", "the agent did not start"))
        self.expect_error(409, "lease_lost", self.worker("POST", f"/v1/workers/{held.id}/fail", {"error": "x"}, held.token))
        for attempt in (2, 3):
            held = self.claim()
            self.assertEqual(held.job["attempt"], attempt)
            job = self.fail_job(held, "again", retryable=True)
        self.assertEqual((job["status"], job["error"]), ("failed", "again"))

    def test_a_retryable_failure_after_activity_fails(self):
        held = self.running()
        self.say(held, "x")
        self.assertEqual(self.fail_job(held, retryable=True)["status"], "failed")

    def test_a_retryable_failure_while_aborting_is_aborted(self):
        held = self.running()
        self.abort(held.id)
        self.assertEqual(self.fail_job(held, retryable=True)["status"], "aborted")

    def test_a_requeued_job_keeps_its_place_in_its_session(self):
        held = self.running()
        later = self.create()
        self.fail_job(held, retryable=True)
        again = self.claim()
        self.assertEqual(again.id, held.id)
        self.complete(again)
        self.assertEqual(self.claim().id, later["id"])

    def test_an_acknowledged_abort_keeps_reason_and_text(self):
        held = self.running()
        self.say(held, "until here")
        self.abort(held.id)
        job = self.acknowledge_abort(held, reason="stopped by you")
        self.assertEqual((job["status"], job["error"], job["resultText"]), ("aborted", "stopped by you", "until here"))

    def test_a_worker_may_abort_by_itself(self):
        self.assertEqual(self.acknowledge_abort(self.running())["status"], "aborted")


class CompleteAndClaim(ApiTest):
    def test_complete_takes_the_next_job_in_the_same_call(self):
        held = self.running()
        second = self.create()
        answer = self.complete(held, claim={"workerId": "worker-1"})
        self.assertEqual(answer["job"]["status"], "completed")
        self.assertEqual(sorted(answer["next"]), ["approvals", "job", "leaseExpiresAt", "leaseToken"])
        following = Held(answer["next"])
        self.assertEqual((following.id, following.job["status"]), (second["id"], "running"))
        self.complete(following)

    def test_next_is_null_when_there_is_none_and_absent_when_not_asked_for(self):
        held = self.running()
        self.assertIsNone(self.complete(held, claim={"workerId": "worker-1", "waitSeconds": 60})["next"])
        self.assertNotIn("next", self.complete(self.running()))

    def test_a_repeat_answers_the_same_next_job(self):
        held = self.running()
        self.create()
        self.create(sessionKey="another")
        first = self.complete(held, claim={"workerId": "worker-1"})
        self.restart()
        again = self.complete(held, claim={"workerId": "worker-1"})
        self.assertEqual((again["job"], again["next"]["job"], again["next"]["leaseToken"]), (first["job"], first["next"]["job"], first["next"]["leaseToken"]))
        self.assertEqual(len(self.butler.jobs(status="queued")), 1)

    def test_a_repeat_of_a_next_that_was_null_takes_nothing(self):
        held = self.running()
        self.assertIsNone(self.complete(held, claim={"workerId": "worker-1"})["next"])
        self.create()
        self.assertIsNone(self.complete(held, claim={"workerId": "worker-1"})["next"])

    def test_the_claim_within_follows_the_same_rules(self):
        held = self.running()
        self.create(labels=["gpu"])
        self.expect_refused_field("workerId", self.worker("POST", f"/v1/workers/{held.id}/complete", {"resultText": "x", "claim": {"workerId": ""}}, held.token))
        self.assertEqual(self.job(held.id)["status"], "running")
        self.assertIsNone(self.complete(held, claim={"workerId": "worker-1"})["next"])
        other = Held(self.claim(labels=["gpu"]).answer)
        self.create()
        self.gateway("POST", "/v1/admin/pause")
        self.assertIsNone(self.complete(other, claim={"workerId": "worker-1"})["next"])


if __name__ == "__main__":
    unittest.main()

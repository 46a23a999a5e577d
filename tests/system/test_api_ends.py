"""The ends of an attempt over HTTP, alone and together with the next claim."""

import unittest

from support.api import ApiTest, Held


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

"""Claims over HTTP: who gets which job, how long a claim waits, and its repetition."""

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


if __name__ == "__main__":
    unittest.main()

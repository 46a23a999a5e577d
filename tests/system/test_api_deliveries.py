"""Deliveries, pause and panic over HTTP."""

import unittest

from support.api import AT_ONCE, LONG_LEASE, MOMENT, ApiTest
from support.wire import Stopwatch


class Deliveries(ApiTest):
    def deliveries(self, to: str = "me", **query) -> list[dict]:
        return self.expect(200, self.gateway("GET", "/v1/deliveries", deliverTo=to, **query))["jobs"]

    def ended(self, text: str = "done", **fields) -> dict:
        held = self.running(**{"deliverTo": "me"} | fields)
        return self.complete(held, text)["job"]

    def acknowledge(self, job_id: str) -> None:
        self.expect(200, self.gateway("POST", f"/v1/deliveries/{job_id}/ack", {}))

    def test_an_ended_job_is_delivered_whole_until_it_is_acknowledged(self):
        job = self.ended("the answer")
        (delivered,) = self.deliveries()
        self.assertGreater(delivered.pop("deliverySeq"), 0)
        self.assertEqual(delivered, job)
        self.assertEqual(len(self.deliveries()), 1)
        for _ in range(2):
            self.acknowledge(job["id"])
        self.assertEqual(self.deliveries(), [])

    def test_each_end_is_delivered(self):
        completed = self.ended()["id"]
        failed = self.fail_job(self.running(deliverTo="me"))["id"]
        aborted = self.abort(self.create(deliverTo="me")["id"])["id"]
        denied = self.abort(self.create(deliverTo="me", kind="run")["id"])["id"]
        self.assertEqual([job["id"] for job in self.deliveries()], [completed, failed, aborted, denied])

    def test_what_has_not_ended_is_not_delivered(self):
        self.create(deliverTo="me", kind="run")
        self.create(deliverTo="me")
        self.fail_job(self.claim(), retryable=True)
        self.assertEqual(self.deliveries(), [])

    def test_the_order_is_that_of_the_ends_not_of_the_creations(self):
        first, second = self.running(deliverTo="me", sessionKey="a"), self.running(deliverTo="me", sessionKey="b")
        self.complete(second)
        self.complete(first)
        delivered = self.deliveries()
        self.assertEqual([job["id"] for job in delivered], [second.id, first.id])
        sequence = [job["deliverySeq"] for job in delivered]
        self.assertEqual(sequence, sorted(set(sequence)))
        self.assertEqual([job["id"] for job in self.deliveries(after=sequence[0])], [first.id])
        self.assertEqual([job["id"] for job in self.deliveries(limit=1)], [second.id])

    def test_each_receiver_gets_its_own(self):
        mine = self.ended(deliverTo="telegram:1")["id"]
        self.ended(deliverTo="telegram:2")
        by_channel = self.ended(deliverTo=..., channel="telegram")["id"]
        self.ended(deliverTo=..., channel="api")
        self.ended(deliverTo=..., channel="cli")
        self.assertEqual([job["id"] for job in self.deliveries("telegram:1")], [mine])
        self.assertEqual([job["id"] for job in self.deliveries("telegram")], [by_channel])
        for nobody in ("api", "cli", "telegram:", "telegram:3"):
            self.assertEqual(self.deliveries(nobody), [])

    def test_a_wait_answers_as_soon_as_a_job_ends(self):
        held = self.running(deliverTo="me")
        waiting = self.leave_open("GET", "/v1/deliveries", deliverTo="me", wait=60)
        self.settle()
        self.complete(self.running(deliverTo="somebody else", sessionKey="b"))
        self.assertTrue(waiting.stays_silent(MOMENT))
        with Stopwatch() as watch:
            self.complete(held)
            jobs = self.expect(200, waiting.receive())["jobs"]
        self.assertEqual([job["id"] for job in jobs], [held.id])
        self.assertLess(watch.seconds, AT_ONCE)

    def test_a_wait_that_runs_out_answers_an_empty_list(self):
        self.assertEqual(self.deliveries(wait=1), [])

    def test_a_wait_behind_what_was_seen_waits_for_the_next(self):
        self.ended()
        seen = self.deliveries()[-1]["deliverySeq"]
        waiting = self.leave_open("GET", "/v1/deliveries", deliverTo="me", after=seen, wait=60)
        self.assertTrue(waiting.stays_silent(MOMENT))
        second = self.ended()
        self.assertEqual([job["id"] for job in self.expect(200, waiting.receive())["jobs"]], [second["id"]])

    def test_a_number_is_never_used_again(self):
        first = self.ended()
        used = self.deliveries()[0]["deliverySeq"]
        self.acknowledge(first["id"])
        self.restart()
        self.ended()
        self.assertGreater(self.deliveries()[0]["deliverySeq"], used)

    def test_deliveries_and_acknowledgements_are_known_after_a_crash(self):
        first, second = self.ended()["id"], self.ended()["id"]
        self.acknowledge(first)
        before = self.deliveries()
        self.restart()
        self.assertEqual(self.deliveries(), before)
        self.assertEqual([job["id"] for job in before], [second])

    def test_wrong_requests_are_refused_by_name(self):
        self.expect_refused_field("deliverTo", self.gateway("GET", "/v1/deliveries"))
        self.expect_refused_field("deliverTo", self.gateway("GET", "/v1/deliveries", deliverTo=""))
        for name in ("after", "limit", "wait"):
            self.expect_refused_field(name, self.gateway("GET", "/v1/deliveries", deliverTo="me", **{name: "x"}))
        self.expect_error(404, "job_not_found", self.gateway("POST", "/v1/deliveries/unknown/ack", {}))


class PauseAndPanic(ApiTest):
    environment = {"ORCH_LEASE_SECONDS": LONG_LEASE}  # a heartbeat ends by itself after a third of it

    def admin(self) -> dict:
        return self.expect(200, self.gateway("GET", "/v1/admin/state"))["admin"]

    def pause(self, **body) -> dict:
        return self.expect(200, self.gateway("POST", "/v1/admin/pause", body))["admin"]

    def resume(self) -> dict:
        return self.expect(200, self.gateway("POST", "/v1/admin/resume"))["admin"]

    def test_nothing_is_claimed_while_paused(self):
        held = self.running()
        self.assertFalse(self.admin()["paused"])
        state = self.pause(reason="maintenance")
        self.assertEqual((state["paused"], state["pauseReason"]), (True, "maintenance"))
        self.assertEqual(self.admin(), state)
        self.assertEqual(self.expect(200, self.gateway("GET", "/health"))["admin"], state)
        self.create(sessionKey="b")
        self.assertIsNone(self.claim())
        self.heartbeat(held)
        self.assertIsNone(self.complete(held, claim={"workerId": "w"})["next"])

    def test_creating_and_approving_work_while_paused(self):
        self.pause()
        job = self.create(kind="run")
        self.assertEqual(self.approve(job["id"])["status"], "queued")
        state = self.resume()
        self.assertFalse(state["paused"])
        self.assertNotIn("pauseReason", state)
        self.assertEqual(self.claim().id, job["id"])

    def test_a_claim_that_waits_gets_nothing_until_resume(self):
        parked = self.park_claim()
        self.pause()
        job = self.create()
        self.assertTrue(parked.stays_silent(MOMENT))
        self.resume()
        self.assertEqual(self.expect(200, parked.receive())["job"]["id"], job["id"])

    def test_a_pause_survives_a_crash(self):
        state = self.pause(reason="x")
        self.create()
        self.restart()
        self.assertEqual(self.admin(), state)
        self.assertIsNone(self.claim())

    def test_panic_aborts_all_that_runs_and_tells_its_workers_at_once(self):
        first, second = self.running(sessionKey="a"), self.running(sessionKey="b")
        queued = self.create(sessionKey="c")
        parked = self.park_heartbeat(first)
        self.assertTrue(parked.stays_silent(MOMENT))
        with Stopwatch() as watch:
            self.pause(reason="panic", abortRunning=True)
            self.assertTrue(self.expect(200, parked.receive())["abortRequested"])
        self.assertLess(watch.seconds, AT_ONCE)
        self.assertTrue(self.heartbeat(second, wait=60)["abortRequested"])
        self.assertEqual([self.job(held.id)["status"] for held in (first, second)], ["aborting", "aborting"])
        self.assertEqual(self.job(queued["id"])["status"], "queued")
        self.assertEqual(self.acknowledge_abort(first)["status"], "aborted")

    def test_a_pause_without_abort_running_leaves_what_runs(self):
        held = self.running()
        self.pause(abortRunning=False)
        self.assertEqual(self.job(held.id)["status"], "running")

    def test_a_reason_has_at_most_200_characters(self):
        self.expect_refused_field("reason", self.gateway("POST", "/v1/admin/pause", {"reason": "😀" * 201}))
        self.assertFalse(self.admin()["paused"])
        self.pause(reason="😀" * 200)


if __name__ == "__main__":
    unittest.main()

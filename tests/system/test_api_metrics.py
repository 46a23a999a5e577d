"""GET /metrics: what an operator of the queue is told, in Prometheus's text format."""

import unittest

from support.api import SHORT_LEASE, ApiTest
from support.prometheus import Metrics
from support.wait import until


class MetricsTest(ApiTest):
    def metrics(self) -> Metrics:
        reply = self.gateway("GET", "/metrics")
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        return Metrics(reply.text)


class MetricsOfTheQueue(MetricsTest):
    def jobs(self, metrics: Metrics) -> dict[str, float]:
        return {status: metrics["butler_jobs", {"status": status}] for status in ("needs_approval", "queued", "running", "aborting")}

    def test_only_the_gateways_token_reads_them(self):
        self.expect_error(401, "unauthorized", self.worker("GET", "/metrics"))

    def test_they_tell_what_is_open_and_what_has_happened(self):
        nothing = self.metrics()
        self.assertEqual(set(self.jobs(nothing).values()), {0})
        self.assertEqual(nothing["butler_oldest_queued_job_seconds"], 0)
        self.assertEqual(nothing["butler_jobs_ended_total", {"status": "failed"}], 0)
        self.assertEqual(nothing["butler_leases_lost_total", {"outcome": "fail"}], 0)
        self.assertTrue(nothing.labels_of("butler_build_info")[0]["version"])

        self.create(kind="run", sessionKey="waits for a yes")
        self.create(sessionKey="a", deliverTo="me")
        self.create(sessionKey="b")
        held = self.claim()
        self.say(held, "one", "two")
        open_now = self.metrics()
        self.assertEqual(self.jobs(open_now), {"needs_approval": 1, "queued": 1, "running": 1, "aborting": 0})
        self.assertTrue(0 < open_now["butler_oldest_queued_job_seconds"] < 60)
        self.assertEqual(open_now["butler_events_appended_total"], 2)
        self.assertEqual(open_now["butler_deliveries_open"], 0)
        self.assertEqual(open_now["butler_job_wait_seconds_count"], 1)

        self.complete(held)
        self.expect_error(409, "invalid_transition", self.gateway("POST", f"/v1/jobs/{held.id}/approve"))
        self.expect_error(409, "not_running", self.gateway("POST", f"/v1/jobs/{held.id}/messages", {"mode": "steer", "text": "x"}, {"idempotency-key": "k"}))
        self.expect(200, self.gateway("POST", "/v1/admin/pause", {}))
        ended = self.metrics()
        self.assertEqual(self.jobs(ended), {"needs_approval": 1, "queued": 1, "running": 0, "aborting": 0})
        self.assertEqual(ended["butler_jobs_created_total"], 3)
        self.assertEqual(ended["butler_jobs_ended_total", {"status": "completed"}], 1)
        self.assertEqual(ended["butler_job_run_seconds_count"], 1)
        self.assertEqual(ended["butler_deliveries_open"], 1)
        self.assertEqual(ended["butler_paused"], 1)
        for error in ("invalid_transition", "not_running"):
            self.assertEqual(ended["butler_http_conflicts_total", {"error": error}], 1)
        self.assertEqual(ended["butler_commit_seconds_count"], ended["butler_commit_requests_count"])
        self.assertTrue(5 <= ended["butler_commit_seconds_count"] <= 12, "reads are no commits")

    def test_requests_are_counted_by_route_and_status_and_made_up_ones_are_not_kept(self):
        for number in range(20):
            self.gateway("GET", f"/v1/jobs/no-such-job-{number}")
            self.gateway(f"METHOD{number}", "/v1/jobs")
            self.gateway("GET", f"/no/such/path/{number}")
        self.create()
        counted = self.metrics()
        self.assertEqual(counted["butler_http_requests_total", {"method": "GET", "route": "/v1/jobs/:jobId", "status": "404"}], 20)
        self.assertEqual(counted["butler_http_requests_total", {"method": "POST", "route": "/v1/jobs", "status": "201"}], 1)
        self.assertEqual(counted["butler_http_requests_total", {"method": "", "route": "", "status": "404"}], 20)
        self.assertEqual(counted["butler_http_requests_total", {"method": "", "route": "", "status": "405"}], 20)
        self.assertLess(len(counted.labels_of("butler_http_requests_total")), 10)

    def test_what_waits_is_counted_while_it_waits(self):
        job = self.create(kind="run")
        self.park_claim()
        self.leave_open("GET", f"/v1/jobs/{job['id']}/events", headers={"accept": "text/event-stream"}, cursor=1)
        self.settle()
        waiting = self.metrics()
        self.assertEqual(waiting["butler_http_requests_parked"], 2)
        self.assertGreaterEqual(waiting["butler_http_connections"], 3)


class MetricsOfLeases(MetricsTest):
    environment = {"ORCH_LEASE_SECONDS": str(SHORT_LEASE)}

    def test_a_lost_lease_is_counted_by_what_became_of_the_job(self):
        self.running(sessionKey="a")
        self.say(self.running(sessionKey="b"), "began")
        lost = until(lambda: (seen := self.metrics())["butler_jobs_ended_total", {"status": "failed"}] and seen, "the leases to run out")
        self.assertEqual(lost["butler_leases_lost_total", {"outcome": "repeat"}], 1)
        self.assertEqual(lost["butler_leases_lost_total", {"outcome": "fail"}], 1)


if __name__ == "__main__":
    unittest.main()

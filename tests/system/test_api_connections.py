"""Connections to the HTTP API: how requests are framed, and clients that are slow, broken or hostile."""

import os
import resource
import unittest

from support.api import AT_ONCE, MOMENT
from support.butler import GATEWAY_TOKEN, WORKER_TOKEN
from support.edges import EdgeTest
from support.wire import Stopwatch

MIB = 1024 * 1024


class Framing(EdgeTest):
    def head(self, *lines: str, start: str = "POST /v1/jobs HTTP/1.1", host: str = "host: localhost") -> bytes:
        return "\r\n".join([start, host, f"x-api-key: {GATEWAY_TOKEN}", *lines, "", ""]).encode("latin-1")

    def test_two_ways_to_frame_a_body_are_refused(self):
        body = b"0\r\n\r\nGET /v1/admin/state HTTP/1.1\r\nhost: localhost\r\n\r\n"
        ambiguous = [
            ["content-length: 5", "transfer-encoding: chunked"],
            ["transfer-encoding: chunked", "content-length: 5"],
            ["content-length: 5", "content-length: 6"],
            ["content-length: 5", "content-length: 5"],
            ["transfer-encoding:", " chunked"],
            ["x-a: b", " content-length: 5"],
            ["x-a: b\n", "content-length: 5"],
            ["x-a: b\rcontent-length: 5"],
            ["content-length: 5, 6"],
            ["content-length: +5"],
            ["content-length: -5"],
            ["content-length: 0x5"],
            ["content-length: 5 5"],
            ["content-length: 99999999999999999999999"],
            ["transfer-encoding: identity"],
            ["transfer-encoding: gzip, chunked"],
            ["transfer-encoding: chunked, chunked"],
            ["transfer-encoding: chunked", "transfer-encoding: chunked"],
            ["transfer-encoding: xchunked"],
            ["transfer-encoding : chunked"],
            ["transfer-encoding: \x0bchunked"],
            ["content-length : 5"],
        ]
        for lines in ambiguous:
            with self.subTest(lines=lines):
                connection = self.connect()
                connection.send_bytes(self.head(*lines) + body)
                reply = connection.receive()
                self.assertIn(reply.status, (400, 501), reply.text)
                self.assertTrue(connection.is_closed(), "nothing behind it is taken for a request")

    def test_a_malformed_head_is_refused(self):
        for text in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET\r\n\r\n",
            b"GET /health\r\n\r\n",
            b"GET /health HTTP/2.0\r\nhost: localhost\r\n\r\n",
            b"GET /health HTTP/1.1\r\n\r\n",
            b"GET /health HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n",
            b"GET /health HTTP/1.1\r\nhost: localhost\r\nno colon\r\n\r\n",
            b"GET /health HTTP/1.1\r\nhost: localhost\r\na\x00b: c\r\n\r\n",
            b"GET /hea lth HTTP/1.1\r\nhost: localhost\r\n\r\n",
        ):
            with self.subTest(text=text[:60]):
                self.assertEqual(self.raw(text).status, 400)
        self.assert_well()

    def test_a_head_that_is_too_large_is_refused(self):
        self.assertEqual(self.raw(self.head("x-filler: " + "x" * 100_000)).status, 431)
        self.assertEqual(self.raw(self.head(*["x-filler: y"] * 5_000)).status, 431)
        self.assertEqual(self.raw(b"GET /" + b"a" * 100_000).status, 431)
        self.assert_well()

    def test_pipelined_requests_are_answered_in_order(self):
        connection = self.connect()
        requests = b"".join(connection.request("POST", "/v1/jobs", self.request_body(prompt=f"number {number}"), token=GATEWAY_TOKEN) for number in range(40))
        connection.send_bytes(requests)
        prompts = [connection.receive().json["job"]["prompt"] for _ in range(40)]
        self.assertEqual(prompts, [f"number {number}" for number in range(40)])

    def test_a_request_behind_one_that_waits_is_answered_after_it(self):
        connection = self.connect()
        connection.send("POST", "/v1/workers/claim", {"workerId": "w", "waitSeconds": 60}, token=WORKER_TOKEN)
        connection.send("GET", "/health")
        self.assertTrue(connection.stays_silent(MOMENT))
        job = self.create()
        self.assertEqual(connection.receive().json["job"]["id"], job["id"])
        self.assertIn("ok", connection.receive().json)

    def test_a_connection_is_kept_over_refusals_of_the_application(self):
        connection = self.connect()
        for body in ({}, self.request_body(), {"prompt": 7}, self.request_body()):
            connection.send("POST", "/v1/jobs", body, token=GATEWAY_TOKEN)
            self.assertIn(connection.receive().status, (201, 400))

    def test_http_1_0_and_connection_close_end_the_connection(self):
        connection = self.connect()
        connection.send_bytes(b"GET /health HTTP/1.0\r\nhost: localhost\r\n\r\n")
        self.assertEqual(connection.receive().status, 200)
        self.assertTrue(connection.is_closed())
        connection = self.connect()
        connection.send("GET", "/health", headers={"connection": "close"})
        self.assertEqual(connection.receive().status, 200)
        self.assertTrue(connection.is_closed())

    def test_a_request_byte_by_byte_is_as_good(self):
        connection = self.connect()
        for byte in connection.request("POST", "/v1/jobs", self.request_body(), token=GATEWAY_TOKEN):
            connection.send_bytes(bytes([byte]))
        self.assertEqual(connection.receive().status, 201)


class SlowClients(EdgeTest):
    def test_heads_and_bodies_that_never_end_hinder_nobody(self):
        for _ in range(100):
            self.connect().send_bytes(b"GET /health HTTP/1.1\r\nhost: local")
            self.connect().send("POST", "/v1/jobs", headers={"content-length": "1000"}, token=GATEWAY_TOKEN)
        with Stopwatch() as watch:
            self.create()
            self.complete(self.claim())
        self.assertLess(watch.seconds, AT_ONCE)

    def test_500_idle_connections_hinder_nobody(self):
        idle = [self.connect() for _ in range(500)]
        with Stopwatch() as watch:
            self.create()
            self.complete(self.claim())
        self.assertLess(watch.seconds, AT_ONCE)
        idle[250].send("GET", "/health")
        self.assertEqual(idle[250].receive().status, 200)

    def test_500_claims_that_wait_hinder_nobody(self):
        parked = [self.leave_open("POST", "/v1/workers/claim", {"workerId": f"w{number}", "waitSeconds": 60}, token=WORKER_TOKEN) for number in range(500)]
        self.settle()
        with Stopwatch() as watch:
            created = self.create()
            self.expect(200, self.gateway("GET", "/v1/jobs"))
        self.assertLess(watch.seconds, AT_ONCE)
        self.assertEqual(parked[0].receive().json["job"]["id"], created["id"])

    def test_5000_streams_and_long_polls_take_little_and_hinder_nobody(self):
        count = 500 if os.environ.get("BUTLER_SANITIZED") else 5_000
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < count + 100:
            self.skipTest(f"only {hard} files may be open here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        job = self.create()
        path = f"/v1/jobs/{job['id']}/events?cursor=1"
        template = self.connect()
        stream = template.request("GET", path, headers={"accept": "text/event-stream"}, token=GATEWAY_TOKEN)
        poll = template.request("GET", path + "&wait=60", token=GATEWAY_TOKEN)
        before = self.resident()
        waiting = []
        for number in range(count):
            waiting.append(self.connect())
            waiting[-1].send_bytes(stream if number % 2 else poll)
        self.settle()
        with Stopwatch() as watch:
            self.assertEqual(self.exchange("GET", "/health").status, 200)
            self.create(sessionKey="another")
        self.assertLess(watch.seconds, AT_ONCE)
        if not os.environ.get("BUTLER_SANITIZED"):
            self.assertLess(self.resident() - before, 60 * MIB)
        self.claim()
        self.assertEqual(waiting[0].receive().json["events"][0]["type"], "job_started")
        self.assertEqual(waiting[1].receive_head().status, 200)
        told = [waiting[1].receive_event() for _ in range(2)]
        self.assertEqual(told[1]["event"], "job_started", "behind the comment with which a stream begins")

    def resident(self) -> int:
        with open(f"/proc/{self.orchestrator.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def test_readers_that_do_not_read_hinder_nobody(self):
        held = self.running()
        text = "x" * 2_000_000
        self.complete(held, text)
        for _ in range(20):
            connection = self.connect()
            connection.send_bytes(connection.request("GET", f"/v1/jobs/{held.id}", token=GATEWAY_TOKEN) * 5)
        with Stopwatch() as watch:
            self.assertEqual(len(self.job(held.id)["resultText"]), 2_000_000)
        self.assertLess(watch.seconds, AT_ONCE)

    def test_connections_cut_at_any_point_hinder_nobody(self):
        connection = self.connect()
        request = connection.request("POST", "/v1/jobs", self.request_body(), token=GATEWAY_TOKEN)
        for length in range(0, len(request), 5):
            broken = self.connect()
            broken.send_bytes(request[:length])
            broken.close()
        self.assertEqual(self.butler.jobs(), [])
        self.create()

    @unittest.skipUnless(os.environ.get("BUTLER_TEST_LONG"), "waits for 15 s")
    def test_a_head_that_does_not_end_in_15_seconds_is_cut(self):
        connection = self.connect()
        connection.send_bytes(b"GET /health HTTP/1.1\r\nhost: local")
        with Stopwatch() as watch:
            self.assertTrue(connection.is_closed())
        self.assertTrue(10 < watch.seconds < 30)


if __name__ == "__main__":
    unittest.main()

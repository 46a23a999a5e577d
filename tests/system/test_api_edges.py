"""The edge of the HTTP API: who may call, what is refused unread, and clients that are slow, broken or hostile."""

import json
import os
import resource
import unittest

from support.api import AT_ONCE, MOMENT, ApiTest
from support.butler import GATEWAY_TOKEN, WORKER_TOKEN
from support.net import Reply
from support.wire import Stopwatch

MIB = 1024 * 1024
JOB_ID = "01900000-0000-7000-8000-000000000000"
GATEWAY_CALLS = [
    ("POST", "/v1/jobs"),
    ("GET", "/v1/jobs"),
    ("GET", f"/v1/jobs/{JOB_ID}"),
    ("GET", f"/v1/jobs/{JOB_ID}/events"),
    ("POST", f"/v1/jobs/{JOB_ID}/approve"),
    ("POST", f"/v1/jobs/{JOB_ID}/abort"),
    ("POST", f"/v1/jobs/{JOB_ID}/messages"),
    ("GET", "/v1/deliveries"),
    ("POST", f"/v1/deliveries/{JOB_ID}/ack"),
    ("GET", "/v1/admin/state"),
    ("POST", "/v1/admin/pause"),
    ("POST", "/v1/admin/resume"),
]
WORKER_CALLS = [
    ("POST", "/v1/workers/claim"),
    ("POST", f"/v1/workers/{JOB_ID}/events"),
    ("GET", f"/v1/workers/{JOB_ID}/heartbeat"),
    ("POST", f"/v1/workers/{JOB_ID}/complete"),
    ("POST", f"/v1/workers/{JOB_ID}/fail"),
    ("POST", f"/v1/workers/{JOB_ID}/aborted"),
]


class EdgeTest(ApiTest):
    def exchange(self, method: str, path: str, body=None, token: str | None = None, **headers: str) -> Reply:
        """One request whose fields are as the test says; "_" stands for "-"."""
        connection = self.connect()
        connection.send(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}, token)
        return connection.receive()

    def raw(self, text: bytes) -> Reply:
        connection = self.connect()
        connection.send_bytes(text)
        return connection.receive()

    def assert_well(self) -> None:
        """It still serves."""
        self.expect(200, self.gateway("GET", "/v1/admin/state"))


class Tokens(EdgeTest):
    def test_each_call_takes_its_own_token_and_no_other(self):
        wrong = [None, "", "x", GATEWAY_TOKEN + "x", GATEWAY_TOKEN[:-1], GATEWAY_TOKEN.upper()]
        for calls, right, crossed in ((GATEWAY_CALLS, GATEWAY_TOKEN, WORKER_TOKEN), (WORKER_CALLS, WORKER_TOKEN, GATEWAY_TOKEN)):
            connection = self.connect()
            for method, path in calls:
                with self.subTest(method=method, path=path):
                    for token in [*wrong, crossed]:
                        reply = self.exchange(method, path, token=token)
                        self.expect_error(401, "unauthorized", reply)
                    connection.send(method, path, token=right)
                    self.assertIn(connection.receive().status, (200, 400, 404))

    def test_a_bearer_token_is_as_good(self):
        self.expect(200, self.exchange("GET", "/v1/jobs", authorization=f"Bearer {GATEWAY_TOKEN}"))
        self.expect(200, self.exchange("GET", "/v1/jobs", authorization=f"bearer {GATEWAY_TOKEN}"))
        for value in (f"Bearer {WORKER_TOKEN}", "Bearer ", "Bearer", f"Basic {GATEWAY_TOKEN}", GATEWAY_TOKEN):
            with self.subTest(authorization=value):
                self.expect_error(401, "unauthorized", self.exchange("GET", "/v1/jobs", authorization=value))

    def test_a_wrong_token_is_refused_before_the_body(self):
        for token in ("wrong", WORKER_TOKEN, None):
            connection = self.connect()
            with Stopwatch() as watch:
                connection.send("POST", "/v1/jobs", headers={"content-length": str(900_000), "content-type": "application/json"}, token=token)
                reply = connection.receive()
            self.expect_error(401, "unauthorized", reply)
            self.assertLess(watch.seconds, AT_ONCE)
            self.assertEqual(reply.headers.get("connection"), "close")

    def test_a_refused_client_that_waits_to_send_is_not_asked_to(self):
        connection = self.connect()
        connection.send("POST", "/v1/jobs", headers={"content-length": "100", "expect": "100-continue"}, token="wrong")
        self.assertEqual(connection.receive().status, 401)

    def test_an_admitted_client_that_waits_to_send_is_asked_to(self):
        connection = self.connect()
        body = json.dumps(self.request_body()).encode()
        connection.send("POST", "/v1/jobs", headers={"content-length": str(len(body)), "content-type": "application/json", "expect": "100-continue"}, token=GATEWAY_TOKEN)
        self.assertEqual(connection.receive_head().status, 100)
        connection.send_bytes(body)
        self.assertEqual(connection.receive().status, 201)

    def test_strangers_do_not_learn_which_paths_exist(self):
        for method, path in (("GET", "/v1/nothing"), ("DELETE", "/v1/jobs"), ("GET", "/"), ("GET", "/.env")):
            self.expect_error(401, "unauthorized", self.exchange(method, path))

    def test_health_and_readiness_need_no_token(self):
        health = self.expect(200, self.exchange("GET", "/health"))
        self.assertEqual((health["ok"], health["admin"]["paused"]), (True, False))
        self.assertIn("ts", health)
        self.expect(200, self.exchange("GET", "/ready"))

    def test_a_web_page_is_refused_with_any_token(self):
        for origin in ("https://evil.example", "http://127.0.0.1", "null"):
            for token in (None, GATEWAY_TOKEN):
                self.expect_error(403, "forbidden", self.exchange("GET", "/v1/jobs", token=token, origin=origin))
        self.expect_error(403, "forbidden", self.exchange("GET", "/health", origin="https://evil.example"))
        self.expect_error(403, "forbidden", self.exchange("OPTIONS", "/v1/jobs", origin="https://evil.example", access_control_request_method="POST"))

    def test_a_foreign_host_name_is_refused(self):
        for host in ("evil.example", "evil.example:8787", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.1@evil.example", "", "[::1", "0.0.0.0"):
            with self.subTest(host=host):
                self.expect_error(403, "forbidden", self.exchange("GET", "/v1/jobs", token=GATEWAY_TOKEN, host=host))
        for host in ("localhost", "localhost:8787", "127.0.0.1", "[::1]:8787"):
            with self.subTest(host=host):
                self.expect(200, self.exchange("GET", "/v1/jobs", token=GATEWAY_TOKEN, host=host))

    def test_an_answer_gives_no_page_access(self):
        reply = self.exchange("GET", "/health")
        self.assertFalse([name for name in reply.headers if name.startswith("access-control")])

    def test_a_token_is_never_logged_or_answered(self):
        for token in (GATEWAY_TOKEN, WORKER_TOKEN, "a-wrong-token-that-someone-sent"):
            reply = self.exchange("GET", "/v1/jobs", token=token)
            self.assertNotIn(token, reply.text)
        self.assertFalse([line for line in self.orchestrator.lines if "-token-" in line])


class Methods(EdgeTest):
    def test_another_method_is_not_allowed(self):
        for method, path in (("DELETE", "/v1/jobs"), ("PUT", f"/v1/jobs/{JOB_ID}"), ("PATCH", "/v1/admin/pause"), ("GET", "/v1/workers/claim"), ("BREW", "/v1/jobs"), ("get", "/v1/jobs")):
            with self.subTest(method=method, path=path):
                self.expect_error(405, "method_not_allowed", self.exchange(method, path, token=GATEWAY_TOKEN))

    def test_an_unknown_path_is_not_found(self):
        for path in ("/", "/v1", "/v2/jobs", "/v1/jobs/a/b/c", "/v1/workers/x/nothing", "//v1/jobs", "/v1/../v1/jobs", "/V1/JOBS", "/" + "a" * 8_000, "/v1/jobs%2fx"):
            with self.subTest(path=path[:40]):
                self.expect_error(404, "not_found", self.exchange("GET", path, token=GATEWAY_TOKEN))

    def test_a_question_mark_alone_changes_nothing(self):
        for path in ("/v1/jobs?", "/v1/jobs?&&==&limit=&unknown=1", "/v1/jobs?limit=5&limit=7"):
            self.expect(200, self.exchange("GET", path, token=GATEWAY_TOKEN))


class Bodies(EdgeTest):
    def post(self, body: bytes, content_type: str | None = "application/json", path: str = "/v1/jobs") -> Reply:
        headers = {"content_type": content_type} if content_type else {}
        return self.exchange("POST", path, body, GATEWAY_TOKEN, **headers)

    def whole(self, **fields) -> bytes:
        return json.dumps(self.request_body(**fields), ensure_ascii=False).encode()

    def test_a_body_without_length_is_an_absent_body(self):
        reply = self.raw(f"POST /v1/jobs HTTP/1.1\r\nhost: localhost\r\nx-api-key: {GATEWAY_TOKEN}\r\n\r\n".encode())
        self.assertIn("prompt", self.expect_error(400, "invalid_request", reply)["details"])
        self.expect(200, self.raw(f"POST /v1/admin/resume HTTP/1.1\r\nhost: localhost\r\nx-api-key: {GATEWAY_TOKEN}\r\n\r\n".encode()))

    def test_a_chunked_body_is_as_good(self):
        connection = self.connect()
        connection.send("POST", "/v1/jobs", headers={"transfer-encoding": "chunked", "content-type": "application/json"}, token=GATEWAY_TOKEN)
        for start in range(0, len(self.whole()), 7):
            piece = self.whole()[start : start + 7]
            connection.send_bytes(f"{len(piece):x};ext=1\r\n".encode() + piece + b"\r\n")
        connection.send_bytes(b"0\r\nx-trailer: 1\r\n\r\n")
        self.assertEqual(connection.receive().status, 201)

    def test_a_body_that_is_not_json_by_its_type_is_refused(self):
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp", "text/json"):
            with self.subTest(content_type=content_type):
                self.expect_error(415, "unsupported_media_type", self.post(self.whole(), content_type))
        for content_type in ("application/json", "application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"):
            with self.subTest(content_type=content_type):
                self.assertEqual(self.post(self.whole(), content_type).status, 201)

    def test_broken_json_is_refused(self):
        whole = self.whole()
        broken = [b"{", b"}", b" ", b"{'a':1}", b'{"a":1,}', b"{a:1}", b"NaN", b'{"a":Infinity}', whole[:-1], whole + b"x", whole + whole, b"\xef\xbb\xbf" + whole, b"\x00", b"\xff\xfe{\x00}\x00", b'{"prompt":"\n"}', b'{"prompt":"\\x"}', b'{"prompt":"\\ud800"}', b"0123", b"// comment\n" + whole]
        for body in broken:
            with self.subTest(body=body[:30]):
                self.expect_refused_field("body", self.post(body))

    def test_json_that_is_too_deep_is_refused(self):
        for depth in (33, 1_000, 400_000):
            for start, end in ((b"[", b"]"), (b'{"a":', b"}")):
                body = (start * depth + b"1" + end * depth)[:MIB]
                self.expect_refused_field("body", self.post(body))
        deep = b"[" * 20 + b"]" * 20
        self.assertEqual(self.post(self.whole()[:-1] + b', "unknown": ' + deep + b"}").status, 201)

    def test_text_that_is_not_utf_8_is_refused(self):
        for bad in (b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x9f\x98"):
            with self.subTest(bad=bad):
                self.expect_refused_field("body", self.post(self.whole().replace(b"a task", b"a " + bad + b" task")))

    def test_a_nul_within_a_text_is_a_character_like_any_other(self):
        self.expect_refused_field("body", self.post(self.whole().replace(b"a task", b"a \x00 task")))
        job = self.post(self.whole().replace(b"a task", b"a \\u0000 task").replace(b"test:1", b"test\\u00001")).json["job"]
        self.assertEqual((job["prompt"], job["sessionKey"]), ("a \0 task", "test\x001"))
        self.assertEqual(self.job(job["id"]), job)
        other = self.create(sessionKey="test\x002")
        self.assertEqual({self.claim().id, self.claim().id}, {job["id"], other["id"]})

    def test_numbers_out_of_range_are_refused(self):
        held = self.running()
        for number in ("1e999", "99999999999999999999", "-1.5", '"7"', "{}"):
            with self.subTest(number=number):
                body = f'{{"resultText":"x","usage":{{"inputTokens":{number},"outputTokens":0,"cacheReadTokens":0,"cacheWriteTokens":0,"costUsd":0}}}}'
                reply = self.butler.as_worker("POST", f"/v1/workers/{held.id}/complete", body.encode(), {"x-lease-token": held.token, "content-type": "application/json"})
                self.expect_error(400, "invalid_request", reply)

    def test_a_body_at_its_limit_is_taken_and_one_byte_more_is_not(self):
        calls = [
            (GATEWAY_TOKEN, "/v1/jobs", MIB),
            (WORKER_TOKEN, "/v1/workers/claim", MIB),
            (WORKER_TOKEN, f"/v1/workers/{JOB_ID}/fail", MIB),
            (WORKER_TOKEN, f"/v1/workers/{JOB_ID}/events", 4 * MIB),
            (WORKER_TOKEN, f"/v1/workers/{JOB_ID}/complete", 25 * MIB),
        ]
        for token, path, limit in calls:
            with self.subTest(path=path):
                self.expect_error(400, "invalid_request", self.exchange("POST", path, b" " * limit, token))
                connection = self.connect()
                connection.send("POST", path, headers={"content-length": str(limit + 1)}, token=token)
                self.expect_error(413, "payload_too_large", connection.receive())

    def test_a_chunked_body_over_its_limit_is_refused_on_the_way(self):
        connection = self.connect()
        connection.send("POST", "/v1/jobs", headers={"transfer-encoding": "chunked"}, token=GATEWAY_TOKEN)
        for _ in range(4):
            connection.send_bytes(b"%x\r\n" % (MIB // 4) + b" " * (MIB // 4) + b"\r\n")
        connection.send_bytes(b"1\r\n")
        self.expect_error(413, "payload_too_large", connection.receive())

    def test_a_length_that_is_a_lie_takes_no_memory(self):
        for _ in range(50):
            connection = self.connect()
            connection.send("POST", f"/v1/workers/{JOB_ID}/complete", headers={"content-length": str(25 * MIB)}, token=WORKER_TOKEN)
        self.settle()
        with open(f"/proc/{self.orchestrator.pid}/statm") as statm:
            resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        self.assertLess(resident, 400 * MIB)

    def test_a_get_takes_no_body(self):
        self.assertEqual(self.exchange("GET", "/v1/jobs", b"{}", GATEWAY_TOKEN).status, 413)


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
        waiting = [self.connect() for _ in range(count)]
        for number, connection in enumerate(waiting):
            connection.send_bytes(stream if number % 2 else poll)
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

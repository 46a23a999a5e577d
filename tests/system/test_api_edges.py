"""The edge of the HTTP API: who may call, and what is refused unread."""

import json
import os
import unittest

from support.api import AT_ONCE
from support.butler import GATEWAY_TOKEN, WORKER_TOKEN
from support.edges import EdgeTest
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
    ("GET", "/v1/admin/workers"),
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


if __name__ == "__main__":
    unittest.main()

"""Jobs over HTTP: what creating one takes, idempotency, reading, listing."""

import re
import unittest

from support.api import AT_ONCE, MOMENT, ApiTest, milliseconds, now_in_milliseconds
from support.wire import Stopwatch

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Creating(ApiTest):
    def test_a_task_is_queued_with_its_defaults_and_without_what_is_absent(self):
        before = now_in_milliseconds()
        job = self.create(prompt="tidy up")
        self.assertRegex(job.pop("id"), UUID7)
        created = job.pop("createdAt")
        self.assertRegex(created, TIME)
        self.assertTrue(before <= milliseconds(created) <= now_in_milliseconds())
        self.assertEqual(job.pop("updatedAt"), created)
        self.assertEqual(
            job,
            {
                "kind": "task",
                "status": "queued",
                "prompt": "tidy up",
                "channel": "api",
                "chatId": "1001",
                "requesterId": "1001",
                "sessionKey": "test:1",
                "requiresApproval": False,
                "abortRequested": False,
                "attempt": 0,
                "maxAttempts": 3,
            },
        )

    def test_every_field_comes_back_as_it_was_given(self):
        fields = {
            "kind": "task",
            "prompt": "grüße 👩‍👩‍👧 \u0000 \u202e \"quoted\" \\ \n\t",
            "channel": "telegram",
            "chatId": "-100123",
            "requesterId": "42",
            "threadId": "7",
            "sessionKey": "telegram:-100123:7",
            "requiresApproval": True,
            "metadata": {"title": "😀", "empty": "", "__proto__": "x"},
            "deliverTo": "telegram:99",
            "labels": ["gpu", "büro"],
        }
        created = self.create(**fields)
        self.assertEqual({name: created[name] for name in fields}, fields)
        self.restart()
        self.assertEqual(self.job(created["id"]), created)

    def test_a_run_needs_approval_whatever_the_client_sent(self):
        for sent in (False, True, None, ...):
            with self.subTest(requiresApproval=sent):
                job = self.create(kind="run", prompt="ls", requiresApproval=sent)
                self.assertEqual((job["status"], job["requiresApproval"]), ("needs_approval", True))
        self.assertIsNone(self.claim())

    def test_a_task_that_requires_approval_waits_for_it(self):
        job = self.create(requiresApproval=True)
        self.assertEqual(job["status"], "needs_approval")
        self.assertIsNone(self.claim())

    def test_unknown_members_are_ignored_and_null_is_absent(self):
        job = self.create(threadId=None, metadata=None, labels=None, unknown={"deep": [1]}, id="mine", status="completed", attempt=7)
        self.assertNotEqual(job["id"], "mine")
        self.assertEqual((job["status"], job["attempt"]), ("queued", 0))
        for absent in ("threadId", "metadata", "labels", "unknown"):
            self.assertNotIn(absent, job)

    def test_ids_and_times_are_ordered_as_the_jobs_were_made(self):
        jobs = [self.create(prompt=str(number)) for number in range(50)]
        ids = [job["id"] for job in jobs]
        self.assertEqual(ids, sorted(ids))
        self.assertEqual(len(set(ids)), 50)
        for job in jobs:
            encoded = int(job["id"].replace("-", "")[:12], 16)
            self.assertLess(abs(encoded - milliseconds(job["createdAt"])), 10_000)

    def test_the_first_event_tells_of_the_creation(self):
        job = self.create()
        (event,) = self.events(job["id"])["events"]
        self.assertEqual(event, {"type": "job_created", "ts": job["createdAt"], "seq": 1})


class Limits(ApiTest):
    def refuse(self, field: str, **fields) -> None:
        self.expect_refused_field(field, self.gateway("POST", "/v1/jobs", self.request_body(**fields)))

    def test_each_text_takes_its_longest_value_in_code_points_and_not_one_more(self):
        limits = {"prompt": 20_000, "chatId": 128, "requesterId": 128, "threadId": 128, "sessionKey": 256, "deliverTo": 128}
        for field, limit in limits.items():
            for character in ("a", "ü", "😀"):
                with self.subTest(field=field, character=character):
                    job = self.create(**{field: character * limit})
                    self.assertEqual(job[field], character * limit)
                    self.refuse(field, **{field: character * (limit + 1)})

    def test_no_text_may_be_empty(self):
        for field in ("prompt", "chatId", "requesterId", "threadId", "sessionKey", "deliverTo"):
            with self.subTest(field=field):
                self.refuse(field, **{field: ""})

    def test_metadata_has_at_most_32_members_of_2000(self):
        most = {str(number): "😀" * 2_000 for number in range(32)}
        self.assertEqual(self.create(metadata=most)["metadata"], most)
        self.refuse("metadata", metadata={str(number): "" for number in range(33)})
        self.refuse("metadata/note", metadata={"note": "x" * 2_001})
        self.refuse("metadata/note", metadata={"note": 7})
        self.refuse("metadata", metadata=["note"])

    def test_there_are_at_most_16_labels(self):
        most = [str(number) for number in range(16)]
        self.assertEqual(self.create(labels=most)["labels"], most)
        self.refuse("labels", labels=[*most, "one more"])
        self.refuse("labels", labels=[""])
        self.refuse("labels/1", labels=["gpu", 7])

    def test_each_required_field_is_missed_by_name_and_all_at_once(self):
        required = ["prompt", "channel", "chatId", "requesterId", "sessionKey"]
        for field in required:
            with self.subTest(field=field):
                self.refuse(field, **{field: ...})
        for body in ({}, None):
            details = self.expect_error(400, "invalid_request", self.gateway("POST", "/v1/jobs", body))["details"]
            self.assertEqual(sorted(details), sorted(required))

    def test_a_wrong_type_is_refused_by_name(self):
        for field in ("prompt", "chatId", "requesterId", "threadId", "sessionKey", "deliverTo", "channel", "kind"):
            for wrong in (1001, True, ["x"], {"x": "y"}):
                with self.subTest(field=field, wrong=wrong):
                    self.refuse(field, **{field: wrong})
        self.refuse("requiresApproval", requiresApproval="true")
        self.refuse("labels", labels="gpu")
        for field in ("prompt", "channel", "chatId"):
            self.refuse(field, **{field: None})

    def test_an_unknown_name_is_refused_by_name(self):
        self.refuse("channel", channel="email")
        self.refuse("channel", channel="Telegram")
        self.refuse("kind", kind="shell")

    def test_a_body_that_is_no_object_is_refused(self):
        for body in (b"[]", b"7", b'"text"', b"null", b"true"):
            with self.subTest(body=body):
                self.expect_refused_field("body", self.gateway("POST", "/v1/jobs", body, {"content-type": "application/json"}))

    def test_what_was_refused_leaves_nothing_behind(self):
        self.gateway("POST", "/v1/jobs", self.request_body(prompt=""), {"idempotency-key": "once"})
        self.assertEqual(self.butler.jobs(), [])
        self.create(key="once")


class Idempotency(ApiTest):
    def post(self, key: str, **fields):
        return self.gateway("POST", "/v1/jobs", self.request_body(**fields), {"idempotency-key": key})

    def test_a_repeated_idempotency_key_answers_the_first_job(self):
        first = self.create(key="once")
        self.assertEqual(self.expect(200, self.post("once"))["job"], first)
        self.assertEqual(len(self.butler.jobs()), 1)

    def test_a_repeat_answers_the_job_as_it_is_now(self):
        first = self.create(key="once")
        held = self.claim()
        self.say(held, "half a ")
        self.assertEqual(self.expect(200, self.post("once"))["job"]["resultText"], "half a ")
        self.complete(held, "whole")
        repeated = self.expect(200, self.post("once"))["job"]
        self.assertEqual((repeated["id"], repeated["status"], repeated["resultText"]), (first["id"], "completed", "whole"))

    def test_the_same_key_with_another_body_is_a_conflict(self):
        self.create(key="once")
        others = [
            {"prompt": "another task"},
            {"kind": "run"},
            {"channel": "cli"},
            {"chatId": "1002"},
            {"requesterId": "1002"},
            {"threadId": "1"},
            {"sessionKey": "test:2"},
            {"requiresApproval": True},
            {"metadata": {"a": "b"}},
            {"deliverTo": "somebody"},
            {"labels": ["gpu"]},
        ]
        for other in others:
            with self.subTest(**other):
                self.expect_error(409, "idempotency_conflict", self.post("once", **other))
        self.assertEqual(len(self.butler.jobs()), 1)

    def test_bodies_are_compared_after_decoding_and_defaults(self):
        first = self.create(key="once", prompt="grüße")
        written_otherwise = b"""{ "unknown": 1, "sessionKey": "test:1", "prompt": "gr\\u00fc\\u00dfe", "requiresApproval": false, "kind": "task",
            "requesterId": "1001", "chatId": "1001", "channel": "api", "threadId": null }"""
        reply = self.gateway("POST", "/v1/jobs", written_otherwise, {"idempotency-key": "once", "content-type": "application/json"})
        self.assertEqual(self.expect(200, reply)["job"], first)
        run = self.create(key="run", kind="run")
        self.assertEqual(self.expect(200, self.post("run", kind="run", requiresApproval=True))["job"], run)

    def test_a_key_is_known_after_a_crash(self):
        first = self.create(key="once")
        self.restart()
        self.assertEqual(self.expect(200, self.post("once"))["job"], first)
        self.expect_error(409, "idempotency_conflict", self.post("once", prompt="another task"))

    def test_of_many_at_the_same_time_one_creates(self):
        connections = [self.connect() for _ in range(24)]
        for connection in connections:
            connection.send_bytes(connection.request("POST", "/v1/jobs", self.request_body(), {"idempotency-key": "once", "authorization": "Bearer gateway-token-of-the-tests-0123456789"}))
        replies = [connection.receive() for connection in connections]
        self.assertEqual(sorted(reply.status for reply in replies), [200] * 23 + [201])
        self.assertEqual(len({reply.json["job"]["id"] for reply in replies}), 1)

    def test_jobs_without_a_key_are_never_the_same(self):
        self.assertNotEqual(self.create()["id"], self.create()["id"])

    def test_a_key_has_1_to_255_visible_ascii_characters(self):
        self.create(key="k" * 255)
        self.create(key="!~")
        for key in ("k" * 256, "two words", "", "gr\u00fc\u00dfe", "tab\there"):
            with self.subTest(key=key):
                connection = self.leave_open("POST", "/v1/jobs", self.request_body(), headers={"idempotency-key": key})
                self.expect_refused_field("idempotency-key", connection.receive())


class Reading(ApiTest):
    def test_an_unknown_job_is_not_found(self):
        for job_id in ("01900000-0000-7000-8000-000000000000", "x", "..", "%2e%2e%2fetc", "__proto__", "a" * 5_000, "%F0%9F%98%80", "'; DROP TABLE jobs; --".replace(" ", "%20")):
            with self.subTest(job_id=job_id[:40]):
                self.expect_error(404, "job_not_found", self.gateway("GET", f"/v1/jobs/{job_id}"))
        for job_id in ("%00", "%", "%zz", "a/b"):
            with self.subTest(job_id=job_id):
                self.expect(404, self.gateway("GET", f"/v1/jobs/{job_id}"))

    def test_a_wait_answers_as_soon_as_the_job_changes(self):
        job = self.create()
        waiting = self.leave_open("GET", f"/v1/jobs/{job['id']}", wait=60, ifUpdatedAfter=job["updatedAt"])
        self.assertTrue(waiting.stays_silent(MOMENT))
        with Stopwatch() as watch:
            self.claim()
            changed = self.expect(200, waiting.receive())["job"]
        self.assertEqual(changed["status"], "running")
        self.assertGreater(changed["updatedAt"], job["updatedAt"])
        self.assertLess(watch.seconds, AT_ONCE)

    def test_a_wait_for_what_has_happened_answers_at_once(self):
        job = self.create()
        self.claim()
        with Stopwatch() as watch:
            self.expect(200, self.gateway("GET", f"/v1/jobs/{job['id']}", wait=60, ifUpdatedAfter=job["updatedAt"]))
            self.expect(200, self.gateway("GET", f"/v1/jobs/{job['id']}", wait=60))
        self.assertLess(watch.seconds, AT_ONCE)

    def test_a_wait_that_runs_out_answers_the_job_as_it_is(self):
        job = self.create()
        with Stopwatch() as watch:
            answer = self.expect(200, self.gateway("GET", f"/v1/jobs/{job['id']}", wait=1, ifUpdatedAfter=job["updatedAt"]))
        self.assertEqual(answer["job"], job)
        self.assertGreaterEqual(watch.seconds, 0.9)

    def test_wrong_numbers_and_times_are_refused_by_name(self):
        path = f"/v1/jobs/{self.create()['id']}"
        for wrong in ("-1", "1.5", "soon", "1s", "99999999999999999999"):
            self.expect_refused_field("wait", self.gateway("GET", path, wait=wrong))
        for wrong in ("yesterday", "2026-11-22", "2026-13-01T00:00:00.000Z", "1700000000000"):
            self.expect_refused_field("ifUpdatedAfter", self.gateway("GET", path, wait=1, ifUpdatedAfter=wrong))

    def test_updated_at_strictly_increases(self):
        held = self.running(requiresApproval=False)
        seen = [self.job(held.id)["updatedAt"]]
        self.abort(held.id)
        seen.append(self.job(held.id)["updatedAt"])
        self.acknowledge_abort(held)
        seen.append(self.job(held.id)["updatedAt"])
        self.assertEqual(seen, sorted(set(seen)))
        job = self.job(held.id)
        self.assertEqual(job["finishedAt"], job["updatedAt"])


class Listing(ApiTest):
    def ids(self, **query) -> list[str]:
        return [job["id"] for job in self.expect(200, self.gateway("GET", "/v1/jobs", **query))["jobs"]]

    def test_the_newest_come_first_without_their_texts(self):
        created = [self.create()["id"] for _ in range(3)]
        held = self.claim()
        self.say(held, "some text")
        self.complete(held, "the whole text")
        self.assertEqual(self.ids(), created[::-1])
        for job in self.butler.jobs():
            self.assertNotIn("resultText", job)
        self.assertEqual(self.job(held.id)["resultText"], "the whole text")

    def test_filters_are_joined(self):
        mine = self.create(chatId="1", requesterId="10", sessionKey="a")["id"]
        other_chat = self.create(chatId="2", requesterId="10", sessionKey="b")["id"]
        other_person = self.create(chatId="1", requesterId="11", sessionKey="a", requiresApproval=True)["id"]
        self.assertEqual(self.ids(chatId="1"), [other_person, mine])
        self.assertEqual(self.ids(requesterId="10"), [other_chat, mine])
        self.assertEqual(self.ids(sessionKey="b"), [other_chat])
        self.assertEqual(self.ids(status="needs_approval"), [other_person])
        self.assertEqual(self.ids(chatId="1", requesterId="10"), [mine])
        self.assertEqual(self.ids(chatId="2", status="needs_approval"), [])
        self.expect_refused_field("status", self.gateway("GET", "/v1/jobs", status="lost"))

    def test_pages_follow_each_other_without_gap_or_overlap(self):
        created = [self.create()["id"] for _ in range(7)]
        seen: list[str] = []
        query: dict = {"limit": 3}
        while True:
            page = self.expect(200, self.gateway("GET", "/v1/jobs", **query))
            seen += [job["id"] for job in page["jobs"]]
            if "nextBefore" not in page:
                break
            query["before"] = page["nextBefore"]
        self.assertEqual(seen, created[::-1])

    def test_a_limit_beyond_its_bound_is_cut_to_it(self):
        connection = self.connect()
        for _ in range(205):
            connection.send("POST", "/v1/jobs", self.request_body(), token="gateway-token-of-the-tests-0123456789")
            self.expect(201, connection.receive())
        self.assertEqual(len(self.ids(limit=100_000)), 200)
        self.assertEqual(len(self.ids(limit=200)), 200)
        self.assertEqual(len(self.ids(limit=1)), 1)
        self.expect_refused_field("limit", self.gateway("GET", "/v1/jobs", limit="many"))


if __name__ == "__main__":
    unittest.main()

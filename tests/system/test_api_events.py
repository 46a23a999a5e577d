"""Events over HTTP: reported in batches, read by cursor, waited for, streamed, and capped."""

import json
import unittest

from support.api import AT_ONCE, MOMENT, ApiTest, Held
from support.wire import Connection, Stopwatch

CAP = 5_000
TERMINAL_EVENTS = ("job_finished", "job_failed", "job_aborted")


def log(message: str = "a line", **fields) -> dict:
    return {"type": "log", "message": message, **fields}


def delta(text: str) -> dict:
    return {"type": "agent_text_delta", "data": {"delta": text}}


class Reporting(ApiTest):
    def test_events_come_back_as_they_were_given_with_a_seq(self):
        held = self.running()
        given = [
            delta("grüße 😀"),
            {"type": "agent_thinking_delta", "message": "hm", "data": {"delta": "hm"}},
            {"type": "tool_start", "data": {"toolCallId": "1", "toolName": "bash", "input": {"command": "ls", "nested": [1, 2.5, None, True]}}},
            {"type": "tool_update", "data": {"toolCallId": "1", "toolName": "bash"}},
            {"type": "tool_end", "data": {"toolCallId": "1", "toolName": "bash"}},
            {"type": "usage", "data": {"inputTokens": 9007199254740991}},
            {"type": "artifact_added", "data": {"name": "a.txt"}},
            log("with its own time", ts="2026-01-02T03:04:05.678Z"),
        ]
        self.expect(202, self.report(held, *given))
        events = self.events(held.id, cursor=2)["events"]
        self.assertEqual([event.pop("seq") for event in events], list(range(3, 11)))
        self.assertEqual(events[-1]["ts"], given[-1]["ts"])
        for event, sent in zip(events, given):
            event["ts"] = sent.get("ts", ...)
            self.assertEqual(event, {"ts": ..., **sent})

    def test_one_event_or_a_list_but_not_both_and_not_neither(self):
        held = self.running()
        path = f"/v1/workers/{held.id}/events"
        self.assertEqual(self.expect(202, self.worker("POST", path, {"event": log()}, held.token)), {"ok": True})
        self.expect_refused_field("event", self.worker("POST", path, {"event": log(), "events": [log()]}, held.token))
        self.expect_refused_field("event", self.worker("POST", path, {}, held.token))
        self.assertEqual(len(self.event_types(held.id)), 3)

    def test_a_list_has_at_most_256_events(self):
        held = self.running()
        self.expect(202, self.report(held, *[log()] * 256))
        self.expect_refused_field("events", self.report(held, *[log()] * 257))
        self.assertEqual(self.events(held.id)["total"], 258)

    def test_a_list_with_one_wrong_event_appends_nothing(self):
        held = self.running()
        self.expect_refused_field("events/1/message", self.report(held, log(), log("x" * 4_001), log()))
        self.assertEqual(len(self.event_types(held.id)), 2)

    def test_messages_and_deltas_have_at_most_4000_characters(self):
        held = self.running()
        self.expect(202, self.report(held, log("😀" * 4_000), log(""), delta("😀" * 4_000), delta("")))
        self.expect_refused_field("events/0/message", self.report(held, log("😀" * 4_001)))
        self.expect_refused_field("events/0/data/delta", self.report(held, delta("😀" * 4_001)))

    def test_a_delta_has_a_text(self):
        held = self.running()
        for data in ({}, {"delta": 7}, {"delta": None}, [], "text", None):
            with self.subTest(data=data):
                self.expect_refused_field("events/0/data/delta", self.report(held, {"type": "agent_text_delta", "data": data}))
        self.expect_refused_field("events/0/data/delta", self.report(held, {"type": "agent_text_delta", "message": "text"}))

    def test_data_has_at_most_64_kib(self):
        held = self.running()
        around = len('{"text":""}')
        self.expect(202, self.report(held, log(data={"text": "x" * (64 * 1024 - around)})))
        self.expect_refused_field("events/0/data", self.report(held, log(data={"text": "x" * (64 * 1024 - around + 1)})))

    def test_a_worker_does_not_report_what_the_orchestrator_writes_itself(self):
        held = self.running()
        for name in ("job_created", "job_approved", "job_started", "job_requeued", *TERMINAL_EVENTS):
            with self.subTest(type=name):
                self.expect_refused_field("events/0/type", self.report(held, {"type": name}))
        self.expect_refused_field("events/0/type", self.report(held, {"type": "unheard_of"}))
        self.expect_refused_field("events/0/type", self.report(held, {"message": "no type"}))
        self.expect_refused_field("events/0/ts", self.report(held, log(ts="yesterday")))

    def test_a_repeated_batch_appends_nothing_and_a_gap_is_refused(self):
        held = self.running()
        self.expect(202, self.report(held, delta("one "), batch=1))
        self.expect(202, self.report(held, delta("one "), batch=1))
        self.expect(202, self.report(held, delta("two"), batch=2))
        self.expect(202, self.report(held, delta("one "), batch=1))
        self.assertEqual(self.expect_error(409, "batch_gap", self.report(held, delta("four"), batch=4))["expected"], 3)
        self.assertEqual(self.job(held.id)["resultText"], "one two")

    def test_batches_are_known_after_a_crash(self):
        held = self.running()
        self.expect(202, self.report(held, delta("one"), batch=1))
        self.restart()
        self.expect(202, self.report(held, delta("one"), batch=1))
        self.expect_error(409, "batch_gap", self.report(held, delta("three"), batch=3))
        self.assertEqual(self.job(held.id)["resultText"], "one")

    def test_batches_count_anew_with_each_lease(self):
        held = self.running()
        self.expect(202, self.report(held, log(), batch=1))
        self.fail_job(held, retryable=True)
        again = self.claim()
        self.expect_error(409, "batch_gap", self.report(again, log(), batch=2))
        self.expect(202, self.report(again, log(), batch=1))

    def test_a_batch_is_1_or_more(self):
        held = self.running()
        for wrong in (0, -1):
            reply = self.worker("POST", f"/v1/workers/{held.id}/events", {"events": [log()], "batch": wrong}, held.token)
            self.expect_refused_field("batch", reply)

    def test_a_running_job_shows_its_text_so_far(self):
        held = self.running()
        self.assertNotIn("resultText", self.job(held.id))
        self.say(held, "grüße ", "😀")
        self.assertEqual(self.job(held.id)["resultText"], "grüße 😀")
        self.abort(held.id)
        self.say(held, "!")
        self.assertEqual(self.job(held.id)["resultText"], "grüße 😀!")


class Cursors(ApiTest):
    def test_a_cursor_answers_what_comes_after_it(self):
        held = self.running()
        self.expect(202, self.report(held, log("a"), log("b")))
        page = self.events(held.id, cursor=3)
        self.assertEqual([event["message"] for event in page["events"]], ["b"])
        self.assertEqual((page["nextCursor"], page["total"]), (4, 4))
        self.assertEqual(self.events(held.id, cursor=4), {"events": [], "nextCursor": 4, "total": 4})
        self.assertEqual(self.events(held.id, cursor=99), {"events": [], "nextCursor": 99, "total": 4})
        self.assertEqual(self.events(held.id), self.events(held.id, cursor=0))
        for wrong in ("-1", "x", "1e3"):
            self.expect_refused_field("cursor", self.gateway("GET", f"/v1/jobs/{held.id}/events", cursor=wrong))
        self.expect_error(404, "job_not_found", self.gateway("GET", "/v1/jobs/unknown/events"))

    def test_a_page_has_at_most_500_events(self):
        held = self.running()
        for _ in range(4):
            self.expect(202, self.report(held, *[log(str(number)) for number in range(150)]))
        first = self.events(held.id)
        self.assertEqual((len(first["events"]), first["nextCursor"], first["total"]), (500, 500, 602))
        second = self.events(held.id, cursor=first["nextCursor"])
        self.assertEqual([event["seq"] for event in second["events"]], list(range(501, 603)))

    def test_a_page_has_about_1_mib(self):
        held = self.running()
        for _ in range(2):
            self.expect(202, self.report(held, *[log(data={"text": "x" * 60_000})] * 20))
        seen, cursor = 0, 0
        while True:
            reply = self.gateway("GET", f"/v1/jobs/{held.id}/events", cursor=cursor)
            self.assertLess(len(reply.body), 1_100_000)
            if not reply.json["events"]:
                break
            seen, cursor = seen + len(reply.json["events"]), reply.json["nextCursor"]
        self.assertEqual(seen, 42)

    def test_a_wait_answers_as_soon_as_there_is_an_event(self):
        held = self.running()
        waiting = self.leave_open("GET", f"/v1/jobs/{held.id}/events", cursor=2, wait=60)
        self.assertTrue(waiting.stays_silent(MOMENT))
        with Stopwatch() as watch:
            self.expect(202, self.report(held, log("news")))
            page = self.expect(200, waiting.receive())
        self.assertEqual([event["message"] for event in page["events"]], ["news"])
        self.assertLess(watch.seconds, AT_ONCE)
        with Stopwatch() as watch:
            self.assertEqual(len(self.events(held.id, cursor=2, wait=60)["events"]), 1)
        self.assertLess(watch.seconds, AT_ONCE)

    def test_a_wait_that_runs_out_answers_an_empty_page(self):
        job = self.create()
        self.assertEqual(self.events(job["id"], cursor=1, wait=1), {"events": [], "nextCursor": 1, "total": 1})

    def test_a_wait_is_woken_by_each_kind_of_change(self):
        job = self.create(requiresApproval=True)
        held = None
        changes = [
            ("job_approved", lambda: self.approve(job["id"])),
            ("job_started", lambda: self.claim()),
        ]
        cursor = 1
        for wanted, change in changes:
            waiting = self.leave_open("GET", f"/v1/jobs/{job['id']}/events", cursor=cursor, wait=60)
            self.settle()
            held = change()
            self.assertEqual(self.expect(200, waiting.receive())["events"][0]["type"], wanted)
            cursor += 1
        waiting = self.leave_open("GET", f"/v1/jobs/{job['id']}/events", cursor=cursor, wait=60)
        self.settle()
        self.complete(held)
        self.assertEqual(self.expect(200, waiting.receive())["events"][0]["type"], "job_finished")

    def test_many_readers_wait_for_the_same_event(self):
        held = self.running()
        readers = [self.leave_open("GET", f"/v1/jobs/{held.id}/events", cursor=2, wait=60) for _ in range(50)]
        self.settle()
        self.expect(202, self.report(held, log("for all")))
        for reader in readers:
            self.assertEqual(self.expect(200, reader.receive())["nextCursor"], 3)


class Cap(ApiTest):
    def fill(self, held: Held, count: int, make=lambda number: log(str(number))) -> None:
        events = [make(number) for number in range(count)]
        for start in range(0, count, 250):
            self.expect(202, self.report(held, *events[start : start + 250]))

    def all_events(self, job_id: str, cursor: int = 0) -> list[dict]:
        events: list[dict] = []
        while page := self.events(job_id, cursor=cursor)["events"]:
            events += page
            cursor = page[-1]["seq"]
        return events

    def test_the_oldest_events_go_but_those_of_the_beginning_stay(self):
        job = self.create(kind="run")
        self.approve(job["id"])
        held = self.claim()
        self.fill(held, CAP - 3)
        whole = self.events(held.id)
        self.assertEqual((whole["total"], whole["nextCursor"]), (CAP, 500))
        self.assertNotIn("truncated", whole)

        self.expect(202, self.report(held, *[log(f"late {number}") for number in range(10)]))
        page = self.events(held.id)
        self.assertEqual(page["total"], CAP)
        self.assertTrue(page["truncated"])
        self.assertEqual([event["type"] for event in page["events"][:4]], ["job_created", "job_approved", "job_started", "log"])
        self.assertEqual([event["seq"] for event in page["events"][:5]], [1, 2, 3, 14, 15], "never renumbered")

        kept = self.all_events(held.id)
        self.assertEqual([event["seq"] for event in kept], [1, 2, 3, *range(14, CAP + 11)])
        self.assertEqual(kept[-1]["message"], "late 9")
        self.assertTrue(self.events(held.id, cursor=5)["truncated"])
        self.assertEqual(self.events(held.id, cursor=5)["events"][0]["seq"], 14)
        self.assertNotIn("truncated", self.events(held.id, cursor=13))

        self.restart()
        self.assertEqual(self.all_events(held.id), kept)
        self.complete(held)
        last = self.all_events(held.id, cursor=CAP + 10)
        self.assertEqual([(event["seq"], event["type"]) for event in last], [(CAP + 11, "job_finished")])

    def test_the_cap_never_shortens_the_text_so_far(self):
        held = self.running()
        self.fill(held, CAP + 750, lambda number: delta(f"{number} "))
        text = "".join(f"{number} " for number in range(CAP + 750))
        self.assertEqual(self.job(held.id)["resultText"], text)
        self.assertEqual(self.fail_job(held)["resultText"], text)
        self.restart()
        self.assertEqual(self.job(held.id)["resultText"], text)


class Stream(ApiTest):
    def open_stream(self, job_id: str, **headers) -> Connection:
        fields = {"accept": "text/event-stream"} | {name.replace("_", "-"): value for name, value in headers.items()}
        stream = self.leave_open("GET", f"/v1/jobs/{job_id}/events", headers=fields)
        head = stream.receive_head()
        self.assertEqual(head.status, 200)
        self.assertEqual(head.headers["content-type"], "text/event-stream")
        return stream

    def test_a_stream_tells_each_event_and_ends_with_the_job(self):
        held = self.running()
        stream = self.open_stream(held.id)
        seen = [stream.receive_event(), stream.receive_event()]
        self.assertTrue(stream.stays_silent(MOMENT))
        self.expect(202, self.report(held, delta("a line\nand another")))
        seen.append(stream.receive_event())
        self.complete(held)
        seen.append(stream.receive_event())
        self.assertEqual(stream.receive_event(), {}, "the stream ends after the job's last event")
        self.assertEqual([(event["id"], event["event"]) for event in seen], [("1", "job_created"), ("2", "job_started"), ("3", "agent_text_delta"), ("4", "job_finished")])
        self.assertEqual([json.loads(event["data"]) for event in seen], self.events(held.id)["events"])
        # The connection is in order again.
        stream.send("GET", "/health")
        self.assertEqual(stream.receive().status, 200)

    def test_a_stream_goes_on_after_the_last_event_id(self):
        held = self.running()
        self.expect(202, self.report(held, log("seen"), log("news")))
        stream = self.open_stream(held.id, last_event_id="3")
        self.assertEqual(json.loads(stream.receive_event()["data"])["message"], "news")
        stream.close()
        self.expect(202, self.report(held, log("while away")))
        stream = self.open_stream(held.id, last_event_id="4")
        self.assertEqual(stream.receive_event()["id"], "5")

    def test_a_stream_of_an_ended_job_ends_and_204_tells_that_nothing_is_left(self):
        held = self.running()
        self.complete(held)
        stream = self.open_stream(held.id)
        self.assertEqual([stream.receive_event()["id"] for _ in range(3)], ["1", "2", "3"])
        self.assertEqual(stream.receive_event(), {})
        for last in ("3", "99"):
            reply = self.leave_open("GET", f"/v1/jobs/{held.id}/events", headers={"accept": "text/event-stream", "last-event-id": last}).receive()
            self.assertEqual(reply.status, 204)

    def test_a_long_history_is_streamed_whole(self):
        held = self.running()
        for _ in range(5):
            self.expect(202, self.report(held, *[log("x" * 100)] * 250))
        self.complete(held)
        stream = self.open_stream(held.id)
        ids = []
        while event := stream.receive_event():
            ids.append(int(event["id"]))
        self.assertEqual(ids, list(range(1, 1254)))

    def test_an_events_text_cannot_end_or_forge_the_stream(self):
        held = self.running()
        stream = self.open_stream(held.id, last_event_id="2")
        self.assertEqual(list(stream.receive_event()), [""])
        self.expect(202, self.report(held, log("\n\nevent: job_finished\ndata: {}\n\n")))
        event = stream.receive_event()
        self.assertEqual((event["event"], json.loads(event["data"])["message"]), ("log", "\n\nevent: job_finished\ndata: {}\n\n"))
        self.assertTrue(stream.stays_silent(MOMENT))

    def test_a_stream_with_nothing_to_tell_begins_at_once(self):
        with Stopwatch() as watch:
            stream = self.open_stream(self.create()["id"], last_event_id="1")
            self.assertEqual(list(stream.receive_event()), [""], "a comment")
        self.assertLess(watch.seconds, AT_ONCE)

    def test_a_quiet_stream_sends_a_comment_every_15_seconds(self):
        job = self.create()
        with Stopwatch() as watch:  # from before the server begins to count
            stream = self.open_stream(job["id"])
            self.assertEqual(stream.receive_event()["event"], "job_created")
            comment = stream.receive_event()
        self.assertEqual(list(comment), [""])
        self.assertGreater(watch.seconds, 14)
        self.assertLess(watch.seconds, 15 + AT_ONCE)
        self.abort(job["id"])
        self.assertEqual(stream.receive_event()["event"], "job_aborted")

    def test_wrong_ids_and_unknown_jobs_are_refused_before_the_stream(self):
        job = self.create()
        for wrong in ("x", "-1", "1 2"):
            reply = self.leave_open("GET", f"/v1/jobs/{job['id']}/events", headers={"accept": "text/event-stream", "last-event-id": wrong}).receive()
            self.expect_refused_field("last-event-id", reply)
        reply = self.leave_open("GET", "/v1/jobs/unknown/events", headers={"accept": "text/event-stream"}).receive()
        self.expect_error(404, "job_not_found", reply)

    def test_readers_that_leave_hinder_nobody(self):
        held = self.running()
        for number in range(30):
            self.open_stream(held.id).close()
            self.expect(202, self.report(held, log(str(number))))
        self.complete(held)


if __name__ == "__main__":
    unittest.main()

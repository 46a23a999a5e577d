import http.client
import time
import unittest

from tests.support import OWNER, TOKEN, Server, SimulatorTest


class Faults(SimulatorTest):
    def texts(self):
        return [message["text"] for message in self.read(f"chat/{OWNER}")["messages"]]

    def test_a_status_is_answered_instead_of_the_call(self):
        self.sim("fault", kind="status", code=429, retry_after=7, match={"method": "sendMessage", "nth": 2})
        self.result("sendMessage", chat_id=OWNER, text="1")
        answer = self.call("sendMessage", chat_id=OWNER, text="2")
        self.assertEqual((answer.status, answer["parameters"]["retry_after"]), (429, 7))
        self.result("sendMessage", chat_id=OWNER, text="3")
        self.assertEqual(self.texts(), ["1", "3"])

    def test_faults_match_by_chat_and_content_and_can_be_cleared(self):
        self.sim("fault", kind="status", code=500, times=-1, match={"chat": OWNER, "contains": "bad"})
        self.result("sendMessage", chat_id=OWNER, text="good")
        self.assertEqual(self.call("sendMessage", chat_id=OWNER, text="bad").status, 500)
        self.assertEqual(self.call("sendMessage", chat_id=OWNER, text="bad").status, 500)
        self.assertEqual(self.request("DELETE", "/sim/fault")["removed"], 1)
        self.result("sendMessage", chat_id=OWNER, text="bad")

    def test_reset_before_apply_sends_nothing_and_reset_after_apply_does(self):
        for kind in ("reset_before_apply", "reset_after_apply"):
            self.sim("fault", kind=kind, match={"method": "sendMessage"})
            with self.assertRaises(ConnectionResetError):
                self.call("sendMessage", chat_id=OWNER, text=kind)
        self.assertEqual(self.texts(), ["reset_after_apply"])

    def test_a_timeout_may_apply(self):
        for applies in (False, True):
            self.sim("fault", kind="timeout", apply=applies)
            with self.assertRaises(TimeoutError):
                self.request("POST", f"/bot{TOKEN}/sendMessage", f"chat_id={OWNER}&text=t{applies}".encode(),
                             {"Content-Type": "application/x-www-form-urlencoded"}, timeout=0.2)
            self.sim("wait", method="sendMessage", params={"text": f"t{applies}"})
        self.assertEqual(self.texts(), ["tTrue"])

    def test_garbage_is_html_and_a_truncated_body_is_short(self):
        self.sim("fault", kind="garbage_body")
        answer = self.call("sendMessage", chat_id=OWNER, text="1")
        self.assertEqual(answer.status, 502)
        self.assertIn("<html>", answer["raw"])
        self.sim("fault", kind="truncate_body", n=10)
        with self.assertRaises(http.client.IncompleteRead):
            self.call("sendMessage", chat_id=OWNER, text="2")
        self.assertEqual(self.texts(), ["2"])

    def test_conflict_409_befalls_polls_only(self):
        self.sim("fault", kind="conflict_409")
        self.assertTrue(self.call("getMe")["ok"])
        self.assertEqual(self.call("getUpdates").status, 409)

    def test_a_delay_holds_the_answer_back_after_the_call_was_done(self):
        self.sim("fault", kind="delay", ms=1_000, when="after")
        began = time.monotonic()
        answer = self.in_background(lambda: (self.call("sendMessage", chat_id=OWNER, text="x"), time.monotonic()))
        message = self.sim("wait", chat=OWNER, text="x")["matched"][0]
        answered, at = answer()
        self.assertEqual((answered["ok"], answered["result"]["message_id"]), (True, message["message_id"]))
        self.assertGreaterEqual(at - began, 1)
        call = self.sim("wait", method="sendMessage")["matched"][0]
        self.assertLess(call["seconds"], 1, "the call was done at once")

    def test_the_journal_names_the_fault(self):
        self.sim("fault", kind="status", code=403)
        self.call("sendMessage", chat_id=OWNER, text="x")
        self.assertEqual(self.sim("wait", journal={"fault": "status", "status": 403})["matched"][0]["method"],
                         "sendMessage")


    def test_a_poll_befalls_a_conflict_only_as_often_as_asked(self):
        self.sim("fault", kind="conflict_409", times=2)
        self.assertEqual([self.call("getUpdates", offset=n).status for n in (1, 2, 3)], [409, 409, 200])

    def test_an_idle_connection_is_closed_after_the_answer(self):
        self.sim("fault", kind="close_idle")
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request("GET", f"/bot{TOKEN}/getMe")
        response = connection.getresponse()
        response.read()
        self.assertEqual(response.headers["Connection"], "keep-alive")
        self.assertEqual(connection.sock.recv(1), b"")

    def wait_until_open(self):
        """The port opens in a next turn of its loop."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.assertTrue(self.call("getMe")["ok"])
            except ConnectionRefusedError:
                self.assertLess(time.monotonic(), deadline, "the port has not opened")
                time.sleep(0.01)

    def test_nobody_can_connect_until_the_outage_is_over(self):
        fault = self.sim("fault", kind="connect_refused")["id"]
        with self.assertRaises(ConnectionRefusedError):
            self.call("getMe")
        self.sim("send_text", text="meanwhile")
        self.request("DELETE", f"/sim/fault?id={fault}")
        self.wait_until_open()
        self.assertEqual(self.result("getUpdates")[0]["message"]["text"], "meanwhile")
        self.assertEqual(self.read("fault")["faults"], [])

    def test_an_outage_resets_a_parked_poll_and_ends_by_itself(self):
        poll = self.in_background(self.call, "getUpdates", timeout=30)
        self.sim("wait", polling=True)
        self.sim("fault", kind="connect_refused", s=30)
        self.assertIsInstance(poll(), ConnectionResetError)
        self.sim("wait", polling=False)
        self.sim("clock.advance", s=31)
        self.wait_until_open()

    def test_chance_follows_the_seed(self):
        self.sim("fault", kind="status", code=500, times=-1, probability=0.5)
        first = [self.call("getMe").status for _ in range(20)]
        self.assertEqual(set(first), {200, 500})
        other = Server(seed=1)
        self.addCleanup(other.close)
        self.server = other
        self.sim("fault", kind="status", code=500, times=-1, probability=0.5)
        self.assertEqual([self.call("getMe").status for _ in range(20)], first)

    def test_faults_that_make_no_sense_are_refused(self):
        for body, field in (({"kind": "connect_refused", "match": {"chat": 1}}, "match"),
                            ({"kind": "delay"}, "ms"), ({"kind": "status", "code": "x"}, "code"),
                            ({"kind": "timeout", "apply": 1}, "apply"), ({"kind": "delay", "ms": 1, "s": 1}, "s"),
                            ({"kind": "timeout", "times": 0}, "times"), ({"kind": "timeout", "match": {"nth": 0}}, "match")):
            self.assertTrue(self.refused_verb("fault", **body)["error"].startswith(f"{field}:"), body)


class Waits(SimulatorTest):
    def test_a_wait_ends_with_the_message(self):
        waiting = self.in_background(self.sim, "wait", **{"chat": OWNER, "from": "bot", "contains": "lo", "count": 2})
        self.sim("send_text", text="hello")
        self.result("sendMessage", chat_id=OWNER, text="hello")
        last = self.result("sendMessage", chat_id=OWNER, text="lot")["message_id"]
        self.assertEqual([item["message_id"] for item in waiting()["matched"]], [last - 1, last])

    def test_a_wait_that_runs_out_is_408(self):
        answer = self.request("POST", "/sim/wait", b'{"polling":true,"timeout_s":0.02}')
        self.assertEqual((answer.status, answer), (408, {"ok": False, "timed_out": True}))

    def test_a_wait_counts_calls_of_a_method(self):
        waiting = self.in_background(self.sim, "wait", method="getMe", count=2)
        self.result("getMe")
        self.result("getMe")
        self.assertEqual(len(waiting()["matched"]), 2)

    def test_an_older_message_does_not_satisfy_after_message_id(self):
        first = self.result("sendMessage", chat_id=OWNER, text="x")["message_id"]
        answer = self.request("POST", "/sim/wait", f'{{"chat":{OWNER},"after_message_id":{first},"timeout_s":0}}'.encode())
        self.assertEqual(answer.status, 408)

    def test_the_queue_is_empty_once_everything_is_confirmed(self):
        update = self.sim("send_text", text="x")["update_id"]
        waiting = self.in_background(self.sim, "wait", queue_empty=True)
        self.result("getUpdates", offset=update + 1)
        self.assertTrue(waiting()["ok"])

    def test_the_event_stream_names_the_chat_that_changed(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request("GET", "/sim/events")
        stream = connection.getresponse()
        self.assertEqual(stream.readline(), b": open\n")
        self.sim("send_text", text="x")
        line = next(line for line in iter(stream.readline, b"") if line.startswith(b"data:"))
        self.assertIn(str(OWNER).encode(), line)


if __name__ == "__main__":
    unittest.main()

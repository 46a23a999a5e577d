import json
import queue
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support import OWNER, SimulatorTest


class Receiver:
    """A bot's server: keeps what it gets, answers what the test wants."""

    def __init__(self):
        self.got = queue.Queue()
        self.answers = {}  # text of a message → (status, headers, body), used up in order
        self.gates = {}  # text of a message → Event to wait for before the answer
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                update = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                text = update.get("message", {}).get("text", update.get("callback_query", {}).get("data"))
                receiver.got.put((text, dict(self.headers)))
                if text in receiver.gates:
                    receiver.gates[text].wait(60)
                left = receiver.answers.get(text) or [(200, {}, b"")]
                status, headers, body = left.pop(0) if len(left) > 1 else left[0]
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def next(self):
        return self.got.get(timeout=60)[0]

    def close(self):
        for gate in self.gates.values():
            gate.set()
        self.server.shutdown()
        self.server.server_close()


class Webhook(SimulatorTest):
    options = {"virtual_clock": True}

    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)

    def set(self, **fields):
        return self.result("setWebhook", url=self.receiver.url, **fields)

    def delivered(self, count, **more):
        return self.sim("wait", journal={"direction": "webhook", **more}, count=count)["matched"]

    def test_updates_are_posted_with_the_secret_and_leave_the_queue(self):
        self.sim("send_text", text="before")
        self.set(secret_token="s-1_A", max_connections=3)
        text, headers = self.receiver.got.get(timeout=60)
        self.assertEqual((text, headers["X-Telegram-Bot-Api-Secret-Token"]), ("before", "s-1_A"))
        self.sim("send_text", text="after")
        self.assertEqual(self.receiver.next(), "after")
        self.sim("wait", queue_empty=True)
        info = self.result("getWebhookInfo")
        self.assertEqual((info["url"], info["max_connections"], info["pending_update_count"]), (self.receiver.url, 3, 0))

    def test_webhook_and_polling_exclude_each_other(self):
        poll = self.in_background(self.call, "getUpdates", timeout=30)
        self.sim("wait", polling=True)
        self.set()
        self.assertEqual(poll()["description"], "Conflict: terminated by setWebhook request")
        self.assertIn("can't use getUpdates method while webhook is active", self.call("getUpdates")["description"])
        self.assertEqual(self.call("deleteWebhook")["description"], "Webhook was deleted")
        self.assertEqual(self.call("deleteWebhook")["description"], "Webhook is already deleted")
        self.sim("send_text", text="x")
        self.assertEqual(len(self.result("getUpdates")), 1)

    def test_order_is_kept_in_a_chat_and_chats_and_presses_do_not_wait_for_each_other(self):
        message = self.result("sendMessage", chat_id=OWNER, text="?", reply_markup={
            "inline_keyboard": [[{"text": "A", "callback_data": "pressed"}]]})["message_id"]
        bob = self.sim("user.create", name="Bob", started=True)["chat"]
        gate = self.receiver.gates["first"] = threading.Event()
        self.set()
        self.sim("send_text", text="first")
        self.assertEqual(self.receiver.next(), "first")
        self.sim("send_text", text="second")
        self.sim("send_text", chat=bob, text="of bob")
        self.assertEqual(self.receiver.next(), "of bob")
        self.sim("press", message=message, label="A")
        self.assertEqual(self.receiver.next(), "pressed")
        self.assertTrue(self.receiver.got.empty())
        gate.set()
        self.assertEqual(self.receiver.next(), "second")

    def test_no_more_than_max_connections_are_open(self):
        bob = self.sim("user.create", name="Bob", started=True)["chat"]
        gate = self.receiver.gates["first"] = threading.Event()
        self.set(max_connections=1)
        self.sim("send_text", text="first")
        self.assertEqual(self.receiver.next(), "first")
        self.sim("send_text", chat=bob, text="of bob")
        self.assertTrue(self.receiver.got.empty())
        gate.set()
        self.assertEqual(self.receiver.next(), "of bob")

    def test_a_refused_update_comes_again_at_once_then_after_growing_pauses(self):
        self.receiver.answers["x"] = [(500, {}, b"")] * 4 + [(200, {}, b"")]
        self.set()
        self.sim("send_text", text="x")
        self.delivered(2, status=500)
        for wait, count in ((2, 3), (4, 4)):
            self.sim("clock.advance", s=wait)
            self.delivered(count, status=500)
        self.assertIn("Wrong response from the webhook: 500", self.result("getWebhookInfo")["last_error_message"])
        self.sim("clock.advance", s=8)
        self.delivered(1, status=200)
        entries = self.delivered(5)
        self.assertEqual([entry["attempt"] for entry in entries], [1, 2, 3, 4, 5])
        self.assertEqual([round(later["t"] - earlier["t"], 3) for earlier, later in zip(entries, entries[1:])], [0, 2, 4, 8])

    def test_retry_after_is_honoured(self):
        self.receiver.answers["x"] = [(503, {"Retry-After": "100"}, b""), (200, {}, b"")]
        self.set()
        self.sim("send_text", text="x")
        self.delivered(1, status=503)
        self.sim("clock.advance", s=99)
        self.sim("clock.advance", s=2)
        first, second = self.delivered(2)
        self.assertGreaterEqual(second["t"] - first["t"], 100)

    def test_an_update_is_dropped_when_its_life_is_over(self):
        self.receiver.answers["x"] = [(503, {"Retry-After": "3600"}, b"")]
        self.set()
        self.sim("send_text", text="x")
        for hours in range(1, 25):
            self.delivered(hours, status=503)
            self.sim("clock.advance", s=3600)
        self.sim("wait", queue_empty=True)

    def test_410_for_23_hours_removes_the_webhook(self):
        self.receiver.answers["x"] = [(410, {"Retry-After": "3600"}, b"")]
        self.set()
        self.sim("send_text", text="x")
        for hours in range(1, 24):
            self.delivered(hours, status=410)
            self.assertNotEqual(self.result("getWebhookInfo")["url"], "")
            self.sim("clock.advance", s=3600)
        self.sim("wait", journal={"direction": "webhook", "removed": "HTTP 410 for 23 hours"})
        self.assertEqual(self.result("getWebhookInfo")["url"], "")

    def test_a_server_that_is_away_is_tried_again(self):
        self.receiver.close()
        self.result("setWebhook", url=self.receiver.url)
        self.sim("send_text", text="x")
        self.assertEqual(self.delivered(2)[0]["status"], None)
        self.assertIn("last_error_message", self.result("getWebhookInfo"))
        self.assertEqual(self.result("getWebhookInfo")["pending_update_count"], 1)

    def test_a_call_in_the_answer_is_a_violation(self):
        self.receiver.answers["x"] = [(200, {}, b'{"method":"sendMessage","chat_id":1,"text":"y"}')]
        self.set()
        self.sim("send_text", text="x")
        self.sim("wait", violations=1, kind="webhook_reply")

    def test_only_https_on_four_ports_is_taken_outside_loopback(self):
        for url, said in (("http://example.org/", "An HTTPS URL must be provided"), ("ftp://127.0.0.1/", "An HTTPS URL"),
                          ("https://example.org:444/", "only on ports 80, 88, 443 or 8443")):
            self.assertIn(said, self.call("setWebhook", url=url)["description"])
        self.assertEqual(self.call("setWebhook", url="https://example.org/", secret_token="a b").status, 400)
        self.assertEqual(self.violations(), ["pattern"])

    def test_it_is_set_once_a_second_at_most_and_the_same_again_changes_nothing(self):
        self.set()
        self.assertEqual(self.call("setWebhook", url=self.receiver.url)["description"], "Webhook is already set")
        self.assertEqual(self.call("setWebhook", url=self.receiver.url + "2").status, 429)
        self.sim("clock.advance", s=1)
        self.assertEqual(self.call("setWebhook", url=self.receiver.url + "2")["description"], "Webhook was set")
        self.sim("allow", all=True)

    def test_pending_updates_are_dropped_on_demand(self):
        self.sim("send_text", text="old")
        self.set(drop_pending_updates=True)
        self.sim("send_text", text="new")
        self.assertEqual(self.receiver.next(), "new")


if __name__ == "__main__":
    unittest.main()

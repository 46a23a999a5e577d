"""Updates are brought to Butler: the secret, crashes, the switch from polls and back, TLS of our own."""

import socket
import subprocess
import unittest

from support import net
from support.case import SystemTest
from support.relay import Relay
from support.wait import until

SECRET = "secret-of-the-webhook_0123456789"


class Webhook(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.port = net.free_port()
        self.proxy = Relay(self.port)  # as people put one in front of a webhook
        self.addCleanup(self.proxy.close)
        self.settings = {"TG_WEBHOOK_URL": f"http://127.0.0.1:{self.proxy.port}/hook", "TG_WEBHOOK_SECRET": SECRET,
                         "TG_WEBHOOK_PORT": str(self.port)}
        self.butler = self.make_butler(self.simulator)

    def start(self, **settings: str) -> None:
        self.butler.start("orchestrator")
        self.butler.start("worker")
        self.start_gateway(**settings)
        self.simulator.wait(polling=True) if settings.get("TG_WEBHOOK_URL") == "" else self.wait_for_webhook()

    def wait_for_webhook(self) -> None:
        until(lambda: self.simulator.state()["webhook"], "the webhook to be set")

    def start_gateway(self, **settings: str) -> None:
        self.butler.start("gateway", **(settings or self.settings))

    def health(self) -> dict:
        return self.butler.administer("gateway", "GET", "/health").json

    def prompts(self) -> list[str]:
        return [job["prompt"] for job in reversed(self.butler.jobs(limit=200))]

    def status_of(self, *fields: str) -> str:
        """The status line for a head alone: its body never comes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            head = ["POST /hook HTTP/1.1", "host: butler.example", "content-length: 500", *fields]
            connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n")
            return connection.makefile("r").readline().strip()

    def test_updates_are_brought_each_chat_in_its_order_and_strangers_get_nothing(self):
        people = [self.simulator.add_user(number, f"Person {number}") for number in (7, 8, 9)]
        self.start(TG_ALLOW_FROM="7,8,9", **self.settings)
        for number in range(3):
            for person in (self.simulator.owner_id, *people):
                self.simulator.send_text(f"{number} of {person}", chat=person)
        for person in (self.simulator.owner_id, *people):
            self.simulator.wait_for_reply(f"2 of {person}", chat=person)
            self.simulator.check_order(*(f"{number} of {person}" for number in range(3)), chat=person)
        self.assertEqual(len(self.simulator.journal("bot", "getUpdates")), 0)
        self.assertEqual(len(self.simulator.journal("bot", "setWebhook")), 1)

        for fields in ((), ("x-telegram-bot-api-secret-token: wrong",), (f"x-telegram-bot-api-secret-token: {SECRET}1",)):
            self.assertEqual(self.status_of(*fields), "HTTP/1.1 401 Unauthorized")
        webhook = self.health()["webhook"]
        self.assertTrue(webhook["ok"], webhook)
        self.assertEqual((webhook["host"], webhook["updates"], webhook["strangers"]), ("127.0.0.1", 12, 3))
        self.assertNotIn(SECRET, "\n".join(self.butler.lines("gateway")))

    def test_killed_between_store_and_answer_the_same_update_comes_again_and_makes_one_job(self):
        self.start()
        self.simulator.send_text("first")
        self.simulator.wait_for_reply("first")
        self.butler.wait_until_sent()
        self.butler.freeze("worker")  # no answer is on its way when the gateway dies
        hold = self.proxy.hold(b"HTTP/1.1 200", answers=True)
        self.simulator.send_text("second")
        hold.wait()
        self.butler.kill("gateway")
        self.proxy.cut()
        self.proxy.mend()
        self.start_gateway()
        self.simulator.advance(120)
        self.butler.wait_for_log("gateway", "event=update.again")
        self.butler.thaw("worker")
        self.simulator.send_text("third")
        self.simulator.wait_for_reply("third")
        self.assertEqual(self.prompts(), ["first", "second", "third"])
        self.simulator.check_exactly_once("You said: first", "You said: second", "You said: third")

    def test_from_polls_to_the_webhook_and_back_with_messages_in_flight(self):
        self.start(TG_WEBHOOK_URL="")
        self.simulator.send_text("one polled")
        self.simulator.wait_for_reply("one polled")
        self.butler.wait_until_sent()
        self.butler.kill("gateway")  # its last poll may not have been confirmed
        self.simulator.send_text("two while nobody hears")
        self.start_gateway()
        self.simulator.wait_for_reply("two while nobody hears")

        self.simulator.send_text("three brought")
        self.simulator.wait_for_reply("three brought")
        self.butler.wait_until_sent()
        other = self.simulator.add_user(7, "Bob")
        self.butler.freeze("worker")
        hold = self.proxy.hold(b"HTTP/1.1 200", answers=True)
        self.simulator.send_text("four, stored and unanswered")
        hold.wait()
        self.butler.kill("gateway")
        self.simulator.send_text("five while nobody hears")
        self.simulator.send_text("hello", chat=other)
        self.start_gateway(TG_WEBHOOK_URL="")
        self.butler.thaw("worker")
        self.simulator.wait_for_reply("five while nobody hears")
        self.simulator.wait_for_polling()
        self.simulator.wait(queue_empty=True)
        texts = ["one polled", "two while nobody hears", "three brought", "four, stored and unanswered",
                 "five while nobody hears"]
        self.assertEqual(self.prompts(), texts)
        self.simulator.check_exactly_once(*(f"You said: {text}" for text in texts))
        dropped = [call for call in self.simulator.journal("bot") if call.get("params", {}).get("drop_pending_updates")]
        self.assertEqual(dropped, [])

    def test_a_certificate_of_our_own_is_given_to_telegram(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
                       cwd=self.scratch, check=True, capture_output=True)
        (self.scratch / "key.pem").chmod(0o600)
        self.start(**self.settings | {"TG_WEBHOOK_URL": f"https://127.0.0.1:{self.port}/hook",
                                      "TG_WEBHOOK_CERT": str(self.scratch / "cert.pem"),
                                      "TG_WEBHOOK_KEY": str(self.scratch / "key.pem")})
        self.simulator.send_text("over TLS")
        self.simulator.wait_for_reply("over TLS")
        until(lambda: self.health()["webhook"]["ok"], "a webhook without trouble")


if __name__ == "__main__":
    unittest.main()

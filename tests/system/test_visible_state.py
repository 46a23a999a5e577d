"""Every message has a visible state within two seconds: typing while it runs, or words that say what it waits for."""

import os
import time
import unittest

from support.case import SystemTest

SOON = 30.0 if os.environ.get("BUTLER_SANITIZED") else 10.0


class VisibleState(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator, PI_MOCK_STEP_MS="60000", TG_RATE_LIMIT_PER_MIN="0")

    def start(self, *roles: str) -> None:
        for role in roles or ("orchestrator", "gateway", "worker"):
            self.butler.start(role)
        self.simulator.wait_for_polling()

    def say_and_read(self, text: str, contains: str) -> dict:
        """The bot's words, without a ping. The promise is two seconds; a busy machine has SOON (bench/chat_slo.py measures it)."""
        started = time.monotonic()
        sent = self.simulator.send_text(text)
        reply = self.simulator.wait_for_reply(contains, after=sent)[0]
        self.assertLess(time.monotonic() - started, SOON)
        self.assertTrue(reply["silent"])
        return reply

    def test_a_running_job_shows_typing_and_what_comes_after_it_is_told_that_it_is_queued(self):
        self.start()
        self.simulator.send_text("take your time")
        self.simulator.wait(typing=self.simulator.owner_id)
        self.say_and_read("me too", "Queued behind one other")
        self.butler.wait_until_sent()
        self.butler.kill("gateway")
        self.butler.start("gateway")
        calls = len(self.simulator.journal("bot", "sendChatAction"))
        self.simulator.wait(method="sendChatAction", count=calls + 1)
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.simulator.wait_for_reply("Queued behind")), 1, "a restart does not repeat it")

    def test_a_task_sent_in_a_pause_is_told_so_and_runs_later(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "0"
        self.start()
        self.butler.as_gateway("POST", "/v1/admin/pause", {"reason": "spring cleaning"})
        self.say_and_read("wait for it", "spring cleaning")
        self.butler.as_gateway("POST", "/v1/admin/resume")
        self.simulator.wait_for_reply("You said: wait for it")

    def test_a_task_that_nobody_takes_says_so(self):
        self.start("orchestrator", "gateway")
        self.say_and_read("anybody?", "as soon as a worker is free")
        self.butler.start("worker", PI_MOCK_STEP_MS="0")
        self.simulator.wait_for_reply("You said: anybody?")

    def test_an_orchestrator_that_is_away_is_told_and_the_message_is_answered_later(self):
        self.start("orchestrator", "gateway")
        self.butler.kill("orchestrator")
        sent = self.simulator.send_text("hello?")
        self.simulator.wait_for_reply("orchestrator", after=sent)
        health = self.butler.administer("gateway", "GET", "/health").json
        self.assertEqual((health["ok"], health["orchestrator"]["reachable"], health["storedTurns"]), (False, False, 1))
        self.butler.start("orchestrator")
        self.butler.start("worker", PI_MOCK_STEP_MS="0")
        self.simulator.wait_for_reply("You said: hello?")

    def test_created_started_and_finished_are_told_to_those_who_want_it(self):
        self.butler.environment |= {"TG_ONLY_AGENT_OUTPUT": "false", "PI_MOCK_STEP_MS": "50"}
        self.start()
        self.simulator.send_text("tell me all")
        self.simulator.wait_for_reply("Finished")
        texts = [message["text"].split()[0] for message in self.simulator.messages(sender="bot")]
        self.assertEqual(texts, ["Created", "Started", "You", "Finished"])


if __name__ == "__main__":
    unittest.main()

"""Telegram is never given more than it takes, whatever there is to say; where it asks for patience, it gets it.

The simulator's rate model is on in all of these, and a call of ours that it refuses fails the test when it ends."""

import unittest

from support.case import SystemTest


class Flood(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator, TG_RATE_LIMIT_PER_MIN="0", WORKER_CONCURRENCY="8")
        self.butler.start_all()

    def sent(self, chat: int | None = None) -> list[float]:
        """When the bot's messages to the chat came, in the order of their coming."""
        chat = self.simulator.owner_id if chat is None else chat
        return [call["arrived"] for call in self.simulator.journal("bot", "sendMessage") if call["params"]["chat_id"] == chat]

    def test_many_answers_in_a_chat_and_a_group_are_paced_and_keep_their_order(self):
        group = self.simulator.add_group()
        for number in range(7):
            self.simulator.send_text(f"question {number}")
        for number in range(5):
            self.simulator.send_text(f"/task item {number}", chat=group)
        self.simulator.wait_for_reply("question", count=7)
        self.simulator.wait_for_reply("item", chat=group, count=5)
        self.simulator.check_order(*(f"question {number}" for number in range(7)))
        self.simulator.check_order(*(f"item {number}" for number in range(5)), chat=group)
        # Behind a burst of four. On a busy machine messages come closer together than they left, so only the whole is looked at.
        self.assertGreater(self.sent(group)[4] - self.sent(group)[0], 2, "a group takes one in three seconds")
        self.assertGreater(self.sent()[6] - self.sent()[0], 2, "a chat takes one a second")

    def test_forty_chats_at_once_stay_below_what_the_bot_may_send(self):
        groups = [self.simulator.add_group(title=f"Group {number}") for number in range(40)]
        for group in groups:
            self.simulator.send_text(f"/task greet {group}", chat=group)
        for group in groups:
            self.simulator.wait_for_reply(f"greet {group}", chat=group)
        self.simulator.check_exactly_once(*(f"greet {group}\n" for group in groups))

    def test_a_restart_does_not_forget_what_telegram_still_counts(self):
        for number in range(4):
            self.simulator.send_text(f"before {number}")
        self.simulator.wait_for_reply("before", count=4)
        self.butler.kill("gateway")
        for number in range(3):
            self.simulator.send_text(f"after {number}")
        self.butler.start("gateway")
        self.simulator.wait_for_reply("after", count=3)

    def test_a_refused_chat_is_left_alone_and_others_are_not_held_up(self):
        group = self.simulator.add_group()
        self.simulator.fault("status", "sendMessage", code=429, retry_after=8, match={"contains": "the final"})
        self.simulator.send_text("the final")
        self.simulator.wait(method="sendMessage", status=429)
        self.simulator.send_text("right after it")
        self.simulator.send_text("/task meanwhile", chat=group)
        self.simulator.wait_for_reply("meanwhile", chat=group)
        self.simulator.wait_for_reply("right after it")
        self.assertLess(self.sent(group)[0], self.sent()[-1])
        self.simulator.check_order("the final", "right after it")
        self.simulator.check_exactly_once("the final", "right after it")
        self.simulator.check_retry_after_respected()


if __name__ == "__main__":
    unittest.main()

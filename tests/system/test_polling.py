"""Updates reach Butler however badly they come: backlogs, outages, second pollers, broken answers."""

import unittest

from support.case import SystemTest
from support.wait import until


class Polling(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator, TG_RATE_LIMIT_PER_MIN="0")

    def health(self) -> dict:
        return self.butler.administer("gateway", "GET", "/health").json

    def polling(self) -> dict:
        return self.health()["polling"]

    def test_a_cold_start_with_250_pending_updates_makes_each_of_them_one_job_in_order(self):
        texts = [f"pending {number}" for number in range(250)]
        for text in texts:
            self.simulator.send_text(text)
        self.butler.start("orchestrator")
        self.butler.start("gateway")
        self.simulator.wait(queue_empty=True)
        until(lambda: self.health()["openTurns"] == 250, "all jobs", timeout=240)
        newest = self.butler.jobs(limit=200)
        oldest = self.butler.jobs(limit=200, before=newest[-1]["id"])
        self.assertEqual([job["prompt"] for job in reversed(newest + oldest)], texts)
        # One session, and nobody works: one quiet word about all of them, not one about each.
        self.simulator.wait_for_reply("messages")
        self.simulator.wait_for_silence()
        self.assertLess(len(self.simulator.messages(sender="bot")), 8)

    def test_a_second_poller_is_diagnosed_in_words_and_nothing_is_lost(self):
        self.simulator.fault("conflict_409", times=-1)
        self.butler.up()
        line = self.butler.wait_for_log("gateway", "event=poll.failed")
        self.assertIn("another program is polling", line)
        self.assertFalse(self.polling()["ok"])
        self.assertIn("another program is polling", self.polling()["trouble"])
        self.simulator.clear_faults()
        self.simulator.send_text("still there?")
        self.simulator.wait_for_reply("still there?")
        self.assertTrue(self.polling()["ok"])

    def test_a_long_outage_with_broken_answers_is_sat_out_and_the_backlog_answered_in_order(self):
        self.butler.up()
        self.simulator.wait_for_polling()
        outage = self.simulator.fault("connect_refused")
        self.simulator.advance(1_800)
        for number in range(4):
            self.simulator.send_text(f"backlog {number}")
        self.butler.wait_for_log("gateway", "event=poll.failed")
        self.simulator.fault("garbage_body", "getUpdates")
        self.simulator.fault("garbage_body", "sendMessage")
        self.simulator.clear_faults(outage)
        self.simulator.wait_for_reply("backlog 3")
        self.simulator.check_order(*(f"backlog {number}" for number in range(4)))
        self.butler.wait_for_log("gateway", "event=poll.works_again")
        self.assertTrue(self.polling()["ok"])

    def test_gaps_and_repeats_of_update_ids_make_no_difference(self):
        self.simulator.fault("gap_update_id", match={"update": "message"})
        self.simulator.fault("duplicate_update", match={"contains": "second"})
        self.butler.up()
        for text in ("first", "second", "third"):
            self.simulator.send_text(text)
        self.simulator.wait_for_reply("third")
        self.simulator.wait_for_silence()
        self.simulator.check_exactly_once("You said: first", "You said: second", "You said: third")
        self.assertEqual(len(self.butler.jobs()), 3)


if __name__ == "__main__":
    unittest.main()

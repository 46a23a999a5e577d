"""How much a person may ask for: the rate limit and the longest prompt."""

import unittest

from support.people import ANNA, BOB, PeopleTest


class RateLimit(PeopleTest):
    def test_whoever_asks_too_often_is_told_once_when_to_try_again(self):
        self.start(TG_ALLOW_FROM=str(ANNA), TG_RATE_LIMIT_PER_MIN="2")
        for number in range(5):
            self.simulator.send_text(f"number {number}", chat=ANNA, user=ANNA)
        told = self.simulator.wait_for_reply("at once", chat=ANNA)[0]["text"]
        self.assertRegex(told, r"again in ([1-5]?\d|60) s")
        self.simulator.wait_for_silence()
        self.assertEqual(self.prompts(), ["number 0", "number 1"])
        self.assertEqual(len([text for text in self.texts(ANNA) if "at once" in text]), 1)
        self.assertIn("Nothing is running", self.say("/status", ANNA), "commands about jobs are not limited")

    def test_the_limit_is_each_persons_own_and_the_owners_too(self):
        self.start(TG_ALLOW_FROM=f"{ANNA},{BOB}", TG_RATE_LIMIT_PER_MIN="1")
        for person in (ANNA, BOB, self.owner):
            self.say("one", person, contains="one")
            self.say("two", person, contains="at once")
        self.assertEqual(self.prompts(), ["one", "one", "one"])

    def test_a_restart_forgets_nothing_and_time_heals(self):
        self.start(TG_ALLOW_FROM=str(ANNA), TG_RATE_LIMIT_PER_MIN="1")
        self.say("one", ANNA, contains="one")
        self.butler.wait_until_sent()
        old = self.butler.kill("gateway")
        self.butler.wait_for_restart("gateway", old)
        self.say("two", ANNA, contains="at once")
        self.simulator.advance(61)
        self.say("three", ANNA, contains="three")
        self.assertEqual(self.prompts(), ["one", "three"])

    def test_zero_is_no_limit(self):
        self.start(TG_RATE_LIMIT_PER_MIN="0")
        for number in range(14):
            self.simulator.send_text(f"number {number}")
            self.simulator.advance(1.1)
        self.simulator.wait_for_reply("number 13")
        self.assertEqual(len(self.prompts()), 14)


class PromptCap(PeopleTest):
    def test_of_a_longer_prompt_the_beginning_is_taken_and_a_longer_command_is_refused_with_the_figure(self):
        self.start(TG_ALLOW_FROM=str(ANNA), TG_PROMPT_MAX_CHARS="100")
        self.assertIn("1-message.txt", self.say("ä" * 101, ANNA))
        self.assertIn("I take 100 at most", self.say("/run " + "x" * 101))
        self.assertIn("ä" * 100, self.say("ä" * 100, ANNA))
        self.assertEqual([len(prompt) for prompt in self.prompts()], [100, 100])


if __name__ == "__main__":
    unittest.main()

"""Groups: only what speaks to the bot becomes a request, and its answers reply."""

import unittest

from support.case import SystemTest
from support.invariants import without_words_on_waiting

BOB = 2002


class Groups(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.bot = self.simulator.state()["bot"]["username"]
        self.simulator.add_user(BOB, "Bob")
        self.group = self.simulator.add_group(BOB, title="Kitchen")
        self.butler = self.make_butler(self.simulator)
        self.butler.up()

    def say(self, text: str, **fields) -> int:
        return self.simulator.send_text(text, chat=self.group, **fields)

    def reply(self, contains: str, after: int) -> dict:
        return self.simulator.wait_for_reply(contains, after=after, chat=self.group)[0]

    def prompts(self) -> list[str]:
        return [job["prompt"] for job in reversed(self.butler.jobs())]

    def test_only_commands_mentions_and_replies_become_requests(self):
        self.say("who takes out the bins?")
        self.say("/weather")
        self.say("/task@somebody_else_bot spy")
        self.say("@somebody_else do it")
        self.say(f"/task spy on them for @{self.bot}", user=BOB)  # not let in: silence

        sent = self.say(f"@{self.bot.upper()} count the spoons")
        answer = self.reply("count the spoons", sent)
        self.assertEqual(answer["reply_to"], sent)
        sent = self.say(f"😀 you there, @{self.bot}? count the forks")
        self.reply("you there", sent)
        sent = self.say("and the knives?", reply_to=answer["message_id"])
        self.assertEqual(self.reply("and the knives?", sent)["reply_to"], sent)
        sent = self.say(f"/task@{self.bot} count the plates")
        self.reply("count the plates", sent)

        self.simulator.wait_for_silence()
        prompts = self.prompts()
        self.assertEqual(prompts[:2], ["count the spoons", "😀 you there, ? count the forks"])
        self.assertEqual(prompts[3:], ["count the plates"])
        self.assertTrue(prompts[2].startswith("[In reply to your message, quoted here:]\n> You said: count the spoons\n> "))
        self.assertTrue(prompts[2].endswith("\n\nand the knives?"))
        self.assertEqual(len(without_words_on_waiting(self.simulator.messages(self.group, "bot"))), 4)

    def test_what_is_asked_about_somebodys_message_comes_with_a_quotation_of_it(self):
        theirs = self.say("three eggs\nand a pint of milk", user=BOB)
        sent = self.say(f"@{self.bot} add that to the list", reply_to=theirs)
        self.reply("add that to the list", sent)
        self.assertEqual(self.prompts(), ["[In reply to a message of Bob, quoted here:]\n> three eggs\n> and a pint of "
                                          "milk\n\nadd that to the list"])

    def test_commands_in_a_group_are_answered_as_replies(self):
        sent = self.say(f"/status@{self.bot}")
        self.assertEqual(self.reply("Nothing is running", sent)["reply_to"], sent)
        sent = self.say(f"@{self.bot} /jobs")
        self.assertEqual(self.reply("no jobs", sent)["reply_to"], sent)
        sent = self.say("/settings")
        self.assertIn("In this group I hear", self.reply("set for this chat", sent)["text"])
        sent = self.say(f"/frobnicate@{self.bot}")
        self.assertEqual(self.reply("/frobnicate", sent)["reply_to"], sent)
        sent = self.say("/run echo hi")
        self.assertEqual(self.reply("/approve", sent)["reply_to"], sent)


if __name__ == "__main__":
    unittest.main()

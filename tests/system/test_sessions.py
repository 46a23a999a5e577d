"""Sessions: what a conversation remembers, where it begins anew, and that topics have their own."""

import unittest

from support.case import SystemTest
from support.model_server import say
from support.wait import until


class Sessions(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()
        self.butler = self.make_butler(self.simulator, self.model)

    def ask(self, text: str, answer: str, **fields) -> dict:
        sent = self.simulator.send_text(text, **fields)
        return self.simulator.wait_for_reply(answer, after=sent, chat=fields.get("chat"))[0]

    def last_prompt(self) -> str:
        """What the model was given last: the conversation, without the system text."""
        return str([message for message in self.model.requests()[-1]["messages"] if message["role"] != "system"])

    def test_new_begins_afresh_and_reset_with_a_request_is_its_first_one(self):
        self.model.script(say("Nice to meet you.", when="my name is Ada"), say("I don't know.", when="who am I"),
                          say("Still nobody.", when="and now"))
        self.butler.up()
        self.ask("my name is Ada", "Nice to meet you.")
        self.assertIn("number 2", self.ask("/new", "fresh session")["text"])
        self.ask("who am I?", "I don't know.")
        self.assertNotIn("my name is Ada", self.last_prompt())
        self.ask("/reset and now?", "Still nobody.")
        self.assertNotIn("who am I", self.last_prompt())
        self.assertEqual([job["sessionKey"] for job in reversed(self.butler.jobs())],
                         ["telegram:1001:v1", "telegram:1001:v2", "telegram:1001:v3"])

        context = self.ask("/context", "Session 3 of this chat")["text"]
        for words in ("telegram:1001:v3", "1 job: 1 done.", "tokens read", "MEMORY.md", "/new"):
            self.assertIn(words, context)


class SessionsOfTheMock(SystemTest):
    """Where no agent is needed."""

    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator)

    def test_what_runs_in_the_old_session_goes_on_and_is_answered(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "1500"
        self.butler.up()
        self.simulator.send_text("the old story")
        until(lambda: self.butler.jobs(status="running"), "the job to run")
        self.simulator.send_text("/new a new story")
        old = self.simulator.wait_for_reply("You said: the old story")[0]
        new = self.simulator.wait_for_reply("You said: a new story")[0]
        self.assertIn("Session: telegram:1001:v1", old["text"])
        self.assertIn("Session: telegram:1001:v2", new["text"])

    def test_a_message_during_a_run_waits_its_turn_and_is_answered_once(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "100"
        self.butler.up()
        for number in range(3):
            self.simulator.send_text(f"follow-up {number}")
        answers = self.simulator.wait_for_reply("You said: follow-up", count=3)
        self.simulator.wait_for_silence()
        self.assertEqual([f"follow-up {n}" in answer["text"] for n, answer in enumerate(answers)], [True] * 3)
        self.assertEqual(len(self.simulator.wait_for_reply("You said: follow-up", count=3)), 3)
        self.assertEqual(len(self.butler.jobs()), 3)

    def test_the_generation_survives_a_kill_of_the_gateway(self):
        self.butler.up()
        self.simulator.send_text("before")
        self.simulator.send_text("/new")
        self.simulator.wait_for_reply("number 2")
        self.butler.wait_until_sent()
        pid = self.butler.kill("gateway")
        self.butler.wait_for_restart("gateway", pid)
        self.simulator.send_text("/whoami")
        self.simulator.wait_for_reply("Session: telegram:1001:v2")

    def test_each_topic_is_a_session_of_its_own_and_general_is_the_chat(self):
        forum = self.simulator.add_group(title="House", forum=True)
        garden = self.simulator.add_topic(forum, "Garden")
        self.butler.up()
        self.simulator.send_text("/new", chat=forum, thread=garden)
        self.simulator.wait_for_reply("fresh session", chat=forum)
        self.simulator.send_text("/task water the roses", chat=forum, thread=garden)
        rose = self.simulator.wait_for_reply("You said: water the roses", chat=forum)[0]
        self.simulator.send_text("/task sweep", chat=forum, thread=1)
        sweep = self.simulator.wait_for_reply("You said: sweep", chat=forum)[0]
        self.assertEqual((rose["thread"], sweep["thread"]), (garden, None))
        self.assertIn(f"telegram:{forum}:thread:{garden}:v", rose["text"])
        self.assertIn(f"telegram:{forum}:v1", sweep["text"])
        for call in self.simulator.journal("bot", "sendMessage"):
            self.assertNotEqual(call["params"].get("message_thread_id"), 1)

    def test_a_reply_thread_in_a_group_without_topics_is_no_session(self):
        group = self.simulator.add_group(title="Team", type="supergroup")
        self.butler.up()
        first = self.simulator.send_text("/task one", chat=group)
        self.simulator.wait_for_reply("You said: one", chat=group)
        self.simulator.send_text("/task two", chat=group, reply_to=first)
        self.simulator.wait_for_reply("two\nSession:", chat=group)
        self.assertEqual({job["sessionKey"] for job in self.butler.jobs()}, {f"telegram:{group}:v1"})


if __name__ == "__main__":
    unittest.main()

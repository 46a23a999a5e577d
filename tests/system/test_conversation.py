"""What the owner sees in the chat, with the mock agent: the whole path over real processes and the simulator."""

import unittest

from support.case import SystemTest
from support.invariants import without_words_on_waiting
from support.wait import until

STRANGER = 4242


class Conversation(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator)

    def say(self, text: str, contains: str | None = None, **fields) -> dict:
        """Writes as the owner and returns the bot's next message (that contains this)."""
        sent = self.simulator.send_text(text, **fields)
        return self.simulator.wait_for_reply(contains, after=sent)[0]

    def test_a_message_is_answered_once(self):
        self.butler.up()
        answer = self.say("hello there", "hello there")
        self.assertIn("hello there", answer["text"])
        self.simulator.wait_for_silence()
        self.assertEqual(len(without_words_on_waiting(self.simulator.messages(sender="bot"))), 1)
        jobs = self.butler.jobs()
        self.assertEqual([job["status"] for job in jobs], ["completed"])
        self.assertEqual(jobs[0]["sessionKey"], "telegram:1001:v1")

    def test_the_task_command_is_a_message(self):
        self.butler.up()
        self.assertIn("clean the kitchen", self.say("/task clean the kitchen", "clean the kitchen")["text"])

    def test_answers_come_in_the_order_of_the_questions(self):
        self.butler.up()
        for number in range(4):
            self.simulator.send_text(f"question {number}")
        answers = self.simulator.wait_for_reply("question", count=4)
        self.assertEqual([f"question {n}" in answer["text"] for n, answer in enumerate(answers)], [True] * 4)

    def test_a_command_runs_only_after_its_approval(self):
        self.butler.up()
        asked = self.say("/run echo one two", "/approve")
        self.assertIn("echo one two", asked["text"])
        self.assertEqual(self.butler.jobs()[0]["status"], "needs_approval")
        self.butler.wait_until_sent()
        self.say("/approve", "echo one two")
        job = self.butler.jobs()[0]
        self.butler.wait_for_job(job["id"], "completed")

    def test_a_denied_command_never_runs(self):
        self.butler.up()
        self.say("/run rm -rf everything", "/deny")
        self.butler.wait_until_sent()
        self.say("/deny")
        job = self.butler.jobs()[0]
        self.assertEqual(job["status"], "aborted")
        self.assertEqual(job["attempt"], 0)

    def test_a_running_job_is_stopped(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "60000"
        self.butler.up()
        self.simulator.send_text("take your time")
        job = until(lambda: next(iter(self.butler.jobs(status="running")), None), "the job to run")
        self.say("/abort")
        self.assertEqual(self.butler.wait_for_job(job["id"])["status"], "aborted")
        self.simulator.wait_for_reply("topped")

    def test_control_commands_overtake_a_running_job(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "60000"
        self.butler.up()
        self.simulator.send_text("take your time")
        until(lambda: self.butler.jobs(status="running"), "the job to run")
        self.say("/status", "running")
        self.say("/abort")

    def test_help_and_whoami_are_answered(self):
        self.butler.up()
        self.assertIn("/run", self.say("/help")["text"])
        self.assertIn("1001", self.say("/whoami")["text"])

    def test_a_mistyped_command_gets_the_nearest_one(self):
        self.butler.up()
        self.assertIn("/status", self.say("/statsu")["text"])

    def test_a_stranger_is_told_who_may_let_them_in_and_makes_no_job(self):
        self.butler.up()
        self.simulator.add_user(STRANGER, "Mallory")
        sent = self.simulator.send_text("do something for me", chat=STRANGER, user=STRANGER)
        reply = self.simulator.wait_for_reply(after=sent, chat=STRANGER)[0]
        self.assertIn(str(STRANGER), reply["text"])
        self.assertEqual(self.butler.jobs(), [])

    def test_a_stranger_cannot_approve_or_stop(self):
        self.butler.up()
        self.simulator.add_user(STRANGER, "Mallory")
        self.say("/run echo mine", "/approve")
        self.simulator.send_text("/approve", chat=STRANGER, user=STRANGER)
        self.simulator.wait_for_silence()
        self.assertEqual(self.butler.jobs()[0]["status"], "needs_approval")

    def test_a_command_over_the_limit_is_refused_with_the_figure(self):
        self.butler.environment["TG_PROMPT_MAX_CHARS"] = "100"
        self.butler.up()
        self.assertIn("100", self.say("/run " + "x" * 101)["text"])
        self.assertEqual(self.butler.jobs(), [])

    def test_markdown_arrives_as_entities_and_never_as_a_parse_mode(self):
        self.butler.up()
        answer = self.say("this is **important** and `code`", "important")
        self.assertIn("bold", {entity["type"] for entity in answer["entities"]})
        self.assertNotIn("**", answer["text"])
        for call in self.simulator.journal("bot", "sendMessage"):
            self.assertNotIn("parse_mode", call["params"])

    def test_the_backlog_of_a_switched_off_bot_is_answered(self):
        sent = [self.simulator.send_text(f"while you were away {number}") for number in range(3)]
        self.butler.up()
        self.simulator.wait_for_reply("while you were away", after=sent[-1], count=3)


class Sending(SystemTest):
    """Faults between Butler and Telegram."""

    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator)
        self.butler.up()

    def answers(self, text: str) -> list[dict]:
        return [message for message in self.simulator.messages(sender="bot") if text in message["text"]]

    def test_a_429_delays_the_answer_and_loses_nothing(self):
        self.simulator.fault("status", "sendMessage", code=429, description="Too Many Requests: retry after 1", retry_after=1)
        self.simulator.send_text("patience")
        self.simulator.wait_for_reply("patience")
        self.assertEqual(len(self.answers("patience")), 1)

    def test_a_server_error_that_refused_the_call_is_tried_again(self):
        self.simulator.fault("status", "sendMessage", code=500, description="Internal Server Error: restart")
        self.simulator.send_text("again please")
        self.simulator.wait_for_reply("again please")
        self.assertEqual(len(self.answers("again please")), 1)

    def test_a_reset_before_the_message_was_taken_loses_nothing(self):
        self.simulator.fault("reset_before_apply", "sendMessage")
        self.simulator.send_text("cut early")
        self.simulator.wait_for_reply("cut early")
        self.assertEqual(len(self.answers("cut early")), 1)

    def test_a_reset_after_the_message_was_taken_shows_it_at_most_twice(self):
        self.simulator.fault("reset_after_apply", "sendMessage")
        self.simulator.send_text("cut late")
        self.simulator.wait_for_reply("cut late")
        self.simulator.wait(method="sendMessage", count=2)
        self.assertLessEqual(len(self.answers("cut late")), 2)

    def test_a_failing_poll_loses_no_message(self):
        self.simulator.fault("status", "getUpdates", times=2, code=502, description="Bad Gateway")
        self.simulator.send_text("after the outage")
        self.simulator.wait_for_reply("after the outage")

    def test_an_update_that_comes_twice_makes_one_job(self):
        self.simulator.fault("duplicate_update")
        self.simulator.send_text("just once")
        self.simulator.wait_for_reply("just once")
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.answers("just once")), 1)
        self.assertEqual(len(self.butler.jobs()), 1)


if __name__ == "__main__":
    unittest.main()

"""What a chat sees while a job runs: over real processes, with the mock agent."""

import time
import unittest

from support.api import LONG_LEASE
from support.case import SystemTest
from support.model_server import call

PEOPLE = (2001, 2002, 2003)
# Where nothing stops it, pi's command takes ten minutes. bench/chat_slo.py holds a quiet machine to 0.5 s.
AT_ONCE = 30.0


class Live(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()

    def start(self, step_ms: int) -> None:
        self.butler = self.make_butler(self.simulator, TG_ALLOW_FROM=",".join(map(str, PEOPLE)), WORKER_CONCURRENCY="5",
                                       PI_MOCK_STEP_MS=str(step_ms))
        self.butler.start_all()
        self.simulator.wait_for_polling()

    def reactions(self) -> list[list]:
        return [call["params"]["reaction"] for call in self.simulator.journal("bot", "setMessageReaction")]

    def test_stop_under_the_draft_keeps_what_was_written_so_far(self):
        self.start(step_ms=4000)
        asked = time.monotonic()
        self.simulator.send_text("a long story")
        self.simulator.wait(method="setMessageReaction", count=1)
        self.simulator.wait(draft=self.simulator.owner_id)
        self.assertGreater(time.monotonic() - asked, 2.4)
        self.simulator.wait(draft=self.simulator.owner_id, contains="Writing")
        pressed = time.monotonic()
        self.simulator.do("stop_draft", chat=self.simulator.owner_id)
        answer = self.simulator.wait_for_reply("(stopped)")[0]
        self.assertLess(time.monotonic() - pressed, AT_ONCE)
        self.assertIn("You said: a long story", answer["text"])
        self.assertFalse(answer["silent"])
        self.simulator.wait(method="setMessageReaction", count=2)
        self.assertEqual(self.reactions()[1], [])
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.simulator.messages(sender="bot")), 1, "Stop needs no words of its own")
        self.simulator.check_one_preview()

    def test_five_chats_at_once_have_one_preview_each_and_nothing_too_fast(self):
        self.start(step_ms=8000)
        for person in PEOPLE:
            self.simulator.add_user(person, name=f"Person {person}")
        group = self.simulator.add_group()
        chats = [self.simulator.owner_id, *PEOPLE]
        for chat in chats:
            self.simulator.send_text("think about it", chat=chat, user=chat)
        asked = self.simulator.send_text("/task think about it", chat=group)
        for chat in chats:
            self.simulator.wait(draft=chat, contains="Writing")
        status = self.simulator.wait_for_reply(after=asked, chat=group)[0]
        self.assertTrue(status["silent"])
        self.assertRegex(status["text"], "Thinking|Writing")
        self.simulator.wait_for_reply("Writing", chat=group)
        self.simulator.send_text("/stop", chat=group)
        self.simulator.wait_for_reply("(stopped)", chat=group)
        self.simulator.wait(method="deleteMessage")
        left = [message["message_id"] for message in self.simulator.messages(chat=group, sender="bot")]
        self.assertNotIn(status["message_id"], left)
        self.simulator.check_one_preview()
        self.assertEqual(self.simulator.client_429s(), [])

    def test_stop_in_the_middle_of_a_tool_keeps_what_the_agent_had_said(self):
        model = self.start_model_server()
        begun = call("bash", {"command": "sleep 600"}, when="story", call_id="call_sleep")
        begun["response"]["content"] = "Let me look first."
        model.script(begun)
        self.butler = self.make_butler(self.simulator, model, ORCH_LEASE_SECONDS=LONG_LEASE)  # no heartbeat ends by itself
        self.butler.start_all()
        self.simulator.wait_for_polling()
        self.simulator.send_text("a long story")
        self.simulator.wait(draft=self.simulator.owner_id, contains="bash: sleep 600")
        agents = self.butler.agents()
        self.assertEqual(len(agents), 1)
        pressed = time.monotonic()
        self.simulator.do("stop_draft", chat=self.simulator.owner_id)
        answer = self.simulator.wait_for_reply("(stopped)")[0]
        took = time.monotonic() - pressed
        self.assertEqual(answer["text"], "Let me look first.\n\n(stopped)")
        self.assertLess(took, AT_ONCE)
        self.assertEqual(self.butler.agents(), agents, "pi ends its command when it is asked: nobody has to kill it")
        self.simulator.check_one_preview()


if __name__ == "__main__":
    unittest.main()

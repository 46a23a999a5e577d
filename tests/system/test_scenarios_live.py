"""Many chats that stream, and Stop in mid-tool with the real pi: what rings, what is left, and that nothing is too fast."""

import os
import unittest

from support.api import LONG_LEASE
from support.case import SystemTest
from support.chat_slo import ChatSlo, configure

PEOPLE = (2001, 2002, 2003)
# bench/chat_slo.py holds it to 0.5 s on a quiet machine.
STOP_MOST = 30.0 if os.environ.get("BUTLER_SANITIZED") else 10.0


class ScenariosLive(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.owner = self.simulator.owner_id

    def ringing(self, chat: int) -> list[str]:
        """The texts of all that has ever rung in a chat."""
        sent = [entry["params"] for entry in self.simulator.journal("bot", "sendMessage") if entry["status"] == 200]
        return [params["text"] for params in sent if params["chat_id"] == chat and not params.get("disable_notification")]

    def test_five_chats_in_every_mode_ring_once_and_are_left_with_the_answer(self):
        """S25: five chats stream at once, in drafts and in edited messages."""
        self.butler = self.make_butler(self.simulator, TG_ALLOW_FROM=",".join(map(str, PEOPLE)), WORKER_CONCURRENCY="5",
                                       PI_MOCK_STEP_MS="2200")
        self.butler.start_all()
        self.simulator.wait_for_polling()
        group = self.simulator.add_group()
        for person in PEOPLE:
            self.simulator.add_user(person, name=f"Person {person}")
        chats = {self.owner: "draft", PEOPLE[0]: "edit", PEOPLE[1]: "edit", PEOPLE[2]: "status", group: "edit"}
        asked = {}
        for chat, mode in chats.items():
            person = self.owner if chat == group else chat
            set_by = self.simulator.send_text(f"/settings mode {mode}", chat=chat, user=person)
            self.simulator.wait_for_reply(mode, after=set_by, chat=chat)
        for chat in chats:
            person = self.owner if chat == group else chat
            asked[chat] = self.simulator.send_text(f"/task think about {chat}", chat=chat, user=person)
        answers = {chat: f"You said: think about {chat}" for chat in chats}
        for chat in chats:
            self.simulator.wait_for_reply(answers[chat], after=asked[chat], chat=chat)
        self.simulator.wait(method="deleteMessage", count=list(chats.values()).count("edit"))
        self.simulator.wait_for_silence()
        for chat, mode in chats.items():
            with self.subTest(chat=chat, mode=mode):
                left = [message for message in self.simulator.messages(chat, "bot") if message["message_id"] > asked[chat]]
                self.assertEqual([(message["text"].split("\n")[0], message["silent"]) for message in left], [(answers[chat], False)])
                self.assertEqual(len(self.ringing(chat)), 2, "the answers to /settings and to the request")
        self.assertEqual(self.simulator.drafts(), [])
        self.simulator.check_one_preview()
        self.assertEqual(self.simulator.client_429s(), [])

    def test_stop_in_mid_tool_is_at_once_by_the_draft_and_by_the_button(self):
        """S24: both end pi's command, keep what the agent had said, and leave one message that rings."""
        model = self.start_model_server()
        configure(model)
        group = self.simulator.add_group()
        self.butler = self.make_butler(self.simulator, model, ORCH_LEASE_SECONDS=LONG_LEASE)  # no heartbeat ends by itself
        self.butler.start_all()
        self.simulator.wait_for_polling()
        chats = ChatSlo(self.simulator, self.butler)
        self.assertLess(chats.stop_by_draft(), STOP_MOST)
        self.assertLess(chats.stop_by_button(group), STOP_MOST)
        self.simulator.wait(method="deleteMessage")
        self.simulator.wait_for_silence()
        for chat in (self.owner, group):
            left = [(message["text"], message["silent"]) for message in self.simulator.messages(chat, "bot")]
            self.assertEqual(left, [("Let me look first.\n\n(stopped)", False)])
        self.assertEqual({job["status"] for job in self.butler.jobs()}, {"aborted"})
        self.simulator.check_one_preview()
        self.simulator.check_callbacks_answered(STOP_MOST)
        self.assertEqual(self.simulator.client_429s(), [])


if __name__ == "__main__":
    unittest.main()

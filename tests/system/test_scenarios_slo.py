"""The promises about waiting in a chat, looser than bench/chat_slo.py holds them: a busy machine keeps these too."""

import os
import statistics
import unittest

from support.api import LONG_LEASE
from support.case import SystemTest
from support.chat_slo import ChatSlo
from support.people import ANNA, BOB

LOOSER = 30.0 if os.environ.get("BUTLER_SANITIZED") else 12.0  # times the design's figure
PEOPLE = tuple(range(2001, 2020))


class ScenariosSlo(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()

    def start_control_plane(self, *people: int) -> ChatSlo:
        """Everything but a worker: the measure is it."""
        butler = self.make_butler(self.simulator, TG_ALLOW_FROM=",".join(map(str, people)), ORCH_LEASE_SECONDS=LONG_LEASE)
        for role in ("orchestrator", "gateway"):
            butler.start(role)
        self.simulator.wait_for_polling()
        return ChatSlo(self.simulator, butler)

    def test_an_answer_is_visible_at_once_when_its_job_is_completed(self):
        for person in PEOPLE:
            self.simulator.add_user(person, f"Person {person}")
        chats = self.start_control_plane(*PEOPLE)
        waited = chats.finals(list(PEOPLE), self.simulator.add_group())
        self.assertEqual(len(waited), 20)
        self.assertLess(statistics.median(waited), 0.2 * LOOSER)
        self.assertLess(max(waited), 1.5 * LOOSER)
        self.simulator.check_one_preview()
        self.assertEqual(self.simulator.client_429s(), [])

    def test_a_press_of_any_button_is_answered_within_a_second(self):
        """S20, S24: approvals, Retry, Details, Status, Stop, settings and pairing."""
        self.simulator.add_user(ANNA, "Anna")
        self.simulator.add_user(BOB, "Bob")
        answered = self.start_control_plane().callbacks((ANNA, BOB))
        self.assertEqual(len(answered), 14)
        self.assertEqual({kind: seconds for kind, seconds in answered.items() if seconds >= LOOSER}, {})
        self.assertEqual(self.simulator.client_429s(), [])


if __name__ == "__main__":
    unittest.main()

"""Updates that are not what they seem, or not in order: none makes a job, none holds up what comes after it (mock agent)."""

import unittest

from support.case import SystemTest
from support.invariants import without_words_on_waiting

OTHER = 4242


class StrangeUpdates(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator)
        self.owner = {"id": self.simulator.owner_id, "is_bot": False, "first_name": "Ada"}
        self.chat = {"id": self.simulator.owner_id, "type": "private", "first_name": "Ada"}

    def message(self, text: str, **more) -> dict:
        return {"message_id": 900_001, "date": 1_800_000_000, "from": self.owner, "chat": self.chat, "text": text} | more

    def send_raw(self, **update) -> None:
        self.simulator.do("raw_update", json=update)

    def expect_only(self, *prompts: str) -> None:
        """These messages were answered, in this order, and nothing else became a job."""
        self.simulator.wait_for_reply(prompts[-1], count=1)
        self.simulator.wait_for_silence()
        self.assertEqual([job["prompt"] for job in reversed(self.butler.jobs())], list(prompts))
        self.simulator.check_order(*prompts)
        self.simulator.check_exactly_once(*prompts)

    def test_messages_that_only_look_like_the_owners_are_dropped(self):
        bot = {"id": OTHER, "is_bot": True, "first_name": "Other", "username": "other_bot"}
        channel = {"id": -1001234567890, "type": "channel", "title": "News"}
        self.send_raw(guest_message=self.message("/run rm -rf a", guest_query_id="1"))
        self.send_raw(business_message=self.message("/run rm -rf b", business_connection_id="c"))
        self.send_raw(message=self.message("/run rm -rf c", sender_chat=channel))
        self.send_raw(message=self.message("/run rm -rf d", via_bot=bot))
        self.send_raw(message=self.message("/run rm -rf e", is_automatic_forward=True))
        self.send_raw(message=self.message("/run rm -rf f", guest_query_id="2"))
        self.send_raw(message=self.message("/run rm -rf g", business_connection_id="c"))
        self.send_raw(message=self.message("/run rm -rf h", **{"from": bot}))
        self.send_raw(channel_post=self.message("/run rm -rf i", chat=channel))
        self.butler.up()
        self.simulator.send_text("an honest question")
        self.expect_only("an honest question")
        self.assertEqual(len(without_words_on_waiting(self.simulator.messages(sender="bot"))), 1)

    def test_unknown_kinds_and_garbage_fields_are_stored_and_passed_over(self):
        self.butler.up()
        for update in ({"widget_query": {"id": "1", "from": self.owner}}, {"message": None}, {"message": "text"}, {},
                       {"message": {"message_id": "x"}}, {"message": self.message("x", chat=7)},
                       {"callback_query": {"id": 5}},
                       {"my_chat_member": {"chat": self.chat}}, {"message": [[[]]]}):
            self.send_raw(**update)
        self.simulator.send_text("after the noise")
        self.expect_only("after the noise")

    def test_an_update_that_another_overtook_is_answered_too(self):
        self.butler.up()
        self.simulator.fault("reorder_updates", match={"contains": "came late"})
        self.simulator.send_text("came late")
        self.simulator.send_text("came early")
        self.simulator.wait_for_reply("came late")
        self.expect_only("came early", "came late")

    def test_an_update_that_comes_twice_after_its_confirmation_is_answered_once(self):
        self.butler.up()
        self.simulator.fault("duplicate_update", match={"contains": "told twice"})
        self.simulator.send_text("told twice")
        self.simulator.wait_for_reply("told twice")
        self.simulator.send_text("and then this")
        self.expect_only("told twice", "and then this")


if __name__ == "__main__":
    unittest.main()

import json
import socket
import time
import unittest

from tests.support import OWNER, TOKEN, SimulatorTest

TERMINATED = ("Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")


class GetUpdates(SimulatorTest):
    options = {"virtual_clock": True}

    def send(self, text="hi", **fields):
        return self.sim("send_text", text=text, **fields)["update_id"]

    def ids(self, **params):
        return [update["update_id"] for update in self.result("getUpdates", **params)]

    def test_only_a_higher_offset_confirms(self):
        first, second = self.send(), self.send()
        self.assertEqual(self.ids(), [first, second])
        self.assertEqual(self.ids(offset=first), [first, second])
        self.assertEqual(self.ids(offset=second), [second])
        self.assertEqual(self.ids(offset=first), [second])

    def test_a_negative_offset_forgets_all_but_the_last(self):
        self.send()
        second, third = self.send(), self.send()
        self.assertEqual(self.ids(offset=-2), [second, third])
        self.assertEqual(self.ids(offset=0), [second, third])

    def test_an_offset_far_beyond_the_end_is_not_believed(self):
        first = self.send()
        self.assertEqual(self.ids(offset=first + 1000), [first])

    def test_the_limit_is_clamped_and_not_refused(self):
        first = self.send()
        self.send()
        self.assertEqual(self.ids(limit=0, offset=0), [first])
        self.assertEqual(len(self.ids(limit=5000, offset=first)), 2)
        self.assertEqual(self.violations(), [])

    def test_the_same_offset_again_at_once_gives_one_update_only(self):
        first = self.send()
        self.send()
        self.ids(offset=first)
        self.assertEqual(self.ids(offset=first), [first])

    def test_a_parked_poll_wakes_at_once(self):
        poll = self.in_background(self.result, "getUpdates", timeout=50)
        self.assertTrue(self.sim("wait", polling=True)["ok"])
        sent = time.monotonic()
        update = self.send()
        self.assertEqual(poll()[0]["update_id"], update)
        self.assertLess(time.monotonic() - sent, 20)

    def test_a_second_poll_ends_the_older_with_409(self):
        older = self.in_background(self.call, "getUpdates", timeout=30)
        self.sim("wait", polling=True)
        newer = self.in_background(self.call, "getUpdates", timeout=30, offset=1)
        answer = older()
        self.assertEqual((answer.status, answer["description"]), (409, TERMINATED))
        self.sim("wait", polling=True)
        self.send()
        self.assertEqual(len(newer()["result"]), 1)

    def test_a_new_poll_gets_the_next_conflict_only_after_a_pause(self):
        polls = [self.in_background(self.call, "getUpdates", timeout=30, offset=1)]
        self.sim("wait", polling=True)
        for parked in (2, 3):
            polls.append(self.in_background(self.call, "getUpdates", timeout=30, offset=parked))
            self.sim("wait", journal={"direction": "poll", "params": {"offset": parked}})
        self.assertEqual(polls[0]().status, 409)
        self.assertEqual(self.read("state")["calls"], {"getUpdates": 1})
        self.send()
        self.assertEqual(len(polls[2]()["result"]), 1)
        self.sim("clock.advance", s=3)
        self.assertEqual(polls[1]().status, 409)

    def test_a_poll_whose_client_left_is_no_longer_parked_and_loses_nothing(self):
        body = b'{"timeout":30}'
        with socket.create_connection(("127.0.0.1", self.server.port)) as plain:
            plain.sendall(f"POST /bot{TOKEN}/getUpdates HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            self.sim("wait", polling=True)
        self.sim("wait", polling=False)
        update = self.send()
        self.assertEqual(self.ids(offset=1), [update])

    def test_allowed_updates_act_at_creation_and_persist(self):
        self.ids(allowed_updates=["callback_query"])
        self.assertIsNone(self.send())
        self.ids(offset=1, allowed_updates=[])
        update = self.send()
        self.assertEqual(self.ids(offset=2), [update])

    def test_reactions_come_only_when_asked_for(self):
        message = self.sim("send_text", text="x")["message_id"]
        self.assertIsNone(self.sim("react", message=message, emoji="👍")["update_id"])
        self.ids(allowed_updates=["message", "message_reaction"])
        self.assertIsNotNone(self.sim("react", message=message, emoji="🔥")["update_id"])

    def test_updates_expire_unread(self):
        message = self.result("sendMessage", chat_id=OWNER, text="x", reply_markup={
            "inline_keyboard": [[{"text": "A", "callback_data": "a"}]]})
        update = self.send()
        self.sim("press", message=message["message_id"], label="A")
        self.sim("clock.advance", s=151)
        self.assertEqual(self.ids(), [update])
        self.sim("clock.advance", s=24 * 3600)
        self.assertEqual(self.ids(offset=1), [])

    def test_the_response_is_cut_at_four_mebibytes(self):
        for _ in range(5):
            self.sim("raw_update", json={"future_kind": {"blob": "x" * 1_000_000}})
        self.assertEqual(len(self.ids()), 4)

    def test_raw_updates_pass_as_they_are(self):
        update = self.sim("raw_update", json={"widget_query": {"id": "1"}})["update_id"]
        self.assertEqual(self.result("getUpdates"), [{"update_id": update, "widget_query": {"id": "1"}}])

    def test_a_doubled_update_comes_again_below_the_offset(self):
        self.sim("fault", kind="duplicate_update")
        update = self.send()
        self.assertEqual(self.ids(), [update])
        self.assertEqual(self.ids(offset=update + 1), [update])
        self.assertEqual(self.ids(offset=update + 2), [])

    def test_an_update_may_be_overtaken_by_the_next_and_is_not_lost(self):
        self.sim("fault", kind="reorder_updates")
        first = self.send()
        self.assertEqual(self.ids(), [])
        second = self.send()
        self.assertEqual(self.ids(offset=1, limit=1), [second])
        self.assertEqual(self.ids(offset=second + 1), [first])
        self.assertEqual(self.ids(offset=second + 2), [])

    def test_dropped_updates_and_gaps_show_in_the_ids(self):
        first = self.send()
        self.sim("fault", kind="drop_update")
        self.send()
        self.sim("fault", kind="gap_update_id", n=50)
        third = self.send()
        self.assertEqual(third, first + 52)
        self.assertEqual(self.ids(), [first, third])

    def test_get_updates_answers_json_with_the_whole_message(self):
        self.sim("send_text", text="/start@butler_bot see @ada_l")
        message = self.result("getUpdates")[0]["message"]
        self.assertEqual([entity["type"] for entity in message["entities"]], ["bot_command", "mention"])
        self.assertEqual(message["chat"], {"id": OWNER, "type": "private", "first_name": "Ada"})
        json.dumps(message)


if __name__ == "__main__":
    unittest.main()

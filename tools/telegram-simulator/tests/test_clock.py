import time
import unittest

from tests.support import OWNER, SimulatorTest


class VirtualClock(SimulatorTest):
    options = {"virtual_clock": True}

    def test_time_stands_still_until_it_is_advanced(self):
        first = self.sim("clock.advance", s=0)["now"]
        self.assertEqual(self.sim("clock.advance", s=90)["now"], first + 90)
        stamps = {entry["t"] for entry in self.read("journal")["entries"][-2:]}
        self.assertEqual(len(stamps), 2)
        sent = [self.result("sendMessage", chat_id=OWNER, text=str(number))["date"] for number in range(3)]
        self.assertEqual(set(sent), {first + 90})

    def test_a_parked_poll_ends_when_its_time_is_advanced(self):
        poll = self.in_background(self.result, "getUpdates", timeout=50)
        self.sim("wait", polling=True)
        self.sim("clock.advance", s=49)
        self.assertTrue(self.read("state")["polling"])
        began = time.monotonic()
        self.sim("clock.advance", s=2)
        self.assertEqual(poll(), [])
        self.assertLess(time.monotonic() - began, 40)

    def test_rates_recover_and_typing_ends_by_advance_only(self):
        for number in range(5):
            self.result("sendMessage", chat_id=OWNER, text=str(number))
        self.sim("allow", kind="rate_limit")
        self.assertEqual(self.call("sendMessage", chat_id=OWNER, text="6").status, 429)
        self.sim("clock.advance", s=1)
        self.result("sendMessage", chat_id=OWNER, text="6")
        self.result("sendChatAction", chat_id=OWNER, action="typing")
        self.assertEqual(self.read("typing")["typing"][0]["seconds_left"], 5)
        self.sim("clock.advance", s=5)
        self.assertEqual(self.read("typing")["typing"], [])

    def test_a_wait_is_asked_again_when_time_moves(self):
        self.result("sendMessageDraft", chat_id=OWNER, draft_id=1, text="x")
        waiting = self.in_background(self.sim, "wait", draft=OWNER, gone=True)
        self.sim("clock.advance", s=31)
        self.assertEqual(waiting()["matched"], [{"chat": OWNER, "gone": True}])

    def test_a_delay_lasts_until_time_moves(self):
        self.sim("fault", kind="delay", ms=60000)
        answer = self.in_background(self.call, "sendMessage", chat_id=OWNER, text="x")
        self.sim("wait", journal={"direction": "fault"})
        while not self.read("fault")["faults"] == []:
            pass  # the fault leaves the list when the call arrives
        self.assertEqual(self.read(f"chat/{OWNER}")["messages"], [])
        self.sim("clock.advance", s=61)
        self.assertTrue(answer()["ok"])

    def test_after_a_week_of_silence_the_next_id_is_any_number(self):
        first = self.sim("send_text", text="a")["update_id"]
        self.assertEqual(self.sim("send_text", text="b")["update_id"], first + 1)
        self.sim("clock.advance", s=8 * 24 * 3600)
        third = self.sim("send_text", text="c")["update_id"]
        self.assertNotIn(third, range(first, first + 1000))
        self.assertEqual([u["message"]["text"] for u in self.result("getUpdates", offset=first + 2, timeout=0)], ["c"])


class ClockJump(SimulatorTest):
    def test_the_wall_clock_jumps_and_what_is_measured_in_seconds_goes_on(self):
        self.sim("fault", kind="clock_jump", s=-3600, match={"method": "sendMessage"})
        now = time.time()
        sent = self.result("sendMessage", chat_id=OWNER, text="x")
        self.assertAlmostEqual(sent["date"], now - 3600, delta=5)
        self.result("sendChatAction", chat_id=OWNER, action="typing")
        self.assertAlmostEqual(self.read("typing")["typing"][0]["seconds_left"], 5, delta=5)


if __name__ == "__main__":
    unittest.main()

"""What a test is told by the simulator at its end: rules that the bot broke, and whether it wrote too fast."""

import tempfile
import unittest
from pathlib import Path

from support import net
from support.simulator import Simulator


class SimulatorRules(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        # The clock stands still, so that six messages are too many however slow the machine is.
        self.simulator = Simulator(Path(folder.name), clock="virtual")
        self.addCleanup(self.simulator.process.destroy)

    def call(self, method: str, **parameters) -> net.Reply:
        return net.request("POST", f"{self.simulator.url}/bot{self.simulator.bot_token}/{method}", parameters)

    def test_a_test_fails_when_the_bot_wrote_faster_than_it_may(self):
        statuses = [self.call("sendMessage", chat_id=self.simulator.owner_id, text=str(number)).status for number in range(6)]
        self.assertEqual(statuses, [200] * 5 + [429])
        self.assertEqual([item["method"] for item in self.simulator.client_429s()], ["sendMessage"])
        with self.assertRaisesRegex(AssertionError, "rate_limit"):
            self.simulator.close()

    def test_a_refusal_that_the_test_allowed_or_ordered_does_not_fail_it(self):
        self.simulator.allow("rate_limit", method="sendMessage")
        self.simulator.fault("status", "getMe", code=429, retry_after=1)
        self.assertEqual(self.call("getMe").status, 429)
        for number in range(6):
            self.call("sendMessage", chat_id=self.simulator.owner_id, text=str(number))
        self.simulator.close()

    def test_a_test_fails_when_the_bot_broke_a_rule(self):
        self.call("sendMessage", chat_id=self.simulator.owner_id, txt="x")
        with self.assertRaisesRegex(AssertionError, "unknown_parameter"):
            self.simulator.close()

    def test_the_test_still_reaches_a_simulator_that_refuses_the_bot(self):
        self.simulator.fault("connect_refused")
        with self.assertRaises(OSError):
            self.call("getMe")
        self.simulator.send_text("meanwhile")
        self.simulator.clear_faults()
        self.assertEqual(self.call("getUpdates").json["result"][0]["message"]["text"], "meanwhile")


if __name__ == "__main__":
    unittest.main()

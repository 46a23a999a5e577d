"""S19: a long text that the client has cut into several messages is one request again."""

import string
import unittest

from support.case import SystemTest
from support.wait import until


def long_text(length: int) -> str:
    """No blanks, so that a cut is seen by what is missing or doubled."""
    return "".join(string.ascii_letters[(n // 50) % 52] for n in range(length))


class Pasting(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator, TG_PROMPT_MAX_CHARS="20000")

    def prompts(self) -> list[str]:
        return [job["prompt"] for job in reversed(self.butler.jobs())]

    def test_three_full_messages_and_a_rest_are_one_request(self):
        self.butler.up()
        text = long_text(3 * 4096 + 100)
        self.simulator.send_text(text)
        self.simulator.wait_for_reply("You said:")
        self.simulator.send_text("short")
        self.simulator.wait_for_reply("You said: short")
        self.assertEqual(self.prompts(), [text, "short"])

    def test_a_paste_that_is_killed_in_its_window_is_not_lost(self):
        self.butler.up()
        text = long_text(3 * 4096)
        self.simulator.send_text(text)
        self.simulator.wait(queue_empty=True)
        pid = self.butler.kill("gateway")
        self.butler.wait_for_restart("gateway", pid)
        self.simulator.wait_for_reply("You said:")
        until(lambda: len(self.prompts()) == 1, "the job")
        self.assertEqual(self.prompts(), [text])

    def test_a_paste_over_the_limit_reaches_the_agent_whole_as_a_file(self):
        self.butler.environment["TG_PROMPT_MAX_CHARS"] = "8000"
        self.butler.up()
        text = long_text(3 * 4096 + 100)
        sent = self.simulator.send_text(text)
        self.simulator.wait_for_reply("You said:", after=sent)
        job = self.butler.jobs()[0]
        self.assertEqual(len(job["prompt"]), 8000)
        self.assertTrue(job["prompt"].endswith("all of its 12388 characters are in the attached file 1-message.txt.]"), job["prompt"][-200:])
        self.assertEqual(job["attachments"], ["1-message.txt"])
        stored = self.butler.as_gateway("GET", f"/v1/jobs/{job['id']}/artifacts/1-message.txt")
        self.assertEqual((stored.status, stored.body), (200, text.encode()))


if __name__ == "__main__":
    unittest.main()

"""`butler setup` as a person sees it, kept as a text: setup, doctor, up, and the first answer."""

import os
import time
import unittest
from pathlib import Path

from support.model_server import API_KEY, say
from support.setup_case import CODE, SetupTest
from support.tmux import Tmux


class Recorded(SetupTest):
    """The session that a person sees. With BUTLER_TRANSCRIPT=FILE in the environment it is kept there."""

    def test_setup_doctor_up_and_the_first_answer_take_less_than_two_minutes(self):
        model = self.start_keyed_model()
        model.script(say("Good morning, Ada. I am ready."))
        started = time.monotonic()
        with Tmux(self.scratch, self.environment, self.scratch) as screen:
            screen.answer("$", "butler setup")
            screen.answer("bot's token", self.simulator.bot_token)
            screen.answer("Who is the owner", "1")
            code = CODE.search(screen.wait_for("Waiting for it"))[1]
            self.simulator.do("open_deeplink", payload=code)
            screen.answer("Which provider", "another one")
            screen.answer("Its name", "mock")
            screen.answer("API key for mock", API_KEY)
            screen.answer("Which model", "mock-1")
            screen.wait_for("Then write to", timeout=240)
            screen.type("butler doctor")
            screen.wait_for("All is well.", times=2, timeout=240)
            screen.type("butler up")
            screen.wait_for("event=up.ready")
            asked = self.simulator.send_text("Good morning!")
            self.simulator.wait_for_reply("Good morning, Ada.", after=asked)
            seconds = time.monotonic() - started
            screen.press("C-c")
            screen.wait_for("event=up.stopped")
            transcript = screen.transcript()
        if not os.environ.get("BUTLER_SANITIZED"):  # nobody is given such a build
            self.assertLess(seconds, 120)
        self.assertNotIn(self.simulator.bot_token, transcript)
        if kept := os.environ.get("BUTLER_TRANSCRIPT"):
            chat = self.simulator.transcript()
            Path(kept).write_text(f"{transcript}\n---- the chat ----\n{chat}\n"
                                  f"---- from the first command to the first answer: {seconds:.1f} s ----\n")


if __name__ == "__main__":
    unittest.main()

"""`butler setup` at a terminal: from nothing to the first answer."""

import os
import stat
import unittest

from support.model_server import API_KEY, say
from support.paths import BINARY
from support.process import Process
from support.setup_case import WRONG_TOKEN, SetupTest

# Seconds that the looks at the whole installation may take on a busy machine.
EXAMINATION = 240.0


class AtATerminal(SetupTest):
    def test_the_whole_of_it_up_to_the_first_answer(self):
        model = self.start_keyed_model()
        model.script(say("Hello from the model."))
        terminal = self.setup_at_a_terminal()
        terminal.answer("bot's token", WRONG_TOKEN)
        terminal.wait_for("does not know this token")
        terminal.answer("bot's token", self.simulator.bot_token)
        terminal.answer("Who is the owner", "")
        stranger = self.simulator.add_user(7, "Mallory")
        self.simulator.send_text("/start 0000000000", chat=stranger, user=stranger)
        self.give_code(terminal)
        terminal.wait_for(r"Ada.* \(1001\) has sent the code and is the owner")
        terminal.answer("Which provider", "another")
        terminal.answer("Its name", "mock")
        terminal.answer("API key for mock", "wrong-provider-key-0123456789")
        terminal.wait_for("Incorrect API key")
        terminal.answer("all the same", "n")
        terminal.answer("API key for mock", API_KEY)
        terminal.wait_for("mock takes the key")
        terminal.answer("Which model, as in mock-1", "mock-1")
        terminal.wait_for("Agents are contained by", EXAMINATION)
        terminal.wait_for("Butler is set up", EXAMINATION)
        self.assertEqual(terminal.wait_for_exit(), 0)
        for secret in (self.simulator.bot_token, WRONG_TOKEN, API_KEY, "wrong-provider-key"):
            self.assertNotIn(secret, terminal.shown)

        self.assertEqual(stat.S_IMODE(self.env_file.stat().st_mode), 0o600)
        self.simulator.wait_for_reply("You are my owner now")
        up = Process("up", [BINARY, "up"], self.environment, cwd=self.scratch)
        self._reports.append(up.report)
        self.addCleanup(up.terminate)
        up.wait_for_line(r"\bevent=up\.ready\b")
        # Nothing of what came meanwhile was lost: the owner is greeted, the stranger gets a code.
        self.simulator.wait_for_reply("Ada")
        self.simulator.wait_for_reply(chat=stranger)
        asked = self.simulator.send_text("hello")
        self.simulator.wait_for_reply("Hello from the model.", after=asked)

    def test_a_cut_leaves_what_is_done_and_the_next_run_goes_on(self):
        terminal = self.setup_at_a_terminal()
        terminal.answer("bot's token", self.simulator.bot_token)
        terminal.wait_for("Who is the owner")
        terminal.press("\x03")
        terminal.wait_for("To go on: butler setup")
        self.assertEqual(terminal.wait_for_exit(), 130)
        self.assertEqual(self.settings(), {"TELEGRAM_BOT_TOKEN": self.simulator.bot_token})

        terminal = self.setup_at_a_terminal()
        terminal.wait_for("Part of it is set up already")
        terminal.answer("Who is the owner", "2")
        terminal.answer("Numeric id", "1001")
        terminal.wait_for("Which provider")
        os.kill(terminal.pid, 9)
        self.assertEqual(terminal.wait_for_exit(), -9)
        self.assertEqual(self.settings(), {"TELEGRAM_BOT_TOKEN": self.simulator.bot_token, "TG_OWNER_IDS": "1001"})

        terminal = self.setup_at_a_terminal("--skip-checks")
        terminal.answer("Which provider", "none")
        terminal.wait_for("Butler is set up")
        self.assertEqual(terminal.wait_for_exit(), 0)
        self.assertEqual(self.settings()["PI_EXEC_MODE"], "mock")

    def test_control_c_leaves_a_terminal_that_shows_what_is_typed_also_while_it_waits_outside(self):
        terminal = self.setup_at_a_terminal()
        terminal.wait_for("bot's token.*:")
        self.assertFalse(terminal.shows_what_is_typed)
        terminal.press("\x03")
        terminal.wait_for("To go on: butler setup")
        self.assertTrue(terminal.shows_what_is_typed)
        self.assertEqual(terminal.wait_for_exit(), 130)
        self.assertFalse(self.env_file.exists())

        terminal = self.setup_at_a_terminal()
        terminal.answer("bot's token", self.simulator.bot_token)
        terminal.answer("Who is the owner", "1")
        terminal.wait_for("Waiting for it")
        terminal.press("\x03")
        terminal.wait_for("To go on: butler setup")
        self.assertEqual(terminal.wait_for_exit(), 130)

    def test_control_c_in_the_examination_at_the_end_loses_nothing(self):
        self.env_file.write_text(f"TELEGRAM_BOT_TOKEN={self.simulator.bot_token}\nTG_OWNER_IDS=1\nPI_EXEC_MODE=mock\n")
        terminal = self.setup_at_a_terminal("--keep")
        terminal.wait_for("This takes some seconds")
        terminal.press("\x03")
        terminal.wait_for("butler doctor")
        self.assertEqual(terminal.wait_for_exit(), 130)

    def test_what_is_configured_is_kept_changed_or_asked_for_again(self):
        self.env_file.write_text(f"# my notes\nTELEGRAM_BOT_TOKEN={self.simulator.bot_token} # of my bot\n"
                                 "MY_OWN=kept\nTG_OWNER_IDS=1\nPI_EXEC_MODE=mock\n")
        terminal = self.setup_at_a_terminal("--skip-checks")
        terminal.wait_for("set up already")
        terminal.answer("What shall it be", "2")
        terminal.answer("What do you want to change", "owner")
        terminal.answer("Numeric id", "1001")
        terminal.wait_for("Butler is set up")
        self.assertEqual(terminal.wait_for_exit(), 0)
        text = self.env_file.read_text()
        self.assertTrue(text.startswith(f"# my notes\nTELEGRAM_BOT_TOKEN={self.simulator.bot_token} # of my bot\n"
                                        "MY_OWN=kept\nTG_OWNER_IDS=1001\nPI_EXEC_MODE=mock\n"), text)
        self.assertEqual(stat.S_IMODE(self.env_file.stat().st_mode), 0o600)


class TheCode(SetupTest):
    def test_only_a_person_in_a_private_chat_becomes_the_owner_and_no_update_is_taken(self):
        terminal = self.setup_at_a_terminal()
        terminal.answer("bot's token", self.simulator.bot_token)
        terminal.answer("Who is the owner", "1")
        code = self.wait_for_code(terminal)
        group = self.simulator.add_group(title="Not private")
        self.simulator.send_text(f"/start@{self.simulator.state()['bot']['username']} {code}", chat=group)
        mallory = self.simulator.add_user(7, "Mallory")
        self.simulator.send_text(f"/start {code[:-1]}", chat=mallory, user=mallory)
        self.simulator.send_text("let me in", chat=mallory, user=mallory)
        self.simulator.do("open_deeplink", payload=code)
        terminal.wait_for("is the owner")
        self.assertEqual(self.settings()["TG_OWNER_IDS"], "1001")
        polls = self.simulator.journal("bot", "getUpdates")
        self.assertEqual({poll["params"].get("offset", 0) for poll in polls}, {0})

    def test_behind_a_hundred_messages_that_wait_a_code_cannot_be_seen_and_that_is_said(self):
        mallory = self.simulator.add_user(7, "Mallory")
        for number in range(100):
            self.simulator.send_text(f"message {number}", chat=mallory, user=mallory)
        terminal = self.setup_at_a_terminal()
        terminal.answer("bot's token", self.simulator.bot_token)
        terminal.answer("Who is the owner", "1")
        terminal.wait_for("a hundred messages or more wait")
        terminal.answer("Who is the owner", "2")
        terminal.answer("Numeric id", "1001")
        terminal.wait_for("Which provider")

    def test_another_program_that_reads_the_messages_is_named(self):
        terminal = self.setup_at_a_terminal()
        terminal.answer("bot's token", self.simulator.bot_token)
        self.simulator.fault("conflict_409", method="getUpdates")
        terminal.answer("Who is the owner", "1")
        terminal.wait_for("another program reads this bot's messages")
        terminal.answer("Who is the owner", "2")
        terminal.answer("Numeric id", "1001")
        terminal.wait_for("Which provider")


if __name__ == "__main__":
    unittest.main()

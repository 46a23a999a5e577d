"""`butler setup`: from nothing to the first answer, at a terminal and without one."""

import json
import os
import stat
import unittest
from pathlib import Path

from support.model_server import API_KEY, say
from support.paths import BINARY
from support.process import Process
from support.setup_case import SetupTest

WRONG_TOKEN = "700001:wrong-token-of-the-tests-0123456789"


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
        terminal.wait_for("Agents are contained by")
        terminal.wait_for("Butler is set up")
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
        self.assertEqual(terminal.wait_for_exit(), 1)
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
        self.assertEqual(terminal.wait_for_exit(), 1)
        self.assertFalse(self.env_file.exists())

        terminal = self.setup_at_a_terminal()
        terminal.answer("bot's token", self.simulator.bot_token)
        terminal.answer("Who is the owner", "1")
        terminal.wait_for("Waiting for it")
        terminal.press("\x03")
        terminal.wait_for("To go on: butler setup")
        self.assertEqual(terminal.wait_for_exit(), 1)

    def test_control_c_in_the_examination_at_the_end_loses_nothing(self):
        self.env_file.write_text(f"TELEGRAM_BOT_TOKEN={self.simulator.bot_token}\nTG_OWNER_IDS=1\nPI_EXEC_MODE=mock\n")
        terminal = self.setup_at_a_terminal("--keep")
        terminal.wait_for("This takes some seconds")
        terminal.press("\x03")
        terminal.wait_for("butler doctor")
        self.assertEqual(terminal.wait_for_exit(), 1)

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

    def test_another_program_that_reads_the_messages_is_named(self):
        terminal = self.setup_at_a_terminal()
        terminal.answer("bot's token", self.simulator.bot_token)
        self.simulator.fault("conflict_409", method="getUpdates")
        terminal.answer("Who is the owner", "1")
        terminal.wait_for("another program reads this bot's messages")
        terminal.answer("Who is the owner", "2")
        terminal.answer("Numeric id", "1001")
        terminal.wait_for("Which provider")


class WithoutATerminal(SetupTest):
    def write(self, name: str, text: str) -> Path:
        file = self.scratch / name
        file.write_text(text)
        return file

    def test_everything_is_given_by_options_and_files(self):
        self.start_keyed_model()
        token = self.write("token", self.simulator.bot_token + "\n")
        key = self.write("key", API_KEY + "\n")
        done = self.run_butler("setup", "--yes", "--json", "--bot-token-file", str(token), "--owner-ids", "1001",
                               "--provider", "mock", "--model", "mock-1", "--key-file", str(key))
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertTrue(report["ok"])
        self.assertEqual([step["step"] for step in report["steps"]],
                         ["bot", "owner", "model", "secrets", "sandbox", "doctor"])
        self.assertEqual(report["envFile"], str(self.env_file))
        self.assertEqual(self.settings()["MOCK_API_KEY"], API_KEY)
        self.assertEqual(stat.S_IMODE(self.env_file.stat().st_mode), 0o600)
        self.assertNotIn(self.simulator.bot_token, done.stdout + done.stderr)

    def test_standard_input_and_the_environment_will_do(self):
        done = self.run_butler("setup", "--yes", "--skip-checks", "--bot-token-stdin", given=self.simulator.bot_token + "\n",
                               TG_OWNER_IDS="1001", PI_EXEC_MODE="mock")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.settings()["TELEGRAM_BOT_TOKEN"], self.simulator.bot_token)
        self.assertEqual(self.settings()["TG_OWNER_IDS"], "1001", "what the environment says lasts")

    def test_what_is_missing_is_named_with_its_option_and_nothing_is_written(self):
        done = self.run_butler("setup", "--yes", "--json")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--bot-token-file", done.stderr)
        self.assertIn("--owner-ids", done.stderr)
        self.assertEqual(json.loads(done.stdout)["stopped"], "missing_answers")
        self.assertFalse(self.env_file.exists())
        self.assertEqual(self.run_butler("setup").returncode, 2, "without a terminal nobody can be asked")

    def test_a_wrong_token_or_key_ends_it_unless_checks_are_skipped(self):
        self.start_keyed_model()
        token = self.write("token", WRONG_TOKEN)
        key = self.write("key", "wrong-provider-key-0123456789")
        words = ["setup", "--yes", "--bot-token-file", str(token), "--owner-ids", "1001", "--provider", "mock",
                 "--key-file", str(key)]
        refused = self.run_butler(*words)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("does not know this token", refused.stdout)
        token.write_text(self.simulator.bot_token)
        refused = self.run_butler(*words)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("refuses the key", refused.stdout)
        skipped = self.run_butler(*words, "--skip-checks")
        self.assertEqual(skipped.returncode, 0, skipped.stderr)
        self.assertIn("nothing will show that the token and the key work", skipped.stdout)


if __name__ == "__main__":
    unittest.main()

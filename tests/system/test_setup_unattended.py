"""`butler setup --yes`: every answer given beforehand."""

import json
import stat
import unittest
from pathlib import Path

from support.model_server import API_KEY
from support.setup_case import WRONG_TOKEN, SetupTest


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

    def test_a_key_that_another_goes_before_is_not_said_to_work(self):
        self.start_keyed_model()
        (self.home / "agent/auth.json").write_text(json.dumps({"mock": {"type": "api_key", "key": API_KEY}}))
        token = self.write("token", self.simulator.bot_token)
        key = self.write("key", "wrong-provider-key-0123456789")
        done = self.run_butler("setup", "--yes", "--json", "--bot-token-file", str(token), "--owner-ids", "1001",
                               "--provider", "mock", "--key-file", str(key))
        model = next(step for step in json.loads(done.stdout)["steps"] if step["step"] == "model")
        self.assertEqual(model["outcome"], "warned", done.stderr)
        self.assertIn(f"the key in {self.home / 'agent/auth.json'} goes before it", model["detail"])


if __name__ == "__main__":
    unittest.main()

"""butler policy: what the command says about the policy, and that a broken one is told."""

import json
import os
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.butler import Butler
from support.paths import BINARY


class PolicyCommand(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="butler-policy-", dir="/var/tmp")
        self.addCleanup(scratch.cleanup)
        Path(scratch.name).chmod(0o711)  # the roles' users reach it
        self.home = Path(scratch.name) / "home"
        self.home.mkdir()
        self.file = self.home / "config" / "policy.json"

    def policy(self, *words: str) -> subprocess.CompletedProcess:
        environment = {"PATH": os.environ["PATH"], "BUTLER_HOME": str(self.home), "BUTLER_ENV_FILE": ""}
        return subprocess.run([BINARY, "policy", *words], capture_output=True, text=True, env=environment, cwd=self.home,
                              timeout=60)

    def explain(self, *words: str) -> dict:
        done = self.policy("explain", "--json", *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def write(self, text: str):
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_text(text)
        self.file.chmod(0o644)

    def test_init_writes_a_file_that_is_right_and_replaces_none_unasked(self):
        done = self.policy("init", "--profile", "careful")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(self.file.read_text())["profile"], "careful")
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o644)
        self.assertEqual(self.policy("check").returncode, 0)
        again = self.policy("init")
        self.assertEqual(again.returncode, 1)
        self.assertIn("--force", again.stderr)
        self.assertEqual(json.loads(self.file.read_text())["profile"], "careful")
        self.assertEqual(self.policy("init", "--force").returncode, 0)
        self.assertEqual(json.loads(self.file.read_text())["profile"], "balanced")

    def test_without_a_file_the_profile_balanced_is_in_force(self):
        shown = json.loads(self.policy("show", "--json").stdout)
        self.assertEqual((shown["profile"], shown["file"]), ("balanced", None))
        self.assertEqual(self.explain("--", "ls")["verdict"], "allow")

    def test_a_broken_file_is_told_with_its_path_and_never_used(self):
        self.write('{"profile": "trusting", "rules": [{"name": "a", "verdict": "deny", "comands": ["rm"]}]}')
        for words in (("check",), ("show",), ("explain", "--", "ls")):
            done = self.policy(*words)
            self.assertEqual(done.returncode, 78, words)
            self.assertIn("rules/0/comands: is not known here", done.stderr)
            self.assertIn(str(self.file), done.stderr)

    def test_a_file_that_others_may_write_to_is_refused(self):
        self.write("{}")
        self.file.chmod(0o666)
        done = self.policy("check")
        self.assertEqual(done.returncode, 78)
        self.assertIn("others may write to it", done.stderr)

    def test_explain_names_the_deciding_rule_the_classes_and_what_would_change_it(self):
        said = self.explain("--", "env sh -c 'rm -rf ~'; ./x.sh")
        self.assertEqual(said["verdict"], "ask")
        self.assertIn("destructive", said["classes"])
        self.assertTrue(said["wrapper"])
        self.assertEqual([Path(path).name for path in said["executedFiles"]], ["x.sh"])
        self.assertIn("/", said["rule"])
        self.assertTrue(said["whatWouldChange"])
        text = self.policy("explain", "--", "curl", "https://a.example/x").stdout
        self.assertIn("rule: balanced/network", text)
        self.assertIn("talks to a.example", text)
        self.assertIn("trusting allow", text)

    def test_explain_asks_about_paths_hosts_people_and_chats_too(self):
        self.write(json.dumps({"chats": {"-5": {"rules": [{"name": "no", "verdict": "deny", "tools": ["write"]}]}},
                               "hosts": {"owners": ["*.example.com"]}}))
        self.assertEqual(self.explain("--host", "a.example.com")["verdict"], "allow")
        self.assertEqual(self.explain("--host", "a.example.com", "--role", "person", "--requester", "9")["verdict"], "ask")
        self.assertEqual(self.explain("--tool", "write", "--path", "x")["verdict"], "allow")
        self.assertEqual(self.explain("--tool", "write", "--path", "x", "--chat=-5")["rule"], "chat/no")
        self.assertEqual(self.explain("--path", str(self.home / "state.db"))["rule"], "floor/butler-files")


class PolicyOfAWorker(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="butler-policy-", dir="/var/tmp")
        self.addCleanup(scratch.cleanup)
        Path(scratch.name).chmod(0o711)
        self.butler = Butler(Path(scratch.name), PI_EXEC_MODE="mock")
        self.addCleanup(self.butler.close)
        self.file = self.butler.home / "config" / "policy.json"
        self.file.parent.mkdir()
        self.file.parent.chmod(0o755)

    def write(self, text: str):
        self.file.write_text(text)
        self.file.chmod(0o644)

    def health(self) -> dict:
        return self.butler.administer("worker", "GET", "/health").json

    def test_a_worker_does_not_start_with_a_broken_policy(self):
        self.write("{")
        self.butler.start("orchestrator")
        environment = {"PATH": os.environ["PATH"]} | self.butler.environment_of("worker")
        done = subprocess.run([BINARY, "worker"], capture_output=True, text=True, env=environment, timeout=60)
        self.assertEqual(done.returncode, 78, done.stderr)
        self.assertIn("event=policy.broken", done.stderr)
        self.assertIn(str(self.file), done.stderr)

    def test_a_change_is_in_force_at_once_and_a_broken_file_keeps_the_policy_before_it(self):
        self.write('{"profile": "careful"}')
        self.butler.start("orchestrator")
        self.butler.start("worker")
        self.assertEqual(self.health()["policy"], "careful")
        self.write('{"profile": "careless"}')
        self.assertEqual(self.health()["policy"], "careful")
        self.assertIn("profile: unknown value", self.health()["policyProblem"])
        self.butler.wait_for_log("worker", r"event=policy\.broken")
        self.write('{"profile": "trusting"}')
        self.assertEqual(self.health()["policy"], "trusting")
        self.assertNotIn("policyProblem", self.health())


if __name__ == "__main__":
    unittest.main()

"""butler backup and restore: made while Butler works, brought back into an empty home, and the conversation goes on."""

import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from support.case import SystemTest
from support.paths import BINARY
from support.wait import until


class Backup(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator)
        self.folder = self.scratch / "backup"

    def command(self, *words: str) -> subprocess.CompletedProcess:
        environment = {"PATH": os.environ["PATH"], "BUTLER_HOME": str(self.butler.home), "BUTLER_ENV_FILE": ""}
        return subprocess.run([BINARY, *words], capture_output=True, text=True, env=environment, cwd=self.scratch, timeout=180)

    def say(self, text: str) -> str:
        sent = self.simulator.send_text(text)
        return self.simulator.wait_for_reply(text, after=sent)[0]["text"]

    def stop(self) -> None:
        self.assertEqual(self.butler.processes[-1].terminate(), 0)

    def test_a_home_that_is_lost_comes_back_from_a_backup_made_while_butler_works(self):
        self.butler.up()
        self.say("remember the tea")
        before = [job["id"] for job in self.butler.jobs()]
        self.butler.wait_until_sent()  # what may only have arrived would be sent again by the home that comes back
        made = self.command("backup", str(self.folder), "--json")
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertEqual(self.folder.stat().st_mode & 0o777, 0o700)
        self.assertNotIn("gateway-token", made.stdout)
        self.say("this comes after the backup")
        self.stop()
        shutil.rmtree(self.butler.home)

        back = self.command("restore", str(self.folder), "--json")

        self.assertEqual(back.returncode, 0, back.stderr)
        self.assertTrue(json.loads(back.stdout)["ok"])
        self.butler.up()
        self.assertEqual([job["id"] for job in self.butler.jobs()], before)
        self.say("and we go on")
        self.assertEqual(self.simulator.messages(sender="bot")[-1]["text"].count("and we go on"), 1)

    def test_nothing_is_restored_while_butler_runs_or_over_what_is_there(self):
        self.butler.up()
        self.say("one")
        self.assertEqual(self.command("backup", str(self.folder)).returncode, 0)
        running = self.command("restore", str(self.folder), "--replace")
        self.assertEqual(running.returncode, 1)
        self.assertIn("Butler runs", running.stderr)
        self.say("two")
        self.stop()
        refused = self.command("restore", str(self.folder))
        self.assertEqual(refused.returncode, 1)
        self.assertIn("--replace", refused.stderr)
        replaced = self.command("restore", str(self.folder), "--replace")
        self.assertEqual(replaced.returncode, 0, replaced.stderr)
        self.assertIn("What was there lies in", replaced.stdout)
        self.butler.up()
        self.assertEqual(len(self.butler.jobs()), 1)

    def test_a_changed_backup_is_told_and_not_restored(self):
        self.butler.up()
        self.say("one")
        self.assertEqual(self.command("backup", str(self.folder)).returncode, 0)
        self.stop()
        self.assertEqual(self.command("restore", "--check", str(self.folder)).returncode, 0)
        with (self.folder / "home" / "state.db").open("r+b") as file:
            file.seek(5000)
            file.write(b"changed")
        for words in (("--check",), ("--replace",)):
            told = self.command("restore", *words, str(self.folder))
            self.assertEqual(told.returncode, 1)
            self.assertIn("state.db was changed", told.stdout)
        (self.folder / "manifest.json").unlink()
        self.assertIn("no backup", self.command("restore", str(self.folder)).stderr)

    def test_a_full_disk_leaves_no_half_backup(self):
        self.butler.up()
        self.say("one")
        small = self.scratch / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], capture_output=True).returncode != 0:
            self.skipTest("no mounts here")
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        failed = self.command("backup", str(small / "backup"))
        self.assertEqual(failed.returncode, 1)
        self.assertIn("full", failed.stderr)
        self.assertEqual(list(small.iterdir()), [])


if __name__ == "__main__":
    unittest.main()

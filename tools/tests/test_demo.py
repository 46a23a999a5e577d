"""tools/demo.py with a simulator and a Butler of a few lines: what it starts, says, and ends."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

DEMO = Path(__file__).resolve().parents[1] / "demo.py"

FAKE_SIMULATOR = """\
import json, os, signal, sys
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
folder = os.path.dirname(words["--port-file"])
with open(folder + "/simulator.json", "w") as out: json.dump(words | {"pid": os.getpid()}, out)
with open(words["--port-file"], "w") as out: out.write("4567")
signal.pause()
"""

FAKE_BUTLER = """\
#!{python}
import json, os, signal, sys, time
with open(os.environ["BUTLER_HOME"] + "/butler.json", "w") as out:
    json.dump({{"argv": sys.argv[1:], "env": dict(os.environ), "pid": os.getpid()}}, out)
print("level=info event=up.ready", flush=True)
{then}
"""

WAIT = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\nsignal.pause()"


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


class Demo(unittest.TestCase):
    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.root / "tools/telegram-simulator").mkdir(parents=True)
        (self.root / "build/release").mkdir(parents=True)
        shutil.copy(DEMO, self.root / "tools/demo.py")
        (self.root / "tools/telegram-simulator/simulator.py").write_text(FAKE_SIMULATOR)
        self.home = self.root / "home/demo"

    def start(self, then: str = WAIT, **environment: str) -> subprocess.Popen:
        butler = self.root / "build/release/butler"
        butler.write_text(FAKE_BUTLER.format(python=sys.executable, then=then))
        butler.chmod(0o755)
        demo = subprocess.Popen(
            [sys.executable, self.root / "tools/demo.py"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PATH": os.environ["PATH"], "BUTLER_HOME": str(self.root / "home")} | environment)
        self.addCleanup(demo.stdout.close)
        self.addCleanup(demo.wait)
        self.addCleanup(demo.kill)
        # A demo that hangs fails the test instead of the suite.
        watchdog = threading.Timer(30, demo.kill)
        watchdog.start()
        self.addCleanup(watchdog.cancel)
        return demo

    def read_until(self, demo: subprocess.Popen, text: str) -> str:
        seen = ""
        for line in demo.stdout:
            seen += line
            if text in line:
                return seen
        self.fail(f"the demo ended without {text!r}:\n{seen}")

    def run_until_ready(self, **environment: str) -> tuple[dict, dict]:
        """What the simulator and Butler were started with."""
        demo = self.start(**environment)
        self.read_until(demo, "http://127.0.0.1:4567/")
        demo.send_signal(signal.SIGTERM)
        self.assertEqual(demo.wait(), 0)
        return json.loads((self.home / "simulator.json").read_text()), json.loads((self.home / "butler.json").read_text())

    def test_a_signal_ends_everything_with_exit_code_0(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                demo = self.start()
                self.read_until(demo, "http://127.0.0.1:4567/")
                demo.send_signal(number)
                self.assertEqual(demo.wait(), 0)
                for name in ("simulator", "butler"):
                    self.assertTrue(gone(json.loads((self.home / f"{name}.json").read_text())["pid"]), name)

    def test_a_butler_that_ends_by_itself_ends_the_demo_with_exit_code_1(self):
        demo = self.start(then="sys.exit(3)")
        self.read_until(demo, "butler up ended by itself (exit 3)")
        self.assertEqual(demo.wait(), 1)
        self.assertTrue(gone(json.loads((self.home / "simulator.json").read_text())["pid"]))

    def test_a_butler_that_will_not_end_is_killed_and_named(self):
        demo = self.start(then="signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()")
        self.read_until(demo, "http://127.0.0.1:4567/")
        started = time.monotonic()
        demo.send_signal(signal.SIGTERM)
        self.read_until(demo, "had to be killed")
        self.assertEqual(demo.wait(), 1)
        self.assertLess(time.monotonic() - started, 10)
        self.assertTrue(gone(json.loads((self.home / "butler.json").read_text())["pid"]))

    def test_everything_ends_when_the_demo_is_killed(self):
        demo = self.start()
        self.read_until(demo, "http://127.0.0.1:4567/")
        demo.kill()
        pid = json.loads((self.home / "butler.json").read_text())["pid"]
        deadline = time.monotonic() + 5
        while not gone(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertTrue(gone(pid))

    def test_secrets_are_kept_private_and_the_same_at_the_next_start(self):
        simulator, butler = self.run_until_ready()
        self.assertEqual(stat.S_IMODE((self.home / "demo.json").stat().st_mode), 0o600)
        self.assertEqual(simulator["--bot-token"], butler["env"]["TELEGRAM_BOT_TOKEN"])
        self.assertNotEqual(butler["env"]["ORCH_GATEWAY_TOKEN"], butler["env"]["ORCH_WORKER_TOKEN"])
        _, again = self.run_until_ready()
        self.assertEqual(again["env"]["ORCH_WORKER_TOKEN"], butler["env"]["ORCH_WORKER_TOKEN"])

    def test_without_a_provider_a_mock_answers_and_the_page_says_so(self):
        simulator, butler = self.run_until_ready()
        self.assertEqual(butler["argv"], ["up"])
        self.assertEqual(butler["env"]["PI_EXEC_MODE"], "mock")
        self.assertIn("mock", simulator["--note"])

    def test_a_provider_of_the_env_file_brings_pi_with_its_key(self):
        (self.root / ".env").write_text("# mine\nPI_PROVIDER=anthropic # a comment\nexport ANTHROPIC_API_KEY='a #key'\nPI_MODEL=\"m 1\"\n")
        simulator, butler = self.run_until_ready()
        self.assertEqual(butler["env"]["PI_EXEC_MODE"], "rpc")
        self.assertEqual(butler["env"]["PI_PROVIDER"], "anthropic")
        self.assertEqual(butler["env"]["ANTHROPIC_API_KEY"], "a #key")
        self.assertIn("pi, with anthropic m 1", simulator["--note"])

    def test_nothing_of_the_real_bot_reaches_the_demo(self):
        (self.root / ".env").write_text("TELEGRAM_BOT_TOKEN=1:real\nTG_ALLOW_FROM=7\nPI_WORKSPACE=/real\n")
        _, butler = self.run_until_ready(TG_OWNER_IDS="42", ORCH_DATABASE_URL="postgres://real")
        self.assertEqual(butler["env"]["TG_OWNER_IDS"], "1001")
        self.assertEqual(butler["env"]["BUTLER_ENV_FILE"], "")
        self.assertNotEqual(butler["env"]["TELEGRAM_BOT_TOKEN"], "1:real")
        for name in ("TG_ALLOW_FROM", "PI_WORKSPACE", "ORCH_DATABASE_URL"):
            self.assertNotIn(name, butler["env"])


if __name__ == "__main__":
    unittest.main()

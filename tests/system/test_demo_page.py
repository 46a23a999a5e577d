"""`make demo` as a newcomer meets it: the page in a real Chromium, a message, an answer."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from support import net
from support.case import SystemTest
from support.paths import BINARY, CHECKOUT, NODE, TEST_NODE, require
from support.process import Process


class DemoPage(SystemTest):
    def setUp(self):
        self.home = self.scratch / "home"
        self.home.mkdir(mode=0o711)
        self.home.chmod(0o711)

    def start_demo(self) -> tuple[Process, str]:
        """The demo and the address of its page."""
        demo = Process("demo", [sys.executable, CHECKOUT / "tools/demo.py", "--port", "0"],
                       {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "BUTLER_HOME": str(self.home),
                        "BUTLER_BINARY": str(BINARY), "PI_PROVIDER": ""} | self._passed_on())
        self._reports.append(demo.report)
        self.addCleanup(demo.destroy)
        return demo, demo.wait_for_line(r"Talk to it here:").split()[-1]

    def test_a_message_typed_on_the_page_is_answered_on_the_page(self):
        demo, address = self.start_demo()
        screenshot = Path(os.environ.get("BUTLER_SCREENSHOT", self.scratch / "page.png"))
        node = require(NODE, "tools/setup/runtime.sh")
        library = require(TEST_NODE / "node_modules/playwright-core", "tools/setup/test-node.sh")
        done = subprocess.run([node, CHECKOUT / "tests/system/demo_page.mjs", library, address, self.scratch / "profile",
                               "What can you do?", screenshot], capture_output=True, text=True, timeout=400)
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertIn("What can you do?", seen["answer"])
        self.assertIn("mock", seen["note"].lower())
        self.assertEqual(seen["faults"], [])
        self.assertEqual(demo.terminate(), 0)

    def test_a_demo_that_is_started_again_answers_too(self):
        for run in ("first", "second"):
            with self.subTest(run):
                demo, address = self.start_demo()
                self.ask(address, f"the {run} time")
                self.assertEqual(demo.terminate(), 0)

    def ask(self, address: str, text: str) -> None:
        """Says something in the owner's chat and waits for the answer to it."""
        root = address.rstrip("/")
        sent = net.request("POST", f"{root}/sim/send_text", {"chat": 1001, "text": text})
        self.assertEqual(sent.status, 200, sent.text)
        seen = net.request("POST", f"{root}/sim/wait", {"chat": 1001, "from": "bot", "contains": text, "timeout_s": 60}, timeout=70)
        self.assertEqual(seen.status, 200, seen.text)

    def _passed_on(self) -> dict[str, str]:
        names = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")
        return {name: os.environ[name] for name in names if name in os.environ}


if __name__ == "__main__":
    unittest.main()

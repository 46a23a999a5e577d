"""`make demo` as a newcomer meets it: the page in a real Chromium, a message, an answer."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from support.case import SystemTest
from support.paths import BINARY, CHECKOUT, NODE, TEST_NODE, require
from support.process import Process


class DemoPage(SystemTest):
    def test_a_message_typed_on_the_page_is_answered_on_the_page(self):
        home = self.scratch / "home"
        home.mkdir(mode=0o711)
        home.chmod(0o711)
        demo = Process("demo", [sys.executable, CHECKOUT / "tools/demo.py", "--port", "0"],
                       {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "BUTLER_HOME": str(home),
                        "BUTLER_BINARY": str(BINARY), "PI_PROVIDER": ""} | self._passed_on())
        self._reports.append(demo.report)
        self.addCleanup(demo.destroy)
        address = demo.wait_for_line(r"Talk to it here:").split()[-1]

        screenshot = Path(os.environ.get("BUTLER_SCREENSHOT", self.scratch / "page.png"))
        node = require(NODE, "tools/setup/runtime.sh")
        library = require(TEST_NODE / "node_modules/playwright-core", "tools/setup/test-node.sh")
        done = subprocess.run([node, CHECKOUT / "tests/system/demo_page.mjs", library, address, self.scratch / "profile",
                               "What can you do?", screenshot], capture_output=True, text=True, timeout=180)
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertIn("What can you do?", seen["answer"])
        self.assertIn("mock", seen["note"].lower())
        self.assertEqual(seen["faults"], [])
        self.assertEqual(demo.terminate(), 0)

    def _passed_on(self) -> dict[str, str]:
        names = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS")
        return {name: os.environ[name] for name in names if name in os.environ}


if __name__ == "__main__":
    unittest.main()

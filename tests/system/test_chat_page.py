"""The simulator's chat page in a real Chromium: several people, groups, topics, files."""

import json
import os
import subprocess
import unittest

from support.case import SystemTest
from support.paths import CHECKOUT, NODE, TEST_NODE, require


class ChatPage(SystemTest):
    def test_several_people_write_in_groups_and_topics_press_buttons_and_send_files(self):
        simulator = self.start_simulator(rate_model=False, note="the test plays the bot")
        node = require(NODE, "tools/setup/runtime.sh")
        library = require(TEST_NODE / "node_modules/playwright-core", "tools/setup/test-node.sh")
        bot = f"{simulator.url}/bot{simulator.bot_token}"
        done = subprocess.run([node, CHECKOUT / "tests/system/chat_page.mjs", library, simulator.url, self.scratch / "profile",
                               bot, os.environ.get("BUTLER_SCREENSHOTS", "")], capture_output=True, text=True, timeout=500)
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertEqual(seen, {
            "draftsLeft": 0, "stoppedDraft": 6, "editing": "Edit: Tell me a long sotry", "edited": "Tell me a long story",
            "album": [True, "Two of them", None], "pixels": [4, 3], "albumSent": 2, "albumReceived": 3,
            "markedAsEdited": False, "askedBy": "Grace", "quoted": seen["quoted"], "ownAsGrace": True, "pressed": ["Grace", "yes"],
            "file": "plan.txt", "downloaded": ["plan.txt", "water: monday\n"],
            "sent": ["list.csv", 4, "/keep this for later", "Grace"], "left": "Grace left the group",
            "generalThread": None, "hiddenInGarden": 0, "hiddenInGeneral": 0, "faults": []})
        self.assertIn("can you remind us?", seen["quoted"])


if __name__ == "__main__":
    unittest.main()

"""The whole conversation on the demo's page: real roles, the real pi with a scripted model, a real Chromium.

With BUTLER_SCREENSHOTS=<folder> it makes a picture of each moment there, for people to look at. Emoji need a font
for them (Debian: fonts-noto-color-emoji).
"""

import json
import os
import subprocess
import unittest
import zlib
from pathlib import Path

from support.case import SystemTest
from support.model_server import call, call_then_say, refuse, say
from support.paths import CHECKOUT, NODE, TEST_NODE, require

LONG_ANSWER = """\
## Three ways to back up your notes

Your notes are **212 files, 48 MB**, and change every day. So something that keeps *versions* is worth it. I looked at three:

| Tool | Encrypted | Versions |
| --- | --- | --- |
| restic | yes | yes |
| rsync | no | no |
| git | no | yes |

What else they ask for:

| Tool | Needs | Price |
| --- | --- | --- |
| restic | a disk, or any cloud that you like | free |
| rsync | a second machine that is always on | free |

I would take **restic**. Once, to begin:

```bash
apt install restic
restic init --repo /mnt/disk/notes
restic --repo /mnt/disk/notes backup ~/notes --exclude '*.tmp' --tag daily --password-file ~/.restic-password
```

Then every night, as a timer of systemd:

```ini
[Timer]
OnCalendar=*-*-* 03:00
Persistent=true
```

1. Plug the disk in and run the first block.
2. Write the password down *on paper*.
3. Try a restore **now**, not when you need it: `restic restore latest --target /tmp/try`

> A backup that nobody has restored is a hope.

More about it: [restic's documentation](https://restic.readthedocs.io/)."""


def photo(path: Path, top: tuple[int, int, int], bottom: tuple[int, int, int], width: int = 640, height: int = 480) -> Path:
    """A picture that goes from one colour to another."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    rows = b"".join(b"\0" + bytes(a + (b - a) * y // height for a, b in zip(top, bottom)) * width for y in range(height))
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    path.chmod(0o644)
    return path


class DemoPictures(SystemTest):
    def test_every_moment_of_a_conversation_shows_on_the_page(self):
        simulator = self.start_simulator(note="The agent is pi, with a scripted model.")
        model = self.start_model_server()
        blurred = call("bash", {"command": "sleep 600"}, when="blurred", call_id="call_sleep")
        blurred["response"]["content"] = "I look at each photo from this year first."
        model.script(
            *call_then_say("bash", {"command": "./deploy.sh"}, "It is online.", when="deploy"),
            blurred,
            say(LONG_ANSWER, when="back up"),
            *call_then_say("bash", {"command": "send-file one.png two.png three.png --caption 'Sharpened'"},
                           "The second one. I have sharpened them for you.", when="sharper"),
            refuse(401, "Your credit balance is too low to access the API.", when="train to Lyon", sequenceIndex=0),
            say("The 9:40 by way of Dijon.", when="train to Lyon"),
            say("Which country, and when?", when="find a train"),
            say("Done."),
        )
        butler = self.make_butler(simulator, model)
        butler.up()
        script = butler.workspace / "deploy.sh"
        script.write_text("#!/bin/sh\necho deployed\n")
        script.chmod(0o755)
        colours = ((250, 180, 90), (90, 40, 120)), ((150, 210, 250), (40, 120, 60)), ((250, 240, 220), (200, 60, 60))
        for name, (top, bottom) in zip(("one", "two", "three"), colours):
            photo(butler.workspace / f"{name}.png", top, bottom)
        sent = [photo(self.scratch / f"photo-{name}.png", *colour) for name, colour in zip(("a", "b"), colours)]

        node = require(NODE, "tools/setup/runtime.sh")
        library = require(TEST_NODE / "node_modules/playwright-core", "tools/setup/test-node.sh")
        done = subprocess.run([node, CHECKOUT / "tests/system/demo_pictures.mjs", library, simulator.url, self.scratch / "profile",
                               os.environ.get("BUTLER_SCREENSHOTS", "")], capture_output=True, text=True, timeout=500,
                              env=os.environ | {"BUTLER_PHOTOS": ":".join(map(str, sent))})
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = json.loads(done.stdout)
        self.assertEqual(seen["faults"], [])
        self.assertEqual((seen["letIn"], seen["approved"]), ("Let in ✓ by Ada", "Approved ✓ by Ada"))
        self.assertEqual(seen["draftsLeft"], 0)
        self.assertEqual(seen["blocks"], 3, "a narrow table and two of code")
        self.assertTrue(seen["failure"].startswith("That didn't work: Your credit balance is too low to access the API. /retry"),
                        seen["failure"])
        self.assertEqual(len(seen["topic"]), 2, seen["topic"])
        self.assertTrue(seen["topic"][0].startswith("Your request: find a train"), seen["topic"])
        simulator.check_callbacks_answered()


if __name__ == "__main__":
    unittest.main()

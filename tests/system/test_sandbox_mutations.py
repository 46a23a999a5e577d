"""What bubblewrap is told, one argument less at a time: the probe notices, or the argument is in a list here that says what
else holds that door, or who else looks. With BUTLER_TEST_LONG only: it takes minutes."""

import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from support.case import SystemTest
from support.paths import BINARY, require
from support.sandbox import user_namespaces

# In the place of /usr/bin/bwrap: becomes it, without one of its options.
WRAPPER = r"""#!/usr/bin/python3
import json, os, sys
VALUES = {"--hostname": 1, "--cap-drop": 1, "--dev": 1, "--proc": 1, "--size": 1, "--tmpfs": 1, "--perms": 1, "--ro-bind-data": 2,
          "--ro-bind": 2, "--bind": 2, "--symlink": 2, "--remount-ro": 1, "--chdir": 1}
end = sys.argv.index("--")
words, options = sys.argv[1:end], []
while words:
    size = 1 + VALUES.get(words[0], 0)
    if options and options[-1][-2:-1] in (["--size"], ["--perms"]):
        options[-1] += words[:size]  # those belong to the next one
    else:
        options.append(words[:size])
    del words[:size]
here = os.path.dirname(os.path.abspath("FOLDER/x"))
number = int(open(f"{here}/number").read())
if number < 0:
    json.dump(options, open(f"{here}/options/list", "w"))
else:
    options.pop(number)
os.execv(f"{here}/bwrap", ["bwrap"] + [word for option in options for word in option] + sys.argv[end:])
"""

# What the probe cannot notice, because another lock holds the same door: and who looks at this one.
OTHERWISE_HELD = {
    "--cap-drop ALL": "no_new_privs and the filter of system calls; test_sandbox_settings.py looks at the bounding set",
    "--die-with-parent": "the init's own signal at its parent's death; test_sandbox.py kills the worker",
    "--disable-userns": "the filter of system calls",
    "--hostname butler": "no lock; test_sandbox_settings.py",
    "--new-session": "the init's setsid(); test_sandbox_settings.py looks at the session",
    "--unshare-cgroup": "nothing of /sys is shown; test_sandbox_settings.py looks at each namespace",
    "--unshare-ipc": "the filter of system calls; test_sandbox_settings.py looks at each namespace",
    "--size --tmpfs /dev/shm": "the rest of /dev is read-only; test_sandbox_settings.py looks at the size",
    "--size --tmpfs /tmp": "the rest of / is read-only; test_sandbox_settings.py looks at the size",
}
# Less of the system is shown without these: nothing is held by them.
SHOWS = ("--ro-bind /etc/", "--symlink ", "--perms --ro-bind-data /etc/")


@unittest.skipUnless(os.environ.get("BUTLER_TEST_LONG"), "takes minutes")
class Mutations(SystemTest):
    def setUp(self):
        if os.geteuid() != 0 or not user_namespaces():
            self.skipTest("needs root, to put something in the place of bubblewrap, and user namespaces")
        self.folder = self.scratch / "wrapper"
        (self.folder / "options").mkdir(parents=True)
        self.scratch.chmod(0o711)
        self.folder.chmod(0o755)
        (self.folder / "options").chmod(0o777)
        shutil.copy("/usr/bin/bwrap", self.folder / "bwrap")
        self.wrapper = self.folder / "wrapper"
        self.wrapper.write_text(WRAPPER.replace("FOLDER", str(self.folder)))
        self.wrapper.chmod(0o755)

    def noticed(self, number: int) -> bool:
        (self.folder / "number").write_text(str(number))
        (self.folder / "number").chmod(0o644)
        program = require(BINARY, "make build")
        done = subprocess.run(["unshare", "--mount", "sh", "-c", f"mount --bind {self.wrapper} /usr/bin/bwrap && exec {program} sandbox test --json --tier bwrap"],
                              env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}, capture_output=True, text=True, timeout=120)
        if not done.stdout.startswith("{"):
            raise AssertionError(f"no report: {done.stdout}{done.stderr}")
        return not json.loads(done.stdout)["passed"]

    def test_each_argument_is_noticed_when_it_is_missing(self):
        self.assertFalse(self.noticed(-1), "nothing is missing yet")
        options = json.loads((self.folder / "options/list").read_text())
        self.assertGreater(len(options), 30)
        unnoticed = []
        for number, option in enumerate(options):
            if not self.noticed(number):
                words = [word for word in option if not word.isdigit() and "butler-sandbox-test-" not in word]
                unnoticed.append(" ".join(words))
        self.assertEqual({option for option in unnoticed if not option.startswith(SHOWS)}, OTHERWISE_HELD.keys())


if __name__ == "__main__":
    unittest.main()

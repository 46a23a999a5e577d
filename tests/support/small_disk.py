"""A file system of a few MiB that a test fills and empties. Only root can make one."""

import os
import subprocess
import unittest
from pathlib import Path


class SmallDisk:
    """Mounted at `folder`, which is made, for as long as the test runs. Skips the test where nothing can be mounted."""

    def __init__(self, test: unittest.TestCase, folder: Path):
        if os.geteuid() != 0:
            test.skipTest("only root can mount a file system")
        self.folder = folder
        self._ballast = folder / "ballast"
        folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,huge=never,mode=711", "tmpfs", str(folder)],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            test.skipTest(f"no file system can be mounted here: {mounted.stderr.strip()}")
        test.addCleanup(subprocess.run, ["umount", "--lazy", str(folder)], check=True)

    def fill(self) -> None:
        """Until not a page is free."""
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 4_096)
            except OSError:
                pass

    def make_room(self) -> None:
        """Takes away what fill() has put there."""
        self._ballast.unlink()

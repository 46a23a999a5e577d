"""A file system of some MiB that a test fills, or that fails under its users as a broken disk does: the kernel lets nobody write
to it any more, whoever has files open. Only root can make one, and only where there are loop devices."""

import os
import subprocess
import unittest
from pathlib import Path


class BreakableDisk:
    """ext4 in a file, mounted at `folder`, which is made, for as long as the test runs. Skips the test where that cannot be."""

    def __init__(self, test: unittest.TestCase, folder: Path, mebibytes: int = 48):
        if os.geteuid() != 0:
            test.skipTest("only root can mount a file system")
        self.folder = folder
        self._image = folder.parent / f"{folder.name}.ext4"
        self._ballast = folder / "ballast"
        folder.mkdir()
        with self._image.open("wb") as image:
            image.truncate(mebibytes << 20)
        _run("mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", self._image)
        mounted = self._mount()
        if mounted.returncode != 0:
            test.skipTest(f"no file system can be mounted here: {mounted.stderr.strip()}")
        folder.chmod(0o711)
        test.addCleanup(subprocess.run, ["umount", "--lazy", str(folder)], check=True)

    def fill(self) -> None:
        """Until not a page is free."""
        with self._ballast.open("wb", buffering=0) as ballast:
            for size in (1 << 20, 4_096):
                try:
                    while True:
                        ballast.write(b"x" * size)
                except OSError:
                    pass
            os.fsync(ballast.fileno())

    def make_room(self) -> None:
        """Takes away what fill() has put there."""
        self._ballast.unlink()

    def break_off(self) -> None:
        """From now on it can only be read: what the kernel does when a disk has failed (errors=remount-ro)."""
        os.sync()  # what nobody has promised to keep is not the point here
        _run("mount", "-o", "remount,abort", self.folder)

    def try_to_repair(self) -> bool:
        """As an operator does. False while somebody has a file of it open."""
        if subprocess.run(["umount", str(self.folder)], capture_output=True).returncode != 0:
            return False
        # A mount namespace of somebody else's may hold the broken one, which would be found again: so a copy.
        broken, self._image = self._image, self._image.with_suffix(".repaired" + self._image.suffix)
        _run("cp", "--sparse=always", broken, self._image)
        broken.unlink()
        checked = subprocess.run(["fsck.ext4", "-p", str(self._image)], capture_output=True, text=True)
        if checked.returncode & ~1:  # 1: errors were corrected
            raise AssertionError(f"fsck: {checked.stdout}{checked.stderr}")
        mounted = self._mount()
        if mounted.returncode != 0:
            raise AssertionError(f"mount: {mounted.stderr}")
        return True

    def _mount(self) -> subprocess.CompletedProcess:
        return subprocess.run(["mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.folder)], capture_output=True, text=True)


def _run(*words) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{words[0]}: {done.stdout}{done.stderr}")

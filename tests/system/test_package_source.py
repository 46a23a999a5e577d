"""`make install` on a clean Debian 12 with a systemd of its own: installed from a built checkout, started, used, installed again while it
runs, and removed. `make test-package`, or BUTLER_TEST_LONG=1."""

import shutil
import unittest

from support.installed import HOME, SERVICES, UNITS, InstalledCase
from support.package import BUILD, dependencies, make_package
from support.paths import CHECKOUT
from support.wait import until

# What `cmake --install` reads of a build: its scripts, and what it installs.
NOT_INSTALLED = ("*.o", "*.a", "*.pch", "*_test", "*_fuzzer", "CMakeFiles", "_CPack_Packages", "package", "corpus", "test-node")
LIST = "/usr/local/lib/butler/installed-files"


class TheInstallationFromSource(InstalledCase):
    def copy_checkout(self) -> None:
        """To the same place in the machine: a build knows its paths."""
        for name in ("tools", "cmake", "packaging", "docs", "runtime", "README.md", "LICENSE", "ARCHITECTURE.md", ".env.example"):
            source = CHECKOUT / name
            target = self.root / str(source).lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy(source, target)
        shutil.copytree(BUILD, self.root / str(BUILD).lstrip("/"), symlinks=True, ignore=shutil.ignore_patterns(*NOT_INSTALLED))

    def make(self, what: str) -> str:
        """What `make install` and `make uninstall` do once the program is built."""
        return self.machine.run(CHECKOUT / "tools/install.sh", what)

    def check_it_is_known_to_the_system(self, said: str) -> None:
        self.assertIn("butler setup", said)
        self.assertEqual(self.machine.ask("stat", "--format=%U:%G %a", HOME), "root:butler-control 1771")
        self.assertIn("/usr/local/bin/butler", self.machine.property_of(SERVICES[0], "ExecStart"))
        self.assertRegex(self.machine.run("/usr/local/bin/butler", "version"), r"\d+\.\d+")

    def check_installed_again_while_it_runs(self) -> None:
        left = self.root / "usr/local/lib/butler/of-an-older-version"
        left.touch()
        with (self.root / LIST.lstrip("/")).open("a") as names:
            names.write("/usr/local/lib/butler/of-an-older-version\n")
        before = self.pids()
        self.make("install")
        until(lambda: all(self.machine.is_active(unit) for unit in UNITS), "the units to run again")
        self.assertTrue(all(old != new for old, new in zip(before, self.pids())), "each role was started again")
        self.assertFalse(left.exists(), "what an older version had installed is gone")
        self.check_jobs_remembered()

    def check_removed(self) -> None:
        said = self.make("uninstall")
        self.assertIn(HOME, said)
        for unit in UNITS:
            self.assertEqual(self.machine.ask("systemctl", "is-active", unit), "inactive", unit)
        found = self.machine.run("find", "/etc", "/usr", "/run", "-xdev", "-name", "*butler*")
        self.assertEqual(found.split(), [])
        for name in (".env", "secrets.env", "state.db", "gateway.db", "workspace/list.md", "runtime/bin/node"):
            self.assertTrue(self.in_home(name).exists(), name)

    def test_is_installed_used_installed_again_and_removed(self):
        self.copy_checkout()
        self.apt("update")
        self.apt("install", "cmake", *dependencies(make_package(self.scratch / "package")))
        self.check_it_is_known_to_the_system(self.make("install"))
        self.configure()
        self.machine.run("systemctl", "enable", "--now", *UNITS)
        self.check_used()
        self.check_installed_again_while_it_runs()
        self.check_removed()


if __name__ == "__main__":
    unittest.main()

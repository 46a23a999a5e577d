"""A home of root's that the user butler-control may add files to: nothing that this user puts there is run, followed or written through by root."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.paths import BINARY, CHECKOUT

SCRIPT = CHECKOUT / "tools/setup/runtime.sh"
CONTROL = "butler-control"


@unittest.skipIf(os.geteuid() != 0, "only root shares a home with other users")
class SharedHome(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="butler-test-", dir="/tmp")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.folder.chmod(0o711)
        self.home = self.folder / "home"
        self.home.mkdir()
        shutil.chown(self.home, "root", CONTROL)
        self.home.chmod(0o1771)
        self.target = self.folder / "target"
        self.ran = self.folder / "ran"
        # Nothing is fetched: an installation that begins ends here, and says so.
        self.programs = self.folder / "programs"
        self.programs.mkdir()
        (self.programs / "npm").write_text("#!/bin/sh\nexit 1\n")
        (self.programs / "npm").chmod(0o755)

    def run_as_root(self, *words: object, **variables: str) -> subprocess.CompletedProcess:
        environment = {"PATH": f"{self.programs}:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "BUTLER_HOME": str(self.home), "BUTLER_ENV_FILE": ""}
        return subprocess.run([str(word) for word in words], env=environment | variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=180, cwd="/")

    def plant(self, script: str) -> None:
        """What the control user does in the home."""
        words = ["setpriv", "--reuid", CONTROL, "--regid", CONTROL, "--clear-groups", "sh", "-euc", script]
        subprocess.run(words, cwd=self.home, check=True, timeout=60)

    def plant_runtime(self, name: str) -> None:
        self.ran.touch()
        self.ran.chmod(0o666)
        self.plant(f"""umask 022; mkdir -p {name}/bin {name}/node_modules; ln -s {name} runtime
            printf '#!/bin/sh\\nid -u >>{self.ran}\\nenv >>{self.ran}\\n' >{name}/bin/node; cp {name}/bin/node {name}/bin/pi; chmod 755 {name}/bin/*""")

    def stamp(self) -> str:
        names = [CHECKOUT / "runtime/package-lock.json", SCRIPT]
        done = subprocess.run(["sha256sum"], input=b"".join(name.read_bytes() for name in names), stdout=subprocess.PIPE, check=True)
        return done.stdout.decode()[:16]

    # ---- the doctor ----------------------------------------------------------------------------------

    def doctor(self, **variables: str) -> str:
        given = {"PI_PROVIDER": "anthropic", "ANTHROPIC_API_KEY": "canary-of-the-key"} | variables
        return self.run_as_root(BINARY, "doctor", "--only", "runtime", **given).stdout

    def test_the_doctor_runs_nothing_of_a_planted_runtime(self):
        self.plant_runtime("runtime-1")
        said = self.doctor()
        self.assertIn("belongs to another user", said)
        self.assertIn("butler runtime install", said)
        self.assertEqual(self.ran.read_text(), "")

    def test_the_doctor_runs_nothing_of_a_planted_runtime_that_is_named_either(self):
        self.plant_runtime("runtime-1")
        self.assertIn("belongs to another user", self.doctor(PI_BINARY=str(self.home / "runtime/bin/pi")))
        self.assertEqual(self.ran.read_text(), "")

    def test_the_doctor_runs_node_as_the_agent_and_without_roots_environment(self):
        self.plant_runtime("runtime-1")
        subprocess.run(["chown", "-hR", "root:root", self.home / "runtime", self.home / "runtime-1"], check=True)
        self.doctor()
        said = self.ran.read_text().splitlines()
        self.assertEqual(said[0], subprocess.run(["id", "-u", "butler"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())
        self.assertNotIn("canary", self.ran.read_text())
        self.assertEqual({re.sub("=.*", "", line) for line in said[1:]} - {"PWD", "OLDPWD", "SHLVL", "_"}, set())

    # ---- butler runtime install ----------------------------------------------------------------------

    def test_a_planted_runtime_does_not_count_as_the_installed_one(self):
        self.plant_runtime(f"runtime-{self.stamp()}")
        self.assertIn("npm could not install", self.run_as_root(SCRIPT).stdout)
        self.assertEqual(self.ran.read_text(), "")

    def test_no_planted_link_is_written_through(self):
        for name in ("runtime.lock", "runtime.work", "runtime.link"):
            self.plant(f"ln -s {self.target} {name}")
        said = self.run_as_root(SCRIPT)
        self.assertEqual(said.returncode, 1)
        self.assertIn("runtime.work is a link or belongs to another user", said.stdout)
        self.assertIn("then run the same command again", said.stdout)
        self.assertFalse(self.target.exists())

    def test_no_planted_folder_is_worked_in(self):
        self.plant(f"mkdir runtime.work; ln -s {self.target} runtime.work/lock")
        self.assertIn("runtime.work is a link or belongs to another user", self.run_as_root(SCRIPT).stdout)
        self.assertFalse(self.target.exists())

    def test_a_lock_that_is_a_link_is_refused(self):
        self.plant(f"ln -s {self.target} a.lock")
        said = self.run_as_root("bash", "-euc", f". {SCRIPT.parent}/common.sh; take_lock {self.home}/a.lock it")
        self.assertIn("is a link or belongs to another user", said.stdout)
        self.assertFalse(self.target.exists())

    def test_in_a_clean_home_the_lock_is_roots_alone(self):
        self.assertIn("npm could not install", self.run_as_root(SCRIPT).stdout)
        work = self.home / "runtime.work"
        self.assertEqual([oct(path.stat().st_mode & 0o777) for path in (work, work / "lock")], ["0o700", "0o600"])

    # ---- the folder of the policy --------------------------------------------------------------------

    def test_the_policy_is_not_written_into_a_folder_of_the_control_user(self):
        self.plant("mkdir config; chmod 755 config")
        said = self.run_as_root(BINARY, "policy", "init")
        self.assertNotEqual(said.returncode, 0)
        self.assertIn(f"chown root: {self.home}/config", said.stdout)
        self.assertFalse((self.home / "config/policy.json").exists())

    def test_the_policy_and_the_servers_are_in_a_folder_of_roots(self):
        for words in (["policy", "init"], ["mcp", "init"]):
            said = self.run_as_root(BINARY, *words)
            self.assertEqual(said.returncode, 0, said.stdout)
        with self.assertRaises(subprocess.CalledProcessError):
            self.plant("rm -f config/policy.json")
        self.assertEqual((self.home / "config").owner(), "root")
        reading = ["setpriv", "--reuid", "butler", "--regid", "butler", "--clear-groups", "cat", str(self.home / "config/policy.json")]
        self.assertIn("profile", self.run_as_root(*reading).stdout)
        self.assertIn("is right", self.run_as_root(BINARY, "doctor", "--fix", "--only", "policy").stdout)


if __name__ == "__main__":
    unittest.main()

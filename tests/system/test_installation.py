"""What an installation is made of: the package's contents, the units as systemd judges them, and `make install` with its removal.

That it all works on a clean Debian is test_package.py's to show."""

import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.butler import GATEWAY_TOKEN, ROLES, WORKER_TOKEN
from support.case import SystemTest
from support.package import make_package, run, stage, unit
from support.paths import BINARY, CHECKOUT, NODE, normal_home, require

SERVICES = {role: f"butler-{role}.service" for role in ROLES}
# systemd-analyze's exposure, 0 (none) to 10, that the units have today; a wall that is taken away shows here.
EXPOSURE = {"orchestrator": 2.5, "gateway": 2.8, "worker": 4.9}
# Walls that weigh too little in that figure to show in it.
WALLS = {"UMask": "0077", "LimitCORE": "0", "LockPersonality": "yes", "KeyringMode": "private", "SystemCallErrorNumber": "EPERM",
         "InaccessiblePaths": "-/var/lib/butler/.env -/var/lib/butler/secrets.env"}
CONTROL_WALLS = WALLS | {"ProtectHostname": "yes", "MemoryDenyWriteExecute": "yes"}
# The agent's sandbox does not start, or the worker cannot look into its folders, with one of these in the worker's unit.
TOO_TIGHT = ["RestrictNamespaces", "ProtectProc", "ProcSubset", "ProtectKernelTunables", "ProtectKernelLogs", "ProtectControlGroups",
             "PrivateDevices", "PrivateUsers", "ProtectHostname", "RestrictSUIDSGID", "MemoryDenyWriteExecute"]
SECRETS = {
    "TELEGRAM_BOT_TOKEN": "123456789:canary-of-the-bot-AbCdEfGhIjKlMn",
    "ORCH_GATEWAY_TOKEN": GATEWAY_TOKEN,
    "ORCH_WORKER_TOKEN": WORKER_TOKEN,
    "ANTHROPIC_API_KEY": 'canary-of-the-provider-with-"quotes"-$HOME',
}
OWN = {
    "orchestrator": {"ORCH_GATEWAY_TOKEN", "ORCH_WORKER_TOKEN"},
    "gateway": {"ORCH_GATEWAY_TOKEN", "TELEGRAM_BOT_TOKEN"},
    "worker": {"ORCH_WORKER_TOKEN", "ANTHROPIC_API_KEY"},
}


def analyze(*words: object) -> subprocess.CompletedProcess:
    command = ["systemd-analyze", "--no-pager", *map(str, words)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)


@unittest.skipIf(os.environ.get("BUTLER_SANITIZED"), "the release build is what is installed")
class TheInstallation(SystemTest):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="butler-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.tree = Path(folder.name)
        cls.prefix = stage(cls.tree)

    def unit_file(self, name: str) -> Path:
        return self.prefix / "lib/systemd/system" / name

    def settings(self, role: str) -> dict[str, list[str]]:
        return unit(self.unit_file(SERVICES[role]).read_text())

    # ---- the tree ------------------------------------------------------------------------------------

    def test_has_the_programs_together_and_a_link_where_people_look(self):
        programs = {"butler", "butler-sandbox-init", "butler-guest-agent", "butler-sandbox-probe"}
        self.assertLessEqual(programs, {path.name for path in (self.prefix / "lib/butler").iterdir() if os.access(path, os.X_OK)})
        self.assertEqual((self.prefix / "bin/butler").resolve(), (self.prefix / "lib/butler/butler").resolve())
        self.assertIn("butler", run(self.prefix / "bin/butler", "version"))

    def test_has_what_the_runtime_is_installed_from(self):
        for name in ("tools/setup/runtime.sh", "tools/setup/common.sh", "runtime/package.json", "runtime/package-lock.json"):
            self.assertEqual((self.prefix / "lib/butler" / name).read_bytes(), (CHECKOUT / name).read_bytes(), name)

    def test_has_the_manual_page_and_the_completions_of_its_program(self):
        for name, words in {"share/bash-completion/completions/butler": ["completion", "bash"], "share/zsh/vendor-completions/_butler": ["completion", "zsh"],
                            "share/fish/vendor_completions.d/butler.fish": ["completion", "fish"]}.items():
            self.assertEqual((self.prefix / name).read_text(), run(BINARY, *words), name)
        self.assertEqual(gzip.decompress((self.prefix / "share/man/man1/butler.1.gz").read_bytes()).decode(), run(BINARY, "man"))

    def test_finds_the_pinned_runtime_where_it_is(self):
        """Nothing is fetched: what the checkout has installed is what an installation pins."""
        require(NODE, "tools/setup/runtime.sh")
        self.assertEqual(run(self.prefix / "bin/butler", "runtime", "install", env=os.environ | {"BUTLER_HOME": str(normal_home())}), "")

    def test_has_nothing_that_this_machine_was_named_in(self):
        for path in self.prefix.rglob("*"):
            if path.is_file() and path.suffix != ".md":
                self.assertNotIn(str(CHECKOUT).encode(), path.read_bytes(), path)

    # ---- the units -----------------------------------------------------------------------------------

    def test_units_are_right_as_systemd_reads_them(self):
        text = {}
        for path in self.unit_file("").iterdir():
            # systemd looks whether the programs are there: in this tree.
            text[path.name] = path.read_text().replace("/usr/bin/", f"{self.prefix}/bin/")
            self.assertNotIn("@", re.sub(r"@system-service|~?@[a-z-]+", "", text[path.name]), "everything is filled in")
            (self.scratch / path.name).write_text(text[path.name])
        for name in text:
            done = analyze("verify", "--man=no", "--recursive-errors=no", self.scratch / name)
            self.assertEqual((done.returncode, [line for line in done.stdout.splitlines() if "butler" in line]), (0, []), done.stdout)

    def test_units_are_as_closed_as_systemd_can_tell(self):
        for role, most in EXPOSURE.items():
            done = analyze("security", "--offline=yes", f"--threshold={int(most * 10)}", self.unit_file(SERVICES[role]))
            self.assertEqual(done.returncode, 0, done.stdout[-400:])

    def test_units_have_the_walls_that_systemd_does_not_weigh(self):
        for role in ROLES:
            walls = WALLS if role == "worker" else CONTROL_WALLS
            self.assertEqual({name: self.settings(role).get(name, [""])[0] for name in walls}, walls, role)

    def test_the_workers_unit_leaves_its_sandbox_what_that_needs(self):
        settings = self.settings("worker")
        self.assertEqual([name for name in TOO_TIGHT if name in settings], [])
        self.assertEqual(settings["Delegate"], ["memory pids"], "control groups for each sandbox")

    def test_no_unit_lets_systemd_change_the_owners_of_the_home(self):
        for role in ROLES:
            self.assertNotIn("StateDirectory", self.settings(role), role)
            self.assertEqual(self.settings(role)["ReadWritePaths"], ["/var/lib/butler"], role)

    def test_no_unit_starts_again_what_is_configured_wrongly(self):
        for role in ROLES:
            self.assertEqual(self.settings(role)["RestartPreventExitStatus"], ["78"], role)

    # ---- secrets -------------------------------------------------------------------------------------

    def home_with(self, **changed: str) -> Path:
        home = self.scratch / "home"
        home.mkdir()
        home.chmod(0o711)
        values = SECRETS | {"TG_OWNER_IDS": "1001", "PI_PROVIDER": "anthropic"} | changed
        env = home / ".env"
        env.touch(mode=0o600)
        env.write_text("".join(f"{name}='{value}'\n" for name, value in values.items()))
        return home

    def prepare(self, role: str, home: Path, **environment: str) -> subprocess.CompletedProcess:
        """Runs what the unit's ExecStartPre= says, with the unit's own environment."""
        settings = self.settings(role)
        command = settings["ExecStartPre"][0].removeprefix("-+").split()
        command[0] = str(BINARY)
        command[-1] = str(self.scratch / f"{role}.environment")
        given = dict(word.split("=", 1) for word in settings["Environment"][0].split()) | {"BUTLER_HOME": str(home)} | environment
        return subprocess.run(command, env={"PATH": "/usr/bin:/bin"} | given, cwd="/", capture_output=True, text=True, timeout=30)

    def test_each_role_is_given_its_own_secrets_and_no_other(self):
        home = self.home_with()
        for role in ROLES:
            done = self.prepare(role, home)
            self.assertEqual(done.returncode, 0, done.stderr)
            file = self.scratch / f"{role}.environment"
            self.assertEqual(file.stat().st_mode & 0o777, 0o600)
            names = {line.split("=", 1)[0] for line in file.read_text().splitlines()}
            self.assertEqual(names & SECRETS.keys(), OWN[role], role)

    def test_a_value_reaches_the_role_as_it_stands_in_the_file(self):
        self.prepare("worker", self.home_with())
        # systemd's rules for an EnvironmentFile= and a shell's are the same for text in double quotes.
        shell = f". {self.scratch}/worker.environment; printf %s \"$ANTHROPIC_API_KEY\""
        self.assertEqual(run("sh", "-c", shell), SECRETS["ANTHROPIC_API_KEY"])

    def test_what_was_read_at_the_last_start_does_not_go_before_the_file(self):
        self.prepare("gateway", self.home_with(), TG_OWNER_IDS="666")
        self.assertIn('TG_OWNER_IDS="1001"', (self.scratch / "gateway.environment").read_text())

    def test_the_orchestrator_makes_the_secrets_that_nobody_has_set(self):
        home = self.home_with(ORCH_GATEWAY_TOKEN="", ORCH_WORKER_TOKEN="")
        waiting = self.prepare("worker", home)
        self.assertEqual(waiting.returncode, 78)
        self.assertIn("ORCH_WORKER_TOKEN", waiting.stderr)
        for role in ROLES:
            self.assertEqual(self.prepare(role, home).returncode, 0, role)
        made = (self.scratch / "orchestrator.environment").read_text().splitlines()
        self.assertIn(next(line for line in made if line.startswith("ORCH_WORKER_TOKEN=")), (self.scratch / "worker.environment").read_text())

    def test_a_wrong_configuration_is_told_and_nothing_is_written(self):
        done = self.prepare("gateway", self.home_with(TG_OWNER_IDS="somebody"))
        self.assertEqual(done.returncode, 78)
        self.assertIn("TG_OWNER_IDS", done.stderr)
        self.assertFalse((self.scratch / "gateway.environment").exists())

    # ---- the package ---------------------------------------------------------------------------------

    def test_the_package_has_the_installation_and_needs_what_it_uses(self):
        package = make_package(self.scratch / "package")
        listed = {line.split(None, 5)[5].split(" -> ")[0] for line in run("dpkg-deb", "--contents", package).splitlines()}
        installed = {f"./{path.relative_to(self.tree)}" for path in self.prefix.rglob("*") if not path.is_dir()}
        self.assertEqual({name for name in listed if not name.endswith("/")},
                         installed | {"./usr/share/doc/butler/copyright", "./usr/share/doc/butler/changelog.gz", "./usr/share/lintian/overrides/butler"})
        if shutil.which("lintian"):
            self.assertEqual(run("lintian", "--allow-root", "--fail-on=error,warning", package), "")
        needed = run("dpkg-deb", "--field", package, "Depends")
        for name in ("bubblewrap", "ca-certificates", "systemd | systemd-standalone-sysusers", "libssl3", "libsqlite3-0", "libc6"):
            self.assertIn(name, needed)
        self.assertEqual(run("dpkg-deb", "--field", package, "Version").strip(), json.loads(run(BINARY, "version", "--json"))["version"])

    def test_the_package_has_no_file_in_etc(self):
        """What an administrator changes is `.env` and drop-ins of theirs: there is nothing to be asked about at an upgrade."""
        self.assertFalse((self.tree / "etc").exists())

    # ---- make install --------------------------------------------------------------------------------

    def make_install(self, action: str, **options: str) -> str:
        return run(CHECKOUT / "tools/install.sh", action, env=os.environ | {"DESTDIR": str(self.scratch / "tree"), "BUTLER_BUILD": str(BINARY.parent)} | options)

    def files(self) -> set[str]:
        return {str(path.relative_to(self.scratch / "tree")) for path in (self.scratch / "tree").rglob("*") if not path.is_dir()}

    def test_is_removed_without_a_trace_and_state_stays(self):
        state = self.scratch / "tree/var/lib/butler/state.db"
        state.parent.mkdir(parents=True)
        state.write_text("jobs")
        others = self.scratch / "tree/usr/local/bin/other"
        others.parent.mkdir(parents=True)
        others.write_text("somebody else's")
        before = self.files()
        self.make_install("install")
        self.assertIn("usr/local/bin/butler", self.files())
        self.assertIn("ExecStart=/usr/local/bin/butler gateway", (self.scratch / "tree/usr/local/lib/systemd/system/butler-gateway.service").read_text())
        self.make_install("uninstall")
        self.assertEqual(self.files(), before)
        self.assertFalse((self.scratch / "tree/usr/local/lib/butler").exists())

    def test_an_upgrade_removes_what_the_new_version_has_no_more(self):
        self.make_install("install")
        old = self.scratch / "tree/usr/local/share/doc/butler/docs/of-the-old-version.md"
        old.write_text("old")
        with (self.scratch / "tree/usr/local/lib/butler/installed-files").open("a") as listed:
            listed.write("/usr/local/share/doc/butler/docs/of-the-old-version.md\n")
        self.make_install("install")
        self.assertFalse(old.exists())
        self.assertIn("usr/local/bin/butler", self.files())


if __name__ == "__main__":
    unittest.main()

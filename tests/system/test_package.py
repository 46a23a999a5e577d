"""The Debian package on a clean Debian 12 with a systemd of its own: installed, configured, used, upgraded, removed, purged.

Takes minutes the first time, because the root is made of Debian's packages: `make test-package`, or BUTLER_TEST_LONG=1.
"""

import json
import shutil
import unittest

from support.installed import HOME, SERVICES, UNITS, InstalledCase
from support.model_server import API_KEY
from support.package import make_package, with_version
from support.wait import until


class ThePackage(InstalledCase):
    def setUp(self):
        super().setUp()
        self.package = make_package(self.scratch / "package")

    def install(self, package) -> str:
        shutil.copy(package, self.root / "tmp" / package.name)
        return self.apt("install", f"/tmp/{package.name}")

    def check_installed(self, said: str) -> None:
        self.assertIn("butler setup", said)
        self.assertEqual(self.machine.ask("stat", "--format=%U:%G %a", HOME), "root:butler-control 1771")
        for unit in UNITS:
            self.assertEqual(self.machine.ask("systemctl", "is-enabled", unit), "enabled", unit)
        for service in SERVICES:
            self.assertEqual(self.machine.property_of(service, "ActiveState"), "inactive", f"{service} before there is a configuration")
        self.assertEqual(self.machine.property_of("butler.target", "ActiveState"), "active")

    def check_each_role_has_its_own_secrets_only(self) -> None:
        secrets = dict(line.split("=", 1) for line in self.in_home("secrets.env").read_text().splitlines() if "=" in line)
        known = {
            "orchestrator": {secrets["ORCH_GATEWAY_TOKEN"], secrets["ORCH_WORKER_TOKEN"]},
            "gateway": {secrets["ORCH_GATEWAY_TOKEN"], self.simulator.bot_token},
            "worker": {secrets["ORCH_WORKER_TOKEN"], API_KEY},
        }
        everything = set().union(*known.values())
        for role, own in known.items():
            environment = self.machine.process_file(f"butler-{role}.service", "environ").decode()
            self.assertEqual({secret for secret in everything if secret in environment}, own, role)
            self.assertEqual(self.machine.ask("stat", "--format=%U %a", f"/run/butler-{role}/environment"), "root 600")
            for file in (".env", "secrets.env"):
                self.assertEqual(self.machine.ask(*self.as_seen_by(role), "cat", f"{HOME}/{file}"), "", f"{file}, seen by {role}")
            self.assertIn("state.db", self.machine.ask(*self.as_seen_by(role), "ls", HOME))

    def as_seen_by(self, role: str) -> list[str]:
        return ["nsenter", "--mount", f"--target={self.machine.property_of(f'butler-{role}.service', 'MainPID')}"]

    def check_no_role_keeps_root(self) -> None:
        for role, user in (("orchestrator", "butler-control"), ("gateway", "butler-control"), ("worker", "butler")):
            status = self.machine.process_file(f"butler-{role}.service", "status").decode()
            number = self.machine.ask("id", "--user", user)
            self.assertRegex(status, rf"(?m)^Uid:(\t{number}){{4}}$", role)
            self.assertRegex(status, r"(?m)^CapEff:\t0+$", role)
            self.assertRegex(status, r"(?m)^CapPrm:\t0+$", role)
            self.assertRegex(status, r"(?m)^NoNewPrivs:\t1$", role)
            self.assertRegex(status, r"(?m)^Seccomp:\t2$", role)

    def check_command(self) -> None:
        """A /run command, which the policy asks about, in its sandbox."""
        message = self.simulator.send_text("/run id -un && cat list.md")
        self.simulator.wait_for_reply("/approve", after=message)
        self.ask("/approve", "flour")

    def check_doctor(self) -> None:
        """It sees the services as an administrator does, and finds nothing broken."""
        report = json.loads(self.machine.run("sh", "-c", "butler doctor --json; test $? -lt 2"))
        self.assertTrue(report["ok"], [finding for finding in report["findings"] if finding["status"] not in ("ok", "skipped")])

    def check_upgrade(self) -> None:
        self.machine.run("systemctl", "disable", "butler-gateway.service")
        before = self.pids()
        self.install(with_version(self.package, "99.1", self.scratch))
        until(lambda: all(self.machine.is_active(unit) for unit in UNITS), "the units to run again")
        self.assertTrue(all(old != new for old, new in zip(before, self.pids())), "each role was started again")
        self.assertEqual(self.machine.ask("systemctl", "is-enabled", "butler-gateway.service"), "disabled", "as the administrator wants it")
        self.machine.run("systemctl", "enable", "butler-gateway.service")
        self.check_jobs_remembered()

    def check_removal(self) -> None:
        self.apt("remove", "butler")
        for unit in UNITS:
            self.assertEqual(self.machine.ask("systemctl", "is-active", unit), "inactive", unit)
        self.assertFalse((self.root / "usr/bin/butler").is_symlink())
        self.assertFalse((self.root / "usr/lib/butler").exists())
        for name in (".env", "secrets.env", "state.db", "gateway.db", "workspace/list.md", "runtime/bin/node"):
            self.assertTrue(self.in_home(name).exists(), name)

    def check_return(self) -> None:
        """Installed again, it goes on where it was, by itself."""
        self.install(self.package)
        until(lambda: all(self.machine.is_active(unit) for unit in UNITS), "the units to run by themselves")
        self.check_jobs_remembered()

    def check_purge(self) -> None:
        said = self.apt("purge", "butler")
        self.assertIn("Kept in /var/lib/butler", said)
        left = sorted(str(path.relative_to(self.in_home("."))) for path in self.in_home(".").iterdir())
        self.assertEqual(left, ["workspace"])
        self.assertEqual(self.in_home("workspace/list.md").read_text(), "flour\n")
        found = self.machine.run("find", "/etc", "/usr", "/run", "/var", "-xdev", "-name", "*butler*", "-not", "-path", "/var/log/*")
        # apt's own list of what was installed, and dpkg's of nothing at all, are not ours.
        self.assertEqual([line for line in found.splitlines() if line != HOME and not line.startswith("/var/lib/systemd/")], [])

    def test_is_installed_used_upgraded_removed_and_purged(self):
        self.apt("update")
        self.check_installed(self.install(self.package))
        self.configure()
        self.start()
        self.check_each_role_has_its_own_secrets_only()
        self.check_no_role_keeps_root()
        self.check_used()
        self.check_command()
        self.check_doctor()
        self.check_upgrade()
        self.check_removal()
        self.check_return()
        self.check_purge()


if __name__ == "__main__":
    unittest.main()

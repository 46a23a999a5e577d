"""Hostile code in the sandbox: butler-sandbox-probe tries every door it knows, in each tier that this machine has,
and, so that "held" means something, without a sandbox too."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from support.case import SystemTest
from support.paths import BINARY, require
from support.sandbox import LEAST_LANDLOCK, landlock_abi, user_namespaces
from support.wait import until

EXIT_CONFIG = 78
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
FEW = 85  # attempts that the suite has at the least


def sandbox_test(*words: str) -> tuple[int, dict]:
    """The exit status of `butler sandbox test`, and its report."""
    passed_on = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    done = subprocess.run([require(BINARY, "make build"), "sandbox", "test", "--json", *words], env=ENVIRONMENT | passed_on,
                          capture_output=True, text=True, timeout=240)
    if not done.stdout.startswith("{"):
        raise AssertionError(f"no report ({done.returncode}): {done.stdout}{done.stderr}")
    return done.returncode, json.loads(done.stdout)


def records(report: dict, result: str) -> list[str]:
    return [f"{record['group']}/{record['id']}: {record['detail']}" for record in report["attempts"]
            if record["result"] == result and (record["group"], result) != ("needs", "skipped")]


class SandboxProbe(SystemTest):
    def expect_all_held(self, tier: str) -> dict:
        code, whole = sandbox_test("--tier", tier)
        report = whole["tiers"][0]
        self.assertTrue(report["complete"], report["messages"])
        self.assertEqual(records(report, "open"), [])
        self.assertEqual(records(report, "broken"), [])
        self.assertGreaterEqual(report["held"] + report["skipped"], FEW)
        self.assertGreater(whole["control"]["open"], whole["controlMinimum"])
        self.assertEqual(code, 0)
        return report

    def expect_refusal(self, tier: str) -> None:
        code, whole = sandbox_test("--tier", tier)
        report = whole["tiers"][0]
        self.assertTrue(report["refused"])
        self.assertTrue(report["messages"], "it says why")
        self.assertFalse(whole["passed"])
        self.assertEqual(code, EXIT_CONFIG)
        print(f"{tier} is refused here: {report['messages'][-1]}", file=sys.stderr)

    def test_bwrap_holds_everything(self):
        if not user_namespaces():
            self.expect_refusal("bwrap")
            return
        report = self.expect_all_held("bwrap")
        if os.geteuid() == 0:
            self.assertEqual(records(report, "skipped"), [])

    def test_landlock_holds_everything(self):
        if landlock_abi() < LEAST_LANDLOCK:
            self.expect_refusal("landlock")
            return
        report = self.expect_all_held("landlock")
        if os.geteuid() == 0:
            self.assertEqual(records(report, "skipped"), [])

    def test_without_a_sandbox_it_finds_what_was_planted(self):
        _, whole = sandbox_test("--tier", "bwrap")
        control = whole["control"]
        self.assertGreater(control["open"], 20)
        found = {record["id"] for record in control["attempts"] if record["result"] == "open"}
        self.assertLessEqual({"ssh-key", "docker-socket", "bystander-environment", "signal", "key-read", "loopback", "envrc",
                              "inherited-descriptor", "own-environment", "butler-secrets", "other-person"}, found)
        if user_namespaces():
            self.assertLessEqual({"metadata", "lan", "internet", "dns"}, found)

    def test_it_leaves_nothing_behind(self):
        def planted() -> set[str]:
            folders = (Path("/tmp"), Path("/dev/shm"))
            return {str(path) for folder in folders for path in folder.iterdir()
                    if path.name.startswith(("butler-sandbox-test-", "butler-probe-"))}

        before = planted()
        sandbox_test("--tier", "bwrap")
        until(lambda: not planted() - before, "nothing to be left, but what another run is at work with")


if __name__ == "__main__":
    unittest.main()

"""butler mcp: MCP servers as commands. The real mcporter makes them from real and from hostile servers; they are called from
another folder, in each tier of the sandbox, and by the real pi."""

import json
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from support.butler import Butler
from support.case import SystemTest
from support.model_server import ModelServer, agent_user, call_then_say
from support.paths import BINARY, CHECKOUT, NODE, PI, TEST_NODE, require
from support.process import command_line
from support.simulator import Simulator

HOSTILE = CHECKOUT / "tests/support/mcp_hostile.mjs"
SERVERS = TEST_NODE / "node_modules/@modelcontextprotocol"
AGENT = pwd.getpwnam("butler").pw_uid if os.geteuid() == 0 else os.geteuid()
EXIT_TIMED_OUT = 124


def hostile_processes() -> list[list[str]]:
    """What runs of the hostile servers, and of what they leave behind."""
    found = [command_line(int(name)) for name in os.listdir("/proc") if name.isdigit()]
    return [words for words in found if any(word.endswith("mcp_hostile.mjs") or word == "987654" for word in words)]


class Site:
    """A home with servers in it, and the command."""

    def __init__(self, butler: Butler):
        self.butler = butler
        self.mcp_folder = butler.home / "mcp"
        self.bin = self.mcp_folder / "bin"
        for folder in (self.mcp_folder, self.mcp_folder / "servers"):
            folder.mkdir()
            folder.chmod(0o755)
        self.hostile = self.mcp_folder / "servers" / HOSTILE.name
        shutil.copy(HOSTILE, self.hostile)
        self.hostile.chmod(0o644)

    def mcp(self, *words: object, **variables: str) -> subprocess.CompletedProcess:
        environment = self.butler.environment_of("worker") | {"PI_BINARY": str(PI)} | variables
        return subprocess.run([BINARY, "mcp", *map(str, words)], env=environment, cwd=self.butler.scratch, capture_output=True,
                              text=True, timeout=120, check=False)

    def ok(self, *words: object, **variables: str) -> str:
        done = self.mcp(*words, **variables)
        if done.returncode != 0:
            raise AssertionError(f"mcp {words} ended with {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def add_hostile(self, name: str, way: str, *more: object) -> None:
        self.ok("add", name, "--command", "node", "--arg", self.hostile, "--arg", way, *more)

    def listed(self) -> dict:
        return json.loads(self.ok("list", "--json"))

    def states(self) -> dict[str, str]:
        return {one["name"]: one["wrapper"] for one in self.listed()["targets"]}


class Wrappers(SystemTest):
    """One sync, and what came of it."""

    @classmethod
    def setUpClass(cls):
        require(SERVERS / "server-everything", "tools/setup/test-node.sh")
        scratch = Path(tempfile.mkdtemp(prefix="butler-test-", dir="/tmp"))
        scratch.chmod(0o711)
        cls.addClassCleanup(shutil.rmtree, scratch, ignore_errors=True)
        cls.simulator = Simulator(scratch)
        cls.addClassCleanup(cls.simulator.close)
        cls.model = ModelServer(scratch)
        cls.addClassCleanup(cls.model.stop)
        cls.butler = Butler(scratch, cls.simulator, cls.model, WORKER_READ_ONLY_PATHS=str(TEST_NODE))
        cls.addClassCleanup(cls.butler.close)
        cls.site = site = Site(cls.butler)
        site.ok("init")
        # The failing ones stand first: they must not stop those that follow.
        for way in ("silent", "deaf", "crash"):
            site.add_hostile(f"h-{way}", way, "--timeout-ms", 1500)
        site.ok("add", "everything", "--command", "node", "--arg", SERVERS / "server-everything/dist/index.js", "--arg", "stdio")
        site.ok("add", "files", "--command", "node", "--arg", SERVERS / "server-filesystem/dist/index.js",
                "--arg", cls.butler.workspace)
        site.add_hostile("plain", "plain", "--timeout-ms", 2500, "--env", "WAY", "--env", "SAID=yes")
        cls.butler.workspace.mkdir()
        cls.butler.workspace.chmod(0o755)
        began = time.monotonic()
        cls.synced = site.mcp("sync", "--json")
        cls.took = time.monotonic() - began
        cls.left = hostile_processes()
        cls.report = {one["name"]: one for one in json.loads(cls.synced.stdout)["targets"]}

    def call(self, *words: str, **variables: str) -> subprocess.CompletedProcess:
        """A wrapper, from another folder, as the user that the agent is."""
        environment = {"PATH": f"{self.site.bin}:/usr/local/bin:/usr/bin:/bin:{NODE.parent}", "HOME": "/tmp",
                       "SECRET_OF_THE_CALLER": "must not be passed on"} | variables
        return subprocess.run([*agent_user(), *words], env=environment, cwd="/var/tmp", capture_output=True, text=True, timeout=60,
                              check=False)

    def test_one_failing_target_never_stops_the_others(self):
        self.assertEqual(self.synced.returncode, 1, self.synced.stderr)
        made = {name for name, one in self.report.items() if one["status"] == "made"}
        self.assertEqual(made, {"everything", "files", "plain"}, self.synced.stdout)
        for name in ("h-silent", "h-deaf"):
            self.assertIn("had not ended after 6500 ms", self.report[name]["problem"])
            self.assertLess(self.report[name]["milliseconds"], 20_000)
        self.assertIn("I cannot begin", self.report["h-crash"]["problem"])

    def test_servers_are_started_as_the_agents_user_and_nothing_of_them_is_left(self):
        self.assertIn(f"user {AGENT} has no database", self.report["h-crash"]["problem"])
        self.assertEqual(self.left, [])
        self.assertEqual(sorted(set(os.listdir(self.site.mcp_folder)) - {"host", "sync.lock"}), ["bin", "lib", "servers", "types"])

    def test_agents_can_read_the_files_and_not_change_them(self):
        for name in ("everything", "files", "plain"):
            for file, mode in ((f"bin/{name}", 0o755), (f"lib/{name}.mjs", 0o644), (f"types/{name}.d.ts", 0o644)):
                status = (self.site.mcp_folder / file).stat()
                self.assertEqual((stat.S_IMODE(status.st_mode), status.st_uid), (mode, os.geteuid()), file)
        self.assertIn("interface", (self.site.mcp_folder / "types/files.d.ts").read_text())
        self.assertEqual(self.site.states(), {"h-silent": "missing", "h-deaf": "missing", "h-crash": "missing",
                                              "everything": "present", "files": "present", "plain": "present"})

    def test_a_wrapper_is_called_from_any_folder(self):
        done = self.call("everything", "get-sum", "--a", "20", "--b", "22")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "The sum of 20 and 22 is 42.\n", ""))
        (self.butler.workspace / "hello.txt").write_text("hello file\n")
        (self.butler.workspace / "hello.txt").chmod(0o644)
        done = self.call("files", "read_text_file", "--path", str(self.butler.workspace / "hello.txt"))
        self.assertEqual((done.returncode, done.stdout), (0, "hello file\n\n"), done.stderr)
        self.assertIn("get-sum", self.call("everything", "--help").stdout)

    def test_arguments_with_dashes_dots_and_digits_arrive(self):
        done = self.call("plain", "read-it", "--some-arg", "a b", "--dotted.arg-name", "c", "--how-many", "3", "--class", "d", "--1st", "e")
        self.assertEqual(json.loads(done.stdout), {"some-arg": "a b", "dotted.arg-name": "c", "how-many": 3, "class": "d", "1st": "e"})
        done = self.call("plain", "read-it", "--some-arg", "a")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--1st", done.stderr)

    def test_the_exit_status_is_true(self):
        done = self.call("plain", "fail", "--reason", "why")
        self.assertEqual((done.returncode, done.stdout), (1, "the tool says no: why\n"))
        self.assertEqual(self.call("plain", "fail", "--reason", "why", "--output", "json").returncode, 1)
        self.assertEqual(self.call("plain", "no-such-tool").returncode, 1)
        self.assertEqual(self.call("plain", "echo", "--words", "x").returncode, 0)

    def test_what_a_server_says_of_itself_is_not_in_the_result(self):
        done = self.call("plain", "die")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("it hurts", done.stderr)
        done = self.call("plain", "echo", "--words", "x", WAY="noisy")
        self.assertEqual((done.returncode, done.stdout), (0, "x\n"))

    def test_a_slow_server_is_waited_for_and_one_that_hangs_is_not(self):
        self.assertEqual(self.call("plain", "echo", "--words", "x", WAY="slow").stdout, "x\n")
        began = time.monotonic()
        for way in ("silent", "deaf"):
            done = self.call("plain", "echo", "--words", "x", WAY=way)
            self.assertIn(done.returncode, (1, EXIT_TIMED_OUT), way)
            self.assertEqual(done.stdout, "")
            self.assertRegex(done.stderr, "timed out|not answered")
        done = self.call("plain", "--timeout", "600000", "wait", "--ms", "600000")
        self.assertEqual(done.returncode, EXIT_TIMED_OUT)
        self.assertLess(time.monotonic() - began, 40)
        self.assertEqual(hostile_processes(), [])

    def test_a_server_gets_what_is_declared_and_nothing_else_of_the_callers(self):
        done = self.call("plain", "surroundings", WAY="plain", TMPDIR="/var/tmp", NODE_OPTIONS="--trace-warnings")
        told = json.loads(done.stdout)
        self.assertEqual(told, {"variables": ["HOME", "LANG", "PATH", "SAID", "TMPDIR", "WAY"], "folder": "/var/tmp", "user": AGENT})

    def test_it_works_in_each_tier_of_the_sandbox_where_nobody_can_change_it(self):
        script = ("everything get-sum --a 1 --b 2; plain fail --reason why; echo rc=$?; plain surroundings; "
                  f"echo evil >> {self.site.bin}/plain; echo evil > {self.site.mcp_folder}/lib/plain.mjs; "
                  f"touch {self.site.bin}/more; ls {self.site.mcp_folder}/types")
        for tier in ("bwrap", "landlock"):
            with self.subTest(tier=tier):
                environment = self.butler.environment_of("worker") | {"WORKER_SANDBOX": tier}
                ran = subprocess.run([BINARY, "sandbox", "run", "--", "bash", "-c", script], env=environment, cwd=self.butler.scratch,
                                     capture_output=True, text=True, timeout=60, check=False)
                lines = ran.stdout.splitlines()
                self.assertEqual(lines[:3], ["The sum of 1 and 2 is 3.", "the tool says no: why", "rc=1"], ran.stderr)
                self.assertEqual(json.loads(lines[3])["folder"], str(self.butler.workspace))
                self.assertEqual(lines[4:], ["everything.d.ts", "files.d.ts", "plain.d.ts"])
                self.assertEqual(ran.stderr.count("evil"), 0)
        self.assertEqual(self.site.states()["plain"], "present")
        self.assertFalse((self.site.bin / "more").exists())

    def test_pi_calls_wrappers_with_its_shell_and_has_their_results(self):
        policy = self.butler.home / "config" / "policy.json"
        policy.write_text(json.dumps({"rules": [{"name": "tools", "verdict": "allow", "tools": ["bash"]}]}))
        policy.chmod(0o644)
        (self.butler.workspace / "note.txt").write_text("a note\n")
        (self.butler.workspace / "note.txt").chmod(0o644)
        command = ("everything get-sum --a 20 --b 22; files read_text_file --path note.txt; plain fail --reason why; echo rc=$?")
        self.model.script(*call_then_say("bash", {"command": command}, "done with all three", when="use them"))
        self.butler.up()
        sent = self.simulator.send_text("use them")
        self.simulator.wait_for_reply("done with all three", after=sent)
        told = next(one for one in self.model.requests()[-1]["messages"] if one["role"] == "tool")
        text = json.dumps(told["content"])
        for words in ("The sum of 20 and 22 is 42.", "a note", "the tool says no: why", "rc=1"):
            self.assertIn(words, text)

    def test_a_wrapper_is_tried_with_its_server(self):
        told = json.loads(self.site.ok("test", "plain", "--json"))
        self.assertEqual((told["ok"], sorted(told["tools"])), (True, ["die", "echo", "fail", "read-it", "surroundings", "wait"]))
        done = self.site.mcp("test", "plain", WAY="silent")
        self.assertEqual(done.returncode, 1)
        self.assertIn("its server does not answer", done.stderr)
        self.assertIn("is missing: run `butler mcp sync --target h-crash`", self.site.mcp("test", "h-crash").stderr)


if __name__ == "__main__":
    unittest.main()

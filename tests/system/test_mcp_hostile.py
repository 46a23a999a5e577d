"""butler mcp with servers that do not want to: slow, crashing, hanging, noisy, with strange names, with errors. And what it says of
files that are wrong."""

import concurrent.futures
import fcntl
import json
import os
import shutil
import tempfile
import time
import unittest
from pathlib import Path

from support.butler import Butler
from support.case import SystemTest
from support.mcp_site import AGENT, Site
from support.wait import until

EXIT_TIMED_OUT = 124
EXIT_CONFIG = 78
EXIT_TEMPORARY = 75
NOT_FOR_TERMINALS = "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]"


class Hostile(SystemTest):
    """One sync, and what came of it."""

    @classmethod
    def setUpClass(cls):
        scratch = Path(tempfile.mkdtemp(prefix="butler-test-", dir="/tmp"))
        scratch.chmod(0o711)
        cls.addClassCleanup(shutil.rmtree, scratch, ignore_errors=True)
        cls.site = site = Site(Butler(scratch))
        site.ok("init")
        # The failing ones stand first: they must not stop the one that follows.
        site.add_hostile("h-deaf", "deaf", "--timeout-ms", 500)
        site.add_hostile("h-crash", "crash")
        site.add_hostile("plain", "plain", "--timeout-ms", 6000, "--env", "WAY", "--env", "SAID=yes", "--no-types")
        cls.synced = site.mcp("sync", "--json", WAY="stray")
        until(lambda: not site.hostile_processes(), "nothing of the killed servers to be left")
        cls.report = {one["name"]: one for one in json.loads(cls.synced.stdout)["targets"]}

    def test_one_failing_target_never_stops_the_others(self):
        self.assertEqual(self.synced.returncode, 1, self.synced.stderr)
        made = {name for name, one in self.report.items() if one["status"] == "made"}
        self.assertEqual(made, {"plain"}, self.synced.stdout)
        self.assertIn("had not ended after 5500 ms", self.report["h-deaf"]["problem"])
        self.assertLess(self.report["h-deaf"]["milliseconds"], 20_000)
        self.assertIn("I cannot begin", self.report["h-crash"]["problem"])
        self.assertNotRegex(self.report["h-crash"]["problem"], NOT_FOR_TERMINALS)
        self.assertEqual(self.site.states(), {"h-deaf": "missing", "h-crash": "missing", "plain": "present"})

    def test_servers_are_started_as_the_agents_user_and_leave_no_file(self):
        self.assertIn(f"user {AGENT} has no database", self.report["h-crash"]["problem"])
        self.assertEqual(sorted(set(os.listdir(self.site.mcp_folder)) - {"host", "sync.lock"}), ["bin", "lib", "servers", "types"])

    def test_arguments_with_dashes_dots_and_digits_arrive(self):
        done = self.site.call("plain", "read-it", "--some-arg", "a b", "--dotted.arg-name", "c", "--how-many", "3", "--class", "d", "--1st", "e")
        self.assertEqual(json.loads(done.stdout), {"some-arg": "a b", "dotted.arg-name": "c", "how-many": 3, "class": "d", "1st": "e"})
        done = self.site.call("plain", "read-it", "--some-arg", "a")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--1st", done.stderr)

    def test_the_exit_status_is_true(self):
        done = self.site.call("plain", "fail", "--reason", "why")
        self.assertEqual((done.returncode, done.stdout), (1, "the tool says no: why\n"))
        self.assertEqual(self.site.call("plain", "fail", "--reason", "why", "--output", "json").returncode, 1)
        self.assertEqual(self.site.call("plain", "no-such-tool").returncode, 1)
        self.assertEqual(self.site.call("plain", "echo", "--words", "x").returncode, 0)

    def test_what_a_server_says_of_itself_is_not_in_the_result(self):
        done = self.site.call("plain", "die")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("it hurts", done.stderr)
        done = self.site.call("plain", "echo", "--words", "x", WAY="noisy")
        self.assertEqual((done.returncode, done.stdout), (0, "x\n"))

    def test_a_slow_server_is_waited_for_and_one_that_hangs_is_not(self):
        began = time.monotonic()
        calls = {
            "slow": (("--timeout", "30000", "echo", "--words", "x"), "slow"),
            "silent": (("--timeout", "500", "echo", "--words", "x"), "silent"),
            "deaf": (("--timeout", "500", "echo", "--words", "x"), "deaf"),
            "a tool that hangs, with more time than there is": (("--timeout", "600000", "wait", "--ms", "600000"), "plain"),
        }
        with concurrent.futures.ThreadPoolExecutor() as pool:
            started = {name: pool.submit(self.site.call, "plain", *words, WAY=way) for name, (words, way) in calls.items()}
            done = {name: future.result() for name, future in started.items()}
        self.assertLess(time.monotonic() - began, 40)
        self.assertEqual((done["slow"].returncode, done["slow"].stdout), (0, "x\n"), done["slow"].stderr)
        for name in ("silent", "deaf"):
            self.assertEqual((done[name].returncode, done[name].stdout), (1, ""), name)
            self.assertIn("timed out", done[name].stderr)
        last = done["a tool that hangs, with more time than there is"]
        self.assertEqual((last.returncode, last.stdout), (EXIT_TIMED_OUT, ""))
        self.assertIn("has not answered within 11 s", last.stderr)
        until(lambda: not self.site.hostile_processes(), "the killed servers to be gone")

    def test_a_server_gets_what_is_declared_and_nothing_else_of_the_callers(self):
        done = self.site.call("plain", "surroundings", WAY="plain", TMPDIR="/var/tmp", NODE_OPTIONS="--trace-warnings")
        told = json.loads(done.stdout)
        self.assertEqual(told, {"variables": ["HOME", "LANG", "PATH", "SAID", "TMPDIR", "WAY"], "folder": "/var/tmp", "user": AGENT})

    def test_a_wrapper_is_tried_with_its_server(self):
        told = json.loads(self.site.ok("test", "plain", "--json"))
        self.assertEqual((told["ok"], sorted(told["tools"])), (True, ["die", "echo", "fail", "read-it", "surroundings", "wait"]))
        done = self.site.mcp("test", "plain", WAY="crash")
        self.assertEqual(done.returncode, 1)
        self.assertIn("its server does not answer", done.stderr)
        self.assertNotRegex(done.stderr, NOT_FOR_TERMINALS)
        self.assertIn("is missing: run `butler mcp sync --target h-crash`", self.site.mcp("test", "h-crash").stderr)


class Files(SystemTest):
    """The two files, and what there is of what they ask for. One wrapper is made, in the last test."""

    def setUp(self):
        self.site = Site(self.make_butler())
        self.config = self.site.butler.home / "config"
        self.manifest = self.config / "mcp-clis.json"
        self.servers = self.config / "mcporter.json"

    def write(self, file: Path, content: object) -> None:
        file.write_text(json.dumps(content))
        file.chmod(0o644)

    def test_init_writes_two_files_that_are_right_and_replaces_none_unasked(self):
        self.assertIn("`butler mcp init` makes one", self.site.mcp("list").stderr)
        self.site.ok("init")
        self.assertEqual(json.loads(self.servers.read_text()), {"mcpServers": {}, "imports": []})
        self.assertEqual(json.loads(self.manifest.read_text()), {"targets": []})
        self.assertEqual(self.site.listed(), {"targets": [], "orphans": []})
        self.site.add_hostile("plain", "plain")
        again = self.site.mcp("init")
        self.assertEqual(again.returncode, 1)
        self.assertIn("--force", again.stderr)
        self.assertEqual(self.site.states(), {"plain": "missing"})
        self.site.ok("init", "--force")
        self.assertEqual(self.site.states(), {})

    def test_add_and_remove_keep_what_they_do_not_know(self):
        self.config.mkdir()
        self.write(self.servers, {"future": 1, "mcpServers": {"old": {"url": "https://old.example/mcp"}}, "imports": []})
        self.write(self.manifest, {"note": "mine", "targets": [{"name": "o", "selector": "old"}]})
        self.servers.chmod(0o600)
        self.site.ok("add", "new", "--command", "node", "--arg", "/srv/x.js", "--arg", "--flag", "--env", "TOKEN", "--env", "MODE=a=b")
        self.site.ok("add", "far", "--url", "https://far.example/mcp", "--timeout-ms", 1000, "--no-types")
        servers = json.loads(self.servers.read_text())
        self.assertEqual(servers["mcpServers"]["new"], {"command": "node", "args": ["/srv/x.js", "--flag"],
                                                        "env": {"TOKEN": "${TOKEN}", "MODE": "a=b"}})
        self.assertEqual((servers["future"], servers["mcpServers"]["far"]), (1, {"url": "https://far.example/mcp"}))
        self.assertEqual(self.servers.stat().st_mode & 0o777, 0o600)
        manifest = json.loads(self.manifest.read_text())
        self.assertEqual(manifest["note"], "mine")
        self.assertEqual(manifest["targets"][2], {"name": "far", "selector": "far", "emitTypes": False, "timeoutMs": 1000})
        self.site.ok("remove", "new")
        self.assertEqual(list(json.loads(self.servers.read_text())["mcpServers"]), ["old", "far"])
        before = (self.servers.read_text(), self.manifest.read_text())
        for words in (("add", "o", "--command", "x"), ("add", "a/b", "--command", "x"), ("add", "git", "--command", "x"),
                      ("add", "n"), ("add", "n", "--command", "x", "--url", "https://x.example"),
                      ("add", "n", "--command", "x", "--env", "A-B"), ("remove", "nobody")):
            self.assertIn(self.site.mcp(*words).returncode, (1, 2), words)
        self.assertEqual((self.servers.read_text(), self.manifest.read_text()), before)

    def test_wrong_files_are_told_by_what_is_wrong_in_them(self):
        self.site.ok("init")
        self.write(self.manifest, {"targets": [{"name": "a", "selector": "a", "emitType": True}]})
        for words in (("list",), ("sync",), ("sync", "--dry-run"), ("test", "a")):
            done = self.site.mcp(*words)
            self.assertEqual(done.returncode, EXIT_CONFIG, words)
            self.assertIn('targets/0: unknown member "emitType"', done.stderr)
        self.write(self.manifest, {"targets": []})
        self.write(self.servers, {"mcpServers": {}})
        self.assertIn('expected "imports": []', self.site.mcp("list").stderr)
        self.write(self.servers, {"mcpServers": {}, "imports": []})
        self.servers.chmod(0o666)
        self.assertIn("chmod go-w", self.site.mcp("sync").stderr)

    def test_one_command_at_a_time_changes_the_files_and_the_wrappers(self):
        self.site.ok("init")
        self.site.add_hostile("plain", "plain")
        before = self.servers.read_text(), self.manifest.read_text()
        with (self.site.mcp_folder / "sync.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for words in (("init", "--force"), ("add", "new", "--url", "https://new.example/mcp"), ("remove", "plain"), ("sync",),
                          ("test", "plain")):
                done = self.site.mcp(*words)
                self.assertEqual(done.returncode, EXIT_TEMPORARY, words)
                self.assertIn("is at work", done.stderr)
            self.assertEqual(self.site.states(), {"plain": "missing"})
            self.assertIn("generate-cli plain", self.site.ok("sync", "--dry-run"))
        self.assertEqual((self.servers.read_text(), self.manifest.read_text()), before)

    def test_a_command_that_is_started_in_a_checkout_goes_by_the_homes_files(self):
        self.site.ok("init")
        checkout = self.site.butler.scratch / "checkout"
        for file in ("CMakeLists.txt", "runtime/package.json", "src/main.cpp"):
            (checkout / file).parent.mkdir(parents=True, exist_ok=True)
            (checkout / file).touch()
        done = self.site.mcp("add", "plain", "--command", "true", folder=checkout)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse((checkout / "config").exists())
        self.assertEqual(self.site.states(), {"plain": "missing"})

    def test_names_that_mean_something_else_are_refused_and_others_files_are_left_alone(self):
        self.site.ok("init")
        self.site.bin.mkdir()
        (self.site.bin / "mine").write_text("#!/bin/sh\necho mine\n")
        self.write(self.servers, {"mcpServers": {"a": {"command": "true"}}, "imports": []})
        self.write(self.manifest, {"targets": [{"name": name, "selector": "a"} for name in ("git", "setpriv", "cd", "mine")]
                                   + [{"name": "lost", "selector": "nobody"}]})
        library = self.site.mcp_folder / "lib"
        library.mkdir()
        (library / "my-own.mjs").write_text("export const mine = true;\n")
        done = self.site.mcp("sync", "--json")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(os.listdir(library), ["my-own.mjs"])
        report = json.loads(done.stdout)
        problems = {one["name"]: one["problem"] for one in report["targets"]}
        self.assertIn("means another command", problems["git"])
        self.assertIn("means another command", problems["cd"])
        self.assertIn("choose another name", problems["setpriv"])
        self.assertIn("was not made by", problems["mine"])
        self.assertIn('no server "nobody"', problems["lost"])
        self.assertEqual(report["removed"], [])
        self.assertEqual((self.site.bin / "mine").read_text(), "#!/bin/sh\necho mine\n")

    def test_one_wrapper_from_its_making_to_its_end(self):
        self.site.ok("init")
        self.site.add_hostile("one", "plain")
        self.site.add_hostile("two", "plain")
        plan = self.site.ok("sync", "--dry-run")
        self.assertIn("generate-cli one --name one --runtime node --timeout 30000", plan)
        self.assertIn("emit-ts two", plan)
        self.assertNotIn("emit-ts", self.site.ok("sync", "--dry-run", "--skip-types"))
        self.assertEqual(self.site.states(), {"one": "missing", "two": "missing"})

        self.site.ok("sync", "--target", "one", "--skip-types")
        self.assertEqual(self.site.states(), {"one": "present", "two": "missing"})
        self.assertEqual(os.listdir(self.site.mcp_folder / "types"), [])
        self.assertEqual(self.site.mcp("sync", "--target", "three").returncode, 2)

        changed = json.loads(self.manifest.read_text())
        changed["targets"][0]["timeoutMs"] = 20_000
        self.write(self.manifest, changed)
        self.assertEqual(self.site.states()["one"], "stale")
        self.assertIn("wrapper stale", self.site.ok("list"))
        self.write(self.manifest, {"targets": changed["targets"][1:]})
        self.assertEqual(self.site.listed()["orphans"], ["one"])
        self.write(self.manifest, {"targets": []})
        self.assertIn("removed: one", self.site.ok("sync"))
        self.assertEqual([os.listdir(self.site.mcp_folder / folder) for folder in ("bin", "lib")], [[], []])


if __name__ == "__main__":
    unittest.main()

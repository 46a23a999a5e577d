"""butler mcp: MCP servers as commands. The real mcporter makes them from real servers; they are called from another folder, in
each tier of the sandbox, and by the real pi."""

import json
import os
import shutil
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import mcp_server
from support.butler import Butler
from support.case import SystemTest
from support.mcp_server import HTTP_KEY
from support.mcp_site import SERVERS, Site
from support.model_server import ModelServer, call_then_say
from support.paths import BINARY, TEST_NODE, require
from support.simulator import Simulator

WITH_TYPES = ("files", "plain")  # not of all: they are a third of a wrapper's making


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
        site.ok("add", "everything", "--command", "node", "--arg", SERVERS / "server-everything/dist/index.js", "--arg", "stdio",
                "--no-types")
        site.ok("add", "files", "--command", "node", "--arg", SERVERS / "server-filesystem/dist/index.js",
                "--arg", cls.butler.workspace)
        site.add_hostile("plain", "plain", "--env", "WAY", "--env", "SAID=yes")
        cls.butler.workspace.mkdir(exist_ok=True)  # the agent's already, where root has made the home
        cls.tickets = mcp_server.HttpServer()
        cls.addClassCleanup(cls.tickets.close)
        site.ok("add", "tickets", "--url", cls.tickets.url, "--no-types")
        site.edit_server("tickets", headers={"Authorization": "Bearer ${TICKETS_KEY}"})
        cls.report = json.loads(site.ok("sync", "--json", TICKETS_KEY=HTTP_KEY))

    def test_agents_can_read_the_files_and_not_change_them(self):
        for name in ("everything", "files", "plain", "tickets"):
            files = {f"bin/{name}": 0o755, f"lib/{name}.mjs": 0o644}
            if name in WITH_TYPES:
                files[f"types/{name}.d.ts"] = 0o644
            for file, mode in files.items():
                status = (self.site.mcp_folder / file).stat()
                self.assertEqual((stat.S_IMODE(status.st_mode), status.st_uid), (mode, os.geteuid()), file)
        self.assertIn("interface", (self.site.mcp_folder / "types/files.d.ts").read_text())
        self.assertEqual(self.site.states(), {name: "present" for name in ("everything", "files", "plain", "tickets")})

    def test_a_wrapper_is_called_from_any_folder(self):
        done = self.site.call("everything", "get-sum", "--a", "20", "--b", "22")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "The sum of 20 and 22 is 42.\n", ""))
        (self.butler.workspace / "hello.txt").write_text("hello file\n")
        (self.butler.workspace / "hello.txt").chmod(0o644)
        done = self.site.call("files", "read_text_file", "--path", str(self.butler.workspace / "hello.txt"))
        self.assertEqual((done.returncode, done.stdout), (0, "hello file\n\n"), done.stderr)
        self.assertIn("get-sum", self.site.call("everything", "--help").stdout)

    def test_a_server_that_has_an_address_is_called_with_the_variables_that_it_asks_for(self):
        done = self.site.call("tickets", "add", "--a", "20", "--b", "22", TICKETS_KEY=HTTP_KEY)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "the sum is 42\n", ""))
        done = self.site.call("tickets", "add", "--a", "20", "--b", "22")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("TICKETS_KEY", done.stderr)
        self.assertNotIn(HTTP_KEY, (self.site.mcp_folder / "lib/tickets.mjs").read_text())

    def test_it_works_in_each_tier_of_the_sandbox_where_nobody_can_change_it(self):
        script = ("everything get-sum --a 1 --b 2; plain fail --reason why; echo rc=$?; plain surroundings; "
                  f"echo evil >> {self.site.bin}/plain; echo evil > {self.site.mcp_folder}/lib/plain.mjs; "
                  f"touch {self.site.bin}/more; ls {self.site.mcp_folder}/types")
        for tier in ("bwrap", "landlock"):
            with self.subTest(tier=tier):
                environment = self.butler.environment_of("worker") | {"WORKER_SANDBOX": tier}
                ran = subprocess.run([BINARY, "sandbox", "run", "--", "bash", "-c", script], env=environment, cwd=self.butler.scratch,
                                     capture_output=True, text=True, timeout=180, check=False)
                lines = ran.stdout.splitlines()
                self.assertEqual(lines[:3], ["The sum of 1 and 2 is 3.", "the tool says no: why", "rc=1"], ran.stderr)
                self.assertEqual(json.loads(lines[3])["folder"], str(self.butler.workspace))
                self.assertEqual(lines[4:], [f"{name}.d.ts" for name in WITH_TYPES])
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
        self.simulator.wait_for_reply("done with all three", after=sent, timeout=120)
        told = next(one for one in self.model.requests()[-1]["messages"] if one["role"] == "tool")
        text = json.dumps(told["content"])
        for words in ("The sum of 20 and 22 is 42.", "a note", "the tool says no: why", "rc=1"):
            self.assertIn(words, text)


if __name__ == "__main__":
    unittest.main()

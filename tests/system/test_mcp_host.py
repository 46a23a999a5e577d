"""MCP servers that need secrets run on the host's side: the agent uses their tools and never has the secrets. With the
real pi and the real mcporter in the sandbox."""

import json
import os
import shlex
import shutil
import unittest
from pathlib import Path

from support import mcp_server
from support.case import SystemTest
from support.mcp_server import HTTP_KEY, STDIO_TOKEN
from support.model_server import call_then_say
from support.paths import RUNTIME, require
from support.process import alive, descendants, environment
from support.wait import until

SUPPORT = Path(__file__).resolve().parents[1] / "support"


class McpHost(SystemTest):
    def setUp(self):
        self.tries = 0
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()
        self.butler = self.make_butler(self.simulator, self.model)
        self.tickets = mcp_server.HttpServer()
        self.addCleanup(self.tickets.close)
        # Where no agent sees it: what it is started with is the worker's own.
        program = self.scratch / "notes-server.py"
        shutil.copy(SUPPORT / "mcp_server.py", program)
        program.chmod(0o644)
        self.servers = {
            "tickets": {"url": self.tickets.url, "headers": {"Authorization": f"Bearer {HTTP_KEY}"}, "tools": ["add", "confess"]},
            "notes": {"command": ["python3", str(program)], "env": {"NOTES_TOKEN": STDIO_TOKEN}, "tools": ["add", "confess"]},
        }
        self.write_config("policy.json", {"rules": [{"name": "tools", "verdict": "allow", "tools": ["bash"]}]})
        self.write_config("mcp-host.json", {"servers": self.servers})

    # ---- what a test says ----------------------------------------------------------------------------

    def write_config(self, name: str, content: dict, mode: int = 0o600) -> None:
        folder = self.butler.home / "config"
        folder.mkdir(mode=0o755, exist_ok=True)
        new = folder / f"{name}.new"
        new.write_text(json.dumps(content))
        new.chmod(mode)
        if os.geteuid() == 0:
            shutil.chown(new, "butler", "butler")
        new.rename(folder / name)

    def agent_runs(self, commands: str) -> str:
        """What these commands of the agent's leave in out.txt. `$mcporter` finds both servers."""
        names = {name: {"url": f"${{BUTLER_MCP_URL}}/{name}"} for name in self.servers}
        script = self.butler.workspace / "try.sh"
        program = require(RUNTIME / "bin/mcporter", "tools/setup/runtime.sh")
        script.write_text(f"mcporter='{program} --config mcporter.json'\n"
                          "ask() { curl -sS --noproxy '*' -H 'content-type: application/json' \"$@\"; echo; }\n"
                          f"{{\n{commands}\n}} > out.txt 2>&1\ntrue\n")
        (self.butler.workspace / "mcporter.json").write_text(json.dumps({"mcpServers": names, "imports": []}))
        for file in (script, self.butler.workspace / "mcporter.json"):
            file.chmod(0o644)
        self.tries += 1
        word = f"try-{self.tries}"
        self.model.script(*call_then_say("bash", {"command": "bash try.sh"}, f"done with {word}", when=word))
        sent = self.simulator.send_text(word)
        self.simulator.wait_for_reply(f"done with {word}", after=sent, timeout=120)  # each call of mcporter starts a Node.js
        return (self.butler.workspace / "out.txt").read_text()

    def started_servers(self) -> list[int]:
        found = []
        for pid in descendants(self.butler.pid("worker")):
            try:
                found += [pid] if "NOTES_TOKEN" in environment(pid) else []
            except (FileNotFoundError, ProcessLookupError):
                pass  # a program of the agent's has ended meanwhile
        return found

    def call(self, server: str, tool: str, number: int = 1) -> str:
        message = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {"name": tool, "arguments": {}}}
        return f"ask -d {shlex.quote(json.dumps(message))} $BUTLER_MCP_URL/{server}"

    # ---- tests ---------------------------------------------------------------------------------------

    def test_mcporter_in_the_sandbox_uses_tools_whose_servers_need_secrets(self):
        self.butler.up()
        out = self.agent_runs("""
            $mcporter call notes.add a=20 b=22
            $mcporter call tickets.add a=1 b=2
            $mcporter list tickets --json
            $mcporter call tickets.erase""")
        self.assertIn("the sum is 42", out)
        self.assertIn("the sum is 3", out)
        self.assertIn('"name": "confess"', out)
        self.assertNotIn('"name": "erase"', out, "a tool that is not allowed is not listed")
        self.assertEqual(self.tickets.called, ["add"], "and does not reach the server")
        sent = self.tickets.seen[-1]
        self.assertEqual({name.lower() for name in sent} - {"authorization"},
                         {"host", "accept", "accept-encoding", "content-length", "content-type", "connection", "mcp-session-id",
                          "mcp-protocol-version"} & {name.lower() for name in sent}, "nothing of the agent's is passed on")

    def test_what_is_not_allowed_is_refused_and_on_record(self):
        self.butler.up()
        out = self.agent_runs("\n".join((self.call("notes", "erase"), self.call("tickets", "erase"), self.call("nobody", "add"),
                                         "ask $BUTLER_MCP_URL/notes", "ask -H 'origin: http://a.example' -d '{}' $BUTLER_MCP_URL/notes",
                                         "ask -d '[]' $BUTLER_MCP_URL/notes",
                                         """ask -d '{"jsonrpc":"2.0","id":1,"method":"resources/list"}' $BUTLER_MCP_URL/notes""")))
        lines = out.splitlines()
        self.assertEqual(out.count("-32601"), 3, out)
        for words in ("no MCP server of this name", "expected POST", "programs of the agent only", "batches are not served"):
            self.assertIn(words, out, lines)
        self.assertEqual(self.tickets.seen, [], "nothing has reached the server")
        job = self.butler.jobs()[0]["id"]


        def denials() -> list[str]:
            return [line for line in self.butler.processes[-1].lines if "event=mcp.denied" in line]

        until(lambda: len(denials()) >= 3, "the log to tell of it")
        denied = denials()
        self.assertEqual(len(denied), 3)
        self.assertTrue(all(f"job={job}" in line for line in denied), denied)
        self.assertIn('butler_worker_mcp_calls_total{outcome="denied"} 3', self.butler.administer("worker", "GET", "/metrics").text)

    def test_no_secret_reaches_the_agent_whatever_it_reads_and_whatever_servers_say(self):
        self.butler.up()
        shutil.copy(SUPPORT / "secret_hunt.py", self.butler.workspace / "hunt.py")
        hunt = shlex.join(["python3", "hunt.py", "report.json", STDIO_TOKEN[::-1], HTTP_KEY[::-1], "--", str(self.butler.home),
                           str(self.scratch)])
        out = self.agent_runs("\n".join((self.call("notes", "confess"), "$mcporter call tickets.confess", hunt)))
        self.assertEqual(out.count("it is [redacted]!"), 2, out)
        report = json.loads((self.butler.workspace / "report.json").read_text())
        self.assertEqual(report["found"], {})
        self.assertGreater(report["read"]["file"], 0)
        # The server was there all the while, and has what it was started with and nothing else.
        self.assertEqual(len(self.started_servers()), 1)
        folder = self.butler.home / "mcp/host/notes"
        self.assertEqual(json.loads((folder / "environment.json").read_text()).keys() - {"LC_CTYPE"},
                         {"NOTES_TOKEN", "PATH", "HOME", "LANG"})
        # A server that repeats what it was sent, in an error.
        self.servers["tickets"]["headers"]["Authorization"] = f"Bearer wrong-{HTTP_KEY}"
        self.write_config("mcp-host.json", {"servers": self.servers})
        out = self.agent_runs(self.call("tickets", "add"))
        self.assertIn("refuses what Butler is configured to send it (HTTP 401): no: [redacted]", out)
        self.assertNotIn(HTTP_KEY, out)
        self.butler.wait_for_log("worker", r"event=mcp\.call .*tool=confess")
        log = "\n".join(self.butler.processes[-1].lines)
        for secret in (STDIO_TOKEN, HTTP_KEY):
            self.assertNotIn(secret, log)

    def test_nothing_is_served_after_the_job_and_the_server_ends_with_the_agent(self):
        self.butler.up()
        self.agent_runs(self.call("notes", "confess") + "\n"
                        "(setsid sh -c 'until [ -e go ]; do sleep 0.02; done; "
                        "curl -sS --noproxy \"*\" -H \"content-type: application/json\" -d {} $BUTLER_MCP_URL/notes > late.txt 2>&1; "
                        "mv late.txt late' > /dev/null 2>&1 &)")
        server = until(self.started_servers, "the server runs")
        self.butler.wait_for_job(self.butler.jobs()[0]["id"], "completed")
        (self.butler.workspace / "go").touch()
        # What the agent has left behind in its sandbox is there, and is not served.
        late = self.butler.workspace / "late"
        until(late.exists, "an answer")
        self.assertIn("no job of this agent runs", late.read_text())
        self.butler.close()
        until(lambda: not alive(server[0]), "the server to be gone")

    def test_a_worker_does_not_start_with_a_broken_file_and_keeps_the_last_good_one(self):
        self.write_config("mcp-host.json", {"servers": self.servers}, mode=0o644)
        self.butler.start("orchestrator")
        worker = self.butler._launch("worker", self.butler.environment_of("worker"))
        self.assertEqual(worker.wait_for_exit(), 78)
        self.assertIn("chmod 600", "\n".join(worker.lines))
        self.butler.close()

        self.write_config("mcp-host.json", {"servers": self.servers})
        self.butler.up()
        self.write_config("mcp-host.json", {"servers": {"notes": {"tool": []}}})
        out = self.agent_runs(self.call("notes", "confess"))
        self.assertIn("it is [redacted]!", out)
        self.butler.wait_for_log("worker", r"event=mcp\.broken .*servers/notes")
        self.write_config("mcp-host.json", {"servers": {}})
        self.assertIn("no MCP server of this name", self.agent_runs(self.call("notes", "confess")))


if __name__ == "__main__":
    unittest.main()

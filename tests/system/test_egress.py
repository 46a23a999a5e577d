"""Which hosts an agent reaches: by CONNECT through the worker, as far as the policy allows it. With the real pi."""

import json
import os
import shutil
import unittest
from socket import create_connection

from support.case import SystemTest
from support.host import Host
from support.model_server import call_then_say
from support.paths import RUNTIME, require
from support.sandbox import LEAST_LANDLOCK, landlock_abi
from support.wait import until


class Hosts(SystemTest):
    variables: dict[str, str] = {}

    def setUp(self):
        self.host = Host(self.scratch)
        self.addCleanup(self.host.close)
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()
        self.butler = self.make_butler(self.simulator, self.model, **self.variables)

    def _policy(self, **members):
        folder = self.butler.home / "config"
        folder.mkdir(mode=0o755, exist_ok=True)
        file = folder / "policy.json"
        # Tools start without a question: what is looked at here is the network.
        rules = [{"name": "tools", "verdict": "allow", "tools": ["bash"]}]
        file.write_text(json.dumps({"rules": rules} | members))
        if os.geteuid() == 0:
            for path in (folder, file):
                shutil.chown(path, "root", "root")

    def _agent_runs(self, command: str) -> str:
        """What a command of the agent's leaves in out.txt."""
        self.model.script(*call_then_say("bash", {"command": command}, "tried", when="try"))
        self.butler.up()
        self.simulator.send_text("try")
        self.simulator.wait_for_reply("tried")
        return (self.butler.workspace / "out.txt").read_text()

    def _job_log(self) -> str:
        job = self.butler.jobs()[0]
        return "\n".join(event.get("message") or "" for event in self.butler.events(job["id"]) if event["type"] == "log")


class Egress(Hosts):
    def test_a_listed_host_is_reached_and_no_other(self):
        self._policy(hosts={"owners": [f"127.0.0.1:{self.host.port}"]},
                     rules=[{"name": "tools", "verdict": "allow", "tools": ["bash"]},
                            {"name": "hosts", "verdict": "deny", "tools": ["network"]}])
        url = f"https://127.0.0.1:{self.host.port}"
        out = self._agent_runs(f"""
            {{ curl -sSk --noproxy '' {url}/a; echo; curl -sSk --noproxy '' --max-time 60 https://127.0.0.1:{self.butler.port}/; curl -sSk https://169.254.169.254/
               curl -sSk https://unlisted.example/; curl -sS http://unlisted.example/; }} > out.txt 2>&1; true""")
        self.assertIn("from a host", out)
        self.assertEqual(self.host.requests, ["GET /a HTTP/1.1"])
        self.assertIn("only https passes", out)
        log = self._job_log()
        for denied in ("169.254.169.254:443", f"127.0.0.1:{self.butler.port}", "unlisted.example:443", "http://unlisted.example/"):
            self.assertIn(f"Not connected to {denied}", log)
        metrics = self.butler.administer("worker", "GET", "/metrics").text
        self.assertIn('butler_worker_egress_connections_total{outcome="allowed"} 1', metrics)
        self.assertIn('butler_worker_egress_connections_total{outcome="denied"} 4', metrics)

    def test_an_abort_cuts_what_is_open(self):
        self._policy(hosts={"owners": [f"127.0.0.1:{self.host.port}"]})
        stay = f"curl -sk --noproxy '' https://127.0.0.1:{self.host.port}/stay"
        # The command outlives its agent's wish to end: the connection must not.
        self.model.script(*call_then_say("bash", {"command": f"trap '' TERM INT; {stay}"}, "done", when="stay"))
        self.butler.up()
        self.simulator.send_text("stay")
        until(lambda: self.host.requests, "the agent is connected")
        self.simulator.send_text("/abort")
        self.assertTrue(self.host.cut.wait(60), "the connection was cut")


class SharedNetwork(Hosts):
    variables = {"WORKER_SANDBOX": "landlock" if landlock_abi() >= LEAST_LANDLOCK else "none", "WORKER_ALLOW_UNSANDBOXED": "true"}

    def test_where_the_network_is_shared_only_the_agents_own_programs_pass(self):
        """In these tiers the listener is a port of the machine's, that every local program can connect to."""
        self._policy(hosts={"owners": [f"127.0.0.1:{self.host.port}"]})
        url = f"https://127.0.0.1:{self.host.port}"
        npm = f"npm ping --registry {url}/npm --strict-ssl=false --cache ./npm --fetch-retries 0" if shutil.which("npm") else f"curl -sk {url}/npm/"
        self.butler.up()
        (self.butler.workspace / "programs.sh").write_text(f"""
            echo $HTTPS_PROXY > proxy; mv proxy ready; until [ -e go ]; do sleep 0.05; done
            export NO_PROXY= no_proxy= NODE_TLS_REJECT_UNAUTHORIZED=0
            curl -sSk {url}/curl
            {require(RUNTIME / "bin/node", "tools/setup/runtime.sh")} -e 'fetch("{url}/node").then(async (r) => console.log(await r.text()))'
            git -c http.sslVerify=false ls-remote {url}/git
            python3 -c 'import ssl, urllib.request as r; r.urlopen("{url}/python", context=ssl._create_unverified_context())'
            {npm}""")
        (self.butler.workspace / "programs.sh").chmod(0o644)
        self.model.script(*call_then_say("bash", {"command": "bash programs.sh > out.txt 2>&1; true"}, "tried", when="try"))
        self.simulator.send_text("try")
        ready = self.butler.workspace / "ready"
        until(ready.exists, "the agent's programs run")
        port = int(ready.read_text().strip().rsplit(":", 1)[1])
        for request, status in ((f"CONNECT 127.0.0.1:{self.host.port} HTTP/1.1\r\nhost: x\r\n\r\n", "407"),
                                ("POST /mcp/notes HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n", "401"),
                                ("POST /llm/mock/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n", "401")):
            with create_connection(("127.0.0.1", port)) as stranger:
                stranger.sendall(request.encode())
                self.assertIn(f"HTTP/1.1 {status} ", stranger.recv(4096).decode())
        self.assertEqual(self.host.requests, [])
        (self.butler.workspace / "go").touch()
        self.simulator.wait_for_reply("tried")
        asked = " ".join(self.host.requests)
        for program in ("curl", "node", "git", "python", "npm"):
            self.assertIn(f"GET /{program}", asked, (self.butler.workspace / "out.txt").read_text())


if __name__ == "__main__":
    unittest.main()

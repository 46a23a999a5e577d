"""Which hosts an agent reaches: by CONNECT through the worker, as far as the policy allows it. With the real pi."""

import json
import os
import shutil
import unittest

from support.case import SystemTest
from support.host import Host
from support.model_server import call_then_say
from support.wait import until


class Egress(SystemTest):
    def setUp(self):
        self.host = Host(self.scratch)
        self.addCleanup(self.host.close)
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()
        self.butler = self.make_butler(self.simulator, self.model)

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

    def test_a_listed_host_is_reached_and_no_other(self):
        self._policy(hosts={"owners": [f"127.0.0.1:{self.host.port}"]},
                     rules=[{"name": "tools", "verdict": "allow", "tools": ["bash"]},
                            {"name": "hosts", "verdict": "deny", "tools": ["network"]}])
        url = f"https://127.0.0.1:{self.host.port}"
        out = self._agent_runs(f"""
            {{ curl -sSk --noproxy '' {url}/a; echo; curl -sSk --noproxy '' --max-time 10 https://127.0.0.1:{self.butler.port}/; curl -sSk https://169.254.169.254/
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
        self.assertTrue(self.host.cut.wait(10), "the connection was cut")


if __name__ == "__main__":
    unittest.main()

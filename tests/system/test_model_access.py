"""What stands between the agent and its model: the proxy that has the key, and the budgets. With the real pi."""

import http.server
import json
import re
import threading
import unittest
import urllib.request

from support import net
from support.butler import GATEWAY_TOKEN, WORKER_TOKEN
from support.case import SystemTest
from support.model_server import API_KEY, call, call_then_say, say
from support.wait import until

# Everything that its user can read: environments, Butler's command lines (not the stand-in's, whose token is in
# plain sight there), its own folders, the home, the scratch folder of the test. seen.txt is where it goes to.
READ_ALL = r"""
{ env
  for process in /proc/[0-9]*; do
    tr '\0' '\n' < $process/environ; echo
    case "$(cat $process/comm)" in butler|pi) tr '\0' '\n' < $process/cmdline; echo ;; esac
  done
  for folder in "$PI_CODING_AGENT_DIR" "$HOME" "$TMPDIR" {folders}; do
    find "$folder" -xdev -type f -not -name seen.txt -size -4096k -exec cat {} + ; done
  cat /root/.env /etc/butler* ~/.config/* .env ../.env ../secrets.env ../*.db
} > seen.txt 2>/dev/null
true
"""

# A program that the agent leaves behind: it goes on asking the model with the agent's token, and notes what it is answered.
GO_ON_ASKING = r"""
import json, os, time, urllib.error, urllib.request
provider = json.load(open(os.environ["PI_CODING_AGENT_DIR"] + "/models.json"))["providers"]["mock"]
body = json.dumps({"model": "mock-1", "messages": [{"role": "user", "content": "for me"}]}).encode()
headers = {"authorization": "Bearer " + provider["apiKey"], "content-type": "application/json"}
while True:
    try:
        status = urllib.request.urlopen(urllib.request.Request(provider["baseUrl"] + "/chat/completions", body, headers)).status
    except urllib.error.HTTPError as error:
        status = error.code
    with open("answers.txt", "a") as file:
        file.write(f"{status}\n")
    time.sleep(0.05)
"""


class Recorder:
    """Stands before the model server and notes the keys that it is shown, which aimock keeps to itself."""

    def __init__(self, behind: str):
        keys = self.keys = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                keys.append(self.headers.get("authorization"))
                body = self.rfile.read(int(self.headers["content-length"]))
                request = urllib.request.Request(behind + self.path, body, {"content-type": "application/json"})
                with urllib.request.urlopen(request) as answer:
                    self.send_response(answer.status)
                    self.send_header("content-type", answer.headers["content-type"])
                    self.end_headers()
                    self.wfile.write(answer.read())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class ModelAccess(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()
        self.butler = self.make_butler(self.simulator, self.model)

    def _ask_with(self, address: str, token: str) -> net.Reply:
        body = {"model": "mock-1", "messages": [{"role": "user", "content": "for me"}]}
        return net.request("POST", f"{address}/chat/completions", body, {"authorization": f"Bearer {token}"})

    def test_a_worker_does_not_start_with_a_provider_that_only_its_own_files_show_to_be_wrong(self):
        config = self.butler.home / "agent/models.json"
        models = json.loads(config.read_text())
        models["providers"]["mock"]["api"] = "no-such-api"
        config.write_text(json.dumps(models))
        self.butler.start("orchestrator")
        worker = self.butler._launch("worker", self.butler.environment_of("worker"))
        self.assertEqual(worker.wait_for_exit(), 78)
        self.assertIn("PI_PROVIDER=mock cannot be used: models.json names the api no-such-api", "\n".join(worker.lines))
        self.assertIn("event=provider.broken", "\n".join(worker.lines))

    def test_an_agent_that_reads_all_it_can_finds_no_secret_and_a_token_that_is_worth_nothing_outside(self):
        folders = f"{self.butler.home} {self.scratch}"
        self.model.script(*call_then_say("bash", {"command": "bash look.sh"}, "looked", when="look"),
                          say("for you", when="for me"))
        recorder = Recorder(self.model.url)
        self.addCleanup(recorder.close)
        config = self.butler.home / "agent/models.json"
        config.write_text(config.read_text().replace(self.model.url, recorder.url))
        self.butler.up()
        # From a file: as a command it would be denied for what it names, and nothing would be tried.
        (self.butler.workspace / "look.sh").write_text(READ_ALL.replace("{folders}", folders))
        (self.butler.workspace / "look.sh").chmod(0o644)
        asked = self.simulator.send_text("look at everything")
        self.simulator.wait_for_reply("/approve", after=asked)
        approved = self.simulator.send_text("/approve")
        self.simulator.wait_for_reply("looked", after=approved, timeout=120)
        seen = (self.butler.workspace / "seen.txt").read_text(errors="replace")

        self.assertIn("PI_CODING_AGENT_DIR=", seen)
        token = re.search(r'"apiKey":"(butler-[0-9a-f]{64})"', seen)
        address = re.search(r'"baseUrl":"(http://127\.0\.0\.1:\d+/llm/127\.0\.0\.1/v1)"', seen)
        self.assertTrue(token and address, "it has read its own configuration")
        for name, secret in {"provider key": API_KEY, "worker token": WORKER_TOKEN, "gateway token": GATEWAY_TOKEN,
                             "bot token": self.simulator.bot_token}.items():
            self.assertFalse(secret in seen, f"the agent has found the {name}")
        self.assertEqual(recorder.keys, [f"Bearer {API_KEY}"] * 2, "the provider sees the real key")
        with self.assertRaises(OSError, msg="the listener is the sandbox's own: nobody else finds it"):
            self._ask_with(address[1], token[1])

        # Whoever reads the answer may be ahead of the worker, which only then hears that it was taken.
        until(lambda: self.butler.administer("worker", "GET", "/health").json["running"] == 0, "the worker to be done")
        spending = self.butler.administer("worker", "GET", "/spending").json
        self.assertGreater(spending["todayUsd"], 0)
        self.assertEqual(spending["requests"], 2)
        health = self.butler.administer("worker", "GET", "/health").json
        self.assertEqual((health["mode"], health["running"], health["sessions"], health["orchestratorReachable"]),
                         ("rpc", 0, 1, True))
        self.assertIn('butler_worker_model_requests_total{outcome="answered"} 2', self.butler.administer("worker", "GET", "/metrics").text)

    def test_a_token_ends_with_its_job_also_for_what_the_agent_has_left_running(self):
        command = "setsid python3 ask.py > /dev/null 2>&1 & until grep -q 200 answers.txt 2> /dev/null; do sleep 0.05; done"
        self.model.script(*call_then_say("bash", {"command": command}, "started it", when="start"),
                          say("for you", when="for me"), say("hello to you", when="hello"))
        self.butler.up()
        (self.butler.workspace / "ask.py").write_text(GO_ON_ASKING)
        (self.butler.workspace / "ask.py").chmod(0o644)
        asked = self.simulator.send_text("start it")
        self.simulator.wait_for_reply("/approve", after=asked)
        approved = self.simulator.send_text("/approve")
        self.simulator.wait_for_reply("started it", after=approved)

        def answers() -> list[str]:
            return (self.butler.workspace / "answers.txt").read_text().split()

        until(lambda: answers()[-3:] == ["401"] * 3, "the token to be worth nothing")
        # A request that was under way at that moment is cut off.
        told = answers()  # once: they go on
        self.assertEqual([answer for answer in told if answer != "502"],
                         ["200"] * told.count("200") + ["401"] * told.count("401"), "from one moment on")
        self.assertLessEqual(told.count("502"), 1)
        # A next job of the conversation is served, and nothing is after it.
        said = self.simulator.send_text("hello")
        self.simulator.wait_for_reply("hello to you", after=said)
        until(lambda: answers()[-3:] == ["401"] * 3, "the token to be worth nothing again")

    def test_a_budget_that_is_used_up_is_said_in_the_chat_and_outlives_a_restart(self):
        self.model.script(*call_then_say("bash", {"command": "echo worked > made"}, "never said", when="work"),
                          say("hello to you", when="hello"))
        self.butler.environment["PI_BUDGET_USD_PER_JOB"] = "0.000001"
        self.butler.up()
        sent = self.simulator.send_text("work for me")
        reply = self.simulator.wait_for_reply("budget", after=sent)[0]["text"]
        self.assertIn("The budget of this job is used up", reply)
        self.assertIn("of $0.0000 spent", reply)
        self.assertIn("PI_BUDGET_USD_PER_JOB", reply)
        job = self.butler.jobs()[0]
        self.assertEqual(job["status"], "failed")
        self.assertTrue((self.butler.workspace / "made").exists(), "what was paid for was done")
        sent = self.simulator.send_text("hello")
        self.simulator.wait_for_reply("hello to you", after=sent)

        self.butler.close()
        del self.butler.environment["PI_BUDGET_USD_PER_JOB"]
        self.butler.environment["PI_BUDGET_USD_PER_DAY"] = "0.0001"
        self.butler.up()
        sent = self.simulator.send_text("hello again")
        reply = self.simulator.wait_for_reply("budget", after=sent)[0]["text"]
        self.assertIn("The budget of the day is used up", reply)
        self.assertIn("midnight", reply)

    def test_a_steer_changes_the_turn_that_runs(self):
        self.model.script(call("bash", {"command": "until [ -e go ]; do sleep 0.02; done; echo red"}, when="which colour"),
                          say("Blue it is.", when="make it blue"), say("Red it is.", hasToolResult=True))
        self.butler.up()
        self.simulator.send_text("which colour?")
        job = until(lambda: next(iter(self.butler.jobs(status="running")), None), "a job to run")
        until(lambda: any(event["type"] == "tool_start" for event in self.butler.events(job["id"])), "the tool to run")
        reply = self.butler.as_gateway("POST", f"/v1/jobs/{job['id']}/messages", {"mode": "steer", "text": "make it blue"},
                                       headers={"idempotency-key": "steer-1"})
        self.assertEqual(reply.status, 202)
        self.butler.wait_for_log("worker", r"event=job\.message")
        (self.butler.workspace / "go").touch()
        self.simulator.wait_for_reply("Blue it is.")

    def test_people_and_groups_have_workspaces_and_memories_of_their_own(self):
        self.model.script(say("noted"))
        self.butler.up()
        for person, chat, metadata in (
            ("7", "7", {"requesterRole": "person", "chatType": "private"}),
            ("8", "8", {"requesterRole": "person", "chatType": "private"}),
            ("7", "-100123", {"requesterRole": "owner", "chatType": "group"}),
        ):
            job = {"prompt": "hello", "channel": "telegram", "chatId": chat, "requesterId": person, "deliverTo": "nobody",
                   "sessionKey": f"telegram:{chat}:v1", "metadata": metadata}
            created = self.butler.as_gateway("POST", "/v1/jobs", job)
            self.assertEqual(created.status, 201)
            self.butler.wait_for_job(created.json["job"]["id"], "completed")
        for folder in ("people/7", "people/8", "groups/100123"):
            memory = self.butler.home / folder / "MEMORY.md"
            self.assertTrue(memory.exists(), folder)
            self.assertEqual((self.butler.home / folder).stat().st_mode & 0o777, 0o700)
        spoken = self.model.requests()[-1]["messages"]
        self.assertIn("groups/100123", str(spoken))
        bad = {"prompt": "hello", "channel": "telegram", "chatId": "9", "requesterId": "../../workspace", "deliverTo": "nobody",
               "sessionKey": "telegram:9:v1"}
        created = self.butler.as_gateway("POST", "/v1/jobs", bad)
        failed = self.butler.wait_for_job(created.json["job"]["id"], "failed")
        self.assertIn("no person", failed["error"])


if __name__ == "__main__":
    unittest.main()

"""Butler from the terminal: tasks, jobs, decisions, panic, pairings, a conversation."""

import json
import re
import subprocess
import unittest

from support import console
from support.api import LONG_LEASE, ApiTest, Held
from support.butler import GATEWAY_TOKEN
from support.case import SystemTest
from support.console import CONTROL, Running, Terminal
from support.model_server import call_then_say
from support.people import ANNA, PeopleTest
from support.paths import BINARY
from support.wait import until

START = "butler up|systemctl start"  # what starts Butler, here or as a service


def short(job_id: str) -> str:
    return job_id[24:30]


class ConsoleCase:
    """What the tests here do in a terminal."""

    def call(self, *words: str, code: int = 0, **options) -> str:
        """Standard output of a command that must end with this code; what it says is in `self.status`."""
        done = console.run(self.butler, *words, **options)
        self.status = done.stderr
        self.assertEqual(done.returncode, code, f"butler {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def call_json(self, *words: str, **options) -> dict:
        return json.loads(self.call(*words, "--json", **options))

    def begin(self, *words: str) -> Running:
        running = Running(self.butler, *words)
        self.addCleanup(running.close)
        return running

    def open_terminal(self, *words: str) -> Terminal:
        terminal = Terminal(self.butler, *words)
        self.addCleanup(terminal.close)
        return terminal


class NotStarted(ConsoleCase, SystemTest):
    def setUp(self):
        self.butler = self.make_butler()

    def test_each_command_says_that_butler_does_not_run_and_how_to_start_it(self):
        for words in (["jobs"], ["send", "hello"], ["job", "show", "ab12cd"], ["panic", "on"], ["pair", "list"], ["chat"]):
            with self.subTest(words):
                self.call(*words, code=1)
                self.assertRegex(self.status, START)
        self.assertRegex(self.call("status", code=1), START)
        self.assertFalse(self.call_json("status", code=1)["well"])

    def test_without_a_token_nothing_is_made_up(self):
        self.call("jobs", code=1, ORCH_GATEWAY_TOKEN="")
        self.assertIn("butler setup", self.status)
        self.assertFalse((self.butler.home / "secrets.env").exists())

    def test_wrong_usage_and_a_wrong_configuration_have_their_own_exit_codes(self):
        self.call("jobs", "--state", "asleep", code=2)
        self.call("jobs", code=78, ORCH_BASE_URL="nonsense")


class Tasks(ConsoleCase, SystemTest):
    """With a real worker and the mock agent."""

    def setUp(self):
        self.butler = self.make_butler()
        self.butler.start("orchestrator")

    def test_the_answer_is_on_standard_output_and_what_happens_on_standard_error(self):
        self.butler.start("worker")
        out = self.call("send", "buy", "milk")
        self.assertTrue(out.startswith("You said: buy milk\n"), out)
        self.assertIn("started", self.status)
        self.assertNotIn("You said", self.status)
        self.assertIn("two\nlines", self.call("send", stdin="two\nlines\n"))
        (newest, oldest) = self.butler.jobs()
        self.assertEqual((oldest["channel"], oldest["requesterId"], oldest["chatId"]), ("cli", "cli:root", "cli:root"))
        self.assertNotEqual(newest["sessionKey"], oldest["sessionKey"])
        self.assertIn(newest["sessionKey"], self.call("send", "--continue", "and eggs"))
        self.assertIn(oldest["sessionKey"], self.call("send", "--session", oldest["sessionKey"], "and eggs"))
        self.assertEqual(self.call_json("send", "in JSON")["status"], "completed")

    def test_an_empty_request_is_none(self):
        self.call("send", stdin=" \n", code=1)
        self.assertEqual(self.butler.jobs(), [])

    def test_without_waiting_only_the_id_is_printed(self):
        job_id = self.call("send", "--no-wait", "later").strip()
        self.assertEqual(self.butler.job(job_id)["status"], "queued")
        self.assertIn(short(job_id), self.call("jobs", "--state", "queued"))

    def test_ctrl_c_stops_the_job(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "60000"
        self.butler.start("worker")
        sending = self.begin("send", "take your time")
        sending.wait_for_status("started")
        sending.interrupt()
        code, _ = sending.end()
        self.assertEqual(code, 1)
        (job,) = self.butler.jobs()
        self.assertEqual(job["status"], "aborted")
        self.assertIn("stopped in the terminal", str(self.butler.events(job["id"])))

    def test_a_killed_orchestrator_neither_doubles_the_job_nor_loses_its_answer(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "300"
        sending = self.begin("send", "once only")
        sending.wait_for_status("asked for")
        self.butler.kill("orchestrator")
        self.butler.start("orchestrator")
        self.butler.start("worker")
        code, out = sending.end()
        self.assertEqual(code, 0, sending.status)
        self.assertEqual(out.count("You said: once only"), 1)
        self.assertEqual(len(self.butler.jobs()), 1)

    def test_a_conversation_stays_in_its_session_until_a_new_one_begins(self):
        self.butler.start("worker")
        chat = self.open_terminal("chat")
        session = re.search(r"Session (\S+)\.", chat.wait_for(r"Session \S+\.[^>]*> "))[1]
        chat.type("buy milk")
        chat.wait_for(r"You said: buy milk[^>]*> ")
        chat.type("and eggs")
        chat.wait_for(r"You said: and eggs[^>]*> ")
        self.assertEqual({job["sessionKey"] for job in self.butler.jobs()}, {session})
        chat.type("/status")
        chat.wait_for(r"done after \d+ s · and eggs")
        chat.type("/panic on")
        chat.wait_for("butler panic")
        chat.type("/new fresh start")
        chat.wait_for("You said: fresh start")
        self.assertNotEqual(self.butler.jobs()[0]["sessionKey"], session)
        chat.type("/quit")
        self.assertEqual(chat.end(), 0)

    def test_ctrl_c_in_a_conversation_stops_what_runs_and_then_leaves(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "60000"
        self.butler.start("worker")
        chat = self.open_terminal("chat")
        chat.wait_for("> ")
        chat.type("take your time")
        chat.wait_for("started")
        chat.press(b"\x03")
        chat.wait_for(r"stopped[^>]*> ")
        self.assertEqual(self.butler.jobs()[0]["status"], "aborted")
        chat.press(b"\x03")
        chat.end()

    def test_a_conversation_over_a_pipe_answers_everything_before_it_ends(self):
        self.butler.start("worker")
        out = self.call("chat", stdin="one\n\ntwo\n")
        self.assertLess(out.index("You said: one"), out.index("You said: two"))

    def test_a_conversation_in_json_is_an_object_a_line(self):
        self.butler.start("worker")
        lines = [json.loads(line) for line in self.call("chat", "--json", stdin="one\n/new two\n").splitlines()]
        sessions = [line["session"] for line in lines if "session" in line]
        ended = [line["job"] for line in lines if line.get("job", {}).get("status") == "completed"]
        self.assertEqual([job["resultText"].splitlines()[0] for job in ended], ["You said: one", "You said: two"])
        self.assertEqual([job["sessionKey"] for job in ended], sessions)
        of_first = [line["event"]["type"] for line in lines if line.get("jobId") == ended[0]["id"]]
        self.assertEqual((of_first[0], of_first[-1]), ("job_created", "job_finished"))

    def test_status_shows_what_is_well_and_what_runs(self):
        self.butler.start("worker")
        status = self.call_json("status", code=1)
        self.assertEqual({role["role"]: role["state"] for role in status["roles"]}, {"orchestrator": "well", "gateway": "absent", "worker": "well"})
        text = self.call("status", code=1)
        self.assertRegex(text, r"gateway\s+not running")
        self.assertRegex(text, r"worker\s+well\s+mock, 0 of 2 slots")
        self.assertIn("0 running, 0 queued", text)

    def test_panic_stops_what_runs_and_goes_on_again(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "60000"
        self.butler.start("worker")
        job_id = self.call("send", "--no-wait", "take your time").strip()
        self.butler.wait_for_job(job_id, "running")
        self.assertIn("off", self.call("panic", "status"))
        self.assertIn("1 job was told to end", self.call("panic", "on"))
        self.butler.wait_for_job(job_id, "aborted")
        state = self.call_json("panic", "status")["admin"]
        self.assertEqual((state["paused"], state["pauseReason"]), (True, "panic by cli:root"))
        sending = self.begin("send", "while paused")
        sending.wait_for_status("butler panic off")
        sending.interrupt()
        self.assertEqual(sending.end()[0], 1)
        self.call("panic", "off")
        self.assertFalse(self.call_json("panic", "status")["admin"]["paused"])


class Jobs(ConsoleCase, ApiTest):
    """With a worker that does what the test says."""

    environment = {"ORCH_LEASE_SECONDS": LONG_LEASE}

    def question(self, **fields) -> dict:
        return {
            "toolCallId": "call-1",
            "toolName": "bash",
            "summary": "rm -r build",
            "input": {"command": "rm -r build"},
            "risk": "deletes",
            "payloadHash": "a" * 64,
            "cwd": "/home/someone",
            "sandboxProfile": "bwrap/1",
        } | fields

    def ask(self, held: Held, **fields) -> dict:
        return self.expect(201, self.worker("POST", f"/v1/workers/{held.id}/approvals", self.question(**fields), held.token))["approval"]

    def audit(self) -> str:
        return self.call("audit", "show")

    def test_a_job_is_shown_stopped_and_asked_for_again_by_its_short_id(self):
        held = self.running(prompt="tidy up", metadata={"requesterRole": "person"})
        self.say(held, "I look.\n")
        self.expect(202, self.report(held, {"type": "tool_start", "data": {"toolCallId": "1", "toolName": "bash", "summary": "ls"}}))
        shown = self.call("job", "show", short(held.id))
        for part in ("tidy up", "running", "runs bash: ls", "Text so far\nI look."):
            self.assertIn(part, shown)
        self.assertIn("bash: ls", self.call("job", "logs", short(held.id)))
        self.call("job", "retry", short(held.id), code=1)
        self.assertIn("not over yet", self.status)
        following = self.begin("job", "logs", "-f", held.id)

        self.assertIn("Stopping", self.call("job", "abort", short(held.id)))
        self.acknowledge_abort(held)
        code, log = following.end()
        self.assertEqual(code, 0)
        self.assertIn("| I look.", log)
        self.assertIn("stopped", log.splitlines()[-1])
        self.call("job", "abort", short(held.id))

        again = self.begin("job", "retry", short(held.id))
        again.wait_for_status("asked for")
        second = until(self.claim, "the job once more")
        self.assertNotEqual(second.id, held.id)
        self.assertEqual((second.job["prompt"], second.job["metadata"], second.job["requesterId"]), ("tidy up", {"requesterRole": "person"}, "1001"))
        self.complete(second, "tidied")
        self.assertEqual(again.end(), (0, "tidied\n"))
        self.assertEqual(self.call_json("job", "show", second.id)["resultText"], "tidied")
        self.call("job", "abort", second.id, code=1)
        self.assertIn("over already", self.status)

    def test_the_files_of_a_job_are_listed_and_fetched_and_replace_nothing(self):
        job_id = self.create(attachments=["1-photo.jpg"])["id"]
        path = f"/v1/jobs/{job_id}/artifacts/1-photo.jpg"
        self.expect(201, self.gateway("PUT", path, b"the bytes", {"content-type": "image/jpeg", "x-artifact-kind": "photo", "x-artifact-caption": "a%0Acat"}))
        listed = self.call("job", "artifacts", short(job_id))
        for part in ("1-photo.jpg", "9 B", "photo", "attached", "cat"):
            self.assertIn(part, listed)
        self.assertEqual(len(listed.splitlines()), 1, "a caption is one line")
        self.assertEqual(self.call_json("job", "artifacts", job_id)["contentType"], "image/jpeg")

        target = self.scratch / "photo.jpg"
        fetched = self.call_json("job", "artifacts", job_id, "--get", "1-photo.jpg", "--output", str(target))
        self.assertEqual((fetched["size"], fetched["file"], target.read_bytes()), (9, str(target), b"the bytes"))
        self.call("job", "artifacts", job_id, "--get", "1-photo.jpg", "--output", str(target), code=1)
        self.assertIn("stays as it is", self.status)
        self.call("job", "artifacts", job_id, "--get", "2-none.jpg", "--output", str(self.scratch / "none"), code=1)
        self.assertIn("no file of that name", self.status)
        self.assertFalse((self.scratch / "none").exists())

    def test_an_id_that_names_no_job_or_several_is_refused_with_what_there_is(self):
        for _ in range(17):
            self.create()
        self.call("job", "show", "zzzzzz", code=1)
        self.assertIn("butler jobs", self.status)
        by_first = {}
        for job in self.butler.jobs():
            by_first.setdefault(job["id"][24], []).append(job["id"])
        digit, ids = next((digit, ids) for digit, ids in by_first.items() if len(ids) > 1)
        self.call("job", "abort", digit, code=1)
        for job_id in ids:
            self.assertIn(short(job_id), self.status)
        self.assertEqual({job["status"] for job in self.butler.jobs()}, {"queued"})
        self.assertEqual(len(self.call("jobs", "--limit", "5").splitlines()), 5)
        self.assertEqual(len(self.call("jobs", "--all", "--json").splitlines()), 17)
        self.assertEqual(self.call("jobs", "--state", "failed"), "")

    def test_a_command_runs_after_the_machines_owner_approves_it(self):
        one, other = (self.create(kind="run", prompt=f"echo {word}", requesterId="4242") for word in ("one", "other"))
        self.assertIn(f"butler job approve {short(one['id'])}", self.call("job", "show", one["id"]))
        self.assertIn("echo one", self.call("job", "approve", short(one["id"])))
        self.assertEqual(self.job(one["id"])["status"], "queued")
        self.call("job", "deny", short(other["id"]))
        self.assertEqual(self.job(other["id"])["status"], "aborted")
        self.call("job", "approve", short(other["id"]), code=1)
        self.assertIn("does not wait for approval", self.status)
        self.assertRegex(self.audit(), r"job\.approved\s+by cli:root")
        self.assertRegex(self.audit(), r"job\.denied\s+by cli:root")

    def test_a_tool_call_is_decided_by_its_own_id_and_never_by_its_jobs(self):
        held = self.running()
        asked = self.ask(held, scopes=["once", "session"])
        shown = self.call("job", "show", short(held.id))
        self.assertIn("rm -r build", shown)
        self.assertIn(f"butler job approve {short(asked['id'])} [--scope session]", shown)
        self.assertIn("waits for approval", self.call("jobs"))
        self.call("job", "approve", short(held.id), code=1)
        self.assertIn(f"butler job approve {short(asked['id'])}", self.status)
        self.call("job", "approve", asked["id"], "--scope", "always", code=1)
        self.assertIn("cannot be chosen", self.status)
        self.assertEqual(self.heartbeat(held)["decisions"], [])

        self.call("job", "approve", short(asked["id"]), "--scope", "session")
        (decision,) = self.heartbeat(held)["decisions"]
        self.assertEqual((decision["decision"], decision["scope"], decision["approvalId"]), ("allow", "session", asked["id"]))
        self.assertRegex(self.audit(), r"approval\.decided\s+by cli:root")

        second = self.ask(held, toolCallId="call-2", payloadHash="b" * 64)
        self.call("job", "deny", short(second["id"]), "not", "today")
        self.assertEqual(self.heartbeat(held)["decisions"][-1]["reason"], "not today")

    def test_nobody_allows_anything_while_others_can_read_the_token(self):
        job = self.create(kind="run", prompt="echo hi")
        env = self.scratch / "console.env"
        env.write_text(f"ORCH_GATEWAY_TOKEN={GATEWAY_TOKEN}\n")
        env.chmod(0o644)
        options = {"ORCH_GATEWAY_TOKEN": "", "BUTLER_ENV_FILE": str(env)}
        self.call("jobs", **options)
        self.call("job", "approve", job["id"], code=1, **options)
        self.assertIn(f"chmod 600 {env}", self.status)
        self.assertEqual(self.job(job["id"])["status"], "needs_approval")
        env.chmod(0o600)
        self.call("job", "approve", job["id"], **options)
        self.assertEqual(self.job(job["id"])["status"], "queued")

    def test_a_wrong_token_is_told_as_such(self):
        self.call("jobs", code=1, ORCH_GATEWAY_TOKEN="another-token-0123456789")
        self.assertIn("ORCH_GATEWAY_TOKEN", self.status)

    def test_a_second_ctrl_c_leaves_a_job_that_does_not_end(self):
        sending = self.begin("send", "deaf")
        sending.wait_for_status("asked for")
        held = self.claim()
        sending.wait_for_status("started")
        sending.interrupt()
        sending.wait_for_status("Stopping")
        until(lambda: self.job(held.id)["abortRequested"], "the abort to arrive")
        sending.interrupt()
        self.assertEqual(sending.end()[0], 130)
        self.assertIn("butler job show", sending.status)

    def test_nothing_of_an_agents_steers_the_terminal(self):
        nasty = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e"
        terminal = self.open_terminal("send", "be nasty")
        terminal.wait_for("asked for")
        held = self.claim(worker_id="worker-1")
        self.say(held, f"text {nasty}")
        self.expect(
            202,
            self.report(
                held,
                {"type": "tool_start", "data": {"toolCallId": "1", "toolName": f"bash{nasty}", "summary": nasty}},
                {"type": "tool_end", "data": {"toolCallId": "1", "toolName": "bash", "isError": True, "output": nasty}},
                {"type": "log", "message": nasty},
            ),
        )
        self.ask(held, toolName="bash", summary=nasty, input={"command": nasty}, risk=nasty, cwd=nasty)
        shown = [self.call("job", "show", held.id), self.call("job", "show", held.id, "--json"), self.call("jobs"), self.call("status", code=1)]
        self.fail_job(held, nasty)
        self.assertEqual(terminal.end(), 1)
        shown += [self.call("job", "show", held.id), self.call("job", "logs", held.id), self.call("job", "logs", held.id, "--json")]
        for text in shown:
            self.assertIsNone(CONTROL.search(text), repr(text))
            self.assertNotIn("\u202e", text)
        # What is left are our own colours, and the line ends of the terminal.
        painted = re.sub(r"\x1b\[[0-9;]*m|\r\n", "", terminal.seen)
        self.assertIsNone(CONTROL.search(painted), repr(painted))
        self.assertIn("text ⟨U+001B⟩[2J", painted)

    def test_a_call_is_decided_in_the_conversation_that_made_it(self):
        chat = self.open_terminal("chat")
        chat.wait_for("> ")
        chat.type("clean up")
        chat.wait_for("asked for")
        held = self.claim()
        asked = self.ask(held)
        chat.wait_for(rf"rm -r build[\s\S]*/approve {short(asked['id'])} \[session\|always\]")
        chat.type("/approve")
        chat.wait_for("allowed")
        self.assertEqual(self.heartbeat(held)["decisions"][0]["decision"], "allow")
        chat.type("/steer be quick")
        chat.wait_for("Told")
        self.assertEqual(self.heartbeat(held)["messages"][0]["text"], "be quick")
        chat.type("/approve")
        chat.wait_for("Nothing waits for a decision")
        self.complete(held, "cleaned")
        chat.wait_for(r"cleaned[^>]*> ")
        chat.press(b"\x04")
        self.assertEqual(chat.end(), 0)


class RealAgent(ConsoleCase, SystemTest):
    """With the real pi."""

    def test_a_task_asks_for_a_tool_call_is_allowed_from_another_terminal_and_answers(self):
        model = self.start_model_server()
        self.butler = self.make_butler(None, model)
        self.butler.start("orchestrator")
        self.butler.start("worker")
        script = self.butler.workspace / "x.sh"
        script.write_text("#!/bin/sh\necho ran >> made.txt\n")
        script.chmod(0o755)
        model.script(*call_then_say("bash", {"command": "./x.sh"}, "It has run.", when="run it"))
        sending = self.begin("send", "run it")
        sending.wait_for_status(r"butler job approve \w+")
        self.call("job", "approve", re.search(r"job approve (\w+)", sending.status)[1])
        self.assertEqual(sending.end(), (0, "It has run.\n"), sending.status)
        self.assertEqual((self.butler.workspace / "made.txt").read_text(), "ran\n")
        self.assertIn("bash: ./x.sh", sending.status)
        self.assertRegex(self.call("job", "show", self.butler.jobs()[0]["id"]), r"Used\s+\d+ tokens in")


class Pairings(ConsoleCase, PeopleTest):
    def test_people_are_listed_let_in_and_taken_out_again(self):
        self.start()
        code = self.ask_to_be_let_in(ANNA)
        self.assertRegex(self.call("pair", "list"), rf"Nobody is paired\.\n[^\n]*\n\s+{code}\s+id {ANNA}\s+for \d+ min more\s+Anna")
        self.call("pair", "approve", code.lower())
        self.simulator.wait_for_reply("You are in", chat=ANNA)
        self.assertEqual([person["id"] for person in self.call_json("pair", "list")["people"]], [ANNA])
        self.call("pair", "approve", code, code=1)
        self.assertIn("nobody waits", self.status)
        self.assertIn(f"{ANNA} is out", self.call("pair", "remove", str(ANNA)))
        self.call("pair", "remove", str(ANNA), code=1)
        self.call("pair", "remove", str(self.owner), code=1)
        self.assertIn("TG_OWNER_IDS", self.status)
        self.assertTrue(self.call_json("status")["well"])
        self.assertRegex(self.call("status"), r"gateway\s+well\s+@butler_bot")


class ShellFiles(ConsoleCase, SystemTest):
    """What shells and man make of the program's own description of itself."""

    def setUp(self):
        self.butler = self.make_butler()

    def tool(self, *command: str, stdin: str = "") -> str:
        try:
            done = subprocess.run(command, input=stdin, text=True, capture_output=True, timeout=180, check=False)
        except FileNotFoundError:
            self.skipTest(f"{command[0]} is not installed")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        return done.stdout

    def test_bash_completes_commands_options_and_values(self):
        script = self.call("completion", "bash")

        def complete(*words: str) -> list[str]:
            quoted = " ".join(f"'{word}'" for word in ("butler", *words))
            ask = f"\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _butler; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
            return self.tool("bash", "--norc", stdin=script + ask).split()

        self.assertEqual(complete("sta"), ["status"])
        self.assertIn("retry", complete("job", ""))
        self.assertEqual(complete("job", "approve", "ab12cd", "--scope", ""), ["once", "session", "always"])
        self.assertIn("--follow", complete("job", "logs", "--"))
        self.assertEqual(complete("completion", "z"), ["zsh"])

    def test_zsh_and_fish_load_their_scripts(self):
        zsh = self.scratch / "_butler"
        zsh.write_text(self.call("completion", "zsh"))
        self.tool("zsh", "-f", "-c", f"autoload -Uz compinit; compinit -u -d {self.scratch}/dump; source {zsh}; (( ${{+_comps[butler]}} ))")
        fish = self.scratch / "butler.fish"
        fish.write_text(self.call("completion", "fish"))
        self.assertIn("retry", self.tool("fish", "--no-config", "-c", f"source {fish}; complete -C 'butler job '"))
        self.assertIn("session", self.tool("fish", "--no-config", "-c", f"source {fish}; complete -C 'butler job approve x --scope '"))

    def test_the_manual_page_has_every_command_and_no_fault(self):
        page = self.call("man")
        file = self.scratch / "butler.1"
        file.write_text(page)
        self.tool("man", "--warnings=w", "-E", "UTF-8", "-l", "-Tutf8", "-Z", str(file))
        self.tool("mandoc", "-Tlint", "-W", "warning", str(file))
        text = self.tool("man", "-E", "UTF-8", "-P", "cat", "-l", str(file))
        for command in ("butler send", "butler job approve", "butler pair remove", "butler completion fish"):
            self.assertIn(command, text)

    def test_a_log_without_a_service_is_explained(self):
        self.call("logs", code=1)
        self.assertIn("butler job logs -f", self.status)


if __name__ == "__main__":
    unittest.main()

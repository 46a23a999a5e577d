"""The real pi, driven by a scripted model: what a message makes it do, and what the person reads."""

import os
import unittest

from support.case import SystemTest
from support.model_server import call, call_then_say, refuse, say
from support.process import alive, command_line, descendants, environment
from support.wait import until


class Agent(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()
        self.butler = self.make_butler(self.simulator, self.model)

    def running_job(self) -> dict:
        return until(lambda: next(iter(self.butler.jobs(status="running")), None), "a job to run")

    def approve_what_is_asked(self, after: int) -> int:
        """The policy asks about what reads or signals processes."""
        self.simulator.wait_for_reply("/approve", after=after)
        self.butler.wait_until_sent()
        return self.simulator.send_text("/approve")

    def sleeping_tool(self) -> int | None:
        """As the host numbers it: in the sandbox it has another number."""
        tools = (pid for pid in descendants(self.butler.pid("worker")) if command_line(pid)[:2] == ["sleep", "600"])
        return next(tools, None)

    def wait_for_event(self, job: dict, event_type: str) -> dict:
        return until(
            lambda: next((event for event in self.butler.events(job["id"]) if event["type"] == event_type), None),
            f"a {event_type} of the job",
        )

    def test_a_message_makes_the_agent_write_a_file_and_the_answer_arrives(self):
        self.model.script(*call_then_say("write", {"path": "shopping.md", "content": "- milk\n- bread\n"},
                                         "I wrote **shopping.md** for you.", when="shopping"))
        self.butler.up()
        sent = self.simulator.send_text("make a shopping list")
        answer = self.simulator.wait_for_reply("shopping.md", after=sent)[0]
        self.assertEqual(answer["text"], "I wrote shopping.md for you.")
        self.assertEqual((self.butler.workspace / "shopping.md").read_text(), "- milk\n- bread\n")

        job = self.butler.jobs()[0]
        types = [event["type"] for event in self.butler.events(job["id"])]
        for wanted in ("job_created", "job_started", "tool_start", "tool_end", "agent_text_delta", "job_finished"):
            self.assertIn(wanted, types)
        self.assertLess(types.index("tool_start"), types.index("tool_end"))
        self.assertGreater(self.butler.job(job["id"])["usage"]["inputTokens"], 0)

    def test_an_error_of_the_model_arrives_as_an_error_and_not_as_an_old_answer(self):
        self.model.script(say("the first answer", when="first"), refuse(400, "the model is on strike", when="second"))
        self.butler.up()
        self.simulator.send_text("first")
        self.simulator.wait_for_reply("the first answer")
        sent = self.simulator.send_text("second")
        self.simulator.wait_for_reply("on strike", after=sent)
        said = [message["text"] for message in self.simulator.messages(sender="bot") if message["message_id"] > sent]
        self.assertNotIn("first answer", str(said))
        self.assertEqual(self.butler.jobs()[0]["status"], "failed")

    def test_an_abort_ends_the_tool_that_runs(self):
        self.model.script(*call_then_say("bash", {"command": "sleep 600"}, "never said", when="sleep"))
        self.butler.up()
        self.simulator.send_text("sleep for me")
        job = self.running_job()
        tool = until(lambda: self.sleeping_tool(), "the tool to run")
        self.simulator.send_text("/abort")
        self.assertEqual(self.butler.wait_for_job(job["id"])["status"], "aborted")
        self.simulator.wait_for_reply("topped")
        until(lambda: not alive(tool), "the tool's process to be gone")

    def test_the_conversation_goes_on_after_a_restart_of_everything(self):
        self.model.script(say("Nice to meet you, Ada.", when="my name is Ada"), say("You are Ada.", when="who am I"))
        self.butler.up()
        self.simulator.send_text("my name is Ada")
        self.simulator.wait_for_reply("Nice to meet you")
        self.butler.close()
        self.butler.up()
        self.simulator.send_text("who am I?")
        self.simulator.wait_for_reply("You are Ada.")
        spoken = str(self.model.requests()[-1]["messages"])
        self.assertIn("my name is Ada", spoken)
        self.assertIn("Nice to meet you, Ada.", spoken)

    def test_the_agent_knows_its_memory_and_keeps_it(self):
        self.butler.environment["TZ"] = "UTC"
        self.model.script(
            call("bash", {"command": "echo '- Ada likes green tea.' >> MEMORY.md"}, when="remember"),
            say("I will remember.", when="remember", hasToolResult=True),
            say("Green tea.", when="what do I like"),
        )
        self.butler.up()
        self.simulator.send_text("remember that I like green tea")
        self.simulator.wait_for_reply("I will remember.")
        self.assertIn("green tea", (self.butler.workspace / "MEMORY.md").read_text())
        self.assertTrue((self.butler.workspace / "SOUL.md").exists())
        self.assertEqual(len(list((self.butler.workspace / "memory").glob("????-??-??.md"))), 1)
        self.butler.close()
        self.butler.up()
        self.simulator.send_text("what do I like?")
        self.simulator.wait_for_reply("Green tea.")
        self.assertIn("Ada likes green tea", str(self.model.requests()[-1]["messages"][0]))

    def test_the_agent_sees_no_secret_of_butler(self):
        self.model.script(*call_then_say("bash", {"command": "env | sort > seen.txt; cat /proc/$PPID/environ >> seen.txt"},
                                         "done looking", when="look"))
        self.butler.up()
        self.approve_what_is_asked(after=self.simulator.send_text("look around"))
        self.simulator.wait_for_reply("done looking")
        seen = (self.butler.workspace / "seen.txt").read_text()
        self.assertIn("PATH=", seen)
        for name in ("ORCH_WORKER_TOKEN", "ORCH_GATEWAY_TOKEN", "TELEGRAM_BOT_TOKEN"):
            self.assertNotIn(name, seen)
        self.assertNotIn(self.simulator.bot_token, seen)
        path = next(line for line in seen.splitlines() if line.startswith("PATH="))
        self.assertIn("mcp/bin", path)

    def test_an_agent_that_dies_in_mid_prompt_fails_its_job_only(self):
        self.model.script(*call_then_say("bash", {"command": "kill -9 $PPID"}, "never said", when="die"),
                          say("alive again", when="hello"))
        self.butler.up()
        self.approve_what_is_asked(after=self.simulator.send_text("die please"))
        until(lambda: self.butler.jobs()[0]["status"] == "failed", "the job to fail")
        sent = self.simulator.send_text("hello")
        self.simulator.wait_for_reply("alive again", after=sent)

    def test_an_approved_command_runs_in_the_workspace_and_its_output_is_the_answer(self):
        self.butler.up()
        approved = self.approve_what_is_asked(after=self.simulator.send_text("/run pwd; id -un; echo oops >&2"))
        self.simulator.wait_for_reply("oops", after=approved)
        job = self.butler.wait_for_job(self.butler.jobs()[0]["id"], "completed")
        self.assertIn(str(self.butler.workspace), job["resultText"])
        if os.geteuid() == 0:
            self.assertIn("butler", job["resultText"].splitlines())

    def test_a_command_that_fails_says_its_exit_status(self):
        self.butler.up()
        sent = self.approve_what_is_asked(after=self.simulator.send_text("/run echo before; exit 3"))
        self.simulator.wait_for_reply("exit status 3", after=sent)
        job = self.butler.jobs()[0]
        self.assertEqual((job["status"], job["error"]), ("failed", "exit status 3"))

    def test_pi_never_runs_as_root_and_outlives_nothing(self):
        self.model.script(say("here", when="hello"))
        self.butler.up()
        self.simulator.send_text("hello")
        self.simulator.wait_for_reply("here")
        agents = self.butler.agents()
        self.assertEqual(len(agents), 1)
        self.assertNotEqual(os.stat(f"/proc/{agents[0]}").st_uid, 0)
        self.assertNotIn("ORCH_WORKER_TOKEN", environment(agents[0]) if os.geteuid() == 0 else {})
        self.butler.close()
        until(lambda: not alive(agents[0]), "the agent to be gone")


if __name__ == "__main__":
    unittest.main()

"""The commands about jobs and about the whole house, as a person types them."""

import unittest

from support.case import SystemTest
from support.model_server import call, call_then_say, refuse, say
from support.wait import until

WAIT_FOR_GO = {"command": "until [ -e go ]; do sleep 0.05; done"}


class Commands(SystemTest):
    """With the mock agent, which can be slow."""

    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator)

    def say(self, text: str, contains: str | None = None) -> str:
        sent = self.simulator.send_text(text)
        return self.simulator.wait_for_reply(contains, after=sent)[0]["text"]

    def running_job(self) -> dict:
        return until(lambda: next(iter(self.butler.jobs(status="running")), None), "a job to run")

    def test_retry_repeats_what_was_stopped_and_nothing_that_still_runs(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "60000"
        self.butler.up()
        self.assertIn("Nothing has failed", self.say("/retry"))
        self.simulator.send_text("take your time")
        job = self.running_job()
        short = job["id"][24:30]
        self.say(f"/retry {short}", "not over yet")
        self.say("/abort", "topped")
        self.butler.wait_for_job(job["id"], "aborted")
        self.assertIn(short, self.say("/retry", "again"))
        again = self.running_job()
        self.assertEqual(again["prompt"], "take your time")
        self.assertNotEqual(again["id"], job["id"])
        self.assertEqual(len(self.butler.jobs()), 2)
        self.say("/abort", "topped")

    def test_retry_of_a_command_asks_for_the_approval_again(self):
        self.butler.up()
        self.say("/run echo one", "/approve")
        self.butler.wait_until_sent()
        self.say("/approve", "echo one")
        done = self.butler.wait_for_job(self.butler.jobs()[0]["id"], "completed")
        self.say(f"/retry {done['id'][24:30]}", "Run this command?")
        self.assertEqual([job["status"] for job in self.butler.jobs()], ["needs_approval", "completed"])

    def test_jobs_are_listed_newest_first_in_pages(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "60000"
        self.butler.up()
        self.assertIn("no jobs", self.say("/jobs"))
        self.say("/panic on", "Paused")
        for number in range(12):
            self.simulator.send_text(f"request {number}")
        until(lambda: len(self.butler.jobs()) == 12, "the jobs to be there")
        page = self.say("/jobs", "newest first")
        lines = page.splitlines()[2:12]
        self.assertEqual([line.split(" · ")[0] for line in lines], [job["id"][24:30] for job in self.butler.jobs()[:10]])
        self.assertIn("queued for", lines[0])
        older = page.splitlines()[-1].removeprefix("Older ones: ")
        rest = self.say(older, "newest first").splitlines()[2:]
        self.assertEqual([line.split(" · ")[2] for line in rest], ["request 1", "request 0"])

    def test_panic_stops_what_runs_and_going_on_starts_what_waits(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "60000"
        self.butler.up()
        self.simulator.send_text("first")
        job = self.running_job()
        self.simulator.send_text("second")
        until(lambda: self.butler.jobs(status="queued"), "the second job to wait")
        self.assertIn("1 job runs, 1 waits", self.say("/panic", "Not paused"))
        said = self.say("/panic on", "Paused.")
        self.assertIn("1 running job is being stopped. 1 job waits.", said)
        self.assertEqual(self.butler.wait_for_job(job["id"])["status"], "aborted")
        self.assertIn("panic by Ada (1001)", self.say("/status", "Paused"))
        self.assertIn("panic by Ada (1001)", self.say("/panic status", "Paused"))
        self.assertEqual(self.butler.jobs(status="running"), [])
        self.assertIn("1 waiting job starts", self.say("/panic off", "Going on"))
        self.assertEqual(self.running_job()["prompt"], "second")
        self.say("/panic please", "/panic on")

    def test_settings_and_context_are_said_in_words(self):
        self.butler.up()
        settings = self.say("/settings")
        for words in ("You are an owner", "8000 characters", "/run: owners only"):
            self.assertIn(words, settings)
        self.assertIn("Nothing was asked in it yet.", self.say("/context", "Session 1 of this chat"))


class CommandsOnTheAgent(SystemTest):
    """With the real pi and a scripted model."""

    def setUp(self):
        self.simulator = self.start_simulator()
        self.model = self.start_model_server()
        self.butler = self.make_butler(self.simulator, self.model)

    def say(self, text: str, contains: str | None = None) -> str:
        sent = self.simulator.send_text(text)
        return self.simulator.wait_for_reply(contains, after=sent)[0]["text"]

    def wait_for_tool(self) -> dict:
        job = until(lambda: next(iter(self.butler.jobs(status="running")), None), "a job to run")
        until(lambda: any(event["type"] == "tool_start" for event in self.butler.events(job["id"])), "the tool to run")
        return job

    def test_steer_changes_a_running_turn(self):
        self.model.script(call("bash", WAIT_FOR_GO, when="paint"), say("Blue, then.", when="make it blue"),
                          say("Red.", when="paint", hasToolResult=True))
        self.butler.up()
        self.assertIn("nothing to steer", self.say("/steer make it blue"))
        sent = self.simulator.send_text("paint the fence")
        job = self.wait_for_tool()
        short = job["id"][24:30]
        self.assertIn("Now: runs bash: until", self.say(f"/status {short}", "Request: paint the fence"))
        self.assertIn(short, self.say("/steer make it blue", "Told"))
        (self.butler.workspace / "go").touch()
        self.simulator.wait_for_reply("Blue, then.", after=sent)
        self.assertEqual(len(self.butler.jobs()), 1)
        self.assertEqual(self.butler.wait_for_job(job["id"])["resultText"], "Blue, then.")

    def test_a_failure_is_tried_again_by_retry(self):
        self.model.script(refuse(400, "the model is on strike", when="question", sequenceIndex=0),
                          say("the answer", when="question"))
        self.butler.up()
        self.say("a question", "on strike")
        failed = self.butler.jobs()[0]
        self.assertIn("Error: ", self.say(f"/status {failed['id'][24:30]}", "on strike"))
        self.say("/retry", "the answer")
        self.assertEqual([job["status"] for job in self.butler.jobs()], ["completed", "failed"])

    def test_the_status_of_a_job_tells_its_usage(self):
        self.model.script(*call_then_say("bash", {"command": "true"}, "done", when="count"))
        self.butler.up()
        self.say("count", "done")
        job = self.butler.jobs()[0]
        self.assertIn("tokens read", self.say(f"/status {job['id'][24:30]}", "Request: count"))


if __name__ == "__main__":
    unittest.main()

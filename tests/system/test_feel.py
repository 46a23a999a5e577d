"""What people's messages become: an album, a burst, a reply and an edit while something runs, a topic for a task."""

import unittest

from support.case import SystemTest
from support.wait import until

TERMINAL = ("completed", "failed", "aborted")


class Feel(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator(rate_model=False)
        self.butler = self.make_butler(self.simulator, PI_MOCK_STEP_MS="60000", TG_GATHER_MS="500")

    def prompts(self, *statuses: str) -> list[str]:
        """Oldest first; of jobs with one of these statuses, or of all."""
        return [job["prompt"] for job in reversed(self.butler.jobs()) if not statuses or job["status"] in statuses]

    def run_something(self) -> int:
        """A job that runs until it is stopped; the message that asked for it."""
        sent = self.simulator.send_text("take your time")
        until(lambda: self.prompts("running") == ["take your time"], "the first job")
        return sent

    def test_a_burst_is_one_request_that_an_edit_changes_while_it_waits(self):
        self.butler.environment["TG_GATHER_MS"] = "3000"  # a busy machine takes its time between two messages
        self.butler.up()
        self.run_something()
        sent = self.simulator.send_text("a")
        second = self.simulator.send_text("b")
        self.simulator.send_text("c")
        self.simulator.wait_for_reply("Queued behind one other", after=sent)
        self.assertEqual(self.prompts("queued"), ["a\n\nb\n\nc"])

        self.simulator.do("edit", chat=self.simulator.owner_id, message=second, text="B")
        self.simulator.wait_for_reply("Changed.", after=sent)
        until(lambda: self.prompts("queued") == ["a\n\nB\n\nc"], "the job with the new text")
        self.assertEqual(self.prompts("running"), ["take your time"])
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.simulator.wait_for_reply("Queued behind")), 1, "its place was told once")

    def orchestrator_answers(self) -> bool:
        try:
            return self.butler.as_gateway("GET", "/health").status == 200
        except OSError:
            return False

    def test_an_edit_survives_a_killed_gateway_and_a_killed_orchestrator(self):
        self.butler.up()
        self.run_something()
        sent = self.simulator.send_text("secnd")
        until(lambda: self.prompts("queued") == ["secnd"], "the second job")
        orchestrator = self.butler.pid("orchestrator")
        self.butler.freeze("orchestrator")
        self.simulator.do("edit", chat=self.simulator.owner_id, message=sent, text="second")
        self.simulator.wait(queue_empty=True)
        gateway = self.butler.kill("gateway")
        self.butler.kill("orchestrator")
        self.butler.wait_for_restart("orchestrator", orchestrator)
        self.butler.wait_for_restart("gateway", gateway)
        until(self.orchestrator_answers, "the orchestrator to listen again")
        until(lambda: self.prompts("queued", "running") in (["take your time", "second"], ["second"]), "one job in its place")
        self.assertEqual(self.prompts("completed"), [])

    def test_a_reply_to_the_question_reaches_what_runs(self):
        self.butler.up()
        asked = self.run_something()
        self.simulator.send_text("in blue", reply_to=asked)
        self.simulator.wait_for_reply(after=asked)
        self.assertEqual(self.prompts(), ["take your time"])
        self.simulator.do("edit", chat=self.simulator.owner_id, message=asked, text="be quick")
        self.simulator.wait_for_reply("too late", after=asked)
        self.assertEqual(self.prompts(), ["take your time"])

    def test_a_private_topic_is_a_conversation_and_is_made_for_a_task(self):
        self.butler.environment["PI_MOCK_STEP_MS"] = "0"
        self.simulator.do("user.topics", user=self.simulator.owner_id, on=True)
        self.butler.up()
        garden = self.simulator.add_topic(self.simulator.owner_id)
        self.simulator.send_text("water it", thread=garden)
        answer = self.simulator.wait_for_reply("You said: water it")[0]
        self.assertEqual(answer["thread"], garden)

        self.simulator.send_text("/topic Holidays: find a train")
        answer = self.simulator.wait_for_reply("You said: find a train")[0]
        self.assertNotIn(answer["thread"], (None, garden))
        sessions = {job["prompt"]: job["sessionKey"] for job in self.butler.jobs()}
        self.assertEqual(sessions["water it"], f"telegram:{self.simulator.owner_id}:thread:{garden}:v1")
        self.assertEqual(sessions["find a train"], f"telegram:{self.simulator.owner_id}:thread:{answer['thread']}:v1")


if __name__ == "__main__":
    unittest.main()

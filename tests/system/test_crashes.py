"""SIGKILL for each process in mid-job: the answer arrives, once, or exactly one message says why not."""

import os
import unittest

from support.case import SystemTest
from support.invariants import LOST, without_words_on_waiting
from support.model_server import call_then_say
from support.wait import until

# Seconds, which a test waits for; a busy machine must not look like a dead worker.
LEASE = 15 if os.environ.get("BUTLER_SANITIZED") else 6


class Crashes(SystemTest):
    def start(self, model=None, **environment: str) -> None:
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator, model, ORCH_LEASE_SECONDS=str(LEASE), **environment)
        self.butler.up()
        self.simulator.wait_for_polling()

    def running_job(self) -> dict:
        return until(lambda: next(iter(self.butler.jobs(status="running")), None), "a job to run")

    def final_messages(self, text: str) -> list[dict]:
        return [message for message in self.simulator.messages(sender="bot") if text in message["text"]]

    def test_a_gateway_killed_in_mid_job_still_brings_the_answer_once(self):
        self.start(PI_MOCK_STEP_MS="1000")
        self.simulator.send_text("survive the gateway")
        job = self.running_job()
        old = self.butler.kill("gateway")
        self.butler.wait_for_restart("gateway", old)
        self.simulator.wait_for_reply("survive the gateway")
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.final_messages("survive the gateway")), 1)
        self.assertEqual(self.butler.job(job["id"])["attempt"], 1)
        self.assertEqual(len(self.butler.jobs()), 1)

    def test_an_orchestrator_killed_in_mid_job_still_brings_the_answer_once(self):
        self.start(PI_MOCK_STEP_MS="1000")
        self.simulator.send_text("survive the orchestrator")
        job = self.running_job()
        old = self.butler.kill("orchestrator")
        self.butler.wait_for_restart("orchestrator", old)
        self.simulator.wait_for_reply("survive the orchestrator")
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.final_messages("survive the orchestrator")), 1)
        self.assertEqual(self.butler.job(job["id"])["attempt"], 1, "its worker came back with its lease")

    def test_a_worker_killed_before_its_job_acted_leaves_it_to_the_next(self):
        # The first step of the mock comes after a while: nothing has been reported when the worker dies.
        self.start(PI_MOCK_STEP_MS="6000")
        self.simulator.send_text("survive the worker")
        job = self.running_job()
        old = self.butler.kill("worker")
        self.butler.wait_for_restart("worker", old)
        self.simulator.wait_for_reply("survive the worker")
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.final_messages("survive the worker")), 1)
        self.assertEqual(self.butler.job(job["id"])["attempt"], 2)

    def test_a_worker_killed_after_its_job_acted_gives_one_message_that_says_how_to_retry(self):
        model = self.start_model_server()
        model.script(*call_then_say("bash", {"command": "echo once >> acted; sleep 600"}, "never said", when="act"))
        self.start(model)
        sent = self.simulator.send_text("act now")
        job = self.running_job()
        acted = self.butler.workspace / "acted"
        until(acted.exists, "the agent to act")
        old = self.butler.kill("worker")
        self.butler.wait_for_restart("worker", old)
        self.assertEqual(self.butler.wait_for_job(job["id"])["error"], "worker_lost")
        reply = self.simulator.wait_for_reply(LOST, after=sent)[0]
        self.assertRegex(reply["text"].lower(), "again|retry")
        self.simulator.wait_for_silence()
        self.assertEqual(len([m for m in without_words_on_waiting(self.simulator.messages(sender="bot")) if m["message_id"] > sent]), 1)
        self.assertEqual(acted.read_text(), "once\n", "what was done is not done again")

    def test_everything_killed_at_once_still_answers(self):
        self.start(PI_MOCK_STEP_MS="5000")
        self.simulator.send_text("survive it all")
        self.running_job()
        old = {role: self.butler.kill(role) for role in ("worker", "gateway", "orchestrator")}
        for role, pid in old.items():
            self.butler.wait_for_restart(role, pid)
        self.simulator.wait_for_reply("survive it all")
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.final_messages("survive it all")), 1)

    def test_a_message_sent_while_butler_was_killed_is_answered_after_its_start(self):
        self.start()
        self.butler.kill("up")
        sent = self.simulator.send_text("are you there?")
        self.butler.up()
        self.simulator.wait_for_reply("are you there?", after=sent)
        self.simulator.wait_for_silence()
        self.assertEqual(len(self.final_messages("are you there?")), 1)


if __name__ == "__main__":
    unittest.main()

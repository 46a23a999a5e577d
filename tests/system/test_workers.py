"""Several workers on one orchestrator: who gets which job, and what one's death changes."""

import signal
import unittest

from support.butler import Butler
from support.case import SystemTest
from support.process import alive
from support.wait import until


class Workers(SystemTest):
    def setUp(self):
        self.butler = self.make_butler()
        self.butler.start("orchestrator")
        (self.scratch / "second").mkdir(mode=0o711)
        self.second = Butler(self.scratch / "second")
        self._reports.append(self.second.report)
        self.addCleanup(self.second.close)
        self.second.port, self.second.url = self.butler.port, self.butler.url

    def _create(self, session: str, **more) -> dict:
        body = {"prompt": "hello", "channel": "api", "chatId": "c", "requesterId": "r", "sessionKey": session, **more}
        created = self.butler.as_gateway("POST", "/v1/jobs", body)
        self.assertEqual(created.status, 201, created.text)
        return created.json["job"]

    def _worker_of(self, job: dict) -> str:
        return self.butler.wait_for_job(job["id"], "completed")["workerId"]

    def test_labels_and_the_homes_of_sessions_decide_who_works_and_a_death_leaves_the_rest(self):
        self.butler.start("worker", WORKER_ID="first")
        self.assertEqual(self._worker_of(self._create("at-the-first")), "first")
        self.second.start("worker", WORKER_ID="second", WORKER_LABELS="gpu,large")
        self.assertEqual(self._worker_of(self._create("labelled", labels=["gpu"])), "second")
        for _ in range(3):
            self.assertEqual(self._worker_of(self._create("at-the-first")), "first", "a session stays where it is")

        self.butler.kill("worker")
        waiting = self._create("at-the-first")
        nowhere = self._create("nowhere", labels=["gpu", "none-has-this"])
        self.assertEqual(self._worker_of(self._create("new")), "second", "others go on")
        self.assertEqual(self.butler.job(waiting["id"])["status"], "queued", "its files are where the dead worker was")

        self.butler.start("worker", WORKER_ID="first-again")
        self.assertEqual(self._worker_of(waiting), "first-again", "the home is the folder, not the process")
        self.assertEqual(self.butler.job(nowhere["id"])["status"], "queued")

    def test_a_stopped_worker_hands_back_what_has_not_acted_and_another_goes_on(self):
        self.butler.start("worker", WORKER_ID="first", PI_MOCK_STEP_MS="30000")
        job = self._create("handed-back")
        until(lambda: self.butler.job(job["id"])["status"] == "running", "the job to run")
        pid = self.butler.pid("worker")
        self.butler.signal("worker", signal.SIGTERM)
        until(lambda: not alive(pid), "the worker to have ended")
        self.assertEqual(self.butler.job(job["id"])["status"], "queued", "handed back, not lost")
        self.butler.start("worker", WORKER_ID="first-again")
        done = self.butler.wait_for_job(job["id"], "completed")
        self.assertEqual((done["attempt"], done["workerId"]), (2, "first-again"))

    def test_a_lease_is_held_through_a_restart_of_the_orchestrator(self):
        self.butler.start("worker", WORKER_ID="first", PI_MOCK_STEP_MS="400")
        job = self._create("long")
        until(lambda: self.butler.job(job["id"])["status"] == "running", "the job to run")
        self.butler.kill("orchestrator")
        self.butler.start("orchestrator")
        done = self.butler.wait_for_job(job["id"], "completed")
        self.assertEqual((done["attempt"], done["workerId"]), (1, "first"))


if __name__ == "__main__":
    unittest.main()

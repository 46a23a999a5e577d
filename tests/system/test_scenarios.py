"""Scenarios of the design that no other file has end to end; docs/testing.md says which test is whose."""

import base64
import random
import unittest

from support import net
from support.api import LONG_LEASE
from support.case import SystemTest
from support.wait import until

BOB = 2002
SECRET = "secret-of-the-webhook_0123456789"


def photo(seed: int, size: int = 3_000) -> dict:
    return {"kind": "photo", "bytes": base64.b64encode(random.Random(seed).randbytes(size)).decode()}


class Scenarios(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.owner = self.simulator.owner_id
        self.simulator.add_user(BOB)
        self.butler = self.make_butler(self.simulator, TG_ALLOW_FROM=str(BOB), PI_MOCK_STEP_MS="0")

    def stop_gateway(self) -> None:
        self.assertEqual(self.butler._running["gateway"].terminate(), 0)

    def test_what_runs_and_what_waits_for_a_press_survive_the_switch_to_the_webhook_and_back(self):
        """S4: an orderly switch in both directions, with a job that runs, a question that waits and a message that came between."""
        port = net.free_port()
        self.butler.environment["ORCH_LEASE_SECONDS"] = LONG_LEASE
        webhook = {"TG_WEBHOOK_URL": f"http://127.0.0.1:{port}/hook", "TG_WEBHOOK_SECRET": SECRET, "TG_WEBHOOK_PORT": str(port)}
        for role in ("orchestrator", "gateway"):
            self.butler.start(role)
        self.simulator.wait_for_polling()
        question = self.simulator.wait_for_reply("make it", after=self.simulator.send_text("/run make it"))[0]
        self.simulator.send_text("think about it", chat=BOB, user=BOB)
        claim = self.butler.as_worker("POST", "/v1/workers/claim", {"workerId": "w", "waitSeconds": 60}).json
        self.butler.wait_until_sent()

        self.stop_gateway()
        between = self.simulator.send_text("while nobody hears")
        query = self.simulator.press(question, "Approve")["callback_query_id"]
        self.butler.start("gateway", **webhook)
        self.simulator.wait(callback_answered=query)
        until(lambda: [job["prompt"] for job in self.butler.jobs(status="queued")] == ["while nobody hears", "make it"], "both jobs")
        self.stop_gateway()
        reply = self.butler.as_worker("POST", f"/v1/workers/{claim['job']['id']}/complete", {"resultText": "Thought."},
                                      {"x-lease-token": claim["leaseToken"]})
        self.assertEqual(reply.status, 200, reply.text)
        self.butler.start("gateway", TG_WEBHOOK_URL="")
        self.simulator.wait_for_polling()
        self.butler.start("worker")
        self.simulator.wait_for_reply("Thought.", chat=BOB)
        self.simulator.wait_for_reply("You said: while nobody hears", after=between)
        self.simulator.wait_for_silence()
        self.simulator.check_exactly_once("Thought.", "You said: while nobody hears")
        self.assertEqual(sorted(job["prompt"] for job in self.butler.jobs()), ["make it", "think about it", "while nobody hears"])
        dropped = [entry for entry in self.simulator.journal("bot") if entry.get("params", {}).get("drop_pending_updates")]
        self.assertEqual(dropped, [])

    def test_an_edit_that_changes_nothing_is_done_and_not_tried_again(self):
        """S10: the answer to an edit gets lost, so it is made again, and Telegram says that the message is not modified."""
        for role in ("orchestrator", "gateway"):
            self.butler.start(role)
        question = self.simulator.wait_for_reply("make it", after=self.simulator.send_text("/run make it"))[0]
        self.simulator.fault("reset_after_apply", "editMessageReplyMarkup")
        self.simulator.press(question, "Approve")
        self.simulator.wait(method="editMessageReplyMarkup", count=2)
        self.simulator.wait_for_silence()
        edits = self.simulator.journal("bot", "editMessageReplyMarkup")
        self.assertEqual(len(edits), 2)
        self.assertIn("message is not modified", edits[1]["response"]["description"])
        self.simulator.wait(chat=self.owner, button="Approved ✓ by Ada")
        self.butler.wait_until_sent()

    def test_an_album_is_one_request_whatever_is_killed_in_its_window_and_the_next_album_another(self):
        """S15: its messages bear no mark of the last one."""
        for role in ("orchestrator", "gateway"):
            self.butler.start(role)
        self.simulator.wait_for_polling()
        self.simulator.do("album", chat=self.owner, items=[photo(1) | {"caption": "Which is best?"}, photo(2), photo(3)])
        self.simulator.wait(queue_empty=True)
        self.butler.kill("gateway")
        self.butler.start("gateway")
        jobs = until(self.butler.jobs, "the job of the album")
        self.assertEqual([(job["prompt"], len(job["attachments"])) for job in jobs], [("Which is best?", 3)])
        self.simulator.do("album", chat=self.owner, items=[photo(4), photo(5) | {"caption": "And of these?"}])
        self.simulator.do("album", chat=BOB, user=BOB, items=[photo(6), photo(7)])
        until(lambda: len(self.butler.jobs()) == 3, "the other albums")
        self.simulator.wait_for_silence()
        self.assertEqual(sorted(len(job["attachments"]) for job in self.butler.jobs()), [2, 2, 3])
        self.assertIn("And of these?", [job["prompt"] for job in self.butler.jobs()])
        for job in self.butler.jobs():
            for name in job["attachments"]:
                until(lambda path=f"/v1/jobs/{job['id']}/artifacts/{name}": self.butler.as_gateway("GET", path).status == 200, name)

    def test_a_file_that_comes_slowly_holds_up_its_own_request_only(self):
        """S17: others are answered while it is fetched, an expired link in the middle of it is made again, and then it is answered."""
        self.butler.start_all()
        self.simulator.fault("expired_link")
        self.simulator.fault("slow_drip", bytes_per_s=1_500)
        self.simulator.do("send_photo", chat=self.owner, size=25_000, caption="look at this")
        self.simulator.wait(method="getFile", count=2)
        self.simulator.send_text("quick", chat=BOB, user=BOB)
        self.simulator.wait_for_reply("You said: quick", chat=BOB)
        self.assertEqual(self.simulator.messages(sender="bot"), [])
        self.simulator.wait_for_reply("You said: look at this")
        job = next(job for job in self.butler.jobs() if job["prompt"] == "look at this")
        self.assertEqual((job["status"], job["attachments"]), ("completed", ["1-photo.jpg"]))


if __name__ == "__main__":
    unittest.main()

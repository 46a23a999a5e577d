"""Answers reach their chat, whatever becomes of the chat, the connection or the process; what cannot be delivered is kept,
told and listed."""

import unittest

from support.case import SystemTest
from support.invariants import without_words_on_waiting
from support.prometheus import Metrics
from support.small_disk import SmallDisk
from support.wait import until

BOB = 2002


class Delivery(SystemTest):
    def setUp(self):
        self.simulator = self.start_simulator()
        self.simulator.add_user(BOB, "Bob")
        self.butler = self.make_butler(self.simulator, TG_ALLOW_FROM=str(BOB), TG_RATE_LIMIT_PER_MIN="0")

    def start(self, **environment: str) -> None:
        self.butler.environment |= environment
        self.butler.start_all()
        self.simulator.wait_for_polling()

    def running(self) -> dict:
        return until(lambda: next(iter(self.butler.jobs(status="running")), None), "a job to run")

    def health(self) -> dict:
        return self.butler.administer("gateway", "GET", "/health").json

    def metric(self, name: str) -> float:
        text = self.butler.administer("gateway", "GET", "/metrics").text
        return float(next(line.split()[1] for line in text.splitlines() if line.startswith(f"{name} ")))

    def dead_letters(self) -> list[dict]:
        return self.butler.administer("gateway", "GET", "/dead-letters").json["deadLetters"]

    # ---- chats that change -----------------------------------------------------------------------------

    def test_a_group_that_moves_while_a_job_runs_gets_its_answer_there_and_keeps_its_conversation(self):
        self.start(PI_MOCK_STEP_MS="1000")
        group = self.simulator.add_group(type="group")
        self.simulator.send_text("/task before the move", chat=group)
        session = self.running()["sessionKey"]
        new = self.simulator.do("migrate_group", chat=group)["chat"]
        self.simulator.wait_for_reply("before the move", chat=new)
        self.simulator.send_text("/task after the move", chat=new)
        self.simulator.wait_for_reply("after the move", chat=new)
        self.assertEqual({job["sessionKey"] for job in self.butler.jobs()}, {session})

    def test_a_group_whose_move_was_not_told_is_followed_by_the_refusal(self):
        self.start(PI_MOCK_STEP_MS="1000")
        group = self.simulator.add_group(type="group")
        self.simulator.send_text("/task follow me", chat=group)
        self.running()
        self.simulator.fault("drop_update", times=2)
        new = self.simulator.do("migrate_group", chat=group)["chat"]
        self.simulator.wait_for_reply("follow me", chat=new)
        self.simulator.check_exactly_once("follow me")

    def test_an_answer_whose_topic_was_deleted_comes_outside_of_it_and_says_so(self):
        self.start(PI_MOCK_STEP_MS="1000")
        forum = self.simulator.add_group(forum=True)
        topic = self.simulator.add_topic(forum)
        self.simulator.send_text("/task water the plants", chat=forum, thread=topic)
        self.running()
        self.simulator.do("topic.delete", chat=forum, thread=topic)
        answer = self.simulator.wait_for_reply("water the plants", chat=forum)[0]
        self.assertIn("topic that is gone", answer["text"])
        self.assertFalse(answer["thread"])

    def test_a_person_who_blocks_in_mid_job_gets_the_answer_after_unblocking_and_the_owner_is_told_once(self):
        self.start(PI_MOCK_STEP_MS="1000")
        self.simulator.send_text("first", chat=BOB)
        self.simulator.send_text("second", chat=BOB)
        self.running()
        self.simulator.do("block", user=BOB)
        self.simulator.wait_for_reply(f"chat {BOB}")
        until(lambda: not self.butler.jobs(status="queued") and not self.butler.jobs(status="running"), "both jobs to end")
        until(lambda: Metrics(self.butler.as_gateway("GET", "/metrics").text)["butler_deliveries_open"] == 0, "both answers to be taken")
        self.assertGreaterEqual(self.health()["outbox"], 2, "and kept; where the second one had to wait, so was a word on that")
        self.assertEqual([chat["chatId"] for chat in self.health()["parkedChats"]], [BOB])
        self.butler.kill("gateway")
        self.butler.start("gateway")
        self.simulator.do("unblock", user=BOB)
        self.simulator.wait_for_reply("second", chat=BOB)
        self.simulator.check_order("first", "second", chat=BOB)
        self.simulator.check_exactly_once("You said: first", "You said: second", chat=BOB)
        until(lambda: self.health()["parkedChats"] == [], "the chat to be like any other again")
        self.assertEqual(len([message for message in self.simulator.messages(sender="bot") if f"chat {BOB}" in message["text"]]), 1)

    # ---- what cannot be delivered ------------------------------------------------------------------------

    def test_a_dead_letter_is_listed_with_its_reason_and_can_be_retried_or_discarded(self):
        self.start()
        self.simulator.fault("status", "sendMessage", times=2, code=400, description="Bad Request: something odd", match={"contains": "the lost one"})
        self.simulator.send_text("the lost one", chat=BOB)
        (letter,) = until(self.dead_letters, "the answer to be given up")
        self.assertEqual((letter["chatId"], letter["state"]), (BOB, "dead"))
        self.assertIn("something odd", letter["reason"])
        self.assertIn("the lost one", letter["text"])
        self.assertEqual(self.metric("butler_dead_letters"), 1)
        self.simulator.wait_for_reply(f"chat {BOB}")

        self.butler.administer("gateway", "POST", f"/dead-letters/{letter['id']}/retry")
        until(lambda: self.metric("butler_telegram_dead_total") == 2 and self.dead_letters(), "Telegram to refuse it again")
        self.butler.administer("gateway", "POST", f"/dead-letters/{letter['id']}/retry")
        self.simulator.wait_for_reply("the lost one", chat=BOB)
        self.butler.wait_until_sent()
        self.assertEqual(self.dead_letters(), [])

        self.simulator.fault("status", "sendMessage", code=400, description="Bad Request: something odd", match={"contains": "let go"})
        self.simulator.send_text("let go", chat=BOB)
        (letter,) = until(self.dead_letters, "the answer to be given up")
        self.assertEqual(self.butler.administer("gateway", "POST", f"/dead-letters/{letter['id']}/discard").status, 200)
        self.assertEqual(self.dead_letters(), [])
        self.assertEqual(self.butler.administer("gateway", "POST", f"/dead-letters/{letter['id']}/retry").status, 404)

    def test_an_answer_is_sent_again_once_when_nobody_knows_whether_it_arrived_an_approval_never(self):
        self.start()
        self.simulator.fault("reset_after_apply", "sendMessage")
        self.simulator.send_text("/run echo careful")
        self.simulator.wait_for_reply("echo careful")
        until(lambda: self.metric("butler_telegram_uncertain_total") == 1, "the reset to be noticed")
        self.simulator.fault("reset_before_apply", "sendMessage")
        self.simulator.send_text("/approve")
        self.simulator.wait_for_reply("I can't be sure that you had seen what waits")
        self.assertEqual(self.metric("butler_telegram_uncertain_total"), 2)
        self.assertEqual(len(self.simulator.wait_for_reply("/deny")), 1)
        self.simulator.send_text("/approve " + self.butler.jobs()[0]["id"])
        self.simulator.wait_for_reply("not executed")
        self.butler.wait_for_log("gateway", "event=outbox.uncertain_given_up .*kind=approval")
        self.butler.wait_for_log("gateway", "event=outbox.uncertain .*kind=answer")

    def test_the_operator_lets_people_in_and_out_on_the_socket_and_the_jobs_of_one_who_is_out_are_stopped(self):
        self.simulator.add_user(3003, "Carol")
        self.start(PI_MOCK_STEP_MS="60000")
        self.simulator.send_text("/start", chat=3003)
        (waiting,) = until(lambda: self.butler.administer("gateway", "GET", "/pairings").json["waiting"], "Carol to wait")
        self.assertEqual(waiting["id"], 3003)
        self.assertEqual(self.butler.administer("gateway", "POST", f"/pairings/{waiting['code']}/approve").status, 200)
        self.assertEqual(self.butler.administer("gateway", "GET", "/pairings").json["people"][0]["id"], 3003)
        sent = self.simulator.send_text("something private", chat=3003)
        job = self.running()
        removed = self.butler.administer("gateway", "POST", "/people/3003/remove")
        self.assertEqual((removed.status, removed.json), (200, {"id": 3003, "stopping": 1}))
        self.assertEqual(self.butler.wait_for_job(job["id"])["status"], "aborted")
        self.simulator.wait_for_reply("topped", chat=3003, after=sent)
        self.assertEqual(self.butler.administer("gateway", "POST", "/people/3003/remove").status, 404)
        owner = self.butler.administer("gateway", "POST", f"/people/{self.simulator.owner_id}/remove")
        self.assertEqual((owner.status, owner.json["error"]), (409, "configured"))

    def test_the_answer_of_one_who_was_taken_out_of_the_configuration_meanwhile_is_withheld(self):
        self.simulator.add_user(3003, "Carol")
        self.start(PI_MOCK_STEP_MS="3000", TG_ALLOW_FROM="3003")
        sent = self.simulator.send_text("something private", chat=3003)
        self.running()
        self.butler.close()
        self.start(PI_MOCK_STEP_MS="0", TG_ALLOW_FROM="")
        self.simulator.wait_for_reply("its answer stays here", chat=3003, after=sent)
        self.assertNotIn("You said", self.simulator.transcript(3003))

    # ---- texts at Telegram's limits ----------------------------------------------------------------------

    def test_4096_characters_are_one_message_4097_are_two_and_100_entities_one_101_two(self):
        self.start()

        def parts_of(prompt: str) -> list[dict]:
            sent = self.simulator.send_text(prompt)
            self.simulator.wait_for_reply("no model is configured", after=sent)
            return [message for message in without_words_on_waiting(self.simulator.messages(sender="bot")) if message["message_id"] > sent]

        (shortest,) = parts_of("x")
        room = 4096 - len(shortest["text"])
        (full,) = parts_of("x" * (room + 1))
        self.assertEqual(len(full["text"]), 4096)
        self.assertEqual(len(parts_of("x" * (room + 2))), 2)
        (full,) = parts_of("`a` " * 100)
        self.assertEqual(len(full["entities"]), 100)
        self.assertEqual([len(part["entities"]) for part in parts_of("`a` " * 101)], [100, 1])

    # ---- ends of the process -----------------------------------------------------------------------------

    def test_sigterm_in_a_long_poll_and_in_a_send_ends_in_order_and_loses_nothing(self):
        self.start()
        gateway = self.butler.processes[1]
        self.assertEqual(gateway.terminate(), 0, "in a long poll")
        self.butler.start("gateway")
        fault = self.simulator.fault("delay", "sendMessage", ms=1_000)
        self.simulator.send_text("in the middle of it")
        self.simulator.wait_for_fault(fault)
        self.assertEqual(self.butler.processes[-1].terminate(), 0, "in a send, which finishes")
        self.simulator.wait_for_reply("in the middle of it")
        self.butler.start("gateway")
        self.simulator.send_text("and on")
        self.simulator.wait_for_reply("and on")
        self.simulator.check_exactly_once("in the middle of it", "and on")


class FullDisk(SystemTest):
    """The home on a file system of a few MiB."""

    def setUp(self):
        self.disk = SmallDisk(self, self.scratch / "disk")
        self.home = self.disk.folder
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator)

    def test_answers_that_find_the_gateways_disk_full_come_when_there_is_room_again(self):
        self.butler.start("orchestrator")
        self.butler.start("worker", PI_MOCK_STEP_MS="1000")
        self.butler.start("gateway", BUTLER_HOME=str(self.home))
        self.simulator.send_text("is there room?")
        until(lambda: self.butler.jobs(), "the job to be created")
        self.disk.fill()
        until(lambda: self.butler.jobs(status="completed"), "the job to end")
        # Nobody knows what is on the disk after such a commit: the gateway ends, as `up` would see, and reads it again.
        self.assertEqual(self.butler.processes[-1].wait_for_exit(), 1)
        self.disk.make_room()
        self.butler.start("gateway", BUTLER_HOME=str(self.home))
        self.simulator.wait_for_reply("is there room?")
        self.simulator.check_exactly_once("is there room?")


if __name__ == "__main__":
    unittest.main()

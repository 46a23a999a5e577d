"""Buttons under messages, end to end (S20): press, press after a kill, press of a stranger, data from another chat."""

import unittest

from support.api import LONG_LEASE
from support.people import ANNA, BOB, PeopleTest
from support.wait import until


class Buttons(PeopleTest):
    def start_control_plane(self, **environment: str) -> None:
        """Everything but a worker: what is approved stays in the queue."""
        self.butler.environment |= {"ORCH_LEASE_SECONDS": LONG_LEASE} | environment
        for role in ("orchestrator", "gateway"):
            self.butler.start(role)
        self.simulator.wait_for_polling()

    def ask_to_run(self, command: str, chat: int | None = None) -> tuple[dict, dict]:
        """The question with its buttons, and the job."""
        chat = chat or self.owner
        sent = self.simulator.send_text(f"/run {command}", chat=chat, user=self.owner)
        question = self.simulator.wait_for_reply(command, after=sent, chat=chat)[0]
        return question, next(job for job in self.butler.jobs() if job["prompt"] == command)

    def press(self, question: dict, label: str, chat: int | None = None, **fields) -> dict:
        """Presses; what the person is shown."""
        query = self.simulator.press(question, label, chat, **fields)["callback_query_id"]
        return self.simulator.wait(callback_answered=query)[0]

    def wait_for_buttons(self, question: dict, *labels: str, chat: int | None = None) -> None:
        def shown() -> list[str]:
            message = next(one for one in self.simulator.messages(chat) if one["message_id"] == question["message_id"])
            return [item["text"] for row in (message["reply_markup"] or {}).get("inline_keyboard", []) for item in row]

        until(lambda: shown() == list(labels), f"the buttons {labels}")

    def status(self, job: dict) -> str:
        return self.butler.job(job["id"])["status"]

    def test_a_press_decides_and_the_keyboard_turns_into_the_outcome(self):
        self.start_control_plane()
        question, job = self.ask_to_run("make one")
        shown = self.press(question, "Approve")
        self.assertFalse(shown.get("show_alert"))
        self.wait_for_buttons(question, "Approved ✓ by Ada")
        self.assertEqual(self.status(job), "queued")

        denied, job = self.ask_to_run("make two")
        self.press(denied, "Deny")
        self.wait_for_buttons(denied, "Denied ✗ by Ada")
        self.assertEqual(self.status(job), "aborted")
        self.simulator.check_callbacks_answered()

    def test_strangers_and_foreign_stale_and_repeated_presses_decide_nothing(self):
        self.start_control_plane(TG_ALLOW_FROM=str(ANNA))
        group = self.simulator.add_group(ANNA, BOB)
        question, job = self.ask_to_run("make it", chat=group)
        data = question["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        self.assertLessEqual(len(data), 64)
        for person in (BOB, ANNA):
            self.assertTrue(self.press(question, "Approve", group, user=person)["show_alert"])
        # The same data under a message of another chat.
        elsewhere, other = self.ask_to_run("make other")
        stale = self.simulator.do("press_stale", chat=self.owner, message=elsewhere["message_id"], data=data)
        self.assertTrue(self.simulator.wait(callback_answered=stale["callback_query_id"])[0]["show_alert"])
        self.assertEqual((self.status(job), self.status(other)), ("needs_approval", "needs_approval"))

        self.press(question, "Approve", group)
        self.wait_for_buttons(question, "Approved ✓ by Ada", chat=group)
        again = self.simulator.do("press_stale", chat=group, message=question["message_id"], data=data, user=self.owner)
        shown = self.simulator.wait(callback_answered=again["callback_query_id"])[0]
        self.assertIn("Approved ✓ by Ada", shown["text"])
        self.assertEqual(self.status(other), "needs_approval")
        self.simulator.check_callbacks_answered()

    def test_a_keyboard_of_a_gateway_that_was_killed_still_decides(self):
        self.start_control_plane()
        question, job = self.ask_to_run("make it")
        self.butler.kill("gateway")
        query = self.simulator.press(question, "Approve")["callback_query_id"]  # waits at Telegram
        self.butler.start("gateway")
        self.simulator.wait(callback_answered=query)
        self.wait_for_buttons(question, "Approved ✓ by Ada")
        self.assertEqual(self.status(job), "queued")

    def test_a_failure_is_retried_by_its_button_and_a_stranger_let_in_by_theirs(self):
        self.start_control_plane()
        self.simulator.send_text("build it")
        claim = self.butler.as_worker("POST", "/v1/workers/claim", {"workerId": "w", "waitSeconds": 50}).json
        self.butler.as_worker("POST", f"/v1/workers/{claim['job']['id']}/fail", {"error": "The compiler is missing."},
                              {"x-lease-token": claim["leaseToken"]})
        failure = self.simulator.wait_for_reply("The compiler is missing.")[0]
        self.press(failure, "Details")
        self.press(failure, "Retry")
        self.wait_for_buttons(failure, "Retried ✓ by Ada")
        until(lambda: self.prompts().count("build it") == 2, "the second try")

        code = self.ask_to_be_let_in(BOB)
        request = self.simulator.wait_for_reply(code)[0]
        self.press(request, "Approve")
        self.wait_for_buttons(request, "Let in ✓ by Ada")
        self.simulator.wait_for_reply("You are in", chat=BOB)
        self.simulator.check_callbacks_answered()


if __name__ == "__main__":
    unittest.main()

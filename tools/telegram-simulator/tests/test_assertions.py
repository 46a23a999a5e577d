import unittest

from tests.support import OWNER, TOKEN, SimulatorTest


class Assertions(SimulatorTest):
    options = {"virtual_clock": True}

    def breaches(self, check, **fields):
        answer = self.sim("assert", check=check, **fields)
        self.assertEqual(answer["holds"], not answer["breaches"])
        return answer["breaches"]

    def holds(self, check, **fields):
        self.assertEqual(self.breaches(check, **fields), [])

    def broken(self, check, **fields):
        self.assertNotEqual(self.breaches(check, **fields), [])

    def send(self, text, **fields):
        return self.result("sendMessage", chat_id=OWNER, text=text, **fields)["message_id"]

    def test_a_key_stands_in_exactly_one_visible_message(self):
        self.sim("send_text", text="key-1")  # a person's words do not count
        self.broken("exactly_once", keys=["key-1"])
        self.holds("exactly_once", keys=["key-1"], at_least=0)
        first = self.send("answer key-1")
        self.holds("exactly_once", keys=["key-1"], chat=OWNER)
        self.result("editMessageText", chat_id=OWNER, message_id=first, text="still key-1")
        self.holds("exactly_once", keys=["key-1"])
        second = self.send("again key-1")
        self.assertIn(f"{first} in chat {OWNER}, {second} in chat {OWNER}", self.breaches("exactly_once", keys=["key-1"])[0])

    def test_messages_come_in_the_order_of_the_keys_and_answers_in_that_of_the_questions(self):
        one, two = (self.sim("send_text", text=text)["message_id"] for text in "12")
        self.send("B", reply_parameters={"message_id": two})
        self.holds("order", chat=OWNER)
        self.send("A", reply_parameters={"message_id": one})
        self.broken("order", chat=OWNER)
        self.holds("order", chat=OWNER, keys=["B", "A"])
        self.broken("order", chat=OWNER, keys=["A", "B"])
        self.broken("order", chat=OWNER, keys=["B", "missing"])

    def test_an_offset_moves_only_after_the_marker(self):
        first, second = (self.sim("send_text", text=text)["update_id"] for text in "12")
        self.sim("marker", name="stored", data={"update_id": first})
        self.result("getUpdates", offset=first + 1)
        self.holds("confirmed_after_marker", name="stored")
        self.result("getUpdates", offset=second + 1)
        self.sim("marker", name="stored", data={"update_ids": [second]})
        self.assertIn(f"update {second} before its marker", self.breaches("confirmed_after_marker", name="stored")[0])

    def test_messages_in_a_chat_keep_their_distance(self):
        other = self.sim("user.create", started=True)["chat"]
        self.send("1")
        self.sim("clock.advance", s=0.6)
        self.result("sendMessage", chat_id=other, text="elsewhere")
        self.sim("clock.advance", s=0.6)
        self.result("editMessageText", chat_id=OWNER, message_id=self.read(f"chat/{OWNER}")["messages"][-1]["message_id"],
                    text="2")
        self.holds("spacing", seconds=1.1)
        self.broken("spacing", seconds=1.3)
        self.holds("spacing", seconds=1.3, chat=other)

    def test_there_is_one_preview_for_each_message_of_a_person(self):
        self.sim("send_text", text="a")
        for text in ("x", "xy"):
            self.result("sendMessageDraft", chat_id=OWNER, draft_id=1, text=text)
        self.holds("one_preview")
        self.result("sendMessageDraft", chat_id=OWNER, draft_id=2, text="z")
        self.broken("one_preview")

    def test_an_edited_message_is_a_preview_too(self):
        self.sim("send_text", text="a")
        message = self.send("working")
        for text in ("1", "2"):
            self.result("editMessageText", chat_id=OWNER, message_id=message, text=text)
        self.holds("one_preview")
        self.result("sendMessageDraft", chat_id=OWNER, draft_id=1, text="x")
        self.broken("one_preview", chat=OWNER)

    def test_presses_are_answered_within_a_second(self):
        message = self.send("?", reply_markup={"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]})
        for wait in (0.5, 1.5):
            pressed = self.sim("press", message=message, label="A")["callback_query_id"]
            self.sim("clock.advance", s=wait)
            self.assertEqual(len(self.breaches("callbacks_answered")), int(wait))
            self.result("answerCallbackQuery", callback_query_id=pressed)
            self.assertEqual(len(self.breaches("callbacks_answered")), int(wait))
        self.holds("callbacks_answered", within_s=2)

    def test_after_401_there_is_silence(self):
        self.result("getMe")
        self.sim("fault", kind="status", code=401)
        self.call("getMe")
        self.holds("silent_after_401")
        self.sim("clock.advance", s=1)
        self.call("getMe")
        self.broken("silent_after_401")

    def test_a_429_is_waited_for(self):
        self.sim("fault", kind="status", code=429, retry_after=3)
        self.call("sendMessage", chat_id=OWNER, text="x")
        self.sim("clock.advance", s=3)
        self.send("x")
        self.holds("retry_after_respected")
        self.sim("fault", kind="status", code=429, retry_after=3)
        self.call("sendMessage", chat_id=OWNER, text="x")
        self.sim("clock.advance", s=2)
        self.send("x")
        self.broken("retry_after_respected")

    def test_the_rate_model_refused_nothing(self):
        for _ in range(5):
            self.send("x")
        self.holds("no_client_429")
        self.call("sendMessage", chat_id=OWNER, text="x")
        self.broken("no_client_429")

    def test_the_token_is_in_nothing_the_bot_says_or_logs(self):
        self.sim("send_text", text=f"is it {TOKEN}?")
        self.holds("token_absent", lines=["all is well"])
        self.broken("token_absent", lines=["fine", f"GET /bot{TOKEN}/getMe"])
        self.broken("token_absent", lines=[f"secret {TOKEN.partition(':')[2]}"])
        self.send(f"my token is {TOKEN}")
        self.broken("token_absent")

    def test_a_promise_that_nobody_knows_is_refused(self):
        for fields, field in (({"check": "all_is_well"}, "check"), ({}, "check"), ({"check": "spacing"}, "seconds"),
                              ({"check": "order", "chat": 5, "keys": ["a"]}, "chat"),
                              ({"check": "token_absent", "typo": 1}, "typo")):
            self.assertTrue(self.refused_verb("assert", **fields)["error"].startswith(f"{field}:"), fields)
        self.assertIn("exactly_once", self.read("assert")["checks"])


if __name__ == "__main__":
    unittest.main()

import json
import tempfile
import unittest
from pathlib import Path

from tests.support import OWNER, TOKEN, SimulatorTest


class Strictness(SimulatorTest):
    options = {"rate_model": False}

    def test_unknown_parameters_nulls_and_wrong_types_are_violations(self):
        for params in ({"txt": "x"}, {"disable_notification": None}, {"disable_notification": "maybe"},
                       {"entities": "["}, {"reply_markup": {"inline_keyboard": [[{"text": "A"}]]}},
                       {"link_preview_options": {"disabled": True}}):
            answer = self.call("sendMessage", chat_id=OWNER, text="x", **params)
            self.assertEqual(answer.status, 400, params)
        self.assertEqual(self.violations(), ["unknown_parameter", "null", "type", "type", "exactly_one",
                                             "unknown_parameter"])

    def test_callback_data_is_counted_in_bytes(self):
        markup = {"inline_keyboard": [[{"text": "A", "callback_data": "é" * 33}]]}
        answer = self.call("sendMessage", chat_id=OWNER, text="x", reply_markup=markup)
        self.assertEqual(answer["description"], "Bad Request: BUTTON_DATA_INVALID")
        self.assertEqual(self.violations(), ["length"])

    def test_bad_commands_and_actions_are_violations(self):
        self.call("setMyCommands", commands=[{"command": "Help!", "description": "x"}])
        self.assertEqual(self.call("sendChatAction", chat_id=OWNER, action="dancing")["description"],
                         "Bad Request: wrong parameter action in request")
        self.call("sendMessageDraft", chat_id=OWNER, draft_id=0, text="x")
        self.assertEqual(self.violations(), ["pattern", "enum", "range"])

    def test_a_method_without_a_model_is_a_violation_and_no_fake_success(self):
        self.assertEqual(self.call("getMyName").status, 501)
        self.assertEqual(self.violations(), ["unmodelled_method"])

    def test_parse_mode_is_a_violation_unless_allowed(self):
        text = "*bold* and [link](https://e.org) `c`\\."
        self.assertEqual(self.call("sendMessage", chat_id=OWNER, text=text, parse_mode="MarkdownV2").status, 400)
        self.sim("allow", kind="parse_mode", times=1)
        sent = self.result("sendMessage", chat_id=OWNER, text=text, parse_mode="MarkdownV2")
        self.assertEqual(sent["text"], "bold and link c.")
        self.assertEqual([e["type"] for e in sent["entities"]], ["bold", "text_link", "code"])
        self.assertEqual(self.violations(), ["parse_mode"])
        self.sim("allow", all=True)
        self.assertEqual(self.violations(), [])

    def test_reserved_characters_are_named_in_the_servers_words(self):
        self.sim("allow", kind="parse_mode")
        answer = self.call("sendMessage", chat_id=OWNER, text="1.5", parse_mode="MarkdownV2")
        self.assertEqual(answer["description"], "Bad Request: can't parse entities: Character '.' is reserved and must "
                                                "be escaped with the preceding '\\'")

    def test_control_calls_name_the_wrong_field(self):
        for verb, body, field in (("send_text", {"text": 5}, "text"), ("send_text", {}, "text"),
                                  ("send_text", {"text": "x", "typo": 1}, "typo"), ("press", {"message": 9}, "message"),
                                  ("fault", {"kind": "flood"}, "kind"), ("wait", {"chat": OWNER, "cuont": 2}, "cuont"),
                                  ("fault", {"kind": "status"}, "code")):
            answer = self.request("POST", f"/sim/{verb}", json.dumps(body).encode())
            self.assertEqual(answer.status, 400, (verb, body))
            self.assertTrue(answer["error"].startswith(f"{field}:"), answer)
        self.assertEqual(self.read(f"chat/{OWNER}")["messages"], [])


class RateModel(SimulatorTest):
    options = {"virtual_clock": True}  # how fast the machine is decides nothing

    def test_the_sixth_message_at_once_is_429_with_the_wait_in_body_and_header(self):
        for number in range(5):
            self.result("sendMessage", chat_id=OWNER, text=str(number))
        answer = self.call("sendMessage", chat_id=OWNER, text="6")
        self.assertEqual((answer.status, answer["parameters"], answer.headers["Retry-After"]),
                         (429, {"retry_after": 1}, "1"))
        self.assertEqual(answer["description"], "Too Many Requests: retry after 1")
        self.sim("clock.advance", s=1)
        self.result("sendMessage", chat_id=OWNER, text="6")
        self.assertEqual(self.read("state")["rate_model"]["refused"], 1)

    def test_a_group_takes_twenty_a_minute(self):
        group = self.sim("chat.create")["chat"]
        for _ in range(20):
            self.result("sendMessage", chat_id=group, text="x")
            self.sim("clock.advance", s=1)
        self.assertEqual(self.call("sendMessage", chat_id=group, text="x")["parameters"]["retry_after"], 40)

    def test_many_edits_of_one_message_bring_a_minute_of_silence(self):
        message = self.result("sendMessage", chat_id=OWNER, text="0")["message_id"]
        for number in range(1, 51):
            self.sim("clock.advance", s=1)
            self.result("editMessageText", chat_id=OWNER, message_id=message, text=str(number))
        self.sim("clock.advance", s=1)
        answer = self.call("editMessageText", chat_id=OWNER, message_id=message, text="last")
        self.assertEqual(answer["parameters"]["retry_after"], 60)

    def test_a_refused_call_is_a_violation_that_a_test_may_allow(self):
        self.sim("rate_model", chat_burst=1)
        self.result("sendMessage", chat_id=OWNER, text="1")
        self.assertEqual(self.call("sendMessage", chat_id=OWNER, text="2").status, 429)
        self.sim("wait", violations=1, kind="rate_limit")
        self.sim("allow", kind="rate_limit", times=1)
        self.assertEqual(self.call("sendMessage", chat_id=OWNER, text="2").status, 429)
        self.assertEqual(self.violations(), ["rate_limit"])

    def test_a_429_of_a_fault_is_no_violation(self):
        self.sim("fault", kind="status", code=429, retry_after=3)
        self.assertEqual(self.call("sendMessage", chat_id=OWNER, text="1").status, 429)
        self.assertEqual(self.violations(), [])

    def test_its_numbers_can_be_set(self):
        self.sim("rate_model", chat_burst=2, chat_rate=0.1)
        self.result("sendMessage", chat_id=OWNER, text="1")
        self.result("sendMessage", chat_id=OWNER, text="2")
        self.assertEqual(self.call("sendMessage", chat_id=OWNER, text="3")["parameters"]["retry_after"], 10)
        self.assertEqual(self.read("state")["rate_model"]["chat_burst"], 2)
        self.assertTrue(self.refused_verb("rate_model", bot_limit=0)["error"].startswith("bot_limit:"))

    def test_the_whole_bot_may_write_thirty_times_a_second(self):
        chats = [self.sim("user.create", started=True)["chat"] for _ in range(31)]
        codes = [self.call("sendMessage", chat_id=chat, text="x").status for chat in chats]
        self.assertEqual((codes[:30], codes[30]), ([200] * 30, 429))

    def test_it_can_be_switched_off(self):
        self.sim("rate_model", on=False)
        for number in range(12):
            self.result("sendMessage", chat_id=OWNER, text=str(number))


class Journal(SimulatorTest):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = Path(directory.name) / "journal.jsonl"
        self.options = {"journal": self.path}
        super().setUp()

    def test_it_tells_in_order_what_happened_and_never_the_token(self):
        self.sim("send_text", text="my token is " + TOKEN)
        self.sim("marker", name="stored", data={"row": 1})
        sent = self.result("sendMessage", chat_id=OWNER, text="x")
        entries = self.read("journal")["entries"]
        self.assertEqual([entry["direction"] for entry in entries], ["update", "user", "marker", "bot"])
        call = entries[-1]
        self.assertEqual((call["method"], call["params"], call["status"], call["validation"], call["effect"]),
                         ("sendMessage", {"chat_id": OWNER, "text": "x"}, 200, "ok", {"message_id": sent["message_id"]}))
        self.assertEqual(self.read(f"journal?after={entries[2]['seq']}")["entries"], [call])
        lines = self.path.read_text().splitlines()
        self.assertEqual([json.loads(line)["seq"] for line in lines], [1, 2, 3, 4])
        self.assertNotIn(TOKEN, self.path.read_text())


if __name__ == "__main__":
    unittest.main()

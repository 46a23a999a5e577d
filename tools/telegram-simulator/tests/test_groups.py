import unittest

from tests.support import OWNER, SimulatorTest


class Groups(SimulatorTest):
    options = {"rate_model": False}

    def setUp(self):
        super().setUp()
        self.sim("user.create", id=7, name="Bob", username="bobby")
        self.group = self.sim("chat.create", type="supergroup", title="Home", members=[OWNER, 7])["chat"]
        self.result("getUpdates", offset=-1, allowed_updates=["message", "my_chat_member", "chat_member"])

    def updates(self):
        found = self.result("getUpdates", offset=0)
        if found:
            self.result("getUpdates", offset=found[-1]["update_id"] + 1)
        return [update for update in found if "my_chat_member" not in update]

    def test_a_bot_with_privacy_sees_commands_mentions_and_replies_only(self):
        for text, seen in (("hello all", False), ("/help", True), ("/help@other_bot", False), ("@butler_bot, tea?", True),
                           ("ask @butler_boter", False), ("/help@Butler_Bot now", True)):
            self.assertEqual(self.sim("send_text", chat=self.group, text=text)["update_id"] is not None, seen, text)
        mine = self.result("sendMessage", chat_id=self.group, text="yes?")["message_id"]
        self.assertIsNotNone(self.sim("send_text", chat=self.group, user=7, text="thanks", reply_to=mine)["update_id"])
        theirs = self.sim("send_text", chat=self.group, text="hm")["message_id"]
        self.assertIsNone(self.sim("send_text", chat=self.group, user=7, text="well", reply_to=theirs)["update_id"])

    def test_an_administrator_sees_everything(self):
        self.sim("bot.promote", chat=self.group)
        self.assertIsNotNone(self.sim("send_text", chat=self.group, text="hello all")["update_id"])
        self.sim("bot.demote", chat=self.group)
        self.assertIsNone(self.sim("send_text", chat=self.group, text="hello all")["update_id"])

    def test_people_join_leave_and_are_removed_with_service_messages(self):
        self.updates()
        self.sim("user.create", id=8, name="Eve")
        self.sim("join", chat=self.group, user=8, by=OWNER)
        self.sim("leave", chat=self.group, user=7)
        self.sim("kick", chat=self.group, user=8)
        said = [update["message"] for update in self.updates()]
        self.assertEqual([(m["from"]["id"], m.get("new_chat_members", [m.get("left_chat_member")])[0]["id"]) for m in said],
                         [(OWNER, 8), (7, 7), (OWNER, 8)])
        self.assertEqual(self.read(f"chat/{self.group}")["members"], [OWNER])
        self.assertEqual(self.result("getChatMember", chat_id=self.group, user_id=8)["status"], "left")

    def test_an_administrator_that_asked_for_it_learns_of_every_change_of_membership(self):
        self.sim("bot.promote", chat=self.group)
        self.updates()
        self.sim("promote", chat=self.group, user=7)
        change = self.updates()[0]["chat_member"]
        self.assertEqual((change["old_chat_member"]["status"], change["new_chat_member"]["status"]),
                         ("member", "administrator"))
        self.assertEqual(self.result("getChatMember", chat_id=self.group, user_id=OWNER)["status"], "creator")

    def test_a_group_deep_link_adds_the_bot_and_starts_it(self):
        self.sim("bot.kick", chat=self.group)
        self.updates()
        self.sim("open_deeplink", chat=self.group, user=7, payload="abc")
        message = self.updates()[0]["message"]
        self.assertEqual((message["text"], message["from"]["id"], message["chat"]["id"]),
                         ("/start@butler_bot abc", 7, self.group))

    def test_a_kicked_bot_may_not_write_and_hears_nothing(self):
        self.sim("bot.kick", chat=self.group)
        answer = self.call("sendMessage", chat_id=self.group, text="x")
        self.assertEqual((answer.status, answer["description"]),
                         (403, "Forbidden: bot was kicked from the supergroup chat"))
        self.assertIsNone(self.sim("send_text", chat=self.group, text="/help")["update_id"])

    def test_a_deleted_group_and_a_deleted_account_take_nothing(self):
        self.sim("chat.delete", chat=self.group)
        self.assertEqual(self.call("sendMessage", chat_id=self.group, text="x")["description"],
                         "Forbidden: the group chat was deleted")
        self.sim("open_deeplink", user=7)
        self.sim("user.deactivate", user=7)
        self.assertEqual(self.call("sendMessage", chat_id=7, text="x")["description"], "Forbidden: user is deactivated")
        self.assertTrue(self.refused_verb("send_text", chat=7, text="x")["error"].startswith("chat:"))

    def test_a_bot_that_leaves_is_no_member(self):
        self.result("leaveChat", chat_id=self.group)
        self.assertEqual(self.call("sendMessage", chat_id=self.group, text="x")["description"],
                         "Forbidden: bot is not a member of the supergroup chat")
        self.assertEqual(self.read(f"chat/{self.group}")["bot_status"], "left")
        private = self.call("leaveChat", chat_id=OWNER)
        self.assertEqual(private["description"], "Bad Request: chat member status can't be changed in private chats")

    def test_who_is_outside_cannot_leave_and_a_private_chat_cannot_be_joined(self):
        for verb, fields, field in (("leave", {"chat": self.group, "user": 99}, "user"),
                                    ("join", {"chat": OWNER, "user": 7}, "chat"),
                                    ("join", {"chat": self.group, "user": 7}, "user")):
            answer = self.refused_verb(verb, **fields)
            self.assertTrue(answer["error"].startswith(f"{field}:"), answer)


class Topics(SimulatorTest):
    options = {"rate_model": False}

    def setUp(self):
        super().setUp()
        self.forum = self.sim("chat.create", type="supergroup", forum=True, bot_admin=True)["chat"]
        self.thread = self.sim("topic.create", chat=self.forum, name="Garden")["thread"]

    def last(self):
        return self.result("getUpdates", offset=-1)[0]["message"]

    def test_a_message_in_general_names_no_thread(self):
        self.sim("send_text", chat=self.forum, thread=1, text="hi")
        message = self.last()
        self.assertNotIn("message_thread_id", message)
        self.assertNotIn("is_topic_message", message)

    def test_a_reply_stays_in_its_topic(self):
        sent = self.result("sendMessage", chat_id=self.forum, message_thread_id=self.thread, text="x")["message_id"]
        self.sim("send_text", chat=self.forum, text="thanks", reply_to=sent)
        message = self.last()
        self.assertEqual((message["message_thread_id"], message["is_topic_message"]), (self.thread, True))

    def test_a_closed_topic_takes_no_message_of_a_plain_member_until_it_is_reopened(self):
        self.sim("bot.demote", chat=self.forum)
        self.sim("topic.close", chat=self.forum, thread=self.thread)
        answer = self.call("sendMessage", chat_id=self.forum, message_thread_id=self.thread, text="x")
        self.assertEqual(answer["description"], "Bad Request: TOPIC_CLOSED")
        self.sim("topic.reopen", chat=self.forum, thread=self.thread)
        self.result("sendMessage", chat_id=self.forum, message_thread_id=self.thread, text="x")

    def test_topics_of_a_private_chat_can_be_switched_on(self):
        self.assertFalse(self.result("getMe")["has_topics_enabled"])
        self.sim("user.topics")
        self.assertTrue(self.result("getMe")["has_topics_enabled"])
        thread = self.sim("topic.create", name="Trip")["thread"]
        self.sim("send_text", thread=thread, text="hi")
        self.assertEqual(self.last()["message_thread_id"], thread)
        made = self.result("createForumTopic", chat_id=OWNER, name="Work")["message_thread_id"]
        self.result("sendMessage", chat_id=OWNER, message_thread_id=made, text="x")

    def test_a_reply_in_a_plain_supergroup_has_a_thread_that_is_no_topic(self):
        group = self.sim("chat.create", type="supergroup")["chat"]
        mine = self.result("sendMessage", chat_id=group, text="x")["message_id"]
        self.sim("send_text", chat=group, text="y", reply_to=mine)
        message = self.last()
        self.assertEqual(message["message_thread_id"], mine)
        self.assertNotIn("is_topic_message", message)
        self.result("sendMessage", chat_id=group, message_thread_id=12345, text="a thread is ignored here")


if __name__ == "__main__":
    unittest.main()

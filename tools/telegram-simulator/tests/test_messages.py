import unittest

from tests.support import OWNER, SimulatorTest

NOT_MODIFIED = ("Bad Request: message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message")


class Messages(SimulatorTest):
    options = {"rate_model": False}

    def refused(self, method, **params):
        answer = self.call(method, **params)
        self.assertFalse(answer["ok"], answer)
        self.assertEqual(answer.status, answer["error_code"])
        return answer["error_code"], answer["description"]

    def keyboard(self, *buttons):
        return {"inline_keyboard": [list(buttons)]}

    def test_text_is_cleaned_as_the_server_does(self):
        sent = self.result("sendMessage", chat_id=OWNER, text="  a\tb\r\n\u202ec \x07d \n ")
        self.assertEqual(sent["text"], "a b\nc  d")

    def test_entities_move_with_the_cleaned_text(self):
        sent = self.result("sendMessage", chat_id=OWNER, text="\r 😀 bold  ",
                           entities=[{"type": "bold", "offset": 5, "length": 6}])
        self.assertEqual(sent["text"], "😀 bold")
        self.assertEqual(sent["entities"], [{"type": "bold", "offset": 3, "length": 4}])

    def test_a_style_is_split_around_code_and_code_in_a_link_is_dropped(self):
        sent = self.result("sendMessage", chat_id=OWNER, text="run make now, see this doc", entities=[
            {"type": "bold", "offset": 0, "length": 12}, {"type": "code", "offset": 4, "length": 4},
            {"type": "text_link", "offset": 18, "length": 8, "url": "https://e.org"},
            {"type": "code", "offset": 23, "length": 3}])
        self.assertEqual([(e["type"], e["offset"], e["length"]) for e in sent["entities"]],
                         [("bold", 0, 4), ("code", 4, 4), ("bold", 8, 4), ("text_link", 18, 8)])

    def test_a_link_with_another_scheme_is_dropped_silently(self):
        sent = self.result("sendMessage", chat_id=OWNER, text="see this", entities=[
            {"type": "text_link", "offset": 4, "length": 4, "url": "javascript:alert(1)"}])
        self.assertNotIn("entities", sent)

    def test_links_mail_and_tags_are_found(self):
        sent = self.result("sendMessage", chat_id=OWNER, text="(https://a.io/x_(y)) main.py b@c.org #tag 5.10 no.where1")
        self.assertEqual([e["type"] for e in sent["entities"]], ["url", "url", "email", "hashtag"])
        self.assertEqual(sent["entities"][0]["length"], len("https://a.io/x_(y)"))

    def test_nothing_is_found_inside_code(self):
        sent = self.result("sendMessage", chat_id=OWNER, text="/start", entities=[
            {"type": "code", "offset": 0, "length": 6}])
        self.assertEqual([e["type"] for e in sent["entities"]], ["code"])

    def test_4096_characters_pass_and_4097_do_not(self):
        self.result("sendMessage", chat_id=OWNER, text="😀" * 4096)
        self.assertEqual(self.refused("sendMessage", chat_id=OWNER, text="x" * 4097),
                         (400, "Bad Request: message is too long"))
        self.assertEqual(self.refused("sendMessage", chat_id=OWNER, text="x" * 40000),
                         (400, "Bad Request: text is too long"))

    def test_empty_texts_are_refused_in_the_servers_words(self):
        self.assertEqual(self.refused("sendMessage", chat_id=OWNER, text="")[1], "Bad Request: message text is empty")
        self.assertEqual(self.refused("sendMessage", chat_id=OWNER, text=" \n")[1], "Bad Request: text must be non-empty")

    def test_entities_outside_the_text_or_inside_a_surrogate_pair_are_violations(self):
        self.refused("sendMessage", chat_id=OWNER, text="ab", entities=[{"type": "bold", "offset": 1, "length": 2}])
        self.refused("sendMessage", chat_id=OWNER, text="😀x", entities=[{"type": "bold", "offset": 1, "length": 2}])
        self.assertEqual(self.violations(), ["entity_range", "entity_range"])

    def test_more_than_a_hundred_entities_are_a_violation(self):
        entities = [{"type": "bold", "offset": 2 * i, "length": 1} for i in range(101)]
        self.refused("sendMessage", chat_id=OWNER, text="x " * 101, entities=entities)
        self.assertEqual(self.violations(), ["entities"])

    def test_unknown_chats_are_refused(self):
        self.assertEqual(self.refused("sendMessage", chat_id=424242, text="x"), (400, "Bad Request: chat not found"))

    def test_a_bot_cannot_write_first(self):
        self.sim("user.create", id=77, name="Bob")
        self.assertEqual(self.refused("sendMessage", chat_id=77, text="x"), (400, "Bad Request: chat not found"))
        self.sim("chat.create", members=[OWNER, 77])
        self.assertEqual(self.refused("sendMessage", chat_id=77, text="x"),
                         (403, "Forbidden: bot can't initiate conversation with a user"))
        self.sim("open_deeplink", user=77, payload="code-1")
        self.result("sendMessage", chat_id=77, text="x")

    def test_a_blocked_bot_is_forbidden_until_unblocked(self):
        self.sim("block", user=OWNER)
        self.assertEqual(self.refused("sendMessage", chat_id=OWNER, text="x"),
                         (403, "Forbidden: bot was blocked by the user"))
        self.sim("unblock", user=OWNER)
        self.result("sendMessage", chat_id=OWNER, text="x")
        kinds = [update["my_chat_member"]["new_chat_member"]["status"] for update in self.result("getUpdates")]
        self.assertEqual(kinds, ["kicked", "member"])

    def test_a_migrated_group_names_its_new_id(self):
        group = self.sim("chat.create", type="group")["chat"]
        new = self.sim("migrate_group", chat=group)["chat"]
        answer = self.call("sendMessage", chat_id=group, text="x")
        self.assertEqual(answer["description"], "Bad Request: group chat was upgraded to a supergroup chat")
        self.assertEqual(answer["parameters"], {"migrate_to_chat_id": new})
        self.result("sendMessage", chat_id=new, text="x")

    def test_a_missing_reply_target_is_an_error_unless_allowed(self):
        self.assertEqual(self.refused("sendMessage", chat_id=OWNER, text="x", reply_parameters={"message_id": 99})[1],
                         "Bad Request: message to be replied not found")
        sent = self.result("sendMessage", chat_id=OWNER, text="x",
                           reply_parameters={"message_id": 99, "allow_sending_without_reply": True})
        self.assertNotIn("reply_to_message", sent)

    def test_topics_take_messages_general_is_left_out_and_deleted_ones_are_gone(self):
        forum = self.sim("chat.create", type="supergroup", forum=True, bot_admin=True)["chat"]
        thread = self.sim("topic.create", chat=forum, name="Garden")["thread"]
        sent = self.result("sendMessage", chat_id=forum, message_thread_id=thread, text="x")
        self.assertTrue(sent["is_topic_message"])
        gone = (400, "Bad Request: message thread not found")
        self.assertEqual(self.refused("sendMessage", chat_id=forum, message_thread_id=1, text="x"), gone)
        self.result("sendChatAction", chat_id=forum, message_thread_id=1, action="typing")
        self.sim("topic.delete", chat=forum, thread=thread)
        self.assertEqual(self.refused("sendMessage", chat_id=forum, message_thread_id=thread, text="x"), gone)

    def test_an_edit_changes_the_text_and_drops_the_keyboard(self):
        sent = self.result("sendMessage", chat_id=OWNER, text="a", reply_markup=self.keyboard(
            {"text": "A", "callback_data": "a"}))
        edited = self.result("editMessageText", chat_id=OWNER, message_id=sent["message_id"], text="b")
        self.assertEqual((edited["text"], "reply_markup" in edited), ("b", False))
        self.assertIn("edit_date", edited)
        self.assertEqual(self.refused("editMessageText", chat_id=OWNER, message_id=sent["message_id"], text="b "),
                         (400, NOT_MODIFIED))
        shown = self.read(f"chat/{OWNER}")["messages"][-1]
        self.assertEqual((shown["text"], shown["edited"]), ("b", True))

    def test_edits_of_missing_and_foreign_messages_are_refused(self):
        theirs = self.sim("send_text", text="x")["message_id"]
        self.assertEqual(self.refused("editMessageText", chat_id=OWNER, message_id=theirs, text="y")[1],
                         "Bad Request: message can't be edited")
        self.assertEqual(self.refused("editMessageText", chat_id=OWNER, message_id=500, text="y")[1],
                         "Bad Request: message to edit not found")

    def test_a_deleted_message_is_gone(self):
        sent = self.result("sendMessage", chat_id=OWNER, text="a")
        self.result("deleteMessage", chat_id=OWNER, message_id=sent["message_id"])
        self.assertEqual(self.refused("deleteMessage", chat_id=OWNER, message_id=sent["message_id"])[1],
                         "Bad Request: message to delete not found")
        self.assertEqual(self.read(f"chat/{OWNER}")["deleted"], [sent["message_id"]])

    def test_a_press_is_answered_once_within_its_life(self):
        sent = self.result("sendMessage", chat_id=OWNER, text="a", reply_markup=self.keyboard(
            {"text": "Go", "callback_data": "go"}, {"text": "Old", "disabled": {}}))
        pressed = self.sim("press", message=sent["message_id"], label="Go")["callback_query_id"]
        update = self.result("getUpdates")[0]["callback_query"]
        self.assertEqual((update["id"], update["data"], update["from"]["id"]), (pressed, "go", OWNER))
        self.result("answerCallbackQuery", callback_query_id=pressed, text="done")
        self.assertEqual(self.sim("wait", callback_answered=pressed)["matched"][0]["text"], "done")
        self.assertIn("query is too old", self.refused("answerCallbackQuery", callback_query_id=pressed)[1])
        late = self.sim("press", message=sent["message_id"], row=0, col=0)["callback_query_id"]
        self.sim("clock.advance", s=151)
        self.assertIn("query is too old", self.refused("answerCallbackQuery", callback_query_id=late)[1])

    def test_reactions_come_from_the_fixed_list(self):
        message = self.sim("send_text", text="x")["message_id"]
        self.result("setMessageReaction", chat_id=OWNER, message_id=message, reaction=[{"type": "emoji", "emoji": "👀"}])
        self.sim("wait", chat=OWNER, reaction="👀")
        self.assertEqual(self.refused("setMessageReaction", chat_id=OWNER, message_id=message,
                                      reaction=[{"type": "emoji", "emoji": "✅"}]), (400, "Bad Request: REACTION_INVALID"))

    def test_typing_lasts_five_seconds_or_until_a_message(self):
        self.result("sendChatAction", chat_id=OWNER, action="typing")
        self.assertEqual(self.sim("wait", typing=OWNER)["matched"][0]["action"], "typing")
        self.sim("clock.advance", s=5)
        self.assertEqual(self.read("typing")["typing"], [])
        self.result("sendChatAction", chat_id=OWNER, action="typing")
        self.result("sendMessage", chat_id=OWNER, text="x")
        self.assertEqual(self.read("typing")["typing"], [])

    def test_a_draft_lives_until_a_message_or_thirty_seconds(self):
        self.result("sendMessageDraft", chat_id=OWNER, draft_id=7, text="")
        self.result("sendMessageDraft", chat_id=OWNER, draft_id=7, text="half")
        self.assertEqual(self.sim("wait", draft=OWNER, contains="half")["matched"][0]["updates"], 2)
        self.result("sendMessage", chat_id=OWNER, text="whole")
        self.assertEqual(self.read("drafts")["drafts"], [])
        self.result("sendMessageDraft", chat_id=OWNER, draft_id=8, text="again")
        self.sim("clock.advance", s=30)
        self.assertEqual(self.read("drafts")["drafts"], [])

    def test_the_stop_button_of_a_draft_makes_an_update(self):
        self.result("sendMessageDraft", chat_id=OWNER, draft_id=7, text="half", can_stop=True, keep_on_stop=True)
        self.sim("stop_draft", chat=OWNER, draft=7)
        self.assertEqual(self.result("getUpdates")[0]["stopped_message_generation"]["draft_id"], 7)
        self.assertTrue(self.read("drafts")["drafts"][0]["stopped"])

    def test_drafts_are_for_private_chats(self):
        group = self.sim("chat.create")["chat"]
        self.assertEqual(self.refused("sendMessageDraft", chat_id=group, draft_id=1, text="x"),
                         (400, "Bad Request: TEXTDRAFT_PEER_INVALID"))

    def test_commands_are_kept_by_scope(self):
        commands = [{"command": "help", "description": "What I can do"}]
        self.result("setMyCommands", commands=commands, scope={"type": "chat", "chat_id": OWNER})
        self.assertEqual(self.result("getMyCommands"), [])
        self.assertEqual(self.result("getMyCommands", scope={"type": "chat", "chat_id": OWNER}), commands)
        self.result("deleteMyCommands", scope={"type": "chat", "chat_id": OWNER})
        self.assertEqual(self.read("commands")["commands"], [])

    def test_people_see_the_commands_of_the_most_specific_scope(self):
        group = self.sim("chat.create", members=[OWNER, self.sim("user.create", id=7)["user"]])["chat"]
        admins = {"type": "all_chat_administrators"}
        for scope in ({"type": "default"}, {"type": "all_private_chats"}, {"type": "chat", "chat_id": OWNER}, admins):
            self.result("setMyCommands", commands=[{"command": "help", "description": scope["type"]}], scope=scope)
        self.result("setMyCommands", commands=[{"command": "help", "description": "de"}], language_code="de")
        for chat, user, shown in ((OWNER, OWNER, "chat"), (7, 7, "all_private_chats"), (group, OWNER, admins["type"]),
                                  (group, 7, "default")):
            seen = self.read(f"commands?chat={chat}&user={user}")
            self.assertEqual((seen["shown"][0]["description"], seen["scope"]["type"]), (shown, shown))
        self.sim("user.create", id=8, language="de")
        self.sim("join", chat=group, user=8)
        self.assertEqual(self.read(f"commands?chat={group}&user=8")["shown"][0]["description"], "de")
        self.assertEqual(len(self.read("commands?scope=default")["commands"]), 2)

    def test_privacy_hides_what_is_not_meant_for_the_bot(self):
        group = self.sim("chat.create", type="group")["chat"]
        self.assertIsNone(self.sim("send_text", chat=group, text="hello all")["update_id"])
        self.assertIsNone(self.sim("send_text", chat=group, text="/help@other_bot")["update_id"])
        self.assertIsNotNone(self.sim("send_text", chat=group, text="/help@butler_bot")["update_id"])
        mine = self.result("sendMessage", chat_id=group, text="yes?")["message_id"]
        self.assertIsNotNone(self.sim("send_text", chat=group, text="thanks", reply_to=mine)["update_id"])

    def test_a_long_paste_arrives_as_several_messages(self):
        sent = self.sim("send_text", text="x" * 9000)
        self.assertEqual([len(update["message"]["text"]) for update in self.result("getUpdates")], [4096, 4096, 808])
        self.assertEqual(len(sent["message_ids"]), 3)


if __name__ == "__main__":
    unittest.main()

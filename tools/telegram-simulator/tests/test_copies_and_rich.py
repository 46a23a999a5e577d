import unittest

from tests.support import OWNER, SimulatorTest

# telegram.md 4.1: what a bot of ours may use.
MODELLED = """getMe getUpdates setWebhook deleteWebhook getWebhookInfo logOut close sendMessage sendMessageDraft sendRichMessage
sendRichMessageDraft sendPhoto sendDocument sendVoice sendAudio sendMediaGroup editMessageText editMessageCaption
editMessageReplyMarkup deleteMessage deleteMessages forwardMessage copyMessage setMessageReaction sendChatAction
answerCallbackQuery getFile getChat getChatMember setMyCommands getMyCommands deleteMyCommands setChatMenuButton
createForumTopic editForumTopic closeForumTopic deleteForumTopic leaveChat""".split()


class Methods(unittest.TestCase):
    def test_every_method_that_the_design_names_has_a_model(self):
        from telegram_simulator.methods import METHODS
        self.assertEqual(len(MODELLED), 38)
        self.assertEqual(set(MODELLED) - set(METHODS), set())


class Copies(SimulatorTest):
    options = {"rate_model": False}

    def setUp(self):
        super().setUp()
        self.other = self.sim("user.create", id=7, name="Bob", started=True)["chat"]
        self.source = self.sim("send_text", text="hello #tag")["message_id"]

    def test_a_forward_names_where_it_came_from_and_a_copy_does_not(self):
        forwarded = self.result("forwardMessage", chat_id=self.other, from_chat_id=OWNER, message_id=self.source)
        self.assertEqual((forwarded["text"], forwarded["forward_origin"]["sender_user"]["id"]), ("hello #tag", OWNER))
        copied = self.result("copyMessage", chat_id=self.other, from_chat_id=OWNER, message_id=self.source)
        shown = self.read(f"chat/{self.other}")["messages"][-1]
        self.assertEqual((shown["message_id"], shown["text"]), (copied["message_id"], "hello #tag"))
        self.assertNotIn("forward_origin", shown)

    def test_what_is_not_there_cannot_be_forwarded_or_copied(self):
        for method, said in (("forwardMessage", "forward"), ("copyMessage", "copy")):
            answer = self.call(method, chat_id=self.other, from_chat_id=OWNER, message_id=999)
            self.assertEqual(answer["description"], f"Bad Request: message to {said} not found")

    def test_several_messages_are_deleted_at_once_and_missing_ones_are_skipped(self):
        mine = self.result("sendMessage", chat_id=OWNER, text="x")["message_id"]
        self.result("deleteMessages", chat_id=OWNER, message_ids=[mine, self.source, 999])
        self.assertEqual(self.read(f"chat/{OWNER}")["deleted"], [self.source, mine])

    def test_a_message_of_the_day_before_yesterday_cannot_be_deleted(self):
        mine = self.result("sendMessage", chat_id=OWNER, text="x")["message_id"]
        self.sim("clock.advance", s=48 * 3600 + 5)
        self.assertEqual(self.call("deleteMessages", chat_id=OWNER, message_ids=[mine])["description"],
                         "Bad Request: message can't be deleted")


class RichMessages(SimulatorTest):
    options = {"rate_model": False}

    def test_blocks_come_back_and_read_as_text(self):
        blocks = [{"type": "heading", "text": "Plan", "size": 2},
                  {"type": "paragraph", "text": ["see ", {"type": "bold", "text": "this"}]},
                  {"type": "list", "items": [{"blocks": [{"type": "paragraph", "text": "one"}]}]}]
        sent = self.result("sendRichMessage", chat_id=OWNER, rich_message={"blocks": blocks})
        self.assertEqual(sent["rich_message"]["blocks"][1], blocks[1])
        self.assertEqual(self.read(f"chat/{OWNER}")["messages"][-1]["text"], "Plan\nsee this\none")

    def test_a_text_can_become_rich_and_plain_again(self):
        sent = self.result("sendMessage", chat_id=OWNER, text="x")["message_id"]
        rich = self.result("editMessageText", chat_id=OWNER, message_id=sent, rich_message={"markdown": "# a\n\nb"})
        self.assertEqual(([block["text"] for block in rich["rich_message"]["blocks"]], "text" in rich), (["# a", "b"], False))
        plain = self.result("editMessageText", chat_id=OWNER, message_id=sent, text="y")
        self.assertNotIn("rich_message", plain)

    def test_a_rich_draft_is_shown_in_private_chats_only(self):
        self.result("sendRichMessageDraft", chat_id=OWNER, draft_id=3, rich_message={"markdown": "half"})
        self.assertEqual(self.read("drafts")["drafts"][0]["text"], "half")
        group = self.sim("chat.create")["chat"]
        self.call("sendRichMessageDraft", chat_id=group, draft_id=3, rich_message={"markdown": "half"})
        self.assertEqual(self.violations(), ["draft_outside_private_chat"])

    def test_limits_are_violations(self):
        cell = {"text": "x", "align": "left", "valign": "top"}
        nested = {"type": "paragraph", "text": "x"}
        for _ in range(16):
            nested = {"type": "blockquote", "blocks": [nested]}
        for message in ({"markdown": "x" * 32769}, {"markdown": "a", "html": "b"}, {}, {"blocks": [nested]},
                        {"blocks": [{"type": "table", "cells": [[cell] * 21]}]},
                        {"blocks": [{"type": "divider"}] * 501}):
            self.assertEqual(self.call("sendRichMessage", chat_id=OWNER, rich_message=message).status, 400, str(message)[:60])
        self.assertEqual(self.violations(), ["rich_limits", "exactly_one", "exactly_one", "rich_limits", "rich_limits",
                                             "rich_limits"])


if __name__ == "__main__":
    unittest.main()

import base64
import http.client
import time
import unittest

from tests.support import OWNER, TOKEN, SimulatorTest

MEBIBYTE = 1024 * 1024


class FromPeople(SimulatorTest):
    options = {"rate_model": False}

    def last(self):
        return self.result("getUpdates", offset=-1)[0]["message"]

    def download(self, path, **more):
        return self.request("GET", f"/file/bot{TOKEN}/{path}", **more)

    def test_a_document_arrives_and_can_be_fetched_byte_for_byte(self):
        data = bytes(range(256)) * 10
        self.sim("send_document", bytes=base64.b64encode(data).decode(), name="a.bin", mime="application/x-thing",
                 caption="see *this* #tag")
        message = self.last()
        self.assertEqual((message["document"]["file_name"], message["document"]["file_size"], message["caption"]),
                         ("a.bin", 2560, "see *this* #tag"))
        self.assertEqual([entity["type"] for entity in message["caption_entities"]], ["hashtag"])
        link = self.result("getFile", file_id=message["document"]["file_id"])
        self.assertEqual((link["file_size"], link["file_unique_id"]), (2560, message["document"]["file_unique_id"]))
        self.assertEqual(self.download(link["file_path"]).body, data)

    def test_every_kind_arrives_as_its_own_field(self):
        for kind, fields in (("photo", {}), ("voice", {"duration": 4}), ("audio", {}), ("video", {}), ("sticker", {}),
                             ("document", {"text": "hi"}), ("location", {"latitude": 1.5, "longitude": 2}), ("contact", {})):
            self.sim(f"send_{kind}", **fields)
            self.assertIn(kind, self.last())
        self.assertEqual([message["media"]["kind"] for message in self.read(f"chat/{OWNER}")["messages"]],
                         ["photo", "voice", "audio", "video", "sticker", "document", "location", "contact"])

    def test_a_photo_comes_in_sizes_with_the_largest_last(self):
        self.sim("send_photo", size=300_000, width=1280, height=640)
        sizes = self.last()["photo"]
        self.assertEqual([(size["width"], size["height"]) for size in sizes], [(90, 45), (320, 160), (800, 400), (1280, 640)])
        self.assertEqual(sizes[-1]["file_size"], 300_000)

    def test_an_album_is_several_messages_with_one_group_id(self):
        sent = self.sim("album", items=[{"kind": "photo", "caption": "both"}, {"kind": "video", "size": 9}])
        messages = [update["message"] for update in self.result("getUpdates")]
        self.assertEqual([message["media_group_id"] for message in messages], [sent["media_group_id"]] * 2)
        self.assertEqual([message.get("caption") for message in messages], ["both", None])
        self.assertTrue(self.refused_verb("album", items=[{}])["error"].startswith("items:"))

    def test_a_link_lasts_an_hour_and_can_be_had_again(self):
        file = self.sim("send_document", text="x")["file_id"]
        path = self.result("getFile", file_id=file)["file_path"]
        self.sim("clock.advance", s=3599)
        self.assertEqual(self.download(path).body, b"x")
        self.sim("clock.advance", s=2)
        self.assertEqual(self.download(path).status, 404)
        self.result("getFile", file_id=file)
        self.assertEqual(self.download(path).body, b"x")

    def test_twenty_mebibytes_can_be_fetched_and_one_byte_more_cannot(self):
        whole = self.sim("send_document", size=20 * MEBIBYTE)["file_id"]
        path = self.result("getFile", file_id=whole)["file_path"]
        self.assertEqual(len(self.download(path).body), 20 * MEBIBYTE)
        large = self.sim("send_document", size=20 * MEBIBYTE + 1)["file_id"]
        self.assertEqual(self.call("getFile", file_id=large)["description"], "Bad Request: file is too big")

    def test_unknown_files_and_tokens_get_nothing(self):
        self.assertEqual(self.call("getFile", file_id="nonsense")["description"],
                         "Bad Request: wrong file_id or the file is temporarily unavailable")
        path = self.result("getFile", file_id=self.sim("send_document", text="x")["file_id"])["file_path"]
        self.assertEqual(self.request("GET", f"/file/bot1:other-token/{path}").status, 401)
        self.assertEqual(self.download("documents/file_99.bin").status, 404)

    def test_people_fetch_files_without_a_link_and_browsers_do_not_run_them(self):
        file = self.sim("send_document", text="<script>", mime="text/html")["file_id"]
        answer = self.read(f"file/{file}")
        self.assertEqual((answer.body, answer.headers["Content-Disposition"]), (b"<script>", "attachment"))
        self.assertIn("sandbox", answer.headers["Content-Security-Policy"])

    def test_downloads_fail_as_ordered(self):
        path = self.result("getFile", file_id=self.sim("send_document", size=1000)["file_id"])["file_path"]
        self.sim("fault", kind="short_file")
        self.assertEqual(len(self.download(path).body), 500)
        self.sim("fault", kind="truncate_body", n=10, match={"method": "file"})
        with self.assertRaises(http.client.IncompleteRead):
            self.download(path)
        self.sim("fault", kind="status", code=502, match={"method": "file"})
        self.assertEqual(self.download(path).status, 502)
        self.sim("fault", kind="slow_drip", bytes_per_s=10_000)
        began = time.monotonic()
        self.assertEqual(len(self.download(path).body), 1000)
        self.assertGreater(time.monotonic() - began, 0.05)
        self.sim("fault", kind="expired_link")
        self.assertEqual(self.download(path).status, 404)
        calls = [(entry["status"], entry.get("fault")) for entry in self.read("journal")["entries"]
                 if entry.get("method") == "file"]
        self.assertEqual(calls, [(200, "short_file"), (200, "truncate_body"), (502, "status"), (200, "slow_drip"),
                                 (404, "expired_link")])


class FromTheBot(SimulatorTest):
    options = {"rate_model": False}

    def refused(self, method, **params):
        answer = self.call(method, **params)
        self.assertFalse(answer["ok"], answer)
        return answer["description"]

    def test_an_uploaded_document_is_shown_journaled_and_can_be_sent_again_by_its_id(self):
        answer = self.upload("sendDocument", {"document": ("notes.md", "text/markdown", b"# hi")}, chat_id=OWNER, caption="Notes")
        document = answer["result"]["document"]
        self.assertEqual((document["file_name"], document["mime_type"], document["file_size"]), ("notes.md", "text/markdown", 4))
        shown = self.read(f"chat/{OWNER}")["messages"][-1]
        self.assertEqual((shown["text"], shown["media"]["kind"]), ("Notes", "document"))
        self.sim("wait", chat=OWNER, media="document", text="Notes")
        self.assertEqual(self.read(f"file/{document['file_id']}").body, b"# hi")
        entry = self.sim("wait", method="sendDocument")["matched"][0]
        self.assertEqual((entry["files"][0]["name"], entry["files"][0]["size"]), ("notes.md", 4))
        again = self.result("sendDocument", chat_id=OWNER, document=document["file_id"])
        self.assertEqual(again["document"]["file_unique_id"], document["file_unique_id"])

    def test_photos_voices_and_audio_are_sent_too(self):
        for kind, method in (("photo", "sendPhoto"), ("voice", "sendVoice"), ("audio", "sendAudio"), ("video", "sendVideo")):
            sent = self.upload(method, {kind: ("f", "x/y", b"data")}, chat_id=OWNER)
            self.assertIn(kind, sent["result"], sent)
        attached = self.upload("sendPhoto", {"here": ("f", "x/y", b"data")}, chat_id=OWNER, photo="attach://here")
        self.assertIn("photo", attached["result"])
        self.assertEqual(self.violations(), [])

    def test_an_album_has_two_to_ten_items_that_go_together(self):
        files = {"a": ("a.jpg", "image/jpeg", b"a"), "b": ("b.jpg", "image/jpeg", b"b")}
        media = [{"type": "photo", "media": "attach://a", "caption": "both"}, {"type": "photo", "media": "attach://b"}]
        sent = self.upload("sendMediaGroup", files, chat_id=OWNER, media=media)["result"]
        self.assertEqual(len({message["media_group_id"] for message in sent}), 1)
        self.assertEqual(sent[0]["caption"], "both")
        mixed = [{"type": "document", "media": "attach://a"}, {"type": "photo", "media": "attach://b"}]
        self.assertEqual(self.upload("sendMediaGroup", files, chat_id=OWNER, media=mixed).status, 400)
        self.assertEqual(self.upload("sendMediaGroup", files, chat_id=OWNER, media=media[:1]).status, 400)
        missing = [media[0], {"type": "photo", "media": "attach://c"}]
        self.assertEqual(self.upload("sendMediaGroup", files, chat_id=OWNER, media=missing)["description"],
                         "Bad Request: there is no c in the request")
        self.assertEqual(self.violations(), ["album", "items", "attach"])

    def test_captions_are_cleaned_limited_and_edited(self):
        photo = {"photo": ("f", "x/y", b"data")}
        sent = self.upload("sendPhoto", photo, chat_id=OWNER, caption="a\tb ")["result"]
        self.assertEqual(sent["caption"], "a b")
        edited = self.result("editMessageCaption", chat_id=OWNER, message_id=sent["message_id"], caption="c")
        self.assertEqual(edited["caption"], "c")
        self.assertIn("message is not modified", self.refused("editMessageCaption", chat_id=OWNER,
                                                              message_id=sent["message_id"], caption="c"))
        self.assertEqual(self.upload("sendPhoto", photo, chat_id=OWNER, caption="x" * 1025)["description"],
                         "Bad Request: message caption is too long")
        text = self.result("sendMessage", chat_id=OWNER, text="x")["message_id"]
        self.assertEqual(self.refused("editMessageCaption", chat_id=OWNER, message_id=text, caption="c"),
                         "Bad Request: there is no caption in the message to edit")
        self.assertEqual(self.refused("editMessageText", chat_id=OWNER, message_id=sent["message_id"], text="c"),
                         "Bad Request: there is no text in the message to edit")

    def test_empty_and_too_large_uploads_are_violations_and_urls_reach_nothing(self):
        self.upload("sendDocument", {"document": ("f", "x/y", b"")}, chat_id=OWNER)
        answer = self.upload("sendPhoto", {"photo": ("f", "x/y", b"x" * (10 * MEBIBYTE + 1))}, chat_id=OWNER)
        self.assertIn("too big for a photo", answer["description"])
        self.assertEqual(self.refused("sendPhoto", chat_id=OWNER, photo="https://e.org/a.jpg"),
                         "Bad Request: failed to get HTTP URL content")
        self.assertEqual(self.refused("sendPhoto", chat_id=OWNER, photo="AgAC"),
                         "Bad Request: wrong file identifier/HTTP URL specified")
        self.assertEqual(self.violations(), ["empty_file", "too_large"])


if __name__ == "__main__":
    unittest.main()

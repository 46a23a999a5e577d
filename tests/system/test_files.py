"""S16–S18: files that people send reach the job, and files that an agent made reach the chat."""

import base64
import hashlib
import random
import struct
import unittest
import zlib

from support.case import SystemTest
from support.wait import until

MEBIBYTE = 1 << 20
PHOTO = random.Random(16).randbytes(70_000)


def picture(width: int, height: int) -> bytes:
    """A PNG of one colour."""
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = (b"\0" + b"\x40\x80\xc0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Files(SystemTest):
    """The test is the worker."""

    def setUp(self):
        self.simulator = self.start_simulator()
        self.butler = self.make_butler(self.simulator)
        self.butler.start("orchestrator")
        self.butler.start("gateway")

    def send(self, kind: str, data: bytes | int, caption: str | None = None, **fields) -> None:
        content = {"size": data} if isinstance(data, int) else {"bytes": base64.b64encode(data).decode()}
        if caption:
            fields["caption"] = caption
        self.simulator.do(f"send_{kind}", chat=self.simulator.owner_id, **content, **fields)

    def claim(self) -> dict:
        return self.butler.as_worker("POST", "/v1/workers/claim", {"workerId": "w", "waitSeconds": 50}).json

    def attachment(self, job: dict, name: str):
        """Once the gateway has put it."""
        def there():
            reply = self.butler.as_gateway("GET", f"/v1/jobs/{job['id']}/artifacts/{name}")
            return reply if reply.status == 200 else None
        return until(there, f"{name} at the orchestrator")

    def the_job(self) -> dict:
        return until(self.butler.jobs, "the job")[0]

    def made(self, held: dict, name: str, data: bytes, mime: str, **headers: str) -> None:
        reply = self.butler.as_worker("PUT", f"/v1/workers/{held['job']['id']}/artifacts/{name}", data,
                                      {"x-lease-token": held["leaseToken"], "content-type": mime, **headers})
        self.assertEqual(reply.status, 201, reply.text)

    def complete(self, held: dict, text: str) -> None:
        reply = self.butler.as_worker("POST", f"/v1/workers/{held['job']['id']}/complete", {"resultText": text},
                                      {"x-lease-token": held["leaseToken"]})
        self.assertEqual(reply.status, 200, reply.text)

    def no_temporary_file_is_left(self) -> None:
        for folder in ("incoming-files", "outgoing-files"):
            until(lambda: not list((self.butler.home / folder).iterdir()), f"{folder} to be empty")

    # ---- in ------------------------------------------------------------------------------------------

    def test_a_photo_reaches_the_job_byte_by_byte_whatever_its_download_goes_through(self):
        self.simulator.fault("expired_link")
        self.simulator.fault("short_file")
        self.simulator.fault("slow_drip", bytes_per_s=200_000)
        self.send("photo", PHOTO, "What is this?")
        held = self.claim()
        self.assertEqual(held["job"]["prompt"], "What is this?")
        self.assertEqual(held["job"]["attachments"], ["1-photo.jpg"])
        reply = self.attachment(held["job"], "1-photo.jpg")
        self.assertEqual(hashlib.sha256(reply.body).hexdigest(), hashlib.sha256(PHOTO).hexdigest())
        self.no_temporary_file_is_left()
        self.simulator.check_token_absent(self.butler.lines("gateway"))

    def test_a_voice_message_without_words_says_what_came(self):
        self.send("voice", 5_000, duration=4)
        job = self.the_job()
        self.assertEqual(job["prompt"], "A voice message came without words.")
        self.assertEqual(len(self.attachment(job, "1-voice.ogg").body), 5_000)

    def test_a_file_over_twenty_megabytes_is_refused_in_words_and_the_caption_goes_on(self):
        self.send("document", 20 * MEBIBYTE, "just fits", name="fits.bin")
        self.send("document", 20 * MEBIBYTE + 1, "read this", name="big.bin")
        self.simulator.wait_for_reply("I can't fetch “big.bin”")
        jobs = until(lambda: self.butler.jobs() if len(self.butler.jobs()) == 2 else None, "both jobs")
        self.assertIn('The file "big.bin" (21 MB) is not here', jobs[0]["prompt"])
        self.assertEqual(len(self.attachment(jobs[1], "1-fits.bin").body), 20 * MEBIBYTE)

    def test_nothing_of_a_stranger_is_fetched(self):
        self.simulator.add_user(3003, "Carol")
        self.simulator.do("send_photo", chat=3003, size=1_000, caption="let me in")
        self.simulator.wait(queue_empty=True)
        self.assertEqual(self.simulator.journal(method="getFile"), [])

    # ---- out -----------------------------------------------------------------------------------------

    def test_a_document_and_an_album_come_after_the_answer(self):
        self.simulator.send_text("draw")
        held = self.claim()
        self.made(held, "one.png", picture(40, 30), "image/png", **{"x-artifact-caption": "Both%20charts"})
        self.made(held, "two.png", picture(50, 30), "image/png")
        self.made(held, "long.png", picture(100, 2_001), "image/png")
        self.made(held, "report.txt", b"words", "text/plain")
        self.complete(held, "here they are")
        self.simulator.wait_for_reply("here they are")

        def sent():
            found = [message for message in self.simulator.messages(sender="bot") if message.get("media")]
            return found if len(found) == 4 else None
        shown = until(sent, "the files")
        # A picture that is too narrow for a photo makes documents of its album.
        self.assertEqual([message["media"]["kind"] for message in shown], ["document"] * 4)
        texts = [message["text"] for message in self.simulator.messages(sender="bot")]
        self.assertLess(texts.index("here they are"), len(texts) - 4)
        self.no_temporary_file_is_left()
        self.simulator.send_text(f"/status {held['job']['id']}")
        self.simulator.wait_for_reply("Files: one.png")

    def test_photos_are_an_album_with_its_caption(self):
        self.simulator.send_text("draw")
        held = self.claim()
        self.made(held, "one.png", picture(40, 30), "image/png", **{"x-artifact-caption": "Both%20charts"})
        self.made(held, "two.png", picture(50, 30), "image/png")
        self.complete(held, "here they are")
        call = until(lambda: self.simulator.journal(method="sendMediaGroup"), "the album")[0]
        self.assertIn("Both charts", str(call["params"]))
        self.assertEqual([file["size"] for file in call["files"]], [len(picture(40, 30)), len(picture(50, 30))])


if __name__ == "__main__":
    unittest.main()

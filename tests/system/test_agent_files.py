"""Files with the real pi: what comes with a request is in its workspace and before its model, and what it sends arrives."""

import base64
import unittest
import zlib

from support.case import SystemTest
from support.model_server import call, call_then_say, say


def png(width: int = 8, height: int = 8) -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    rows = (b"\0" + b"\x20\x80\xc0" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class AgentFiles(SystemTest):
    def setUp(self):
        self.model = self.start_model_server()
        self.butler = self.make_butler(None, self.model)
        self.butler.start("orchestrator")
        self.butler.start("worker")

    def ask(self, prompt: str, files: dict[str, tuple[str, bytes]] | None = None, **fields) -> dict:
        """A job with these files, done."""
        names = list(files or {})
        job = self.butler.create_job(prompt, **({"attachments": names} if names else {}), **fields)
        for name, (media_type, content) in (files or {}).items():
            reply = self.butler.as_gateway("PUT", f"/v1/jobs/{job['id']}/artifacts/{name}", content, {"content-type": media_type})
            self.assertIn(reply.status, (200, 201), reply.text)
        done = self.butler.wait_for_job(job["id"])
        self.assertEqual(done["status"], "completed", done)
        return done

    def artifacts(self, job: dict) -> dict[str, dict]:
        """Those that the agent has made, by name."""
        listed = self.butler.as_gateway("GET", f"/v1/jobs/{job['id']}/artifacts").json["artifacts"]
        return {artifact["name"]: artifact for artifact in listed if artifact["source"] == "worker"}

    def content(self, job: dict, name: str) -> bytes:
        return self.butler.as_gateway("GET", f"/v1/jobs/{job['id']}/artifacts/{name}").body

    def test_a_photo_is_in_the_inbox_and_seen_by_the_model(self):
        self.model.script(say("A blue square.", when="what is this"))
        job = self.ask("what is this?", {"1-photo.png": ("image/png", png())})
        self.assertEqual(job["resultText"], "A blue square.")
        self.assertEqual(next(self.butler.workspace.glob("inbox/*/1-photo.png")).read_bytes(), png())
        asked = self.model.requests()[-1]["messages"][-1]["content"]
        pictures = [part["image_url"]["url"] for part in asked if part["type"] == "image_url"]
        self.assertEqual(len(pictures), 1, asked)
        self.assertTrue(pictures[0].startswith("data:image/"), pictures[0][:40])
        self.assertTrue(base64.b64decode(pictures[0].split(",", 1)[1]).startswith(b"\x89PNG"))
        text = "".join(part["text"] for part in asked if part["type"] == "text")
        self.assertIn("/1-photo.png: image/png,", text)

    def test_what_the_agent_sends_arrives_by_the_command_and_by_the_tool(self):
        made = "printf 'a,b\\n1,2\\n' > table.csv && send-file table.csv --caption 'The table: 100 %' && echo sent-it"
        self.model.script(
            call("bash", {"command": made}, when="make a table"),
            say("There it is.", when="make a table", hasToolResult=True, toolResultContains="sent-it"),
            *call_then_say("send_file", {"path": "table.csv", "as": "document"}, "Again.", when="once more"),
            call("send_file", {"path": "nothing.csv"}, when="what is not there"),
            say("It is not there.", when="what is not there", hasToolResult=True, toolResultContains="nothing.csv does not exist"),
        )
        job = self.ask("make a table")
        sent = self.artifacts(job)["table.csv"]
        self.assertEqual((sent["contentType"], sent["caption"], sent["size"]), ("text/csv", "The table: 100 %", 8))
        self.assertEqual(self.content(job, "table.csv"), b"a,b\n1,2\n")
        self.assertIn("artifact_added", [event["type"] for event in self.butler.events(job["id"])])

        again = self.ask("once more")
        self.assertEqual(self.artifacts(again)["table.csv"]["kind"], "document")
        self.assertEqual(self.ask("what is not there?")["resultText"], "It is not there.")

    def test_a_command_sends_a_file_that_came_with_it(self):
        job = self.butler.create_job("send-file inbox/*/1-in.txt", kind="run", attachments=["1-in.txt"])
        reply = self.butler.as_gateway("PUT", f"/v1/jobs/{job['id']}/artifacts/1-in.txt", b"words", {"content-type": "text/plain"})
        self.assertIn(reply.status, (200, 201), reply.text)
        self.butler.as_gateway("POST", f"/v1/jobs/{job['id']}/approve", {})
        self.assertEqual(self.butler.wait_for_job(job["id"])["status"], "completed")
        self.assertEqual(list(self.artifacts(job)), ["1-in-2.txt"], "the attachment keeps its name")
        self.assertEqual(self.content(job, "1-in-2.txt"), b"words")


if __name__ == "__main__":
    unittest.main()

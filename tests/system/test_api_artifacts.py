"""Artifacts over real HTTP: large ones in little memory, what breaks off, quotas, and jobs that wait for their attachments."""

import hashlib
import re
import unittest
from pathlib import Path

from support.api import AT_ONCE, SHORT_LEASE, ApiTest
from support.butler import GATEWAY_TOKEN, WORKER_TOKEN
from support.wait import until

MEBIBYTE = 1024 * 1024
# What an orchestrator may need more while 50 MiB pass through it: buffers, and pages of its own code.
SPARE_MEBIBYTES = 12


class Artifacts(ApiTest):
    environment = {"ORCH_ARTIFACT_QUOTA_MB": "60"}

    def put(self, job_id: str, name: str, data: bytes, **fields: str):
        return self.gateway("PUT", f"/v1/jobs/{job_id}/artifacts/{name}", data, {name.replace("_", "-"): value for name, value in fields.items()})

    def names(self, job_id: str) -> list[str]:
        return [one["name"] for one in self.expect(200, self.gateway("GET", f"/v1/jobs/{job_id}/artifacts"))["artifacts"]]

    def files(self) -> list[str]:
        folder = self.butler.home / "artifacts"
        return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())

    def peak_mebibytes(self) -> float:
        status = Path(f"/proc/{self.butler.pid('orchestrator')}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def forget_peak(self) -> None:
        Path(f"/proc/{self.butler.pid('orchestrator')}/clear_refs").write_text("5")

    def test_fifty_mebibytes_pass_in_and_out_without_being_held_in_memory(self):
        job_id = self.create()["id"]
        data = bytes(range(256)) * (50 * MEBIBYTE // 256)
        digest = hashlib.sha256(data).hexdigest()
        self.settle()
        self.forget_peak()
        before = self.peak_mebibytes()

        stored = self.put(job_id, "large.bin", data, content_type="video/mp4", x_content_sha256=digest, x_artifact_kind="video", x_artifact_caption="a%20film")
        self.expect(201, stored)
        self.assertEqual(stored.headers["x-content-sha256"], digest)
        artifact = stored.json["artifact"]
        self.assertEqual((artifact["size"], artifact["kind"], artifact["caption"], artifact["source"]), (len(data), "video", "a film", "gateway"))

        fetched = self.gateway("GET", f"/v1/jobs/{job_id}/artifacts/large.bin")
        self.assertEqual(fetched.status, 200)
        self.assertEqual((fetched.headers["content-length"], fetched.headers["content-type"], fetched.headers["x-content-sha256"]), (str(len(data)), "video/mp4", digest))
        self.assertTrue(fetched.body == data, "the bytes are those that were put")
        self.assertLess(self.peak_mebibytes() - before, SPARE_MEBIBYTES)

        waiting = self.connect()
        waiting.send("PUT", f"/v1/jobs/{job_id}/artifacts/more", None, {"content-length": str(11 * MEBIBYTE), "expect": "100-continue"}, GATEWAY_TOKEN)
        self.expect_error(507, "storage_full", waiting.receive())
        self.expect_error(413, "payload_too_large", self.gateway("PUT", f"/v1/jobs/{job_id}/artifacts/more", None, {"content-length": str(50 * MEBIBYTE + 1)}))
        self.expect(200, self.put(job_id, "large.bin", data))
        until(lambda: self.files() == [f"{job_id}/large.bin"], "nothing but the one file to be left")

    def test_who_may_not_is_told_before_the_bytes(self):
        held = self.running()
        path = f"/v1/workers/{held.id}/artifacts/plot.png"
        for token, lease, status, code in ((GATEWAY_TOKEN, held.token, 401, "unauthorized"), (WORKER_TOKEN, "stale", 409, "lease_lost"), (WORKER_TOKEN, None, 409, "lease_lost")):
            asking = self.connect()
            asking.send("PUT", path, None, {"content-length": "5", "expect": "100-continue"} | ({"x-lease-token": lease} if lease else {}), token)
            self.expect_error(status, code, asking.receive())
        self.expect(201, self.butler.as_worker("PUT", path, b"bytes", {"x-lease-token": held.token}))
        added = self.events(held.id)["events"][-1]
        self.assertEqual((added["type"], added["data"]["name"], added["data"]["source"]), ("artifact_added", "plot.png", "worker"))
        self.expect_error(409, "artifact_exists", self.butler.as_worker("PUT", path, b"other", {"x-lease-token": held.token}))

    def test_a_kill_in_the_middle_of_an_upload_leaves_nothing_half(self):
        job_id = self.create(attachments=["1-a", "2-b"])["id"]
        self.expect(201, self.put(job_id, "1-a", b"whole"))
        half = self.leave_open("PUT", f"/v1/jobs/{job_id}/artifacts/2-b", None, headers={"content-length": str(2 * MEBIBYTE)})
        half.send_bytes(b"x" * MEBIBYTE)
        until(lambda: any(name.startswith(".incoming/") for name in self.files()), "the upload to begin")

        self.restart()

        self.assertEqual(self.files(), [f"{job_id}/1-a"])
        self.assertEqual(self.names(job_id), ["1-a"])
        self.assertIsNone(self.claim())
        self.expect_error(400, "hash_mismatch", self.put(job_id, "2-b", b"other", x_content_sha256="0" * 64))
        until(lambda: self.files() == [f"{job_id}/1-a"], "the refused bytes to be gone")
        self.expect(201, self.put(job_id, "2-b", b"again"))
        self.assertEqual(self.claim().id, job_id)

    def test_the_last_attachment_wakes_the_claim_that_waits(self):
        job_id = self.create(sessionKey="s", attachments=["1-photo.jpg"])["id"]
        behind = self.create(sessionKey="s")["id"]
        parked = self.park_claim()
        self.expect(201, self.put(job_id, "something-else", b"x"))
        self.assertTrue(parked.stays_silent(0.1))

        self.expect(201, self.put(job_id, "1-photo.jpg", b"x"))

        claimed = self.expect(200, parked.receive())
        self.assertEqual((claimed["job"]["id"], claimed["job"]["attachments"]), (job_id, ["1-photo.jpg"]))
        self.assertIsNone(self.claim(), "the next of the session waits as always")
        self.assertEqual(self.job(behind)["status"], "queued")


class Latecomers(ApiTest):
    environment = {"ORCH_ATTACHMENT_SECONDS": str(SHORT_LEASE)}

    def test_a_job_whose_attachments_do_not_come_is_aborted_also_after_a_restart(self):
        job_id = self.create(sessionKey="s", attachments=["1-a", "2-b"], deliverTo="me")["id"]
        behind = self.create(sessionKey="s")["id"]
        self.expect(201, self.gateway("PUT", f"/v1/jobs/{job_id}/artifacts/1-a", b"x"))
        self.restart()

        aborted = self.wait_until_job_is(job_id, "aborted")

        self.assertIn("2-b", aborted["error"])
        self.assertNotIn("1-a", aborted["error"])
        delivered = self.expect(200, self.gateway("GET", "/v1/deliveries", deliverTo="me", wait=int(AT_ONCE)))
        self.assertEqual([job["id"] for job in delivered["jobs"]], [job_id])
        self.assertEqual(self.claim().id, behind)
        self.expect_error(409, "invalid_transition", self.gateway("PUT", f"/v1/jobs/{job_id}/artifacts/2-b", b"x"))


if __name__ == "__main__":
    unittest.main()

"""What was answered with 2xx is on disk: crashes, restarts, a full disk, a damaged file, a second orchestrator."""

import http.client
import os
import threading
import unittest
from pathlib import Path

from support import net
from support.api import AT_ONCE, ApiTest
from support.butler import GATEWAY_TOKEN
from support.case import SystemTest
from support.paths import BINARY
from support.process import Process
from support.small_disk import SmallDisk
from support.wait import until
from support.wire import Connection, Stopwatch

LONG = bool(os.environ.get("BUTLER_TEST_LONG"))
# Sanitizers, and cores shared with other tests, take their time.
SLOW = bool(os.environ.get("BUTLER_SANITIZED"))


class Writers:
    """Threads that create jobs with keys of their own, each on one connection, until the connection breaks."""

    def __init__(self, port: int, round_number: int, request_body: dict, threads: int = 4):
        self.answered: dict[str, str] = {}  # idempotency key → job id
        self.sent: set[str] = set()
        self._grown = threading.Condition()
        # Connected here: who came late would meet the orchestrator that was started after the crash.
        self._threads = [threading.Thread(target=self._write, args=(Connection(port), f"{round_number}-{number}", request_body), daemon=True) for number in range(threads)]
        for thread in self._threads:
            thread.start()

    def _write(self, connection: Connection, name: str, body: dict) -> None:
        try:
            with connection:
                for number in range(100_000):
                    key = f"{name}-{number}"
                    self.sent.add(key)
                    connection.send("POST", "/v1/jobs", body | {"prompt": key, "sessionKey": key}, {"idempotency-key": key}, GATEWAY_TOKEN)
                    reply = connection.receive()
                    if reply.status != 201:
                        return
                    with self._grown:
                        self.answered[key] = reply.json["job"]["id"]
                        self._grown.notify_all()
        except OSError:
            return

    def wait_for(self, count: int) -> None:
        with self._grown:
            if not self._grown.wait_for(lambda: len(self.answered) >= count, timeout=60):
                raise AssertionError(f"only {len(self.answered)} of {count} jobs were created in 60 s")

    def join(self) -> None:
        for thread in self._threads:
            thread.join(120)
        assert not any(thread.is_alive() for thread in self._threads), "a writer has not ended"


class Crashes(ApiTest):
    def all_jobs(self) -> dict[str, dict]:
        jobs: dict[str, dict] = {}
        query: dict = {"limit": 200}
        while True:
            page = self.expect(200, self.gateway("GET", "/v1/jobs", **query))
            jobs |= {job["id"]: job for job in page["jobs"]}
            if "nextBefore" not in page:
                return jobs
            query["before"] = page["nextBefore"]

    def test_every_answered_job_is_there_after_each_of_many_crashes(self):
        answered: dict[str, str] = {}
        sent: set[str] = set()
        for round_number in range(300 if LONG else 12):
            writers = Writers(self.butler.port, round_number, self.request_body())
            writers.wait_for(10 + round_number * 7 % 40)
            self.restart()
            writers.join()
            answered |= writers.answered
            sent |= writers.sent
            found = self.all_jobs()
            for key, job_id in writers.answered.items():
                self.assertEqual(found[job_id]["prompt"], key, f"round {round_number}")
            # Nobody was told about these, and they are whole or not there at all.
            untold = set(found) - set(answered.values())
            self.assertTrue({found[job_id]["prompt"] for job_id in untold} <= sent)
            for job_id in untold:
                self.assertEqual(self.event_types(job_id), ["job_created"])
            if untold:
                retried = found[untold.pop()]
                reply = self.gateway("POST", "/v1/jobs", self.request_body(prompt=retried["prompt"], sessionKey=retried["prompt"]), {"idempotency-key": retried["prompt"]})
                self.assertEqual(self.expect(200, reply)["job"]["id"], retried["id"])
        self.assertEqual(len(set(answered.values())), len(answered))

    def test_a_whole_life_survives_a_crash_after_each_step(self):
        job = self.create(kind="run", deliverTo="me")
        self.restart()
        self.approve(job["id"], approverId="1")
        self.restart()
        held = self.claim(claimId="c")
        self.restart()
        self.say(held, "text")
        self.restart()
        self.assertEqual(self.job(job["id"])["resultText"], "text")
        done = self.complete(held, "the end")["job"]
        self.restart()
        self.assertEqual(self.job(job["id"]), done)
        self.assertEqual(self.event_types(job["id"]), ["job_created", "job_approved", "job_started", "agent_text_delta", "job_finished"])
        (delivered,) = self.expect(200, self.gateway("GET", "/v1/deliveries", deliverTo="me"))["jobs"]
        self.assertEqual(delivered["resultText"], "the end")

    def test_polls_that_a_crash_cut_go_on_by_being_repeated(self):
        held = self.running(deliverTo="me")
        parked = [
            self.park_claim(claimId="again"),
            self.park_heartbeat(held),
            self.leave_open("GET", f"/v1/jobs/{held.id}/events", cursor=2, wait=60),
            self.leave_open("GET", "/v1/deliveries", deliverTo="me", wait=60),
        ]
        self.settle()
        self.restart()
        for connection in parked:
            self.assertTrue(connection.is_closed())
        claim = self.park_claim(claimId="again")
        deliveries = self.leave_open("GET", "/v1/deliveries", deliverTo="me", wait=60)
        self.settle()
        second = self.create(sessionKey="b")
        self.assertEqual(self.expect(200, claim.receive())["job"]["id"], second["id"])
        self.complete(held)
        self.assertEqual([job["id"] for job in self.expect(200, deliveries.receive())["jobs"]], [held.id])

    def test_it_is_ready_within_a_second_after_a_crash(self):
        connection = self.connect()
        for _ in range(300):
            connection.send("POST", "/v1/jobs", self.request_body(prompt="x" * 5_000), token=GATEWAY_TOKEN)
            self.expect(201, connection.receive())
        self.butler.kill("orchestrator")
        self.butler.start("orchestrator")
        self.expect(200, self.gateway("GET", "/ready"))
        # Of processor time: how long a busy machine lets it wait for that is not its own doing.
        ticks = Path(f"/proc/{self.butler.pid('orchestrator')}/stat").read_text().rpartition(")")[2].split()[11:13]
        self.assertLess(sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), 10 if SLOW else 1)


class Stopping(ApiTest):
    def test_sigterm_answers_what_waits_at_once_and_exits_0(self):
        held = self.running()
        parked = {
            "claim": self.park_claim(),
            "heartbeat": self.park_heartbeat(held),
            "events": self.leave_open("GET", f"/v1/jobs/{held.id}/events", cursor=2, wait=60),
            "job": self.leave_open("GET", f"/v1/jobs/{held.id}", wait=60, ifUpdatedAfter=held.job["updatedAt"]),
            "deliveries": self.leave_open("GET", "/v1/deliveries", deliverTo="me", wait=60),
        }
        stream = self.leave_open("GET", f"/v1/jobs/{held.id}/events", headers={"accept": "text/event-stream"})
        self.assertEqual(stream.receive_head().status, 200)
        idle = self.connect()
        self.settle()
        with Stopwatch() as watch:
            code = self.orchestrator.terminate()
        self.assertEqual(code, 0)
        self.assertLess(watch.seconds, AT_ONCE)
        answers = {name: self.expect(200, connection.receive()) for name, connection in parked.items()}
        self.assertEqual(answers["claim"], {"job": None})
        self.assertEqual(answers["heartbeat"]["abortRequested"], False)
        self.assertEqual(answers["events"]["events"], [])
        self.assertEqual(answers["job"]["job"]["status"], "running")
        self.assertEqual(answers["deliveries"], {"jobs": []})
        events = [stream.receive_event()["event"], stream.receive_event()["event"]]
        self.assertEqual(events, ["job_created", "job_started"])
        while event := stream.receive_event():
            self.assertEqual(list(event), [""], "a comment, then the end")
        self.assertTrue(idle.is_closed())

    def test_sigterm_under_load_loses_nothing_that_was_answered(self):
        writers = Writers(self.butler.port, 0, self.request_body())
        writers.wait_for(50)
        self.assertEqual(self.orchestrator.terminate(), 0)
        writers.join()
        self.orchestrator = self.butler.start("orchestrator")
        for key, job_id in writers.answered.items():
            self.assertEqual(self.job(job_id)["prompt"], key)

    def test_it_starts_again_on_the_same_port_while_old_connections_linger(self):
        connections = [self.connect() for _ in range(20)]
        for connection in connections:
            connection.send("GET", "/health")
            connection.receive()
        self.assertEqual(self.orchestrator.terminate(), 0)
        self.orchestrator = self.butler.start("orchestrator")
        self.create()


class OneHome(ApiTest):
    def start_another(self, **environment: str) -> Process:
        """On the same home; it is expected to end by itself."""
        process = Process("another orchestrator", [BINARY, "orchestrator"], self.butler.environment_of("orchestrator") | environment, cwd=self.scratch)
        self.addCleanup(process.destroy)
        return process

    def test_a_second_orchestrator_is_refused_and_told_who_runs(self):
        job = self.create()
        other = self.start_another(ORCH_PORT=str(net.free_port()))
        self.assertNotEqual(other.wait_for_exit(), 0)
        said = "\n".join(other.lines)
        self.assertIn(f"process {self.orchestrator.pid}", said)
        self.assertIn(str(self.butler.home / "state.db"), said)
        self.assertEqual(self.job(job["id"]), job)

    def test_the_lock_ends_with_its_process(self):
        for _ in range(3):
            self.restart()
            self.create()

    def test_a_port_that_is_taken_is_named(self):
        home = self.scratch / "other-home"
        home.mkdir()
        other = self.start_another(BUTLER_HOME=str(home))
        self.assertNotEqual(other.wait_for_exit(), 0)
        self.assertIn(f"127.0.0.1:{self.butler.port}", "\n".join(other.lines))

    def test_a_damaged_database_is_refused_by_name_and_left_as_it_is(self):
        self.create()
        self.assertEqual(self.orchestrator.terminate(), 0)
        database = self.butler.home / "state.db"
        whole = database.read_bytes()
        damages = {
            "overwritten": b"this is no database" * 1_000,
            "its head overwritten": b"\xff" * 100 + whole[100:],
            "its schema overwritten": whole[:100] + b"\xff" * 3_996 + whole[4_096:],
        }
        for name, damaged in damages.items():
            with self.subTest(damage=name):
                for beside in ("state.db-wal", "state.db-shm"):
                    (self.butler.home / beside).unlink(missing_ok=True)
                database.write_bytes(damaged)
                other = self.start_another()
                self.assertNotEqual(other.wait_for_exit(), 0)
                said = "\n".join(other.lines)
                self.assertIn(str(database), said)
                self.assertIn("damaged", said)
                self.assertEqual(database.read_bytes(), damaged)
        database.write_bytes(whole)
        self.orchestrator = self.butler.start("orchestrator")
        self.assertEqual(len(self.butler.jobs()), 1)

    def test_the_database_is_readable_by_its_owner_only(self):
        self.create()
        for path in self.butler.home.glob("state.db*"):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)


class FullDisk(SystemTest):
    """The home on a file system of a few MiB."""

    def setUp(self):
        self.disk = SmallDisk(self, self.scratch / "disk")
        self.home = self.disk.folder
        self.butler = self.make_butler(BUTLER_HOME=str(self.home))
        self.orchestrator = self.butler.start("orchestrator")

    def write_until_refused(self) -> list[str]:
        """The ids of the jobs that were created before."""
        body = {"channel": "api", "chatId": "1", "requesterId": "1", "sessionKey": "s", "prompt": "x" * 20_000}
        ids: list[str] = []
        with Connection(self.butler.port) as connection:
            for _ in range(10_000):
                connection.send("POST", "/v1/jobs", body, token=GATEWAY_TOKEN)
                reply = connection.receive()
                if reply.status != 201:
                    self.assertEqual((reply.status, reply.json["error"]), (503, "unavailable"))
                    self.assertIn("retry-after", reply.headers)
                    self.assertNotIn(str(self.home), reply.text)
                    return ids
                ids.append(reply.json["job"]["id"])
        self.fail("the disk never became full")

    def go_on(self) -> None:
        """Takes the ballast away; a process that left (nobody knows what is on disk) is started again."""
        self.disk.make_room()
        until(lambda: not self.orchestrator.running or self.is_ready(), "it to have left, or to go on")
        if not self.orchestrator.running:
            self.assertEqual(self.orchestrator.exit_code, 1)
            self.orchestrator = self.butler.start("orchestrator")

    def is_ready(self) -> bool:
        """One that leaves admits nobody any more."""
        try:
            return self.butler.as_gateway("GET", "/ready").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def test_a_full_disk_is_answered_with_503_and_nothing_answered_is_lost(self):
        ids = [self.butler.create_job("before")["id"]]
        self.disk.fill()
        ids += self.write_until_refused()
        self.go_on()
        for job_id in ids:
            self.assertEqual(self.butler.job(job_id)["id"], job_id)
        self.assertEqual(self.butler.events(ids[-1])[0]["type"], "job_created")
        self.butler.create_job("after")

    def test_a_result_that_does_not_fit_leaves_the_job_with_its_worker(self):
        job = self.butler.create_job("a task")
        claimed = self.butler.as_worker("POST", "/v1/workers/claim", {"workerId": "w"}).json
        self.disk.fill()
        lease = {"x-lease-token": claimed["leaseToken"]}
        path = f"/v1/workers/{job['id']}/complete"
        whole = {"resultText": "😀" * 2_000_000}
        self.assertEqual(self.butler.as_worker("POST", path, whole, lease).status, 503)
        self.go_on()
        self.assertEqual(self.butler.job(job["id"])["status"], "running")
        small = self.butler.as_worker("POST", path, {"resultText": "shorter"}, lease)
        self.assertEqual((small.status, small.json["job"]["resultText"]), (200, "shorter"))

    def test_a_lease_that_a_full_disk_kept_from_ending_ends_later(self):
        self.assertEqual(self.orchestrator.terminate(), 0)
        self.butler.environment["ORCH_LEASE_SECONDS"] = "12"
        self.orchestrator = self.butler.start("orchestrator")
        job = self.butler.create_job("a task")
        claimed = self.butler.as_worker("POST", "/v1/workers/claim", {"workerId": "w"}).json
        self.disk.fill()
        whole = {"resultText": "😀" * 2_000_000}
        refused = self.butler.as_worker("POST", f"/v1/workers/{job['id']}/complete", whole, {"x-lease-token": claimed["leaseToken"]})
        self.assertEqual(refused.status, 503)
        self.go_on()
        # The worker is gone; its refused call must not keep the job running for ever.
        self.butler.wait_for_job(job["id"], "queued")


if __name__ == "__main__":
    unittest.main()

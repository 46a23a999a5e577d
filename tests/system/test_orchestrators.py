"""Two orchestrators on one PostgreSQL database: any serves any call, and one that ends or stops takes nothing with it."""

import os
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from support.api import AT_ONCE, LONG_LEASE, SHORT_LEASE, ApiTest, Held
from support.butler import GATEWAY_TOKEN, WORKER_TOKEN, Butler
from support.postgres import Postgres, psql
from support.wait import PATIENCE, until
from support.wire import Connection

SLOW = bool(os.environ.get("BUTLER_SANITIZED"))
JOBS = 100 if SLOW else 200


def setUpModule():
    """One server for all, a database for each test."""
    global SERVER
    folder = Path(tempfile.mkdtemp(prefix="butler-test-", dir="/tmp"))
    folder.chmod(0o711)
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    SERVER = Postgres(folder)
    unittest.addModuleCleanup(SERVER.close)


class Pair(ApiTest):
    """Verbs act through the orchestrator that was named last: through(a), through(b)."""

    environment: dict[str, str] = {}

    def setUp(self):
        self.postgres = SERVER
        self.database = "of_" + self._testMethodName[:40]
        self.query(f"CREATE DATABASE {self.database}", "postgres")
        self._reports.append(self.postgres.report)
        self.first = self.make_butler(ORCH_DATABASE_URL=self.postgres.url(self.database), **self.environment)
        self.second = self.make_second("second")
        (self.second.home / "artifacts").symlink_to(self.first.home / "artifacts")
        self.orchestrators = {butler: butler.start("orchestrator") for butler in (self.first, self.second)}
        self.through(self.first)

    def query(self, sql: str, database: str = "") -> list[list[str]]:
        return self.postgres.query(sql, database or self.database)

    def make_second(self, name: str) -> Butler:
        (self.scratch / name).mkdir(mode=0o711)
        butler = Butler(self.scratch / name, None, None, ORCH_DATABASE_URL=self.postgres.url(self.database), **self.environment)
        self._reports.append(butler.report)
        self.addCleanup(butler.close)
        return butler

    def through(self, butler: Butler) -> "Pair":
        self.butler = butler
        return self

    def restart_if_it_has_ended(self, butler: Butler) -> None:
        if not self.orchestrators[butler].running:
            self.orchestrators[butler] = butler.start("orchestrator")

    def at_once(self, parked: Connection):
        """The answer of a request that was left open, which is not that of its deadline."""
        begun = time.monotonic()
        reply = parked.receive()
        self.assertLess(time.monotonic() - begun, AT_ONCE)
        return self.expect(200, reply)


class Waking(Pair):
    environment = {"ORCH_LEASE_SECONDS": LONG_LEASE}  # heartbeats end by themselves after a third of it

    def announced(self, parked: Connection):
        """The answer at once, and by what the other has announced: each orchestrator also looks for what it has missed, every few
        seconds, and says so when there was something."""
        told = self.at_once(parked)
        for butler in (self.first, self.second):
            self.assertEqual([line for line in butler.lines("orchestrator") if "event=wakeups.missed" in line], [])
        return told

    def test_a_claim_that_waits_at_one_gets_the_job_that_is_created_at_the_other(self):
        parked = self.through(self.first).park_claim()
        created = self.through(self.second).create()
        self.assertEqual(self.announced(parked)["job"]["id"], created["id"])
        with self.subTest("and after the connection that listens was cut"):
            parked = self.through(self.first).park_claim()
            listeners = "FROM pg_stat_activity WHERE application_name LIKE '%-listener' AND datname = current_database()"
            until(lambda: self.query(f"SELECT count(*) {listeners}") == [["2"]], "both to listen")
            self.assertEqual(self.query(f"SELECT pg_terminate_backend(pid) {listeners}"), [["t"], ["t"]])
            created = self.through(self.second).create(sessionKey="another")
            self.assertEqual(self.at_once(parked)["job"]["id"], created["id"])

    def test_what_is_done_to_a_job_through_one_is_told_to_its_worker_and_its_readers_at_the_other(self):
        held = self.through(self.second).running(deliverTo="somebody")
        self.through(self.first)
        stream = self.leave_open("GET", f"/v1/jobs/{held.id}/events", headers={"accept": "text/event-stream"})
        self.assertEqual(stream.receive_head().status, 200)
        self.assertEqual([stream.receive_event()["event"] for _ in range(2)], ["job_created", "job_started"])

        self.through(self.second).say(held, "through the other")
        self.assertIn("through the other", stream.receive_event()["data"])

        parked = self.through(self.first).park_heartbeat(held)
        self.expect(202, self.through(self.second).gateway("POST", f"/v1/jobs/{held.id}/messages", {"mode": "steer", "text": "left"}, {"idempotency-key": "k"}))
        told = self.announced(parked)
        self.assertEqual([message["text"] for message in told["messages"]], ["left"])

        request = {"toolCallId": "c1", "toolName": "bash", "summary": "s", "input": {}, "risk": "r", "payloadHash": "a" * 64, "cwd": "/", "sandboxProfile": "p"}
        asked = self.expect(201, self.through(self.first).worker("POST", f"/v1/workers/{held.id}/approvals", request, held.token))["approval"]
        parked = self.through(self.first).park_heartbeat(held, ack=told["messages"][-1]["seq"])
        decision = {"decision": "allow", "scope": "once", "deciderId": "1001"}
        self.expect(200, self.through(self.second).gateway("POST", f"/v1/jobs/{held.id}/approvals/{asked['id']}", decision))
        told = self.announced(parked)
        self.assertEqual([one["approvalId"] for one in told["decisions"]], [asked["id"]])

        parked = self.through(self.first).park_heartbeat(held, ack=told["decisions"][-1]["seq"])
        panic = self.expect(200, self.through(self.second).gateway("POST", "/v1/admin/pause", {"abortRunning": True}))
        self.assertEqual(panic["aborted"], 1)
        self.assertTrue(self.announced(parked)["abortRequested"])
        self.assertTrue(self.expect(200, self.through(self.first).gateway("GET", "/health"))["admin"]["paused"])

        deliveries = self.through(self.first).leave_open("GET", "/v1/deliveries", deliverTo="somebody", wait=60)
        changed = self.leave_open("GET", f"/v1/jobs/{held.id}", wait=60, ifUpdatedAfter=self.job(held.id)["updatedAt"])
        self.settle()
        self.through(self.second).acknowledge_abort(held)
        self.assertEqual([job["id"] for job in self.announced(deliveries)["jobs"]], [held.id])
        self.assertEqual(self.announced(changed)["job"]["status"], "aborted")


class Sharing(Pair):
    def test_files_and_workers_of_one_are_known_to_the_other(self):
        created = self.through(self.first).create(attachments=["a.txt"])
        self.park_claim("far", kinds=["run"])
        self.expect(201, self.through(self.first).gateway("PUT", f"/v1/jobs/{created['id']}/artifacts/a.txt", b"bytes"))
        self.assertEqual(self.through(self.second).gateway("GET", f"/v1/jobs/{created['id']}/artifacts/a.txt").body, b"bytes")
        self.park_claim("near", kinds=["run"])

        def workers() -> dict[str, bool]:
            listed = self.expect(200, self.gateway("GET", "/v1/admin/workers"))["workers"]
            return {worker["workerId"]: worker["present"] for worker in listed}

        for butler in (self.first, self.second):
            self.through(butler)
            until(lambda: workers() == {"far": True, "near": True}, "both to know both workers")

        third = self.make_second("third")
        refused = third._launch("orchestrator", third.environment_of("orchestrator"))
        line = refused.wait_for_line(r"event=orchestrator\.cannot_run")
        self.assertRegex(line, r"artifacts is not the folder that butler-orchestrator-[0-9a-f]{8} has")
        self.assertNotEqual(refused.wait_for_exit(), 0)


class Ends(Pair):
    environment = {"ORCH_LEASE_SECONDS": str(SHORT_LEASE)}

    def test_one_that_is_killed_takes_no_job_with_it_and_leaves_none_running_for_ever(self):
        held = self.through(self.first).running(deliverTo="somebody")
        lost = self.running("worker-2", sessionKey="another")
        self.say(held, "half ")
        self.first.kill("orchestrator")

        again = self.through(self.second).leave_open("POST", "/v1/workers/claim", {"workerId": "worker-3", "waitSeconds": 60}, token=WORKER_TOKEN)
        until(lambda: self.heartbeat(held) and self.job(lost.id)["attempt"] == 2, "the lease of the worker that does not call to end")
        self.assertEqual(self.at_once(again)["job"]["id"], lost.id)

        self.say(held, "and half")
        self.complete(held, "half and half")
        self.complete(held, "again")
        self.assertEqual(self.job(held.id)["resultText"], "half and half")
        self.assertEqual(self.event_types(held.id).count("job_finished"), 1)
        found = self.expect(200, self.gateway("GET", "/v1/deliveries", deliverTo="somebody"))["jobs"]
        self.assertEqual([job["id"] for job in found], [held.id])

    def test_a_worker_that_knows_both_addresses_ends_its_job_through_the_other(self):
        both = f"{self.first.url},{self.second.url}"
        self.first.start("worker", ORCH_BASE_URL=both, PI_MOCK_STEP_MS="400", WORKER_HEARTBEAT_MS="300")
        created = self.through(self.second).create(prompt="survive the orchestrator")
        until(lambda: self.job(created["id"]).get("resultText"), "the agent to have said something")
        self.first.kill("orchestrator")
        done = self.wait_until_job_is(created["id"], "completed")
        self.assertIn("survive the orchestrator", done["resultText"])
        self.assertEqual(done["attempt"], 1)

    def test_one_that_was_stopped_for_longer_than_a_lease_changes_nothing_afterwards(self):
        held = self.through(self.first).running()
        late = self.connect()
        self.first.freeze("orchestrator")
        try:
            late.send("POST", f"/v1/workers/{held.id}/complete", {"resultText": "too late"}, {"x-lease-token": held.token}, WORKER_TOKEN)
            again = self.through(self.second).claim("worker-2", waitSeconds=60)
            self.assertEqual((again.id, again.job["attempt"]), (held.id, 2))
            self.say(again, "in time")
        finally:
            self.first.thaw("orchestrator")
        self.expect_error(409, "lease_lost", late.receive())
        self.assertEqual(self.through(self.first).job(held.id)["status"], "running")
        self.heartbeat(again)
        self.complete(again, "in time")
        self.assertEqual(self.through(self.second).job(held.id)["resultText"], "in time")


class Load(Pair):
    def in_threads(self, works: list, meanwhile=lambda: None) -> None:
        faults: list[BaseException] = []

        def run(work) -> None:
            try:
                work()
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        meanwhile()
        for thread in threads:
            thread.join(2 * PATIENCE)
        self.assertEqual(faults, [])

    def test_claims_that_race_never_get_the_same_job(self):
        """One of both is stopped in between, again and again, also inside a transaction."""
        claimed: list[str] = []

        def create(butler: Butler, count: int) -> None:
            with Connection(butler.port) as connection:
                for number in range(count):
                    connection.send("POST", "/v1/jobs", self.request_body(sessionKey=f"{butler.port}-{number}"), token=GATEWAY_TOKEN)
                    self.assertEqual(connection.receive().status, 201)

        def claim(butler: Butler, worker: str) -> None:
            with Connection(butler.port) as connection:
                while len(claimed) < JOBS:
                    connection.send("POST", "/v1/workers/claim", {"workerId": worker, "waitSeconds": 1}, token=WORKER_TOKEN)
                    answer = connection.receive().json
                    if answer["job"] is None:
                        continue
                    claimed.append(answer["job"]["id"])
                    held = Held(answer)
                    connection.send("POST", f"/v1/workers/{held.id}/complete", {"resultText": worker}, {"x-lease-token": held.token}, WORKER_TOKEN)
                    self.assertEqual(connection.receive().status, 200)

        works = []
        for butler in (self.first, self.second):
            works += [lambda b=butler: create(b, JOBS // 2)] + [lambda b=butler, n=n: claim(b, f"{b.port}-{n}") for n in range(4)]

        def stop_now_and_then() -> None:
            for butler in (self.first, self.second, self.first):
                before = len(claimed)
                until(lambda: len(claimed) > min(before + JOBS // 10, JOBS - 1), "claims to go on")
                butler.freeze("orchestrator")
                until(lambda: self.query("SELECT 1"), "a moment to pass")
                butler.thaw("orchestrator")

        self.in_threads(works, stop_now_and_then)
        self.assertEqual(len(claimed), JOBS)
        self.assertEqual(len(set(claimed)), JOBS)
        counted = self.query("SELECT status, attempt, count(*) FROM jobs GROUP BY 1, 2")
        self.assertEqual(counted, [["completed", "1", str(JOBS)]])
        broken = "SELECT count(*) FROM (SELECT job_row FROM events GROUP BY job_row HAVING count(*) <> 3 OR max(seq) <> 3) AS wrong"
        self.assertEqual(self.query(broken), [["0"]])
        self.assertEqual(self.query("SELECT count(*), max(seq) FROM audit"), [[str(JOBS), str(JOBS)]])

    def test_nobody_waits_for_one_that_is_stopped_while_it_holds_the_lock(self):
        """It has asked for more than what fits into the buffers between the server and itself."""
        lock = "SELECT pg_advisory_xact_lock(x'6275746C65720003'::bigint)"
        more = "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000)) TO STDOUT"
        stopped = subprocess.Popen([psql(), "-qc", f"BEGIN; {lock}; {more}", self.postgres.url(self.database)], stdout=subprocess.PIPE)
        try:
            until(lambda: self.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'ClientWrite' AND datname = current_database()"), "it to hold the lock")
            until(lambda: self.gateway("POST", "/v1/jobs", self.request_body()).status == 201, "the others to go on")
        finally:
            stopped.kill()
            stopped.communicate()

    def test_a_server_that_is_restarted_takes_nothing_with_it_that_was_answered(self):
        answered: dict[str, str] = {}
        stop = threading.Event()

        def write(butler: Butler, name: str) -> None:
            number = 0
            while not stop.is_set():
                key = f"{name}-{number}"
                try:
                    with Connection(butler.port) as connection:
                        while not stop.is_set():
                            connection.send("POST", "/v1/jobs", self.request_body(sessionKey=key), {"idempotency-key": key}, GATEWAY_TOKEN)
                            reply = connection.receive()
                            if reply.status not in (200, 201):
                                self.assertEqual((reply.status, reply.headers.get("retry-after")), (503, "1"))
                                time.sleep(0.02)
                                continue
                            answered[key] = reply.json["job"]["id"]
                            number += 1
                            key = f"{name}-{number}"
                except OSError:
                    time.sleep(0.02)

        def restart() -> None:
            try:
                for _ in range(2):
                    before = len(answered)
                    until(lambda: len(answered) > before + 20, "writers to go on")
                    self.postgres.kill()
                    self.postgres.start()
                    for butler in (self.first, self.second):
                        self.restart_if_it_has_ended(butler)
                before = len(answered)
                until(lambda: len(answered) > before + 20, "writers to go on")
            finally:
                stop.set()

        works = [lambda b=butler, n=n: write(b, f"{b.port}-{n}") for butler in (self.first, self.second) for n in range(2)]
        # Here, and not in a thread: the server goes when the thread goes that has started it.
        self.in_threads(works, restart)
        for butler in (self.first, self.second):
            self.restart_if_it_has_ended(butler)
        kept = dict(self.query("SELECT idempotency_key, id FROM jobs"))
        self.assertEqual({key: kept.get(key) for key in answered}, answered)

    def test_while_the_server_is_away_calls_are_told_when_to_come_back_and_both_stay_up(self):
        pids = [butler.pid("orchestrator") for butler in (self.first, self.second)]
        self.postgres.kill()
        for butler in (self.first, self.second):
            refused = self.through(butler).gateway("POST", "/v1/jobs", self.request_body())
            self.assertEqual((refused.status, refused.headers.get("retry-after")), (503, "1"), refused.text)
        self.postgres.start()
        for butler in (self.first, self.second):
            self.through(butler)
            until(lambda: self.gateway("GET", "/ready").status == 200, "it to be back")
            self.create()
        self.assertEqual([butler.pid("orchestrator") for butler in (self.first, self.second)], pids)
        parked = self.through(self.first).park_claim()
        self.at_once(parked)


if __name__ == "__main__":
    unittest.main()

"""A TestCase on one orchestrator, with the calls of a gateway and of a worker as verbs."""

import datetime
import os
import time
import urllib.parse

from . import net
from .butler import GATEWAY_TOKEN, WORKER_TOKEN
from .case import SystemTest
from .wire import Connection

# Nothing happens within this long, or it has not happened. Too short hides a fault; it never makes one up.
MOMENT = 0.3
# "At once", where waiting would take much longer (60 s): busy cores are slow, and sanitizers more so.
AT_ONCE = 30.0 if os.environ.get("BUTLER_SANITIZED") else 20.0
# A lease that tests wait the end of, and that nobody loses who only was slow between two calls; in seconds.
SHORT_LEASE = 10 if os.environ.get("BUTLER_SANITIZED") else 3
# One that no test outlives: for a worker of the test's, which sends no heartbeats.
LONG_LEASE = "600"


class Held:
    """A job as its worker holds it."""

    def __init__(self, answer: dict):
        self.answer = answer
        self.job = answer["job"]
        self.id = answer["job"]["id"]
        self.token = answer["leaseToken"]


class ApiTest(SystemTest):
    """Each test has an orchestrator of its own, started with `environment`."""

    environment: dict[str, str] = {}

    def setUp(self):
        self.butler = self.make_butler(**self.environment)
        self.orchestrator = self.butler.start("orchestrator")

    def restart(self) -> None:
        """As after a crash."""
        self.butler.kill("orchestrator")
        self.orchestrator = self.butler.start("orchestrator")

    # ---- calls ---------------------------------------------------------------------------------------

    def gateway(self, method: str, path: str, body=None, headers: dict[str, str] | None = None, **query) -> net.Reply:
        return self.butler.as_gateway(method, path, body, headers, **query)

    def worker(self, method: str, path: str, body=None, lease: str | None = None, **query) -> net.Reply:
        return self.butler.as_worker(method, path, body, {"x-lease-token": lease} if lease else None, **query)

    def connect(self) -> Connection:
        connection = Connection(self.butler.port)
        self.addCleanup(connection.close)
        return connection

    def leave_open(self, method: str, path: str, body=None, token: str = GATEWAY_TOKEN, headers: dict[str, str] | None = None, **query) -> Connection:
        """Sends a request whose answer is to be received later."""
        parameters = f"?{urllib.parse.urlencode(query)}" if query else ""
        connection = self.connect()
        connection.send(method, path + parameters, body, headers, token)
        return connection

    # ---- a gateway -----------------------------------------------------------------------------------

    def request_body(self, **fields) -> dict:
        body = {"channel": "api", "chatId": "1001", "requesterId": "1001", "sessionKey": "test:1", "prompt": "a task"}
        return {name: value for name, value in (body | fields).items() if value is not ...}

    def create(self, key: str | None = None, **fields) -> dict:
        return self.expect(201, self.gateway("POST", "/v1/jobs", self.request_body(**fields), {"idempotency-key": key} if key else None))["job"]

    def job(self, job_id: str) -> dict:
        return self.butler.job(job_id)

    def approve(self, job_id: str, **body) -> dict:
        return self.expect(200, self.gateway("POST", f"/v1/jobs/{job_id}/approve", body))["job"]

    def abort(self, job_id: str, **body) -> dict:
        return self.expect(200, self.gateway("POST", f"/v1/jobs/{job_id}/abort", body))["job"]

    def events(self, job_id: str, **query) -> dict:
        return self.expect(200, self.gateway("GET", f"/v1/jobs/{job_id}/events", **query))

    def event_types(self, job_id: str) -> list[str]:
        return [event["type"] for event in self.events(job_id)["events"]]

    # ---- a worker ------------------------------------------------------------------------------------

    def claim(self, worker_id: str = "worker-1", **fields) -> Held | None:
        answer = self.expect(200, self.worker("POST", "/v1/workers/claim", {"workerId": worker_id, **fields}))
        if answer["job"] is None:
            self.assertEqual(answer, {"job": None})
            return None
        return Held(answer)

    def park_claim(self, worker_id: str = "worker-1", wait: int = 60, **fields) -> Connection:
        """A claim that waits for a job. When this returns it waits already."""
        parked = self.leave_open("POST", "/v1/workers/claim", {"workerId": worker_id, "waitSeconds": wait, **fields}, token=WORKER_TOKEN)
        self.settle()
        return parked

    def settle(self) -> None:
        """Returns when the orchestrator has read all that was sent to it before: it reads in turn."""
        self.expect(200, self.gateway("GET", "/v1/admin/state"))

    def running(self, worker_id: str = "worker-1", **fields) -> Held:
        """A new job, claimed."""
        created = self.create(**fields)
        held = self.claim(worker_id)
        self.assertIsNotNone(held)
        self.assertEqual(held.id, created["id"])
        return held

    def report(self, held: Held, *events: dict, batch: int | None = None, token: str | None = ...) -> net.Reply:
        body = {"events": list(events)} | ({"batch": batch} if batch else {})
        return self.worker("POST", f"/v1/workers/{held.id}/events", body, held.token if token is ... else token)

    def say(self, held: Held, *texts: str) -> None:
        """The agent says these pieces of text."""
        self.expect(202, self.report(held, *[{"type": "agent_text_delta", "data": {"delta": text}} for text in texts]))

    def heartbeat(self, held: Held, **query) -> dict:
        return self.expect(200, self.worker("GET", f"/v1/workers/{held.id}/heartbeat", lease=held.token, **query))

    def park_heartbeat(self, held: Held, wait: int = 60, **query) -> Connection:
        parked = self.leave_open("GET", f"/v1/workers/{held.id}/heartbeat", token=WORKER_TOKEN, headers={"x-lease-token": held.token}, wait=wait, **query)
        self.settle()
        return parked

    def complete(self, held: Held, text: str = "done", **fields) -> dict:
        return self.expect(200, self.worker("POST", f"/v1/workers/{held.id}/complete", {"resultText": text, **fields}, held.token))

    def fail_job(self, held: Held, error: str = "it broke", **fields) -> dict:
        return self.expect(200, self.worker("POST", f"/v1/workers/{held.id}/fail", {"error": error, **fields}, held.token))["job"]

    def acknowledge_abort(self, held: Held, **fields) -> dict:
        return self.expect(200, self.worker("POST", f"/v1/workers/{held.id}/aborted", fields, held.token))["job"]

    # ---- expectations --------------------------------------------------------------------------------

    def expect(self, status: int, reply: net.Reply):
        """The body of an answer with this status."""
        self.assertEqual(reply.status, status, reply.text)
        return reply.json

    def expect_error(self, status: int, code: str, reply: net.Reply) -> dict:
        body = self.expect(status, reply)
        self.assertEqual(body["error"], code, reply.text)
        return body

    def expect_refused_field(self, field: str, reply: net.Reply) -> None:
        """400, and `details` names exactly this field."""
        body = self.expect_error(400, "invalid_request", reply)
        self.assertEqual(list(body["details"]), [field], reply.text)
        self.assertTrue(all(isinstance(text, str) and text for text in body["details"][field]))

    def wait_until_job_is(self, job_id: str, *statuses: str) -> dict:
        return self.butler.wait_for_job(job_id, set(statuses))


def milliseconds(timestamp: str) -> int:
    """Of a time as the API writes it, since 1970."""
    parsed = datetime.datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return round(parsed.timestamp() * 1000)


def now_in_milliseconds() -> int:
    return int(time.time() * 1000)

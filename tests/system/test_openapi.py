"""GET /openapi.json against the running server: each operation is called for real, and whatever it answers is as the
document says. (That the document has each route, and no other, is a unit test beside the route table.)"""

import unittest

from support.api import ApiTest, Held
from support.butler import GATEWAY_TOKEN, WORKER_TOKEN
from support.net import Reply
from support.openapi import Document, Operation
from support.wire import Connection

QUESTION = {"toolCallId": "c", "toolName": "bash", "summary": "make", "input": {"command": "make"}, "risk": "builds", "payloadHash": "a" * 64, "cwd": "/w",
            "sandboxProfile": "bwrap/1"}
UNKNOWN_JOB = "01900000-0000-7000-8000-000000000000"
# What cannot be had from a server that is well.
NOT_PROVOKED = {"503", "507", "default"}
BODY_LIMIT = {"reportEvents": 4 * 1024 * 1024, "completeJob": 25 * 1024 * 1024, "putArtifact": 50 * 1024 * 1024, "putWorkerArtifact": 50 * 1024 * 1024}


class TheDocument(ApiTest):
    def setUp(self):
        super().setUp()
        reply = self.butler.as_gateway("GET", "/openapi.json")
        self.assertEqual(reply.headers["content-type"], "application/json")
        self.document = Document(reply.json)
        self.by_name = {operation.name: operation for operation in self.document.operations}
        self.seen: dict[str, set[str]] = {name: set() for name in self.by_name}

    # ---- calls that are checked ----------------------------------------------------------------------

    def call(self, name: str, job_id: str = UNKNOWN_JOB, body=None, query: str = "", token: str | None = ..., headers: dict[str, str] | None = None, part: str = "7") -> Reply:
        """Calls the operation as its caller, and holds the answer against the document."""
        operation = self.by_name[name]
        with Connection(self.butler.port) as connection:
            path = operation.path.replace("{jobId}", job_id).replace("{approvalId}", part).replace("{decisionId}", part).replace("{name}", part) + query
            connection.send(operation.method, path, body, headers, self.token_of(operation) if token is ... else token)
            reply = connection.receive_head() if self.is_stream(headers) else connection.receive()
            if self.is_stream(headers) and reply.status == 200:
                reply.body = connection.receive_chunk()
        self.check(operation, reply)
        return reply

    @staticmethod
    def is_stream(headers: dict[str, str] | None) -> bool:
        return (headers or {}).get("accept") == "text/event-stream"

    @staticmethod
    def token_of(operation: Operation) -> str | None:
        schemes = {name for alternative in operation.body["security"] for name in alternative}
        if not schemes:
            return None
        return GATEWAY_TOKEN if "gatewayKey" in schemes else WORKER_TOKEN

    def check(self, operation: Operation, reply: Reply) -> None:
        self.seen[operation.name].add(str(reply.status) if str(reply.status) in operation.body["responses"] else "default")
        response = self.document.response(operation, reply.status)
        contents = response.get("content", {})
        media = reply.headers.get("content-type", "").split(";")[0]
        if media != "application/json" and "*/*" in contents:
            media = "*/*"
        if not contents:
            self.assertEqual(reply.body, b"")
            return
        self.assertIn(media, contents, f"{operation.name} {reply.status}")
        value = reply.json if media == "application/json" else reply.text
        problems = self.document.problems(contents[media]["schema"], value)
        self.assertEqual(problems, [], f"{operation.name} {reply.status}: {reply.text[:500]}")
        for name in response.get("headers", {}):
            self.assertIn(name, reply.headers, f"{operation.name} {reply.status}")

    def hold(self, **fields) -> Held:
        self.call("createJob", body=self.request_body(**fields))
        return Held(self.call("claimJob", body={"workerId": "w"}).json)

    # ---- the test ------------------------------------------------------------------------------------

    def test_every_operation_answers_as_documented(self):
        self.refuse_at_the_edge()
        self.jobs()
        self.events()
        self.workers()
        self.approvals()
        self.artifacts()
        self.deliveries_and_admin()
        for name in ("getHealth", "getReady", "getDocument", "getMetrics"):
            self.assertEqual(self.call(name).status, 200)
        documented = {operation.name: set(operation.body["responses"]) - NOT_PROVOKED for operation in self.document.operations}
        self.assertEqual({name: statuses - NOT_PROVOKED for name, statuses in self.seen.items()}, documented)

    def refuse_at_the_edge(self) -> None:
        for operation in self.document.operations:
            name, with_body = operation.name, "requestBody" in operation.body
            self.assertEqual(self.call(name, headers={"host": "evil.example"}).status, 403, name)
            if self.token_of(operation):
                other = WORKER_TOKEN if self.token_of(operation) == GATEWAY_TOKEN else GATEWAY_TOKEN
                for token in (None, other):
                    self.assertEqual(self.call(name, token=token).status, 401, name)
                bearer = self.call(name, token=None, headers={"authorization": f"Bearer {self.token_of(operation)}"})
                self.assertNotEqual(bearer.status, 401, name)
            if with_body:
                limit = BODY_LIMIT.get(name, 1024 * 1024)
                self.assertEqual(self.call(name, headers={"content-length": str(limit + 1)}).status, 413, name)
                if "application/json" in operation.body["requestBody"]["content"]:
                    self.assertEqual(self.call(name, body=b"x", headers={"content-type": "text/plain"}).status, 415, name)
                    self.assertEqual(self.call(name, body=b"{").status, 400, name)
                else:
                    self.assertEqual(self.call(name, body=b"x", headers={"x-artifact-kind": "sticker"}).status, 400, name)
                    self.assertEqual(self.call(name).status, 411, name)
            for parameter in map(self.document.resolve, operation.body.get("parameters", [])):
                if parameter["in"] == "query" and parameter["schema"].get("type") == "integer":
                    self.assertEqual(self.call(name, query=f"?deliverTo=me&{parameter['name']}=x").status, 400, name)
            if "{jobId}" in operation.path:
                whole = {"requestApproval": QUESTION, "decideApproval": {"decision": "allow", "scope": "once", "deciderId": "1"}, "sendMessage": {"mode": "steer", "text": "x"}, "reportEvents": {"event": {"type": "log"}}, "completeJob": {"resultText": ""}, "failJob": {"error": "x"}, "putArtifact": b"x", "putWorkerArtifact": b"x"}.get(name)
                self.assertEqual(self.call(name, body=whole, headers={"idempotency-key": "k"}).status, 404, name)

    def jobs(self) -> None:
        whole = {"kind": "run", "threadId": "7", "requiresApproval": True, "metadata": {"a": "b"}, "deliverTo": "me", "labels": ["gpu"]}
        key = {"idempotency-key": "once"}
        job_id = self.call("createJob", body=self.request_body(**whole), headers=key).json["job"]["id"]
        self.assertEqual(self.call("createJob", body=self.request_body(**whole), headers=key).status, 200)
        self.assertEqual(self.call("createJob", body=self.request_body(), headers=key).status, 409)
        self.call("createJob", body=self.request_body(kind="run"))
        self.assertIn("nextBefore", self.call("listJobs", query="?limit=1").json)
        self.call("getJob", job_id)
        self.assertEqual(self.call("sendMessage", job_id, {"mode": "steer", "text": "x"}, headers=key).status, 409)
        self.assertEqual(self.call("approveJob", job_id, {"approverId": "1"}).status, 200)
        self.assertEqual(self.call("abortJob", job_id, {"ifStatus": "running"}).status, 409)
        self.assertEqual(self.call("abortJob", job_id, {"reason": "no", "requesterId": "1"}).json["job"]["error"], "no")
        self.assertEqual(self.call("approveJob", job_id).status, 409)

    def events(self) -> None:
        stream = {"accept": "text/event-stream"}
        held = self.hold()
        self.assertIn(b"event: job_created", self.call("readEvents", held.id, headers=stream).body)
        lease = {"x-lease-token": held.token}
        events = [{"type": "log", "message": "m", "data": {"any": [1]}}, {"type": "agent_text_delta", "data": {"delta": "d"}, "ts": "2026-11-22T09:54:39.123Z"}]
        self.assertEqual(self.call("reportEvents", held.id, {"events": events, "batch": 1}, headers=lease).status, 202)
        self.assertEqual(self.call("reportEvents", held.id, {"event": {"type": "log"}, "batch": 3}, headers=lease).json["expected"], 2)
        self.assertEqual(len(self.call("readEvents", held.id).json["events"]), 4)
        many = [{"type": "log"}] * 256
        for batch in range(2, 22):
            self.call("reportEvents", held.id, {"events": many, "batch": batch}, headers=lease)
        self.assertTrue(self.call("readEvents", held.id, query="?cursor=2").json["truncated"])
        last = self.call("completeJob", held.id, {"resultText": "done"}, headers=lease).json["job"]
        self.assertEqual(self.call("readEvents", held.id, query="?cursor=100000").json["events"], [])
        self.assertEqual(self.call("readEvents", last["id"], query="?cursor=100000", headers=stream).status, 204)

    def workers(self) -> None:
        self.assertEqual(self.call("claimJob", body={"workerId": "w"}).json, {"job": None})
        held = self.hold()
        known = self.call("listWorkers").json["workers"]
        self.assertEqual([(worker["workerId"], worker["present"], worker["running"]) for worker in known], [("w", True, 1)])
        lease, stale = {"x-lease-token": held.token}, {"x-lease-token": "stale"}
        self.assertEqual(self.call("sendMessage", held.id, {"mode": "steer", "text": "left"}, headers={"idempotency-key": "m"}).status, 202)
        self.assertEqual(len(self.call("heartbeat", held.id, headers=lease).json["messages"]), 1)
        for name, body in (("heartbeat", None), ("reportEvents", {"event": {"type": "log"}}), ("completeJob", {"resultText": ""}), ("failJob", {"error": "x"}), ("acknowledgeAbort", {})):
            self.assertEqual(self.call(name, held.id, body, headers=stale).json["holder"], "w")
        self.call("createJob", body=self.request_body(sessionKey="next"))
        usage = {"inputTokens": 1, "outputTokens": 2, "cacheReadTokens": 3, "cacheWriteTokens": 4, "costUsd": 0.5}
        done = self.call("completeJob", held.id, {"resultText": "done", "usage": usage, "claim": {"workerId": "w"}}, headers=lease).json
        second = Held(done["next"])
        self.assertEqual(self.call("failJob", second.id, {"error": "broken"}, headers={"x-lease-token": second.token}).status, 200)
        third = self.hold()
        lease = {"x-lease-token": third.token}
        self.call("abortJob", third.id)
        self.assertTrue(self.call("heartbeat", third.id, headers=lease).json["abortRequested"])
        self.assertEqual(self.call("acknowledgeAbort", third.id, {"reason": "asked"}, headers=lease).status, 200)
        fourth = self.hold()
        self.assertIsNone(self.call("completeJob", fourth.id, {"resultText": "", "claim": {"workerId": "w"}}, headers={"x-lease-token": fourth.token}).json["next"])

    def approvals(self) -> None:
        held = self.hold()
        lease = {"x-lease-token": held.token}
        self.assertEqual(self.call("requestApproval", held.id, QUESTION, headers={"x-lease-token": "stale"}).status, 409)
        asked = self.call("requestApproval", held.id, QUESTION, headers=lease).json["approval"]
        self.assertEqual(self.call("requestApproval", held.id, QUESTION, headers=lease).status, 200)
        decision = {"decision": "allow", "scope": "always", "deciderId": "1", "reason": "it is fine"}
        self.assertEqual(self.call("decideApproval", held.id, decision, part=asked["id"]).json["approval"]["status"], "allowed")
        self.assertEqual(self.call("decideApproval", held.id, decision | {"decision": "deny"}, part=asked["id"]).status, 409)
        self.assertEqual(len(self.call("heartbeat", held.id, headers=lease).json["decisions"]), 1)
        self.assertEqual(len(self.call("listApprovals", held.id).json["approvals"]), 1)
        self.assertEqual(len(self.call("readEvents", held.id).json["events"]), 4)
        self.assertEqual(self.call("failJob", held.id, {"error": "stopped", "retryable": True}, headers=lease).json["job"]["status"], "queued")
        again = Held(self.call("claimJob", body={"workerId": "w"}).json)
        self.assertEqual(again.answer["approvals"][0]["id"], asked["id"])
        self.call("completeJob", again.id, {"resultText": ""}, headers={"x-lease-token": again.token})
        standing = self.call("listDecisions").json["decisions"][0]["id"]
        self.assertEqual(self.call("revokeDecision", body={"revokerId": "1"}, part=str(standing)).status, 200)
        self.assertEqual(self.call("revokeDecision", body={}, part=str(standing)).status, 404)

    def artifacts(self) -> None:
        about = {"content-type": "image/png", "x-artifact-kind": "photo", "x-artifact-caption": "a%20plot"}
        self.call("createJob", body=self.request_body(attachments=["7"]))
        job = self.call("listJobs", query="?limit=1").json["jobs"][0]
        self.assertEqual(self.call("putArtifact", job["id"], b"x", headers=about).status, 201)
        self.assertEqual(self.call("putArtifact", job["id"], b"x").status, 200)
        self.assertEqual(self.call("putArtifact", job["id"], b"y").status, 409)
        self.assertEqual(self.call("putArtifact", job["id"], b"y", part="8", headers={"x-content-sha256": "0" * 64}).json["error"], "hash_mismatch")
        held = Held(self.call("claimJob", body={"workerId": "w"}).json)
        self.assertEqual(held.answer["job"]["attachments"], ["7"])
        for name, lease, status in (("Artifact", {}, 200), ("WorkerArtifact", {"x-lease-token": held.token}, 200), ("WorkerArtifact", {"x-lease-token": "stale"}, 409)):
            self.assertEqual(self.call(f"list{name}s", held.id, headers=lease).status, status)
            self.assertEqual(self.call(f"get{name}", held.id, headers=lease).status, status)
        lease = {"x-lease-token": held.token}
        self.assertEqual(self.call("putWorkerArtifact", held.id, b"x", part="plot.png", headers=about | lease).status, 201)
        self.assertEqual(self.call("putWorkerArtifact", held.id, b"x", part="plot.png", headers=lease).status, 200)
        self.assertEqual(self.call("putWorkerArtifact", held.id, b"y", part="plot.png", headers=lease).status, 409)
        self.assertEqual(len(self.call("readEvents", held.id).json["events"]), 3)
        self.call("completeJob", held.id, {"resultText": ""}, headers=lease)

    def deliveries_and_admin(self) -> None:
        held = self.hold(deliverTo="you")
        self.call("completeJob", held.id, {"resultText": "done"}, headers={"x-lease-token": held.token})
        self.assertEqual(self.call("readDeliveries", query="?deliverTo=you").json["jobs"][0]["id"], held.id)
        self.assertEqual(self.call("acknowledgeDelivery", held.id, {}).status, 200)
        self.assertEqual(self.call("pause", body={"reason": "lunch", "abortRunning": True}).json["admin"]["pauseReason"], "lunch")
        self.call("getAdminState")
        self.assertEqual(self.call("resume", body={"requesterId": "1"}).status, 200)


class TheValidator(unittest.TestCase):
    """That the check above can fail."""

    def problems(self, schema: dict, value) -> list[str]:
        return Document({"paths": {}, "components": {"schemas": {"Name": {"type": "string", "maxLength": 3}}}}).problems(schema, value)

    def test_it_finds_what_is_wrong(self):
        name = {"$ref": "#/components/schemas/Name"}
        person = {"type": "object", "required": ["name"], "properties": {"name": name, "age": {"type": "integer", "minimum": 0}}}
        self.assertEqual(self.problems(person, {"name": "Ada", "age": 1}), [])
        for wrong in ({}, [], {"name": 1}, {"name": "Adam"}, {"name": "Ada", "age": -1}, {"name": "Ada", "age": True}, {"name": "Ada", "more": 1}):
            self.assertEqual(len(self.problems(person, wrong)), 1, wrong)
        employee = {"allOf": [person, {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}]}
        self.assertEqual(self.problems(employee, {"name": "Ada", "id": 1}), [])
        self.assertEqual(len(self.problems(employee, {"name": "Ada", "id": 1, "more": 1})), 2)
        self.assertEqual(len(self.problems({"oneOf": [name, {"type": "null"}]}, 1)), 1)
        with self.assertRaises(AttributeError):
            self.problems({"dependentRequired": {}}, {})


if __name__ == "__main__":
    unittest.main()

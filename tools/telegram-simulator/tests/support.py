"""A stand-in in a thread of its own, and a client that does not share its HTTP code."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import unittest
from typing import Any

from telegram_simulator.application import Application
from telegram_simulator.simulator_core import Options

TOKEN = "700001:secret-of-the-tests"
OWNER = 1001


class Server:
    """Runs an Application on its own event loop."""

    def __init__(self, **options: Any):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.application = self._call(self._make(options))
        self.port = self.application.port
        self.control_port = self.application.control_port

    async def _make(self, options: dict[str, Any]) -> Application:
        application = Application(Options(bot_token=TOKEN, **options))
        await application.start("127.0.0.1", 0, 0)
        return application

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def close(self) -> None:
        async def end() -> None:
            self.application.close()
            await asyncio.sleep(0)  # the cancelled tasks end in the next turn
            await asyncio.sleep(0)
        self._call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()


class Answer(dict):
    """A JSON answer with its HTTP status and headers."""

    status: int
    body: bytes
    headers: dict[str, str]


class SimulatorTest(unittest.TestCase):
    """One fresh server per test."""

    options: dict[str, Any] = {}

    def setUp(self) -> None:
        self.server = Server(**self.options)
        self.addCleanup(self.server.close)

    def request(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None,
                timeout: float = 60) -> Answer:
        port = self.server.control_port if path.startswith("/sim/") else self.server.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            raw = response.read()
            answer = Answer(json.loads(raw) if "json" in response.headers["Content-Type"] else
                            {"raw": raw.decode("utf-8", "replace")})
            answer.body = raw
            answer.status = response.status
            answer.headers = dict(response.headers)
            return answer
        finally:
            connection.close()

    def call(self, bot_method: str, **params: Any) -> Answer:
        """A Bot API call with a JSON body."""
        return self.request("POST", f"/bot{TOKEN}/{bot_method}", json.dumps(params).encode(),
                            {"Content-Type": "application/json"})

    def upload(self, bot_method: str, files: dict[str, tuple[str, str, bytes]], **params: Any) -> Answer:
        """A Bot API call as multipart; `files`: part → (file name, type, bytes)."""
        parts = [f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
                 + (value if isinstance(value, str) else json.dumps(value)).encode() + b"\r\n"
                 for name, value in params.items()]
        parts += [f'--xx\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\nContent-Type: {mime}\r\n\r\n'
                  .encode() + data + b"\r\n" for name, (file, mime, data) in files.items()]
        return self.request("POST", f"/bot{TOKEN}/{bot_method}", b"".join(parts) + b"--xx--\r\n",
                            {"Content-Type": "multipart/form-data; boundary=xx"})

    def result(self, bot_method: str, **params: Any) -> Any:
        answer = self.call(bot_method, **params)
        self.assertTrue(answer.get("ok"), answer)
        return answer["result"]

    def sim(self, verb: str, **fields: Any) -> Answer:
        answer = self.request("POST", f"/sim/{verb}", json.dumps(fields).encode())
        self.assertEqual(answer.status, 200, answer)
        return answer

    def refused_verb(self, verb: str, **fields: Any) -> Answer:
        answer = self.request("POST", f"/sim/{verb}", json.dumps(fields).encode())
        self.assertEqual(answer.status, 400, answer)
        return answer

    def read(self, what: str) -> Answer:
        return self.request("GET", f"/sim/{what}")

    def in_background(self, work: Any, *arguments: Any, **fields: Any) -> Any:
        """Starts `work`; calling what this returns gives its outcome."""
        outcome: list[Any] = []

        def run() -> None:
            try:
                outcome.append(work(*arguments, **fields))
            except Exception as error:  # handed to the test
                outcome.append(error)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def join() -> Any:
            thread.join(60)
            self.assertTrue(outcome, "the background call did not end")
            return outcome[0]
        return join

    def violations(self) -> list[str]:
        return [item["kind"] for item in self.read("violations?unclaimed=1")["violations"]]

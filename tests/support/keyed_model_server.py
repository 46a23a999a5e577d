"""The scripted model server behind a door that asks for the key, as providers do.

Every /v1 request without it is answered with 401, and GET /v1/models lists the models of the script.
"""

import json
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .model_server import API_KEY, ModelServer

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class KeyedModelServer(ModelServer):
    """Its `url` is the door's. `refused`: how many requests came without the right key."""

    def __init__(self, scratch: Path):
        super().__init__(scratch)
        self.refused = 0
        self._door = ThreadingHTTPServer(("127.0.0.1", 0), _door_to(self, self.url))
        self.url = f"http://127.0.0.1:{self._door.server_port}"
        self._thread = threading.Thread(target=self._door.serve_forever, name="door of the model server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._door.shutdown()
        self._door.server_close()
        super().stop()


def _door_to(server: KeyedModelServer, inner: str) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self._handle()

        do_POST = do_GET

        def _handle(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path.startswith("/v1/") and self.headers.get("authorization") != f"Bearer {API_KEY}":
                server.refused += 1
                self._reply(401, "application/json", json.dumps({"error": {"message": "Incorrect API key"}}).encode())
            elif self.path == "/v1/models":
                models = {"object": "list", "data": [{"id": "mock-1", "object": "model"}]}
                self._reply(200, "application/json", json.dumps(models).encode())
            else:
                self._pass_on(body)

        def _pass_on(self, body: bytes):
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            request = urllib.request.Request(inner + self.path, data=body or None, headers=headers, method=self.command)
            try:
                with _DIRECT.open(request, timeout=60) as reply:
                    self._reply(reply.status, reply.headers.get("content-type", ""), reply.read())
            except urllib.error.HTTPError as error:
                with error:
                    self._reply(error.code, error.headers.get("content-type", ""), error.read())

        def _reply(self, status: int, content_type: str, body: bytes):
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Door

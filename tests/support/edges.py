"""What tests of the HTTP API's edge share."""

from .api import ApiTest
from .net import Reply


class EdgeTest(ApiTest):
    def exchange(self, method: str, path: str, body=None, token: str | None = None, **headers: str) -> Reply:
        """One request whose fields are as the test says; "_" stands for "-"."""
        connection = self.connect()
        connection.send(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()}, token)
        return connection.receive()

    def raw(self, text: bytes) -> Reply:
        connection = self.connect()
        connection.send_bytes(text)
        return connection.receive()

    def assert_well(self) -> None:
        """It still serves."""
        self.expect(200, self.gateway("GET", "/v1/admin/state"))

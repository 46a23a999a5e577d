"""The orchestrator's own TLS: who is believed, what is refused and in which words, and where the key may be seen."""

import socket
import ssl
import subprocess
import unittest
from pathlib import Path

from support import console
from support.butler import GATEWAY_TOKEN
from support.case import SystemTest
from support.certificates import Certificates
from support.paths import BINARY, require


class Tls(SystemTest):
    def setUp(self):
        self.certificates = Certificates(self.scratch)

    def ask(self, host: str, path: str = "/v1/jobs") -> int:
        """The status of a call that names `host`, at the same address."""
        trusted = ssl.create_default_context(cafile=str(self.butler.authority))
        with trusted.wrap_socket(socket.create_connection(("127.0.0.1", self.butler.port), 60), server_hostname="127.0.0.1") as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: {host}\r\nx-api-key: {GATEWAY_TOKEN}\r\n\r\n".encode())
            return int(connection.recv(4096).split()[1])

    def refusal(self, **environment: str) -> str:
        """What the orchestrator says when it does not start for its configuration."""
        words = [str(require(BINARY, "make build")), "orchestrator"]
        ended = subprocess.run(words, env=self.butler.environment_of("orchestrator") | environment, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(ended.returncode, 78, ended.stderr)
        return ended.stderr

    def test_a_message_goes_through_gateway_and_worker_over_tls_and_the_key_stays_with_the_orchestrator(self):
        simulator = self.start_simulator()
        self.butler = self.make_butler(simulator)
        self.butler.use_tls(self.certificates)
        self.butler.up()
        simulator.send_text("over TLS")
        simulator.wait_for_reply("You said: over TLS")
        status = console.run(self.butler, "jobs")
        self.assertEqual(status.returncode, 0, status.stderr)
        self.assertIn("over TLS", status.stdout)

        key = self.certificates.path("orchestrator.key")
        for role in ("gateway", "worker"):
            environment = Path(f"/proc/{self.butler.pid(role)}/environ").read_bytes()
            self.assertIn(b"ORCH_TLS_CA=", environment)
            self.assertNotIn(str(key).encode(), environment, role)
        secret = "".join(key.read_text().splitlines()[1:-1])
        self.assertNotIn(secret[:40], self.butler.report())
        with self.assertRaises((OSError, ssl.SSLError)):  # nothing is answered in plain
            with socket.create_connection(("127.0.0.1", self.butler.port), 60) as plain:
                plain.sendall(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n")
                if not plain.recv(100).startswith(b"HTTP/"):
                    raise OSError("closed")

        looked = console.run(self.butler, "doctor", "--only", "certificate", **self.butler.listener)
        self.assertEqual(looked.returncode, 0, looked.stdout + looked.stderr)

    def test_a_stranger_authority_another_name_and_an_expired_certificate_are_refused_in_clear_words(self):
        self.butler = self.make_butler()
        self.butler.use_tls(self.certificates)
        self.butler.start("orchestrator")
        other = self.certificates.authority("other")
        refused = console.run(self.butler, "jobs", ORCH_TLS_CA=str(other))
        self.assertEqual(refused.returncode, 1, refused.stderr)
        self.assertIn("signed by none of the authorities that are trusted here", refused.stderr)
        self.assertIn("ORCH_TLS_CA names the right one's file", refused.stderr)
        system = console.run(self.butler, "jobs", ORCH_TLS_CA="")
        self.assertIn("signed by none of the authorities", system.stderr)
        named = console.run(self.butler, "jobs", ORCH_BASE_URL=f"https://localhost:{self.butler.port}")
        self.assertIn("is for other names than localhost", named.stderr)
        missing = console.run(self.butler, "jobs", ORCH_TLS_CA=str(self.scratch / "none.pem"))
        self.assertEqual(missing.returncode, 78)
        self.assertIn("none.pem cannot be read", missing.stderr)

        worker = self.butler._launch("worker", self.butler.environment_of("worker") | {"ORCH_TLS_CA": str(other)})
        worker.wait_for_line("orchestrator.unreachable.*signed by none of the authorities")
        self.butler.kill("worker")

        self.butler.kill("orchestrator")
        self.butler.listener |= self.certificates.issue("old", "IP:127.0.0.1", days=-1)
        self.butler.start("orchestrator")
        self.butler.wait_for_log("orchestrator", "event=tls.certificate_expired")
        expired = console.run(self.butler, "jobs")
        self.assertIn("has expired (certificate has expired): renew it at the server", expired.stderr)
        looked = console.run(self.butler, "doctor", "--only", "certificate", **self.butler.listener)
        self.assertEqual(looked.returncode, 2, looked.stdout)
        self.assertIn("expired", looked.stdout)

    def test_a_bind_that_others_reach_needs_tls_or_its_unsafe_name(self):
        self.butler = self.make_butler()
        said = self.refusal(ORCH_HOST="0.0.0.0")
        self.assertIn("a listener that others reach needs TLS: set ORCH_TLS_CERT and ORCH_TLS_KEY", said)
        made = self.certificates.issue("orchestrator", "IP:127.0.0.1")
        self.assertIn("ORCH_TLS_KEY: has to be set, too", self.refusal(ORCH_TLS_CERT=made["ORCH_TLS_CERT"]))
        self.butler.listener = {"ORCH_HOST": "0.0.0.0", "ORCH_UNSAFE_PLAIN": "true"}
        self.butler.start("orchestrator")
        self.assertEqual(self.butler.as_gateway("GET", "/v1/jobs").status, 200)
        looked = console.run(self.butler, "doctor", "--only", "certificate", **self.butler.listener)
        self.assertEqual(looked.returncode, 1, looked.stdout)
        self.assertIn("ORCH_UNSAFE_PLAIN", looked.stdout)

    def test_a_key_that_others_read_or_that_is_of_another_certificate_stops_the_start(self):
        self.butler = self.make_butler()
        self.butler.use_tls(self.certificates)
        other = self.certificates.issue("another", "IP:127.0.0.1")
        key = Path(self.butler.listener["ORCH_TLS_KEY"])
        for environment, mode, words in (({}, 0o644, "other users may read or change"),
                                         ({"ORCH_TLS_KEY": other["ORCH_TLS_KEY"]}, 0o600, "holds no key, without a password, of the certificate")):
            key.chmod(mode)
            process = self.butler._launch("orchestrator", self.butler.environment_of("orchestrator") | environment)
            self.assertEqual(process.wait_for_exit(), 1)
            self.assertIn(words, "\n".join(process.lines))
            looked = console.run(self.butler, "doctor", "--only", "certificate", **self.butler.listener | environment)
            self.assertEqual(looked.returncode, 2, looked.stdout)
            self.assertIn(words, looked.stdout)

    def test_only_listed_names_may_be_called(self):
        self.butler = self.make_butler()
        self.butler.use_tls(self.certificates)
        self.butler.listener |= {"ORCH_ALLOWED_HOSTS": "butler.example, fd00::1"}
        self.butler.start("orchestrator")
        for host in ("localhost", "127.0.0.1:1", "butler.example:8787", "BUTLER.example", "[fd00::1]"):
            self.assertEqual(self.ask(host), 200, host)
        for host in ("evil.example", "butler.example.evil", "10.0.0.1"):
            self.assertEqual(self.ask(host), 403, host)


if __name__ == "__main__":
    unittest.main()

"""A host that agents talk to."""

import ssl
import subprocess
import threading
from pathlib import Path
from socket import create_server


class Host:
    """A TLS server that answers every connection, and keeps it open when asked for /stay."""

    def __init__(self, folder: Path, address: str = "127.0.0.1"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=host", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
                       check=True, capture_output=True)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
        self._listener = create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        self.requests: list[str] = []
        self.cut = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            with self._context.wrap_socket(connection, server_side=True) as stream:
                line = stream.recv(4096).decode().split("\r\n")[0]
                self.requests.append(line)
                stream.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n")
                if "/stay" not in line:
                    stream.sendall(b"from a host")
                elif not stream.recv(1):
                    self.cut.set()
        except OSError:
            if any("/stay" in request for request in self.requests):
                self.cut.set()

    def close(self):
        self._listener.close()

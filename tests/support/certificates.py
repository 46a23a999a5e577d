"""Certificates of authorities that exist for one test.

    made = Certificates(scratch)
    made.issue("server", "IP:127.0.0.1")        # server.pem, server.key, signed by ca.pem
"""

import subprocess
from pathlib import Path

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


class Certificates:
    def __init__(self, scratch: Path):
        self.folder = scratch / "certificates"
        self.folder.mkdir(mode=0o711)
        self.authority("ca")

    def path(self, name: str) -> Path:
        return self.folder / name

    def authority(self, name: str) -> Path:
        """Its certificate; the key is beside it."""
        self._openssl("req", "-x509", *_KEY, "-days", "60", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
        return self.path(f"{name}.pem")

    def issue(self, name: str, *names: str, authority: str = "ca", days: int = 30) -> dict[str, str]:
        """What the orchestrator needs of a certificate for `names` ("DNS:…", "IP:…"); with -1 days it has expired."""
        self._openssl("req", *_KEY, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.path(f"{name}.ext").write_text(f"subjectAltName={','.join(names)}\n")
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial",
                      "-days", str(days), "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        self.path(f"{name}.key").chmod(0o600)
        return {"ORCH_TLS_CERT": str(self.path(f"{name}.pem")), "ORCH_TLS_KEY": str(self.path(f"{name}.key"))}

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

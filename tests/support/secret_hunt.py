"""Run by the hostile agent of tests/system/test_secrets.py: reads everything that its user can, in search of secrets.

Usage: secret_hunt.py REPORT REVERSED_SECRET… [-- FOLDER…]. The secrets come backwards, so that this program's own words
are no find. The report is JSON: {"found": {"place": [secret numbers]}, "read": {"kind of place": how many}}."""

import json
import os
import re
import socket
import sys
from pathlib import Path

FILE_LIMIT = 4 << 20
MEMORY_LIMIT = 512 << 20  # of one process
CHUNK = 8 << 20


class Hunt:
    def __init__(self, secrets: list[bytes]):
        self.secrets = secrets
        self.found: dict[str, list[int]] = {}
        self.read: dict[str, int] = {}

    def look(self, kind: str, place: str, content: bytes) -> None:
        self.read[kind] = self.read.get(kind, 0) + 1
        seen = [number for number, secret in enumerate(self.secrets) if secret in content]
        if seen:
            self.found.setdefault(place, []).extend(seen)

    def look_at_file(self, kind: str, path: str) -> None:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return
        try:
            self.look(kind, path, os.read(descriptor, FILE_LIMIT))
        except OSError:
            pass
        finally:
            os.close(descriptor)

    def processes(self) -> None:
        """All but ours: our own memory holds what we look for."""
        for pid in (name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()):
            for file in ("environ", "cmdline", "comm"):
                self.look_at_file(file, f"/proc/{pid}/{file}")
            try:
                for descriptor in os.listdir(f"/proc/{pid}/fd"):
                    path = f"/proc/{pid}/fd/{descriptor}"
                    if os.path.isfile(path):
                        self.look_at_file("descriptor", path)
            except OSError:
                pass
            self.memory(pid)

    def memory(self, pid: str) -> None:
        try:
            maps = Path(f"/proc/{pid}/maps").read_text()
            memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
        except OSError:
            return
        left = MEMORY_LIMIT
        for line in maps.splitlines():
            begin, end, permissions = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
            # What is writable and in no file: the heap, stacks, what a runtime keeps its objects in.
            if not permissions.startswith("rw") or line.rstrip().endswith((".so", "[vvar]")):
                continue
            position = int(begin, 16)
            while position < int(end, 16) and left > 0:
                size = min(CHUNK, int(end, 16) - position)
                try:
                    self.look("memory", f"memory of {pid}", os.pread(memory, size, position))
                except OSError:
                    break
                position += size
                left -= size
        os.close(memory)

    def files(self, folders: list[str]) -> None:
        report = os.path.realpath(sys.argv[1])
        for top in folders:
            for folder, _, names in os.walk(top):
                for name in names:
                    path = os.path.join(folder, name)
                    if os.path.isfile(path) and os.path.realpath(path) not in (report, os.path.realpath(__file__)):
                        self.look_at_file("file", path)

    def sockets(self, folders: list[str]) -> None:
        """Asks whoever listens, without a password."""
        names = set(re.findall(r"(\S*[/@]\S*)$", self.text("/proc/net/unix"), re.MULTILINE))
        names |= {os.path.join(folder, f"{role}.sock") for folder in folders for role in ("worker", "gateway", "orchestrator")}
        for name in names:
            self.ask(socket.AF_UNIX, "\0" + name[1:] if name.startswith("@") else name)
        for table in ("tcp", "tcp6"):
            for line in self.text(f"/proc/net/{table}").splitlines()[1:]:
                _, local, _, state, *_ = line.split()
                if state == "0A":
                    self.ask(socket.AF_INET, ("127.0.0.1", int(local.rpartition(":")[2], 16)))

    def ask(self, family: int, address) -> None:
        for path in ("/", "/metrics", "/health", "/models", "/v1/jobs"):
            try:
                with socket.socket(family, socket.SOCK_STREAM) as connection:
                    connection.settimeout(2)
                    connection.connect(address)
                    connection.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n".encode())
                    self.look("socket", f"socket {address!r}{path}", connection.recv(65536))
            except OSError:
                return

    def text(self, path: str) -> str:
        try:
            return Path(path).read_text()
        except OSError:
            return ""


def main() -> None:
    report, *words = sys.argv[1:]
    split = words.index("--") if "--" in words else len(words)
    hunt = Hunt([word[::-1].encode() for word in words[:split]])
    hunt.look("environment", "our environment", "\0".join(f"{name}={value}" for name, value in os.environ.items()).encode())
    own = [os.environ.get(name, "") for name in ("HOME", "PI_CODING_AGENT_DIR", "TMPDIR")]
    hunt.files([folder for folder in {*own, os.getcwd(), *words[split + 1:]} if folder])
    hunt.processes()
    hunt.sockets(words[split + 1:])
    Path(report).write_text(json.dumps({"found": hunt.found, "read": hunt.read}))


main()

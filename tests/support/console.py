"""The `butler` command as a person at the machine uses it: run to its end, left running, or in a terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import time

from .butler import GATEWAY_TOKEN, Butler
from .paths import BINARY, require
from .wait import PATIENCE

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def environment_of(butler: Butler, **more: str) -> dict[str, str]:
    """As the owner has it who can read the configuration."""
    made = butler.environment_of() | {"ORCH_BASE_URL": butler.url, "ORCH_GATEWAY_TOKEN": GATEWAY_TOKEN, "TERM": "xterm"}
    if butler.authority is not None:
        made |= {"ORCH_TLS_CA": str(butler.authority)}
    return made | more


def run(butler: Butler, *words: str, stdin: str = "", timeout: float = PATIENCE, **environment: str) -> subprocess.CompletedProcess:
    """The command with its output and exit code."""
    command = [str(require(BINARY, "make build")), *words]
    return subprocess.run(command, env=environment_of(butler, **environment), input=stdin, text=True, capture_output=True, timeout=timeout, check=False)


class Running:
    """A command that goes on, with pipes for its output; `close` ends it."""

    def __init__(self, butler: Butler, *words: str):
        self._popen = subprocess.Popen(
            [str(require(BINARY, "make build")), *words],
            env=environment_of(butler),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.status = ""

    def wait_for_status(self, pattern: str, timeout: float = PATIENCE) -> None:
        """Until what it says on standard error holds this."""
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.status):
            ready, _, _ = select.select([self._popen.stderr], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(self._popen.stderr.fileno(), 65_536) if ready else b""
            if not piece:
                raise AssertionError(f"it never said {pattern!r}, but: {self.status}")
            self.status += piece.decode()

    def interrupt(self) -> None:
        self._popen.send_signal(signal.SIGINT)

    def end(self, timeout: float = PATIENCE) -> tuple[int, str]:
        """Its exit code and what it wrote on standard output."""
        out, err = self._popen.communicate(timeout=timeout)
        self.status += err.decode()
        return self._popen.returncode, out.decode()

    def close(self) -> None:
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.communicate()


class Terminal:
    """A command in a pseudo-terminal; `close` ends it."""

    def __init__(self, butler: Butler, *words: str):
        self.seen = ""
        command = [str(require(BINARY, "make build")), *words]
        environment = environment_of(butler)
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, environment)
        self._code: int | None = None

    def type(self, line: str) -> None:
        os.write(self._fd, line.encode() + b"\n")

    def press(self, key: bytes) -> None:
        os.write(self._fd, key)

    def wait_for(self, pattern: str, timeout: float = PATIENCE, after: int = 0) -> str:
        """Until the terminal shows this behind the first `after` characters; returns all it shows."""
        deadline = time.monotonic() + timeout
        while not re.search(pattern, self.seen[after:]):
            if not self._read(deadline):
                raise AssertionError(f"the terminal never showed {pattern!r}, but:\n{self.seen}")
        return self.seen

    def end(self, timeout: float = PATIENCE) -> int:
        """Its exit code."""
        deadline = time.monotonic() + timeout
        while self._read(deadline):
            pass
        self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._fd], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            piece = os.read(self._fd, 65_536)
        except OSError:  # the other side is gone
            return False
        self.seen += piece.decode("utf-8", "replace")
        return bool(piece)

    def close(self) -> None:
        if self._code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._fd)

"""A program at a terminal, and the person in front of it.

    with Terminal([BINARY, "setup"], environment) as terminal:
        terminal.wait_for("The bot's token")
        terminal.type(token)
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .process import signal_quietly
from .wait import PATIENCE

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """Runs `argv` on a terminal of its own, the program's controlling one. `shown` is all it has shown."""

    def __init__(self, argv: Sequence[object], env: Mapping[str, str], cwd: Path | str = "/", columns: int = 100):
        self.shown = ""
        self._read_to = 0  # of `shown`: what was waited for already
        self._code: int | None = None
        words = [os.fsencode(str(word)) for word in argv]
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            try:
                # Before the program can ask for it.
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
                os.chdir(cwd)
                os.execve(words[0], words, {"TERM": "xterm", **env})
            finally:
                os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        if self._code is None:
            signal_quietly(self.pid, signal.SIGKILL)
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def press(self, keys: str) -> None:
        """Keys as they are: "\\x03" is Ctrl-C."""
        os.write(self._master, keys.encode())

    def type(self, line: str) -> None:
        self.press(line + "\n")

    def wait_for(self, pattern: str, timeout: float = PATIENCE) -> str:
        """Waits until the expression is shown, after what was waited for before; the text that matched, without
        colours."""
        deadline = time.monotonic() + timeout
        while True:
            plain = ESCAPES.sub("", self.shown).replace("\r", "")
            if match := re.compile(pattern).search(plain, self._read_to):
                self._read_to = match.end()
                return match[0]
            if not self._read(deadline - time.monotonic()):
                raise AssertionError(f"the terminal does not show {pattern!r}; it shows:\n{self.shown}")

    def answer(self, question: str, line: str) -> None:
        """Types the line when the question is there."""
        self.wait_for(question)
        self.type(line)

    def wait_for_exit(self, timeout: float = PATIENCE) -> int:
        """The exit code; negative: the signal that ended it."""
        deadline = time.monotonic() + timeout
        while self._read(deadline - time.monotonic()):
            pass
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        while pid == 0:
            if time.monotonic() > deadline:
                raise AssertionError(f"the program has not ended; it shows:\n{self.shown}")
            time.sleep(0.005)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        self._code = os.waitstatus_to_exitcode(status)
        return self._code

    @property
    def shows_what_is_typed(self) -> bool:
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def _read(self, patience: float) -> bool:
        """Takes what has come; False when nothing more comes in time, or ever."""
        ready, _, _ = select.select([self._master], [], [], max(patience, 0))
        if not ready:
            return False
        try:
            piece = os.read(self._master, 65536)
        except OSError:  # EIO: the program has gone
            return False
        self.shown += piece.decode("utf-8", "replace")
        return bool(piece)

    def report(self) -> str:
        return f"---- the terminal ----\n{self.shown}"

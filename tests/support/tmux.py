"""A shell in tmux: a terminal whose whole session can be kept as a text."""

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from .wait import PATIENCE


class Tmux:
    """`with Tmux(scratch, environment, cwd) as screen: screen.type("butler setup")`. The server is its own."""

    def __init__(self, scratch: Path, env: Mapping[str, str], cwd: Path, columns: int = 100):
        self._socket = scratch / "tmux.sock"
        self._env = {"TERM": "screen-256color", "PS1": "$ ", **env}
        shell = ["bash", "--norc", "--noprofile", "-i"]
        size = ["-x", str(columns), "-y", "50"]
        self._call("-f", "/dev/null", "new-session", "-d", *size, "-c", str(cwd), *shell)
        self._call("set-option", "-g", "history-limit", "10000")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._call("kill-server")

    def _call(self, *words: str) -> str:
        command = ["tmux", "-S", str(self._socket), *words]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout

    def press(self, *keys: str) -> None:
        """By tmux's names: "Enter", "C-c"."""
        self._call("send-keys", *keys)

    def type(self, line: str) -> None:
        self._call("send-keys", "-l", line)
        self.press("Enter")

    def transcript(self) -> str:
        """All that was shown so far, wrapped lines joined."""
        lines = self._call("capture-pane", "-p", "-J", "-S", "-").splitlines()
        return "\n".join(line.rstrip() for line in lines).rstrip() + "\n"

    def wait_for(self, text: str, times: int = 1, timeout: float = PATIENCE) -> str:
        """Waits until the text is there so many times; the transcript."""
        deadline = time.monotonic() + timeout
        while True:
            shown = self.transcript()
            if shown.count(text) >= times:
                return shown
            if time.monotonic() > deadline:
                raise AssertionError(f"tmux does not show {text!r} {times} times; it shows:\n{shown}")
            time.sleep(0.05)

    def answer(self, question: str, line: str, times: int = 1) -> None:
        self.wait_for(question, times)
        self.type(line)

"""A child process with its output kept, in a session of its own."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .wait import PATIENCE


class Process:
    """Runs `argv`; keeps what it prints (stdout and stderr together) as `lines`."""

    def __init__(self, name: str, argv: Sequence[object], env: Mapping[str, str], cwd: Path | str = "/"):
        self.name = name
        self.lines: list[str] = []
        self._grown = threading.Condition()
        self._started = time.monotonic()
        self._ended = False
        self._popen = subprocess.Popen(
            [str(word) for word in argv],
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {name}", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with self._popen.stdout as output:
            for raw in output:
                with self._grown:
                    self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                    self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._popen.poll()

    def wait_for_line(self, pattern: str, timeout: float = PATIENCE, after: int = 0) -> str:
        """The first line from number `after` on that the regular expression is found in. Fails at once
        when the process ends without it. `len(process.lines)` is the `after` for "from now on"."""
        wanted = re.compile(pattern)
        deadline = time.monotonic() + timeout
        position = after
        with self._grown:
            while True:
                while position < len(self.lines):
                    if wanted.search(self.lines[position]):
                        return self.lines[position]
                    position += 1
                left = deadline - time.monotonic()
                if self._ended:
                    code = self._popen.wait()
                    raise AssertionError(f"{self.name} ended (exit {code}) without a line with {pattern!r}{self._tail()}")
                if left <= 0:
                    raise AssertionError(f"{self.name} printed no line with {pattern!r} in {timeout:g} s{self._tail()}")
                self._grown.wait(left)

    def _tail(self) -> str:
        return "; its last lines:\n  " + "\n  ".join(self.lines[-15:])

    def wait_for_exit(self, timeout: float = PATIENCE) -> int:
        try:
            code = self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} has not ended after {timeout:g} s") from None
        self._reader.join(10)  # what it printed last; a child that keeps the pipe does not hold us up for ever
        return code

    def send(self, number: signal.Signals) -> None:
        if self.running:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL to this process alone, as a crash would; its children are left to themselves."""
        self.send(signal.SIGKILL)
        self.wait_for_exit()

    def terminate(self, timeout: float = PATIENCE) -> int:
        """SIGTERM; its exit code. Fails when it outlives `timeout`, after killing it."""
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        try:
            return self.wait_for_exit(timeout)
        except AssertionError:
            self.destroy()
            raise AssertionError(f"{self.name} had not ended {timeout:g} s after SIGTERM") from None

    def destroy(self) -> None:
        """Ends the process and every descendant, for clean-up. Never fails."""
        family = [self.pid, *descendants(self.pid)] if self.running else []
        for pid in family:
            signal_quietly(pid, signal.SIGKILL)
        signal_group_quietly(self.pid, signal.SIGKILL)
        self._popen.wait()
        self._reader.join(2)

    def report(self) -> str:
        state = "running" if self.running else f"exit {self.exit_code}"
        return f"---- {self.name} (pid {self.pid}, {state}) ----\n" + "\n".join(self.lines)


def signal_quietly(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def signal_group_quietly(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass


def alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie."""
    try:
        return _stat(pid)[0] not in "ZX"
    except OSError:
        return False


def command_line(pid: int) -> list[str]:
    """Its argv; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").rstrip("\0").split("\0")
    except OSError:
        return []


def environment(pid: int) -> dict[str, str]:
    """The environment it was started with."""
    raw = Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace")
    return dict(entry.split("=", 1) for entry in raw.split("\0") if "=" in entry)


def descendants(pid: int) -> list[int]:
    """Children, their children and so on, nearest first."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(int(_stat(int(entry))[1]), []).append(int(entry))
            except OSError:
                continue
    found = list(children.get(pid, []))
    for child in found:
        found.extend(children.get(child, []))
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; the name before it may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()

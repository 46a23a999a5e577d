"""Waiting for a condition that nothing announces. Whatever has an event source waits on that instead:
Process.wait_for_line for logs, Simulator.wait_for_reply for messages, Process.wait_for_exit for ends."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Sanitised builds and two busy cores are slow; a test that passes never waits this long.
PATIENCE = 60.0


def until(condition: Callable[[], T], what: str, timeout: float = PATIENCE, interval: float = 0.02) -> T:
    """The first true value of condition(). After `timeout` seconds an AssertionError names `what` and
    the last value seen."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {timeout:g} s for {what}; the last look gave {value!r}")
        time.sleep(interval)

"""One clock for everything that ages: updates, drafts, typing, callback queries, rate buckets, timers."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Any


class Timer:
    """A call that is due at a time of the clock."""

    def __init__(self, due: float, callback: Callable[..., None], arguments: tuple[Any, ...]):
        self.due = due
        self._callback: Callable[..., None] | None = callback
        self._arguments = arguments

    def cancel(self) -> None:
        """It will not be called. Harmless after it was."""
        self._callback = None

    def fire(self) -> None:
        callback, self._callback = self._callback, None
        if callback is not None:
            callback(*self._arguments)


class Clock:
    """Real time plus an offset that only a test moves; `virtual`: time stands still but for that.

    Timers belong to the clock, so that moving it also ends what waits for one."""

    def __init__(self, virtual: bool = False) -> None:
        self.virtual = virtual
        self._begin = (time.monotonic(), time.time())
        self._offset = 0.0
        self._wall_offset = 0.0
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return (self._begin[0] if self.virtual else time.monotonic()) + self._offset

    def unix(self) -> float:
        """Seconds since 1970, shifted by the same offset and by the jumps of the wall clock."""
        return (self._begin[1] if self.virtual else time.time()) + self._offset + self._wall_offset

    def date(self) -> int:
        """The Unix time as Telegram's `date` fields have it."""
        return int(self.unix())

    def jump(self, seconds: float) -> None:
        """Sets the wall clock forward or back, as a bad time server does. What is measured in seconds goes on."""
        self._wall_offset += seconds

    def call_later(self, seconds: float, callback: Callable[..., None], *arguments: Any) -> Timer:
        """Calls back when this many seconds of the clock have passed."""
        timer = Timer(self.monotonic() + max(seconds, 0.0), callback, arguments)
        heapq.heappush(self._timers, (timer.due, next(self._numbers), timer))
        self._set_alarm()
        return timer

    async def sleep(self, seconds: float) -> None:
        """Returns when this many seconds of the clock have passed."""
        if seconds <= 0:
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self.call_later(seconds, lambda: done.done() or done.set_result(None))
        try:
            await done
        finally:
            timer.cancel()

    async def advance(self, seconds: float) -> None:
        """Lets `seconds` pass at once. Each timer on the way sees its own time, and what it wakes may act on it."""
        target = self.monotonic() + seconds
        while self._timers and self._timers[0][0] <= target:
            due, _, timer = heapq.heappop(self._timers)
            self._offset += max(0.0, due - self.monotonic())
            timer.fire()
            for _turn in range(3):  # the task that waits, and the one that waits for it
                await asyncio.sleep(0)
        self._offset += max(0.0, target - self.monotonic())
        self._set_alarm()

    def _set_alarm(self) -> None:
        """In real time the event loop says when the next timer is due."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._timers and not self.virtual:
            left = max(0.0, self._timers[0][0] - self.monotonic())
            self._alarm = asyncio.get_running_loop().call_later(left, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        while self._timers and self._timers[0][0] <= self.monotonic():
            heapq.heappop(self._timers)[2].fire()
        self._set_alarm()

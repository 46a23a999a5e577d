"""The bot's queue of updates and getUpdates with all its corners."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .bot_api_spec import BotApiSpec
from .clock import Clock
from .errors import BotApiError
from .faults import Faults

DAY = 24 * 3600
WEEK = 7 * DAY
# How long an update waits to be fetched; then it is gone unread [server source].
LIFETIMES = {"callback_query": 150, "shipping_query": 150, "pre_checkout_query": 150, "inline_query": 30,
             "chosen_inline_result": 600}
MAX_RESPONSE_BYTES = 4 * 1024 * 1024  # [server source]
MAX_TIMEOUT = 50  # [server source]
TERMINATED = ("Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
CONFLICT_PAUSE = 3.0  # a first conflict is answered at once, others within 3 s wait for the end of them [server source]


@dataclass
class QueuedUpdate:
    """One update that the bot has not confirmed yet."""

    id: int
    kind: str
    text: str  # its JSON
    expires: float
    lane: str = ""  # a webhook gets the updates of one lane one after the other
    owed: int = 0  # deliveries that still come, whatever was confirmed


class ParkedPoll:
    """A getUpdates that waits for something to come."""

    def __init__(self, offset: int, limit: int):
        self.offset, self.limit = offset, limit
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BotApiError) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class UpdateQueue:
    """First in, first out; confirmed only by a later call with a higher offset."""

    def __init__(self, clock: Clock, spec: BotApiSpec, faults: Faults, seed: int, first_id: int | None = None):
        self._clock, self._faults = clock, faults
        self._random = random.Random(seed)
        first_id = first_id or 100000 + seed
        self._latest = clock.monotonic()  # when the latest update came
        self._late: QueuedUpdate | None = None  # waits for the next one to overtake it
        self._all_kinds = spec.update_types
        self._default = [kind for kind in spec.update_types if kind not in spec.default_excluded_updates]
        self._queue: deque[QueuedUpdate] = deque()
        self._next_id = first_id
        self._parked: ParkedPoll | None = None
        self._previous: tuple[int, float] = (-1, -1e9)
        self._last_poll_end = -1e9
        self._conflict_free_at = -1e9
        self.allowed: list[str] | None = None
        self.confirmed_below = first_id
        self.on_change: Callable[[], None] = lambda: None
        self.on_push: Callable[[], None] = lambda: None
        self.on_confirm: Callable[[int, list[int]], None] = lambda offset, ids: None

    @property
    def is_polling(self) -> bool:
        """True while a getUpdates is parked."""
        return self._parked is not None

    def seconds_since_poll(self) -> float:
        """0 while a poll is parked, else the time since the last one ended."""
        return 0.0 if self._parked else self._clock.monotonic() - self._last_poll_end

    def pending(self) -> list[dict[str, Any]]:
        """What the bot has not confirmed."""
        self._expire()
        return [{"update_id": update.id, "kind": update.kind} for update in self._queue]

    def set_allowed(self, kinds: list[str]) -> None:
        """A list replaces the stored one; the empty list means all but the three noisy kinds; it stays until it is
        changed [docs]."""
        self.allowed = list(kinds) or None

    def allows(self, kind: str) -> bool:
        """The filter acts when an update is created, not when it is fetched [docs]. Kinds newer than the
        specification pass, as they would on a newer server."""
        return kind in (self.allowed or self._default) or kind not in self._all_kinds

    def add(self, kind: str, payload: dict[str, Any], chat: int | None, date: float) -> int | None:
        """Queues an update and wakes the parked poll; returns its id, or None if it was filtered out."""
        if not self.allows(kind):
            return None
        text = json.dumps(payload, ensure_ascii=False)
        fault = self._faults.for_update(kind, None if chat is None else str(chat), text)
        what = None if fault is None else fault.kind
        if fault is not None and what == "gap_update_id":
            self._next_id += fault.options.get("n", 1000)
        update_id = self._take_id()
        if what == "drop_update":
            return update_id
        whole = f'{{"update_id":{update_id},{json.dumps(kind)}:{text}}}'
        update = QueuedUpdate(update_id, kind, whole, date + LIFETIMES.get(kind, DAY), _lane(kind, payload, chat))
        if what == "reorder_updates" and self._late is None:
            update.owed = 1
            self._late = update
        else:
            update.owed = 2 if what == "duplicate_update" else 0
            self._push(update)
        return update_id

    def _take_id(self) -> int:
        """One more than the last; after a week of silence any number [docs]."""
        now = self._clock.monotonic()
        if now - self._latest >= WEEK:
            self._next_id = self._random.randrange(1, 1 << 30)
        self._latest = now
        self._next_id += 1
        return self._next_id - 1

    def add_raw(self, update: dict[str, Any]) -> int:
        """Queues any object as it is, unfiltered; gives it an id if it has none."""
        update_id = update.get("update_id")
        if not isinstance(update_id, int) or isinstance(update_id, bool):
            update_id = self._next_id
        self._next_id = max(self._next_id, update_id + 1)
        kind = next((key for key in update if key != "update_id"), "")
        text = json.dumps({"update_id": update_id, **{k: v for k, v in update.items() if k != "update_id"}},
                          ensure_ascii=False)
        self._push(QueuedUpdate(update_id, kind, text, self._clock.unix() + LIFETIMES.get(kind, DAY), "raw"))
        return update_id

    def _push(self, update: QueuedUpdate) -> None:
        self._queue.append(update)
        late, self._late = self._late, None
        if late is not None:
            self._queue.append(late)
        if self._parked is not None:
            self._parked.wake()
        self.on_push()
        self.on_change()

    def lanes(self) -> list[str]:
        """Those in which something waits."""
        self._expire()
        return list(dict.fromkeys(update.lane for update in self._queue))

    def first_of(self, lane: str) -> QueuedUpdate | None:
        """What a webhook gets next from this lane."""
        self._expire()
        return next((update for update in self._queue if update.lane == lane), None)

    def waits(self, update: QueuedUpdate) -> bool:
        """False once it is delivered, dropped or expired."""
        self._expire()
        return any(other is update for other in self._queue)

    def delivered(self, update: QueuedUpdate) -> None:
        """A webhook took it; gone, unless it is to come twice."""
        update.owed -= 1
        if update.owed <= 0:
            self.drop(update)

    def drop(self, update: QueuedUpdate) -> None:
        """It comes no more."""
        self._queue = deque(other for other in self._queue if other is not update)
        self.on_change()

    def end_poll(self, why: str) -> None:
        """A parked getUpdates is answered 409."""
        if self._parked is not None:
            self._parked.fail(BotApiError(409, why))

    def drop_all(self) -> None:
        """drop_pending_updates."""
        self._queue.clear()
        self.on_change()

    async def get_updates(self, offset: int, limit: int, timeout: int, allowed: list[str] | None,
                          on_disconnect: list[Callable[[], None]], parked: Callable[[], None]) -> tuple[bytes, list[int]]:
        """Answers getUpdates: the JSON array, and the ids in it. `parked` is called if it has to wait."""
        if self._parked is not None:
            await self._end_older_poll()
        limit = min(max(limit, 1), 100)
        timeout = min(max(timeout, 0), MAX_TIMEOUT)
        if allowed is not None:
            self.set_allowed(allowed)
        now = self._clock.monotonic()
        previous_offset, previous_start = self._previous
        if offset == previous_offset:  # against bots that spin [server source]
            if now < previous_start + 3.0 and timeout < 3:
                timeout = 3
            if now < previous_start + 0.5:
                limit = 1
        self._previous = (offset, now)
        self._expire()
        start = self._forget(offset)
        batch = self._batch(start, limit)
        if not batch and timeout > 0:
            poll = ParkedPoll(start, limit)
            self._parked = poll
            self.on_change()
            parked()
            on_disconnect.append(poll.wake)
            timer = self._clock.call_later(timeout, poll.wake)
            try:
                await poll.done
            finally:
                timer.cancel()
                if self._parked is poll:
                    self._parked = None
                    self._last_poll_end = self._clock.monotonic()
                    self.on_change()
            self._expire()
            batch = self._batch(poll.offset, poll.limit)
        self._last_poll_end = self._clock.monotonic()
        return b"[" + ",".join(update.text for update in batch).encode() + b"]", [update.id for update in batch]

    def _forget(self, offset: int) -> int:
        """Applies the confirmation in `offset`; returns the id from which to read.

        Positive: everything below is forgotten. Negative: all but the last -offset. Zero: nothing. An offset far
        beyond the end is not believed: reading starts at the head and nothing is forgotten [server source]."""
        if offset > self._next_id + 10:
            return 0
        if offset > 0:
            self._confirm(offset, lambda update: update.id < offset)
            self.confirmed_below = max(self.confirmed_below, offset)
            return offset
        if offset < 0:
            keep = list(self._queue)[offset:]
            lost = {id(update) for update in self._queue} - {id(update) for update in keep}
            self._confirm(offset, lambda update: id(update) in lost)
        return 0

    def _confirm(self, offset: int, gone: Callable[[QueuedUpdate], bool]) -> None:
        # An update that still owes a delivery stays: it comes once more, or for the first time, below the offset.
        forgotten = [update for update in self._queue if gone(update) and update.owed <= 0]
        if not forgotten:
            return
        lost = set(map(id, forgotten))
        self._queue = deque(update for update in self._queue if id(update) not in lost)
        self.on_confirm(offset, [update.id for update in forgotten])
        self.on_change()

    def _batch(self, start: int, limit: int) -> list[QueuedUpdate]:
        batch: list[QueuedUpdate] = []
        size = 0
        for update in self._queue:
            if update.id < start and update.owed <= 0:
                continue
            size += len(update.text.encode()) + 1
            if batch and (len(batch) >= limit or size > MAX_RESPONSE_BYTES):
                break
            batch.append(update)
            update.owed -= 1
        return batch

    def _expire(self) -> None:
        now = self._clock.unix()
        if any(update.expires <= now for update in self._queue):
            self._queue = deque(update for update in self._queue if update.expires > now)
            self.on_change()

    async def _end_older_poll(self) -> None:
        older, self._parked = self._parked, None
        now = self._clock.monotonic()
        error = BotApiError(409, TERMINATED)
        assert older is not None
        if now >= self._conflict_free_at:
            self._conflict_free_at = now + CONFLICT_PAUSE
            older.fail(error)
        else:
            self._clock.call_later(CONFLICT_PAUSE, older.fail, error)
        # The older poll's task runs first, so that its end and this one's start stay in order.
        await asyncio.sleep(0)


def _lane(kind: str, payload: dict[str, Any], chat: int | None) -> str:
    """Presses keep their order per person, everything else per chat [server source]."""
    return f"user {payload['from']['id']}" if kind == "callback_query" else f"chat {chat}"

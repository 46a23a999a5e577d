"""How often a bot may write. Telegram publishes the orders of magnitude only; this is a model, on the strict side.

About 1 message per second in a chat with short bursts, 20 per minute in a group, 30 per second in all [docs]; edits
count as well and hundreds of edits of one message bring minutes of silence [issue reports].
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import Any

from .clock import Clock

CREATES_MESSAGE = ("send", "copy", "forward")
NOT_A_MESSAGE = ("sendChatAction", "sendMessageDraft", "sendRichMessageDraft")


@dataclass(frozen=True)
class Limits:
    """The numbers of the model. Bursts and limits count calls; the rest are seconds or calls per second."""

    on: bool = True
    chat_rate: float = 1.0
    chat_burst: float = 5
    group_limit: float = 20
    group_seconds: float = 60.0
    bot_limit: float = 30
    bot_seconds: float = 1.0
    draft_rate: float = 2.0
    draft_burst: float = 5
    edit_limit: float = 50  # of one message …
    edit_seconds: float = 120.0  # … in this time; one more brings
    edit_silence_seconds: float = 60.0


class TokenBucket:
    """`burst` at once, then `rate` per second."""

    def __init__(self, rate: float, burst: float, now: float):
        self.rate, self.burst, self.tokens, self._last = rate, burst, burst, now

    def wait(self, now: float) -> float:
        """Seconds until one more is allowed; 0 = now. Takes nothing."""
        self.tokens = min(self.burst, self.tokens + (now - self._last) * self.rate)
        self._last = now
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / self.rate

    def take(self) -> None:
        self.tokens -= 1


class SlidingWindow:
    """At most `limit` in any `seconds`."""

    def __init__(self, limit: float, seconds: float):
        self.limit, self.seconds = limit, seconds
        self._times: deque[float] = deque()

    def wait(self, now: float) -> float:
        while self._times and self._times[0] <= now - self.seconds:
            self._times.popleft()
        return 0.0 if len(self._times) < self.limit else self._times[0] + self.seconds - now

    def take(self, now: float) -> None:
        self._times.append(now)

    def __len__(self) -> int:
        return len(self._times)


class RateModel:
    """Answers how long the bot has to wait before a call."""

    def __init__(self, clock: Clock, enabled: bool = True):
        self._clock = clock
        self.limits = Limits(on=enabled)
        self.refused = 0
        self._reset()

    def _reset(self) -> None:
        self._chats: dict[str, TokenBucket] = {}
        self._drafts: dict[str, TokenBucket] = {}
        self._groups: dict[str, SlidingWindow] = {}
        self._edits: dict[tuple[str, str], SlidingWindow] = {}
        self._storms: dict[tuple[str, str], float] = {}
        self._bot = SlidingWindow(self.limits.bot_limit, self.limits.bot_seconds)

    def configure(self, changes: dict[str, Any]) -> None:
        """Sets some of the numbers, or switches the model on or off; forgets what was counted."""
        self.limits = replace(self.limits, **changes)
        self._reset()

    def describe(self) -> dict[str, Any]:
        """The numbers in force and how many calls they refused."""
        return {**asdict(self.limits), "refused": self.refused}

    def check(self, method: str, chat: str | None, message: str | None, is_group: bool) -> tuple[int, dict]:
        """Returns (seconds to wait or 0, state of the buckets for the journal). A refused call takes nothing."""
        limits = self.limits
        if not limits.on or chat is None:
            return 0, {}
        now = self._clock.monotonic()
        if method in ("sendMessageDraft", "sendRichMessageDraft"):
            return self._check_draft(chat, now)
        edits = method.startswith("editMessage")
        if not edits and (not method.startswith(CREATES_MESSAGE) or method in NOT_A_MESSAGE):
            return 0, {}
        bucket = self._chats.setdefault(chat, TokenBucket(limits.chat_rate, limits.chat_burst, now))
        windows = [self._bot]
        if is_group:
            windows.append(self._groups.setdefault(chat, SlidingWindow(limits.group_limit, limits.group_seconds)))
        waits = [bucket.wait(now), *(window.wait(now) for window in windows)]
        if edits:
            edited = self._edits.setdefault((chat, message or ""), SlidingWindow(limits.edit_limit, limits.edit_seconds))
            waits.append(self._edit_silence((chat, message or ""), edited, now))
            windows.append(edited)
        state: dict = {"chat_tokens": round(bucket.tokens, 2)}
        if max(waits) > 0:
            self.refused += 1
            return max(1, math.ceil(max(waits))), state
        bucket.take()
        for window in windows:
            window.take(now)
        state = {"chat_tokens": round(bucket.tokens, 2), "bot_in_window": len(self._bot)}
        if is_group:
            state["group_in_window"] = len(self._groups[chat])
        return 0, state

    def _edit_silence(self, message: tuple[str, str], edited: SlidingWindow, now: float) -> float:
        """Too many edits of one message bring a silence that lasts from the first one too many."""
        if edited.wait(now) > 0 and self._storms.get(message, 0) <= now:
            self._storms[message] = now + self.limits.edit_silence_seconds
        return self._storms.get(message, 0) - now

    def _check_draft(self, chat: str, now: float) -> tuple[int, dict]:
        bucket = self._drafts.setdefault(chat, TokenBucket(self.limits.draft_rate, self.limits.draft_burst, now))
        wait = bucket.wait(now)
        if wait > 0:
            self.refused += 1
            return max(1, math.ceil(wait)), {"draft_tokens": round(bucket.tokens, 2)}
        bucket.take()
        return 0, {"draft_tokens": round(bucket.tokens, 2)}

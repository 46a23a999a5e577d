"""How often a bot may write. Telegram publishes the orders of magnitude only; this is a model, on the strict side.

About 1 message per second in a chat with short bursts, 20 per minute in a group, 30 per second in all [docs]; edits
count as well and hundreds of edits of one message bring minutes of silence [issue reports].
"""

from __future__ import annotations

import math
from collections import deque

from .clock import Clock

CREATES_MESSAGE = ("send", "copy", "forward")
NOT_A_MESSAGE = ("sendChatAction", "sendMessageDraft", "sendRichMessageDraft")


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

    def __init__(self, limit: int, seconds: float):
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
        self.enabled = enabled
        self.refused = 0
        self._reset()

    def _reset(self) -> None:
        self._chats: dict[str, TokenBucket] = {}
        self._drafts: dict[str, TokenBucket] = {}
        self._groups: dict[str, SlidingWindow] = {}
        self._edits: dict[tuple[str, str], SlidingWindow] = {}
        self._storms: dict[tuple[str, str], float] = {}
        self._bot = SlidingWindow(30, 1.0)

    def configure(self, enabled: bool) -> None:
        """Switches the model on or off; switching forgets what was counted."""
        self.enabled = enabled
        self._reset()

    def check(self, method: str, chat: str | None, message: str | None, is_group: bool) -> tuple[int, dict]:
        """Returns (seconds to wait or 0, state of the buckets for the journal). A refused call takes nothing."""
        if not self.enabled or chat is None:
            return 0, {}
        now = self._clock.monotonic()
        if method in ("sendMessageDraft", "sendRichMessageDraft"):
            bucket = self._drafts.setdefault(chat, TokenBucket(2.0, 5, now))
            return self._bucket_only(bucket, now)
        edits = method.startswith("editMessage")
        if not edits and (not method.startswith(CREATES_MESSAGE) or method in NOT_A_MESSAGE):
            return 0, {}
        bucket = self._chats.setdefault(chat, TokenBucket(1.0, 5, now))
        waits = [bucket.wait(now), self._bot.wait(now)]
        group = self._groups.setdefault(chat, SlidingWindow(20, 60.0)) if is_group else None
        if group is not None:
            waits.append(group.wait(now))
        storm = (chat, message or "")
        edited = self._edits.setdefault(storm, SlidingWindow(50, 120.0)) if edits else None
        if edited is not None:
            if edited.wait(now) > 0 and self._storms.get(storm, 0) <= now:
                self._storms[storm] = now + 60
            waits.append(self._storms.get(storm, 0) - now)
        wait = max(waits)
        if wait > 0:
            self.refused += 1
            return max(1, math.ceil(wait)), {"chat_tokens": round(bucket.tokens, 2)}
        bucket.take()
        self._bot.take(now)
        if group is not None:
            group.take(now)
        if edited is not None:
            edited.take(now)
        state: dict = {"chat_tokens": round(bucket.tokens, 2), "bot_in_1s": len(self._bot)}
        if group is not None:
            state["group_in_60s"] = len(group)
        return 0, state

    def _bucket_only(self, bucket: TokenBucket, now: float) -> tuple[int, dict]:
        wait = bucket.wait(now)
        if wait > 0:
            self.refused += 1
            return max(1, math.ceil(wait)), {"draft_tokens": round(bucket.tokens, 2)}
        bucket.take()
        return 0, {"draft_tokens": round(bucket.tokens, 2)}

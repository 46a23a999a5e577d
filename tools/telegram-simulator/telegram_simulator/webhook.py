"""Hands updates to the bot's own server: in order per chat and per user, again and again until it says 2xx."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from .errors import bad_request
from .http_client import BadAnswer, HttpAnswer, HttpClient
from .update_queue import QueuedUpdate, UpdateQueue

if TYPE_CHECKING:
    from .simulator_core import Core

PORTS = (443, 80, 88, 8443)  # [docs]
READ_SECONDS = 60.0
MAX_RETRY_AFTER = 3600.0  # [server source]
GONE_SECONDS = 23 * 3600.0  # HTTP 410 for so long removes the webhook [server source]


@dataclass(frozen=True)
class Webhook:
    """What setWebhook set."""

    url: str
    secret: str | None
    max_connections: int
    certificate: str | None
    ip_address: str | None


def check_url(url: str) -> SplitResult:
    """Refuses what Telegram refuses; a loopback address may use plain HTTP and any port, as with a local server."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    loopback = _is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if not loopback and (parts.port or 443) not in PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if not parts.hostname:
        raise bad_request("bad webhook: Failed to resolve host: Name or service not known")
    return parts


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class WebhookSender:
    """Delivers from the queue while a webhook is set."""

    def __init__(self, core: Core, seed: int):
        self._core = core
        self._queue: UpdateQueue = core.queue
        self._random = random.Random(seed)
        self._client: HttpClient | None = None
        self._slots = asyncio.Semaphore(1)
        self._lanes: dict[str, asyncio.Task[Any]] = {}
        self._gone_since: float | None = None
        self.current: Webhook | None = None
        self.last_set = -1e9
        self.last_error: tuple[int, str] | None = None  # date, words
        self._queue.on_push = self._pump

    def start(self, webhook: Webhook) -> None:
        """From now on every update goes to this URL; a parked getUpdates ends."""
        self.stop()
        self.current = webhook
        self._client = HttpClient(check_url(webhook.url), webhook.certificate)
        self._slots = asyncio.Semaphore(webhook.max_connections)
        self._queue.end_poll("Conflict: terminated by setWebhook request")
        self._pump()

    def stop(self) -> None:
        """What is not delivered stays in the queue."""
        self.current, self._gone_since, self.last_error = None, None, None
        if self._client is not None:
            self._client.close()
        for task in self._lanes.values():
            task.cancel()
        self._lanes.clear()

    def _pump(self) -> None:
        """Each lane is worked off by a task of its own."""
        if self.current is None:
            return
        for lane in self._queue.lanes():
            if lane not in self._lanes:
                self._lanes[lane] = self._core.spawn(self._work_off(lane))

    async def _work_off(self, lane: str) -> None:
        while (update := self._queue.first_of(lane)) is not None:
            await self._deliver(update)
        self._lanes.pop(lane, None)

    async def _deliver(self, update: QueuedUpdate) -> None:
        """Tries at once, at once again, then after 2, 4, 8 … s, up to a minute or two; gives up when the update's life
        would be over [server source]."""
        attempt, pause = 1, 0.0
        longest = self._random.uniform(60.0, 120.0)
        while True:
            async with self._slots:
                if not self._queue.waits(update):
                    return
                answer = await self._try(update, attempt)
            if answer is not None and 200 <= answer.status < 300:
                self._queue.delivered(update)
                return
            wait = pause if answer is None else _retry_after(answer, pause)
            if self._core.clock.unix() + wait >= update.expires:
                self._core.journal.append("webhook", update_id=update.id, attempt=attempt, dropped=True)
                self._queue.drop(update)
                return
            await self._core.clock.sleep(wait)
            attempt, pause = attempt + 1, min(max(2.0, pause * 2), longest)

    async def _try(self, update: QueuedUpdate, attempt: int) -> HttpAnswer | None:
        """One POST; the answer, or None if there was none."""
        webhook, client = self.current, self._client
        assert webhook is not None and client is not None
        headers = {"Accept-Encoding": "gzip, deflate"}
        if webhook.secret is not None:
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook.secret
        began = self._core.clock.monotonic()
        post = asyncio.ensure_future(client.post(update.text.encode(), headers))
        timer = self._core.clock.call_later(READ_SECONDS, post.cancel)
        answer, words = None, ""
        try:
            await asyncio.wait([post])  # its end, whatever it is; a cancellation of ours goes through
        finally:
            timer.cancel()
            if not post.done():
                post.cancel()
        if post.cancelled():
            words = "Read timeout expired"
        elif (error := post.exception()) is None:
            answer = post.result()
            words = "" if 200 <= answer.status < 300 else f"Wrong response from the webhook: {answer.status} {answer.reason}"
        elif isinstance(error, BadAnswer):
            words = f"Wrong response from the webhook: {error}"
        elif isinstance(error, OSError):
            words = error.strerror or "Connection failed"
        else:
            raise error
        self._core.journal.append("webhook", update_id=update.id, attempt=attempt,
                                  status=None if answer is None else answer.status, error=words or None,
                                  seconds=round(self._core.clock.monotonic() - began, 6))
        if words:
            self.last_error = (self._core.clock.date(), words)
        self._look_at(answer)
        return answer

    def _look_at(self, answer: HttpAnswer | None) -> None:
        """A method call in the answer is never reported back, so ours must not make one; 410 for long ends it all."""
        if answer is None:
            return
        if 200 <= answer.status < 300 and answer.body.strip():
            try:
                said = json.loads(answer.body)
            except ValueError:
                said = None
            if isinstance(said, dict) and "method" in said:
                claimed = self._core.permitted("webhook_reply", str(said["method"]), None)
                self._core.journal.violation("webhook_reply", str(said["method"]),
                                             "a call in the answer to an update has no result", claimed)
        if answer.status != 410:
            self._gone_since = None
            return
        now = self._core.clock.monotonic()
        if self._gone_since is None:
            self._gone_since = now
        elif round(now - self._gone_since, 3) >= GONE_SECONDS:  # sums of hours are off by the last bits
            self._core.journal.append("webhook", removed="HTTP 410 for 23 hours")
            asyncio.get_running_loop().call_soon(self.stop)


def _retry_after(answer: HttpAnswer, otherwise: float) -> float:
    given = answer.headers.get("retry-after", "")
    return min(float(given), MAX_RETRY_AFTER) if given.isdigit() else otherwise

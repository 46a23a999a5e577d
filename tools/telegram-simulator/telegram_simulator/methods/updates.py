"""getMe, getUpdates, and leaving the server."""

from __future__ import annotations

import math

from ..errors import BotApiError, too_many_requests
from .registry import Call, RawJson, method

CLOSE_PAUSE = 600  # close answers 429 in the first ten minutes after the bot was launched [docs]


@method
def get_me(call: Call) -> dict:
    return call.core.world.bot


@method
async def get_updates(call: Call) -> RawJson:
    params = call.params
    core = call.core
    if core.webhook.current is not None:
        raise BotApiError(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to "
                               "delete the webhook first")

    def parked() -> None:
        core.journal.append("poll", method="getUpdates", params=params, connection=call.request.connection_id)

    text, ids = await core.queue.get_updates(
        params.get("offset", 0), params.get("limit", 100), params.get("timeout", 0), params.get("allowed_updates"),
        call.request.on_disconnect, parked)
    call.effect["update_ids"] = ids
    return RawJson(text)


@method
def log_out(call: Call) -> bool:
    call.core.world.logged_out = True
    return True


@method
def close(call: Call) -> bool:
    left = CLOSE_PAUSE - (call.core.clock.monotonic() - call.core.world.started_at)
    if left > 0:
        raise too_many_requests(math.ceil(left))
    return True

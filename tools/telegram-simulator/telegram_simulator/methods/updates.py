"""getMe, getUpdates, the webhook's state, and leaving the server."""

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

    def parked() -> None:
        core.journal.append("poll", method="getUpdates", params=params, connection=call.request.connection_id)

    text, ids = await core.queue.get_updates(
        params.get("offset", 0), params.get("limit", 100), params.get("timeout", 0), params.get("allowed_updates"),
        call.request.on_disconnect, parked)
    call.effect["update_ids"] = ids
    return RawJson(text)


@method
def get_webhook_info(call: Call) -> dict:
    queue = call.core.queue
    info: dict = {"url": "", "has_custom_certificate": False, "pending_update_count": len(queue.pending())}
    if queue.allowed:
        info["allowed_updates"] = queue.allowed
    return info


@method
def delete_webhook(call: Call) -> bool:
    if call.params.get("drop_pending_updates"):
        call.core.queue.drop_all()
    call.description = "Webhook is already deleted"
    return True


@method
def set_webhook(call: Call) -> bool:
    if call.params["url"]:
        raise BotApiError(501, "Not Implemented: the simulator delivers updates by getUpdates only",
                          violation="unmodelled_method")
    if "allowed_updates" in call.params:
        call.core.queue.set_allowed(call.params["allowed_updates"])
    return delete_webhook(call)


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

"""setWebhook, deleteWebhook, getWebhookInfo."""

from __future__ import annotations

from ..errors import bad_request, too_many_requests
from ..webhook import Webhook, check_url
from .registry import Call, method

MAX_CERTIFICATE = 3 * 1024 * 1024  # [server source]


@method
def set_webhook(call: Call) -> bool:
    if not call.params["url"]:
        return delete_webhook(call)
    core, params = call.core, call.params
    check_url(params["url"])
    wanted = Webhook(params["url"], params.get("secret_token"), params.get("max_connections", 40), _certificate(call),
                     params.get("ip_address"))
    kinds = params.get("allowed_updates")
    if core.webhook.current == wanted and not params.get("drop_pending_updates") and (
            kinds is None or (list(kinds) or None) == core.queue.allowed):
        call.description = "Webhook is already set"
        return True
    now = core.clock.monotonic()
    if now - core.webhook.last_set < 1.0:
        raise too_many_requests(1, violation="rate_limit")
    core.webhook.last_set = now
    if kinds is not None:
        core.queue.set_allowed(kinds)
    if params.get("drop_pending_updates"):
        core.queue.drop_all()
    core.webhook.start(wanted)
    call.description = "Webhook was set"
    return True


def _certificate(call: Call) -> str | None:
    uploaded = next((file for file in call.files if file.name == "certificate"), None)
    if uploaded is None:
        return None
    text = uploaded.data.decode("ascii", "replace")
    if len(uploaded.data) > MAX_CERTIFICATE or "-----BEGIN CERTIFICATE-----" not in text:
        raise bad_request("bad webhook: certificate has wrong format", violation="certificate")
    return text


@method
def delete_webhook(call: Call) -> bool:
    core = call.core
    if call.params.get("drop_pending_updates"):
        core.queue.drop_all()
    call.description = "Webhook was deleted" if core.webhook.current else "Webhook is already deleted"
    core.webhook.stop()
    return True


@method
def get_webhook_info(call: Call) -> dict:
    queue, sender = call.core.queue, call.core.webhook
    webhook = sender.current
    info: dict = {"url": webhook.url if webhook else "", "has_custom_certificate": bool(webhook and webhook.certificate),
                  "pending_update_count": len(queue.pending())}
    if webhook is not None:
        info["max_connections"] = webhook.max_connections
        info["ip_address"] = webhook.ip_address or "127.0.0.1"
    if sender.last_error is not None:
        info["last_error_date"], info["last_error_message"] = sender.last_error
    if queue.allowed:
        info["allowed_updates"] = queue.allowed
    return info

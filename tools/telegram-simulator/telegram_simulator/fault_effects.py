"""What a scheduled fault does to a call or a download."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from .clock import Clock
from .errors import BotApiError
from .faults import Fault
from .http_server import Response

GATEWAY_PAGE = (b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1>"
                b"</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
# The call is done all the same.
APPLIES = {"reset_after_apply", "truncate_body", "delay", "close_idle", "clock_jump"}
DESCRIPTIONS = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden: bot was blocked by the user",
                404: "Not Found", 409: "Conflict: terminated by other getUpdates request; make sure that only one bot "
                                       "instance is running", 500: "Internal Server Error", 502: "Bad Gateway",
                503: "Service Unavailable", 504: "Gateway Timeout"}


async def answer_with(fault: Fault, clock: Clock, apply: Callable[[], Awaitable[Response]],
                      refuse: Callable[[BotApiError | None], Response]) -> Response:
    """Answers as the fault says. `apply` does the call; `refuse` notes that it was not done, and why (None: no answer
    comes of it)."""
    kind, options = fault.kind, fault.options
    if kind in ("status", "conflict_409"):
        return refuse(_status_error(fault))
    if kind == "clock_jump":
        clock.jump(options["s"])
    if kind == "delay" and options.get("when", "before") == "before":
        await clock.sleep(options["ms"] / 1000)
    response = await apply() if kind in APPLIES or options.get("apply") else refuse(None)
    if kind == "delay" and options.get("when") == "after":
        await clock.sleep(options["ms"] / 1000)
    elif kind == "close_idle":
        response.close_after_s = options.get("ms", 0) / 1000
    elif kind == "truncate_body":
        response.truncate_to = options.get("n", len(response.body) // 2)
    elif kind == "garbage_body":
        return Response(502, GATEWAY_PAGE, "text/html")
    elif kind == "timeout":
        return Response(hang=True)
    elif kind.startswith("reset_"):
        return Response(reset=True)
    return response


def _status_error(fault: Fault) -> BotApiError:
    options = fault.options if fault.kind == "status" else {"code": 409}
    code = options["code"]
    error = BotApiError(code, options.get("description") or DESCRIPTIONS.get(code, "Error"),
                        retry_after=options.get("retry_after", 1 if code == 429 else None),
                        migrate_to_chat_id=options.get("migrate_to"))
    if code == 429 and "description" not in options:
        error.description = f"Too Many Requests: retry after {error.retry_after}"
    return error

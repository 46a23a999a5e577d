"""The two kinds of refusal: one spoken to the bot (Bot API), one to the test (control API)."""

from __future__ import annotations

import json

from .http_server import Response


def bot_api_description(prefix: str, message: str) -> str:
    """Joins prefix and message as the Bot API server does: the first letter becomes small, unless the second one is
    upper case or an underscore, so that codes such as BUTTON_DATA_INVALID stay [server source]."""
    if len(message) >= 2 and (message[1] == "_" or "A" <= message[1] <= "Z"):
        return f"{prefix}: {message}"
    return f"{prefix}: {message[:1].lower()}{message[1:]}"


class BotApiError(Exception):
    """A failed Bot API call: {"ok":false,"error_code":…,"description":…[,"parameters":…]}.

    With `violation`, the call is one that a correct bot never makes: the kind is recorded in the journal."""

    def __init__(self, code: int, description: str, *, retry_after: int | None = None,
                 migrate_to_chat_id: int | None = None, violation: str | None = None, field: str | None = None):
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.migrate_to_chat_id = migrate_to_chat_id
        self.violation = violation
        self.field = field

    def response(self) -> Response:
        """The HTTP answer; the wait of a 429 is in a header too [server source]."""
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after is not None and self.code == 429 else {}
        return Response(self.code, json.dumps(self.body(), ensure_ascii=False).encode(), headers=headers)

    def body(self) -> dict:
        answer: dict = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            answer["parameters"] = {"retry_after": self.retry_after}
        if self.migrate_to_chat_id is not None:
            answer["parameters"] = {"migrate_to_chat_id": self.migrate_to_chat_id}
        return answer


def bad_request(message: str, **extra) -> BotApiError:
    """HTTP 400 with Telegram's wording."""
    return BotApiError(400, bot_api_description("Bad Request", message), **extra)


def forbidden(message: str) -> BotApiError:
    """HTTP 403 with Telegram's wording."""
    return BotApiError(403, bot_api_description("Forbidden", message))


def too_many_requests(seconds: int, violation: str | None = None) -> BotApiError:
    """HTTP 429; the wait is both in the body and in the Retry-After header [server source]."""
    return BotApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds, violation=violation)


class ControlError(Exception):
    """A control call that makes no sense: HTTP 400 (or `status`) with {"error": …} naming the field."""

    def __init__(self, message: str, status: int = 400):
        super().__init__(message)
        self.status = status

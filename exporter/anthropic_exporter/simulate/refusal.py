"""An answer that is not 200, as an exception, with the body that the API gives it."""

from collections.abc import Mapping
from http import HTTPStatus

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    409: "conflict_error",
    410: "invalid_request_error",  # not documented; the status is what tells
    429: "rate_limit_error",
    500: "api_error",
    503: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class Refusal(Exception):  # noqa: N818 - it is an answer, the client's error
    """An error answer of the API."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})

    def body(self, request_id: str) -> dict[str, object]:
        """Build the error envelope."""
        error: dict[str, object] = {"type": _TYPES[self.status], "message": self.message}
        if self.code is not None:
            error["details"] = {"error_code": self.code}
        return {"type": "error", "error": error, "request_id": request_id}


def invalid(message: str) -> Refusal:
    """400: the request is wrong."""
    return Refusal(HTTPStatus.BAD_REQUEST, message)


def not_found(message: str = "Not found") -> Refusal:
    """404."""
    return Refusal(HTTPStatus.NOT_FOUND, message)


def missing_scope(needed: str, got: str = "api:admin") -> Refusal:
    """403, as an Admin key of a Console organization gets it on an Enterprise endpoint."""
    return Refusal(HTTPStatus.FORBIDDEN, f"Missing required scopes. Got: ['{got}'] Needed: ['{needed}']")

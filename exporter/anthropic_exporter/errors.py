"""Every error that crosses a module boundary, drawn once.

ExporterError
├── ConfigError          the process cannot start: exit 2 with the message
├── StateError           the state file is locked, unreadable, or a write to it failed
├── PushError            a receiver of OTLP did not take what was sent; the next push sends it again
└── PollError            this cycle of one collector is lost; its last values stay up
    ├── AuthError        401: the credential is wrong, retrying cannot help
    ├── NotSupported     403, 404, some 400: this organization or credential does not offer the endpoint
    ├── RateLimited      429: carries retry_after, in seconds, where upstream told it
    ├── Unavailable      5xx, 408, 409, no connection, timeout, broken off
    ├── BadRequest       any other 4xx, or a redirect: the request is not one that upstream takes
    ├── EmptyRange       400 "ending date must be after starting date": there is no data yet
    ├── CursorLost       a cursor expired (410) or went in circles, also after starting over
    ├── SchemaError      the reply is not JSON, is cut off, or lacks a documented field
    │   └── TooLarge     the reply is larger than any should be; less has to be asked for
    └── SuspiciousRead   the reply says that most of what was known is gone; not believed yet
"""

from http import HTTPStatus


class ExporterError(Exception):
    """The root of all errors this program raises on purpose."""


class ConfigError(ExporterError):
    """A setting is missing, of the wrong type or impossible."""


class StateError(ExporterError):
    """The state file cannot be used, or a transaction on it failed."""


class PushError(ExporterError):
    """A message was not taken by the receiver of pushes."""


class PollError(ExporterError):
    """One read of the Admin API failed.

    Args:
        message: what happened, for a log line and the landing page; never a key or a body.
        endpoint: the path with IDs as ``{id}``, or "" where there was none.
        status: the HTTP status, or None where there was no answer.
        advice: what a person can do about it, or "".
        retry_after: seconds that upstream asked to wait, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        endpoint: str = "",
        status: int | None = None,
        advice: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.endpoint = endpoint
        self.status = status
        self.advice = advice
        self.retry_after = retry_after


class AuthError(PollError):
    """401."""


class NotSupported(PollError):  # noqa: N818 - the field says "not supported", never "not supported error"
    """403, 404, or 400 with an error code that says that this organization does not have it."""


class RateLimited(PollError):  # noqa: N818 - what happened, as for the others below
    """429, after the retries of one cycle."""


class Unavailable(PollError):  # noqa: N818 - likewise
    """5xx, 408, 409, a timeout or a connection that broke, after the retries of one cycle."""


class BadRequest(PollError):  # noqa: N818 - likewise
    """Any other 4xx, or a redirect."""

    @property
    def is_about_the_query(self) -> bool:
        """Whether upstream refused what was asked for: 400. A redirect, say, is no word about that."""
        return self.status == HTTPStatus.BAD_REQUEST


class EmptyRange(BadRequest):
    """400 because the range holds no complete bucket yet."""


class CursorLost(PollError):  # noqa: N818 - likewise
    """A page walk could not be finished."""


class SchemaError(PollError):
    """The reply cannot be read as what is documented."""


class TooLarge(SchemaError):  # noqa: N818 - likewise
    """More bytes than are read of any answer."""


class SuspiciousRead(PollError):  # noqa: N818 - likewise
    """The reply dropped more than half of what was known; see ledger.book."""

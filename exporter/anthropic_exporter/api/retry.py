"""Which failures are asked again within one cycle, and after how long."""

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from anthropic_exporter.errors import AuthError, CursorLost, PollError, RateLimited, Unavailable

from . import times
from .failures import REFUSALS
from .transport import Answer

#: Per request. More would hold up the collector; its next cycle is the better retry.
RETRIES = 2
#: A longer wait than this is not sat out within a cycle.
LONGEST_WAIT = 5.0
#: A longer hint is taken for a mistake of upstream's: to ask once an hour harms nobody.
LONGEST_HINT = 3600.0


@dataclass(frozen=True, slots=True)
class Policy:
    """Full jitter: each wait is drawn from zero to its bound, so that many exporters do not come back together.

    Args:
        jitter: a number from 0 to 1.
        wall: seconds since 1970, by the clock of this machine.
    """

    jitter: Callable[[], float] = field(default=random.random)
    wall: Callable[[], float] = field(default=time.time)

    def wait(self, failure: PollError, answer: Answer | None, retries: int) -> float | None:
        """Give the seconds to wait before asking again, or None to give up.

        Args:
            failure: what the last attempt came to; its ``retry_after`` is what upstream asked for.
            answer: the answer that it came from, if there was one.
            retries: how many there have been for this request.
        """
        if retries >= RETRIES or not is_transient(failure, answer):
            return None
        if failure.retry_after is not None:
            return failure.retry_after if failure.retry_after <= LONGEST_WAIT else None
        if isinstance(failure, RateLimited):
            return self.jitter() * min(8.0, 2.0**retries)
        return self.jitter() * 0.5 * 2.0**retries

    def hint(self, answer: Answer) -> float | None:
        """Give the seconds that upstream asks to wait, or None.

        The rate limit's reset counts only on a 429: it stands on other answers too.
        """
        headers = answer.headers
        after: str | None = headers.get("retry-after")
        found = (
            _number(headers.get("retry-after-ms"), 0.001)
            or _number(after, 1.0)
            or self._until(_http_date(after), headers)
        )
        if not found and answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            found = self._until(_rfc3339(headers.get("anthropic-ratelimit-requests-reset")), headers)
        return min(found, LONGEST_HINT) if found else None

    def ahead(self, answer: Answer) -> float | None:
        """Give the seconds that this machine's clock is ahead of upstream's, or None where upstream does not tell."""
        there = _http_date(answer.headers.get("date"))
        return None if there is None else self.wall() - there

    def _until(self, instant: float | None, headers: httpx.Headers) -> float | None:
        if instant is None:
            return None
        # By upstream's own clock where it tells the time: ours may be wrong.
        now = _http_date(headers.get("date"))
        left: float = instant - (self.wall() if now is None else now)
        return left if left > 0 else None


def is_transient(failure: PollError, answer: Answer | None) -> bool:
    """Tell whether asking again may help. ``x-should-retry`` overrules the status."""
    if answer is None:
        return isinstance(failure, Unavailable)
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        # Success, and yet a failure: the body was no JSON, perhaps cut off on its way.
        return True
    if isinstance(failure, AuthError | CursorLost):
        # These have remedies of their own: another key, and another walk.
        return False
    match answer.headers.get("x-should-retry", "").strip().lower():
        case "true":
            return True
        case "false":
            return False
    return isinstance(failure, Unavailable | RateLimited) and answer.status not in REFUSALS


def _number(text: str | None, scale: float) -> float | None:
    try:
        value = float(text or "") * scale
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _http_date(text: str | None) -> float | None:
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # Always UTC (RFC 9110, 5.6.7); asctime's form does not say so, and would be taken for local time.
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _rfc3339(text: str | None) -> float | None:
    try:
        return times.parse(text or "")
    except (ValueError, OverflowError):
        return None

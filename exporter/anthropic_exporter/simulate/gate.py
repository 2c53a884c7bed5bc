"""What stands before every endpoint: the key, the version, the rate limit."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from .call import VERSIONS
from .instants import rfc3339
from .refusal import Refusal, invalid
from .switches import Switches

ADMIN_PREFIX = "sk-ant-admin01-"
OAUTH_PREFIX = "sk-ant-oat01-"
SCOPED_PREFIX = "sk-ant-api01-"  # made in claude.ai, by Claude Enterprise
_WINDOW = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Credential:
    """Who asks, as far as it matters."""

    oauth: bool


def authenticate(headers: Mapping[str, str], switches: Switches) -> Credential:
    """Accept ``x-api-key`` or a bearer token.

    Raises:
        Refusal: 401, with the same words for a key that is missing, wrong or an inference key.
    """
    bearer = headers.get("authorization", "")
    key = headers.get("x-api-key") or (bearer[7:].strip() if bearer[:7].lower() == "bearer " else "")
    accepted = (
        key.startswith((ADMIN_PREFIX, OAUTH_PREFIX, *([SCOPED_PREFIX] if switches.enterprise else [])))
        if switches.accepted_keys is None
        else key in switches.accepted_keys
    )
    if not key or not accepted:
        raise Refusal(HTTPStatus.UNAUTHORIZED, "invalid x-api-key")
    return Credential(oauth=key.startswith(OAUTH_PREFIX))


def version(headers: Mapping[str, str]) -> str:
    """Read ``anthropic-version``, which must be there and known."""
    found = headers.get("anthropic-version")
    if found is None:
        raise invalid("anthropic-version: header is required")
    if found not in VERSIONS:
        raise invalid(f"anthropic-version: {found!r} is not a valid version")
    return found


class RateLimiter:
    """So many requests in any 60 seconds, for the whole organization."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def admit(self, now: float, switches: Switches) -> None:
        """Count a request, or refuse it with 429."""
        limit = switches.requests_per_minute
        while self._times and self._times[0] <= now - _WINDOW:
            self._times.popleft()
        if limit and len(self._times) >= limit:
            wait = self._times[0] + _WINDOW - now
            raise rate_limited(now, wait, ("retry-after", "anthropic-ratelimit-requests-reset"))
        self._times.append(now)


def rate_limited(now: float, wait: float, say: tuple[str, ...]) -> Refusal:
    """Make a 429 that tells the wait in the named headers."""
    headers = {"retry-after": f"{wait:g}", "anthropic-ratelimit-requests-reset": rfc3339(now + wait + 0.999)}
    return Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "This request would exceed your organization's rate limit",
        headers={name: headers[name] for name in say},
    )

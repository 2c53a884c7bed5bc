"""What every request passes first, where there is a web configuration: rate, headers, user and password."""

import asyncio
import time
from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from anthropic_exporter.web.door import Door
from anthropic_exporter.web.passwords import Passwords, credentials
from anthropic_exporter.web.webconfig import RateLimit

#: Passwords that may wait to be checked. Checks are made one after the other, so that nobody who tries passwords
#: takes the processor from polling; known passwords need no check and do not wait.
MOST_WAITING = 16

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="anthropic-exporter", charset="UTF-8"'}


class Guard:
    """Lets requests through that the web configuration allows."""

    def __init__(self, app: ASGIApp, door: Door, clock: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._door = door
        self._rate = Rate(clock)
        self._passwords = Passwords()
        self._checking = asyncio.Lock()
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        config = self._door.config
        send = _with_headers(send, config.http_server_config.headers)
        answer: ASGIApp = self._app
        if not self._rate.allows(config.rate_limit):
            answer = PlainTextResponse("Too many requests.\n", 429, {"Retry-After": "1"})
        elif config.basic_auth_users:
            refusal = await self._refusal(scope, dict(config.basic_auth_users))
            answer = refusal or self._app
        await answer(scope, receive, send)

    async def _refusal(self, scope: Scope, users: Mapping[str, str]) -> PlainTextResponse | None:
        """Return what to say to someone who may not come in."""
        given = credentials(Headers(scope=scope).get("authorization", ""))
        if given is None:
            return _unauthorized()
        if self._passwords.remembers(users, *given):
            return None
        if self._waiting >= MOST_WAITING:
            return PlainTextResponse("Too many passwords to check, try again later.\n", 503, {"Retry-After": "1"})
        self._waiting += 1
        try:
            async with self._checking:
                # Another request of the same client may have been checked meanwhile.
                if self._passwords.remembers(users, *given):
                    return None
                right = await run_in_threadpool(self._passwords.check, users, *given)
        finally:
            self._waiting -= 1
        return None if right else _unauthorized()


class Rate:
    """A token bucket over all requests."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._limit = RateLimit()
        self._tokens = 0.0
        self._at = 0.0

    def allows(self, limit: RateLimit) -> bool:
        """Take a token, if there is one. Another limit than before begins with a full bucket."""
        if not limit.interval:
            return True
        now = self._clock()
        if limit != self._limit:
            self._limit, self._tokens, self._at = limit, float(limit.burst), now
        self._tokens = min(limit.burst, self._tokens + (now - self._at) / limit.interval)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _unauthorized() -> PlainTextResponse:
    return PlainTextResponse("401 Unauthorized\n", 401, _CHALLENGE)


def _with_headers(send: Send, headers: tuple[tuple[str, str], ...]) -> Send:
    if not headers:
        return send

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = MutableHeaders(raw=list(message["headers"]))
            for name, value in headers:
                own[name] = value
            message = {**message, "headers": own.raw}
        await send(message)

    return sending

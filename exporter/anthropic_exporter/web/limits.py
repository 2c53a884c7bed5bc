"""How much of the server any clients can hold at once."""

import asyncio

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: What a kubelet asks: refused because of load, it would restart a process that works.
ALWAYS = "/-/healthy"


class Limits:
    """Refuses requests beyond a number in flight with 503, and gives up those that take too long.

    A request is in flight until the client has taken the answer, as far as it is not in the buffers.
    """

    def __init__(self, app: ASGIApp, *, in_flight: int = 16, seconds: float = 10.0) -> None:
        self._app = app
        self._most = in_flight
        self._seconds = seconds
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, if there is room."""
        if scope["type"] != "http" or scope["path"] == ALWAYS:
            await self._app(scope, receive, send)
            return
        if self._running >= self._most:
            busy = PlainTextResponse(
                f"Limit of {self._most} requests in flight reached, try again later.\n",
                503,
                {"Retry-After": "1"},
            )
            await busy(scope, receive, send)
            return
        self._running += 1
        try:
            await self._in_time(scope, receive, send)
        finally:
            self._running -= 1

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds) as timer:
                await self._app(scope, receive, watched)
        except TimeoutError:
            if not timer.expired():
                raise
            if not started:
                late = PlainTextResponse("The answer took too long.\n", 503)
                await late(scope, receive, send)
            # Else the answer stays unfinished, and the server closes the connection.

"""How much of the server any clients can hold at once."""

import asyncio
from typing import Any

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: What a kubelet asks: refused because of load, it would restart or unplug a process that works.
ALWAYS = frozenset({"/-/healthy", "/-/ready"})

#: The key in the state of a request under which the server puts what cuts its connection.
ABORT = "abort"


class Limits:
    """Answers a number of requests at a time; the next ones wait for their turn, and for no longer than a while.

    A request has its place until the client has taken the answer, as far as it is not in the buffers of the system.
    Whoever takes nothing for a moment is cut off as soon as somebody else wants the place, so clients that never
    read cost the others that moment at most.
    """

    def __init__(self, app: ASGIApp, *, at_a_time: int = 128, seconds: float = 10.0, patience: float = 0.5) -> None:
        """Wrap an application.

        Args:
            at_a_time: places. A slow client costs one chunk of an answer each.
            seconds: how long a request waits for a place, and then may take.
            patience: seconds without taking anything after which a client may lose its place to another.
        """
        self._app = app
        self._most = at_a_time
        self._seconds = seconds
        self._patience = patience
        self._places = asyncio.Semaphore(at_a_time)
        self._waiting = 0
        self._stalled: dict[asyncio.Timeout, None] = {}  # the longest stalled is the first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, once there is room."""
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self._app(scope, receive, send)
        elif await self._has_place():
            try:
                await self._in_time(scope, receive, send)
            finally:
                self._places.release()
        else:
            busy = PlainTextResponse(
                f"Limit of {self._most} requests at a time reached, try again later.\n", 503, {"Retry-After": "1"}
            )
            await busy(scope, receive, send)

    async def _has_place(self) -> bool:
        self._waiting += 1
        if self._places.locked():
            self._make_room()
        try:
            async with asyncio.timeout(self._seconds):
                return await self._places.acquire()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1

    def _make_room(self) -> None:
        if self._stalled:
            longest = next(iter(self._stalled))
            del self._stalled[longest]
            if not longest.expired():
                longest.reschedule(asyncio.get_running_loop().time())

    def _stall(self, timer: asyncio.Timeout) -> None:
        self._stalled[timer] = None
        if self._waiting:
            self._make_room()

    async def _in_time(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            stall = asyncio.get_running_loop().call_later(self._patience, self._stall, timer)
            try:
                await send(message)
            finally:
                stall.cancel()
                self._stalled.pop(timer, None)

        try:
            async with asyncio.timeout(self._seconds) as timer:
                await self._app(scope, receive, watched)
        except TimeoutError:
            if not timer.expired():
                raise
            if started:
                await _hang_up(scope, receive)
            else:
                late = PlainTextResponse("The answer took too long.\n", 503)
                await late(scope, receive, send)


async def _hang_up(scope: Scope, receive: Receive) -> None:
    """Cut the connection, as half an answer is none. A polite end would wait for the client to read."""
    state: dict[str, Any] = scope.get("state", {})
    if ABORT in state:
        state[ABORT]()
        while (await receive())["type"] != "http.disconnect":
            pass

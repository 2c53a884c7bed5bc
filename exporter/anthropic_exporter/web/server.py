"""The HTTP server: uvicorn on one or more listen addresses."""

import asyncio
import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from anthropic_exporter.web import listen
from anthropic_exporter.web.door import Door
from anthropic_exporter.web.guard import Guard
from anthropic_exporter.web.protocol import TimedProtocol

OnReady = Callable[[tuple[str, ...]], None]

#: Seconds for answers under way when the process is told to end. It has 5, and collectors have to end too.
GRACE = 2

TICK = 1.0
"""Seconds between two looks at the clock, for the Date of answers."""

# Longer than the usual scrape interval, so that Prometheus keeps its connection.
_KEEP_ALIVE = 120


class WebServer:
    """Listens from the moment it is made, so that a port in use is known before anything else starts."""

    def __init__(self, addresses: Sequence[str], door: Door | None = None) -> None:
        """Listen.

        Args:
            addresses: where.
            door: TLS and authentication for all of them.

        Raises:
            ConfigError: an address is none, not of this machine, or taken.
        """
        self._door = door
        self._tls = door.tls() if door else None
        self._sockets: list[socket.socket] = []
        self._server: _Server | None = None
        self._stopped = threading.Event()
        try:
            for address in addresses:
                self._sockets.append(listen.bind(address))
        except Exception:
            self.close()
            raise
        scheme = "https" if self._tls else "http"
        self.urls = tuple(listen.url(each, scheme) for each in self._sockets)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, app: ASGIApp, on_ready: OnReady = lambda _: None) -> None:
        """Serve until SIGTERM, SIGINT or ``stop``, then let answers under way finish, within 5 seconds.

        Signals are only heard in the main thread. Returns normally after one: the caller ends with status 0.

        Args:
            on_ready: called with the URLs, without a path, once requests are answered.
        """
        config = uvicorn.Config(
            Guard(app, self._door) if self._door else app,
            http=TimedProtocol,
            loop="anthropic_exporter.web.loop:TimedLoop",
            ws="none",
            lifespan="off",
            interface="asgi3",
            server_header=False,
            proxy_headers=False,
            access_log=False,
            log_config=None,  # the program's own logging
            log_level=logging.WARNING,
            timeout_keep_alive=_KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
        )
        config.load()
        config.ssl = self._tls  # uvicorn makes contexts from files only, or only since late
        self._server = _Server(config, lambda: on_ready(self.urls))
        if self._stopped.is_set():
            self._server.should_exit = True
        self._server.run(sockets=self._sockets)

    def stop(self) -> None:
        """End ``run`` soon; from any thread, also before it."""
        self._stopped.set()
        if self._server is not None:
            self._server.end()

    def close(self) -> None:
        """Stop listening, where ``run`` has not done so."""
        for each in self._sockets:
            each.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell()

    async def main_loop(self) -> None:
        """Wake for each tick, and at once to end: uvicorn would wake ten times a second to see whether it should."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), TICK)

    def end(self) -> None:
        """End soon; from any thread."""
        self.should_exit = True
        self._wake()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End soon, by a signal."""
        super().handle_exit(sig, frame)
        self._wake()

    def _wake(self) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._woken.set)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle the signals, and not once more afterwards: uvicorn would raise them again and die."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

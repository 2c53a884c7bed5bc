"""HTTP/1.1 connections that cannot be held open by sending a request slowly, or none."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds from the start of a connection, or of the next request on it, until its headers must be there.
HEADER_TIMEOUT = 10.0


class TimedProtocol(H11Protocol):
    """uvicorn times connections that are idle between two requests; this one times the headers as well."""

    header_timeout = HEADER_TIMEOUT
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first request."""
        super().connection_made(transport)
        self._arm()

    def data_received(self, data: bytes) -> None:
        """Start the time with the first byte of a request, stop it with the end of its headers."""
        self._arm()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._disarm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time."""
        self._disarm()
        super().connection_lost(exc)

    def _arm(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.header_timeout, self.transport.abort)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

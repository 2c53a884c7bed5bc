"""HTTP/1.1 connections that cannot be held open by sending a request slowly, or none, or by not reading the answer."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from anthropic_exporter.web.limits import ABORT

#: Seconds from the start of a connection, or of the next request on it, until its headers must be there.
HEADER_TIMEOUT = 10.0
#: Seconds in which a client has to take what was written to it.
READ_TIMEOUT = 10.0

_TLS_BUFFER = 64 * 1024


class TimedProtocol(H11Protocol):
    """uvicorn times connections that are idle between two requests; this one times the headers and the reading too."""

    header_timeout = HEADER_TIMEOUT
    read_timeout = READ_TIMEOUT
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first request."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, ABORT: transport.abort}
        # Anything that the system does not take counts as unread. TLS always has something, and times its own end.
        transport.set_write_buffer_limits(high=_TLS_BUFFER if self.scheme == "https" else 0)
        self._arm()

    def data_received(self, data: bytes) -> None:
        """Start the time with the first byte of a request, stop it with the end of its headers."""
        self._arm()
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._disarm()

    def pause_writing(self) -> None:
        """Start the time for reading."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.read_timeout, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop it."""
        super().resume_writing()
        self._all_read()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the times."""
        self._disarm()
        self._all_read()
        super().connection_lost(exc)

    def _arm(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.header_timeout, self.transport.abort)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _all_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

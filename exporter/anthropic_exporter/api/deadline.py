"""A time limit for a whole answer.

The timeouts of httpx hold for each read from the socket, so a server that sends one byte at a time is never
late. Here each read, write and handshake gets no more than what is left until the deadline of the request
that its thread is busy with.
"""

import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx


class Deadline(threading.local):
    """When the request of this thread must be over, on the clock of ``time.monotonic``."""

    at: float | None = None

    def left(self, timeout: float | None, late: type[httpcore.TimeoutException]) -> float | None:
        """Give the shorter of ``timeout`` and what is left.

        Raises:
            httpcore.TimeoutException: nothing is left, as ``late``.
        """
        if self.at is None:
            return timeout
        left = self.at - time.monotonic()
        if left <= 0:
            raise late("the answer took too long as a whole")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore declares it so
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        # Looking the name up is not covered: the resolver of the system has its own limit (resolv.conf).
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options), self._deadline)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


def enforce(client: httpx.Client, deadline: Deadline) -> None:
    """Make all connections of this client keep the deadline, those through a proxy too.

    httpcore takes a network backend, but httpx has no parameter that hands one through, hence the private
    names; to build the pools here instead would mean to read the proxy variables here as well.
    test_deadline.py fails if they move.
    """
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - see the docstring
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool  # noqa: SLF001 - see the docstring
            pool._network_backend = _Backend(pool._network_backend, deadline)  # noqa: SLF001 - see the docstring

"""Connections that break: the one thing about HTTP that an ASGI application cannot do by itself."""

import asyncio
import logging
import socket
import struct
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_TRANSPORT = "simulate.transport"
_LINGER_NOT = struct.pack("ii", 1, 0)  # closing sends RST at once


class BreakableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, which lets the application reach its connection and logs no requests."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed through to uvicorn
        super().__init__(*args, **kwargs)
        # Only of this server: the exporter that runs in the same process keeps its own logging.
        self.access_log = False
        self.logger = logging.getLogger("anthropic_exporter.simulate")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn types it so too
        """Hand the connection to every request that comes over it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


async def reset(scope: Scope, receive: Receive) -> None:
    """Reset the connection without an answer."""
    transport = _transport(scope)
    sock: socket.socket = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()
    await _until_gone(receive)


async def break_off(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Promise the whole body, send half of it, and close."""
    body = bytes(response.body)
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    _transport(scope).close()
    await _until_gone(receive)


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["state"][_TRANSPORT]
    return transport


async def _until_gone(receive: Receive) -> None:
    """Wait for the server to notice, or it would send a 500 of its own."""
    while (await receive())["type"] != "http.disconnect":
        pass

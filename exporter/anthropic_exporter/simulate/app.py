"""The HTTP face of the fake: gate, fault, endpoint, answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute
from starlette.routing import Route as HttpRoute
from starlette.types import Receive, Scope, Send

from .call import Call
from .connection import break_off, reset
from .control import control_routes
from .endpoints.routes import ROUTES, Route, unknown
from .faults import refuse, spoil
from .gate import authenticate, version
from .noise import identifier
from .query import Query
from .refusal import Refusal
from .switches import Fault
from .world import LoggedRequest, World

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_LORIS_STEPS = 100


def create_app(world: World) -> Starlette:
    """Make the application that serves a world."""
    routes: list[BaseRoute] = [*control_routes(world)]
    routes += [HttpRoute(route.path, ApiEndpoint(world, route)) for route in ROUTES]
    routes.append(HttpRoute("/{rest:path}", ApiEndpoint(world, Route("", unknown))))
    return Starlette(routes=routes)


class ApiEndpoint:
    """One route of the Admin API as an ASGI application."""

    def __init__(self, world: World, route: Route) -> None:
        self._world = world
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, in the way that the chosen fault wants it."""
        world, request = self._world, Request(scope, receive)
        path, switches = request.url.path, world.switches
        now = world.now()
        fault = world.faults.choose(path, switches)
        if fault == "slow":
            await asyncio.sleep(switches.slow_seconds)
        response = self._respond(request, fault, now)
        status = 0 if fault == "reset" else response.status_code
        world.note(LoggedRequest(request.method, path, request.url.query, status, now, fault))
        if fault == "reset":
            await reset(scope, receive)
        elif fault == "broken_off":
            await break_off(response, scope, receive, send)
        else:
            if fault == "slow_loris":
                response = _drip(response, switches.slow_seconds)
            await response(scope, receive, send)

    def _respond(self, request: Request, fault: Fault | None, now: float) -> Response:
        world = self._world
        request_id = identifier("req", world.organization.profile.id, next(world.numbers))
        headers = {"request-id": request_id, "anthropic-organization-id": world.organization.profile.id}
        status, body = 200, b""
        try:
            body = msgspec.json.encode(self._answer(request, fault, now))
        except Refusal as refusal:
            status, body = refusal.status, msgspec.json.encode(refusal.body(request_id))
            headers.update(refusal.headers)
            if status == 401:  # noqa: PLR2004 - nobody's organization is known then
                del headers["anthropic-organization-id"]
        if fault in ("html", "html_ok"):
            return Response(_HTML, 502 if fault == "html" else 200, headers, "text/html")
        if fault == "truncated":
            body = body[: len(body) // 2]
        if fault == "empty":
            body = b""
        return Response(body, status, headers, "application/json")

    def _answer(self, request: Request, fault: Fault | None, now: float) -> dict[str, Any]:
        world, switches = self._world, self._world.switches
        query = Query(request.query_params.multi_items())
        world.limiter.admit(now, switches)
        if fault is not None:
            refuse(fault, switches, query, now)
        credential = authenticate(request.headers, switches)
        if request.method not in ("GET", "HEAD"):
            raise Refusal(405, f"{request.method} is not allowed: the simulator is read-only")
        call = Call(
            organization=world.organization,
            inventory=world.organization.inventory(now),
            switches=switches,
            now=now,
            path=request.url.path,
            ids=request.path_params,
            query=query,
            version=version(request.headers),
            betas=_betas(request),
            oauth=credential.oauth,
            memo=world.memo,
        )
        return spoil(fault, dict(self._route.answer(call)), query)


def _betas(request: Request) -> frozenset[str]:
    """Read ``anthropic-beta``: a list with commas, or the header repeated, or both."""
    return frozenset(
        beta.strip() for value in request.headers.getlist("anthropic-beta") for beta in value.split(",") if beta.strip()
    )


def _drip(response: Response, seconds: float) -> Response:
    """Send the same body in many small pieces over some seconds."""
    body = bytes(response.body)
    size = max(1, -(-len(body) // _LORIS_STEPS))

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]
            await asyncio.sleep(seconds * size / len(body))

    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return StreamingResponse(pieces(), response.status_code, headers)

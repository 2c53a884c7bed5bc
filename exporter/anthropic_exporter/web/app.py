"""The paths of the HTTP interface."""

import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from anthropic_exporter.expose.exposition import Exposition
from anthropic_exporter.status import Status
from anthropic_exporter.web import exposition, landing
from anthropic_exporter.web.limits import Limits

Endpoint = Callable[[Request], Awaitable[Response]]


class Site(Protocol):
    """What the web server shows. Called on its event loop, so all but ``reload`` return at once."""

    telemetry_path: str
    lifecycle: bool

    def exposition(self) -> Exposition:
        """Return the newest exposition."""

    def status(self) -> Status:
        """Return the state of the process."""

    def at_scrape(self, openmetrics: bool) -> bytes:
        """Render what is only known at the scrape, with the end of the exposition."""

    def reload(self) -> str | None:
        """Read the configuration again; return None or what is wrong. Called on another thread."""


def create_app(site: Site) -> Starlette:
    """Make the ASGI application: paths, limits and plain errors. TLS and authentication go around it."""

    async def metrics(request: Request) -> Response:
        return exposition.answer(request, site.exposition(), site.at_scrape)

    async def front(_: Request) -> Response:
        page = landing.page(site.status(), now=time.time(), telemetry_path=site.telemetry_path)
        return HTMLResponse(page, headers=landing.HEADERS)

    async def ready(_: Request) -> Response:
        if site.status().ready:
            return PlainTextResponse("anthropic-exporter is ready.\n")
        return PlainTextResponse("anthropic-exporter is not ready: the first full read is not done.\n", 503)

    async def reload(_: Request) -> Response:
        problem = await run_in_threadpool(site.reload)
        if problem is None:
            return PlainTextResponse("Configuration reloaded.\n")
        return PlainTextResponse(f"Configuration not reloaded, the old one stays in force: {problem}\n", 500)

    routes = [
        _get(site.telemetry_path, metrics),
        _get("/", front),
        _get("/-/healthy", _healthy),
        _get("/-/ready", ready),
    ]
    if site.lifecycle:
        routes.append(Route("/-/reload", reload, methods=["POST"]))
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Limits)],
        exception_handlers={HTTPException: _plain_error},
    )
    # A redirect would repeat the path and the Host header of the request.
    app.router.redirect_slashes = False
    return app


def _get(path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=["GET"])  # HEAD comes with it


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("anthropic-exporter is healthy.\n")


async def _plain_error(_: Request, error: Exception) -> Response:
    """Answer 404 and 405 in a few words, none of them from the request."""
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if "Allow" in headers:
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
    return PlainTextResponse(f"{error.status_code} {error.detail}\n", error.status_code, headers)

"""The control API under ``/_simulate``: no key, loopback only."""

from dataclasses import asdict
from typing import Any, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .endpoints.buckets import WIDTHS
from .instants import instant
from .switches import InvalidSwitch
from .totals import Reports, totals
from .world import World


def control_routes(world: World) -> list[Route]:
    """Make the routes of the control API."""

    async def switches(request: Request) -> Response:
        """Show the switches, or change those that are named in a JSON object."""
        if request.method == "POST":
            try:
                values = msgspec.json.decode(await request.body(), type=dict[str, Any])
                world.change(values)
            except (msgspec.MsgspecError, InvalidSwitch) as error:
                return _json({"error": str(error)}, 400)
        return _json(world.switches.public())

    async def sums(request: Request) -> Response:
        """Account for an interval: ?from=&to=&generation=legacy|analytics&width=1m|1h|1d."""
        query = request.query_params
        reports, width = query.get("generation", "legacy"), query.get("width", "1m")
        try:
            start, end = _instant(query.get("from")), _instant(query.get("to"))
        except ValueError:
            return _json({"error": "from, to: expected RFC 3339 or seconds since 1970"}, 400)
        if reports not in ("legacy", "analytics") or width not in WIDTHS:
            return _json({"error": "generation: legacy or analytics; width: 1m, 1h or 1d"}, 400)
        return _json(totals(world, start, end, cast("Reports", reports), WIDTHS[width]))

    async def requests(request: Request) -> Response:
        """Show what was asked, oldest first; DELETE forgets it."""
        if request.method == "DELETE":
            world.log.clear()
            world.dropped = 0
        return _json({"requests": [asdict(each) for each in world.log], "dropped": world.dropped})

    return [
        Route("/_simulate/switches", switches, methods=["GET", "POST"]),
        Route("/_simulate/totals", sums),
        Route("/_simulate/requests", requests, methods=["GET", "DELETE"]),
    ]


def _instant(text: str | None) -> int:
    if text is None:
        raise ValueError("missing")
    return int(text) if text.isdigit() else instant(text)


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")

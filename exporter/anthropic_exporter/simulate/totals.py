"""The simulator's own account of an interval: what it has published, and what the truth is."""

from collections import defaultdict
from decimal import Decimal
from typing import Any, Literal

from .call import analytics_view, cost_view, legacy_view, refreshed_at, truth
from .endpoints.legacy_cost import plain
from .instants import DAY, floor, rfc3339
from .line import REQUESTS, SEARCHES, TOKEN_TYPES, Counts, Line, Seen
from .organization import Organization
from .world import World

Reports = Literal["legacy", "analytics"]
_DIMENSIONS = ("workspace_id", "model", "service_tier", "inference_geo", "speed", "api_key_id")
_BILLED = ("workspace_id", "api_key_id", "model", "service_tier")


def totals(world: World, start: int, end: int, reports: Reports, width: int) -> dict[str, Any]:
    """Add up [start, end).

    Args:
        world: whose organization, clock and switches count.
        start: at a whole minute, like ``end``.
        end: exclusive; the future counts nothing.
        reports: whose delays apply to what is published.
        width: of the buckets that a reader asks for, in seconds; a running bucket that is not served is not published.

    Returns:
        ``{"from", "to", "now", "generation", "default_workspace_id", "published": SUMS, "final": SUMS}`` where SUMS
        are ``{"tokens": [{workspace_id, model, service_tier, inference_geo, speed, api_key_id, token_type, tokens}],
        "web_searches": [{…, web_searches}], "requests": [{…, requests}],
        "cost": [{workspace_id, api_key_id, model, service_tier, cost_type, token_type, billed, list}]}``. Workspace
        IDs are real ones, amounts are strings in cents.
    """
    switches, now = world.switches, world.now()
    if reports == "legacy":
        usage_end = end if switches.open_bucket else min(end, floor(now, width))
        usage, cost = legacy_view(switches, now), cost_view(switches, now)
        cost_end = min(end, floor(now, DAY)) if switches.cost_completed_days_only else end
    else:
        usage = cost = analytics_view(switches, now)
        export = refreshed_at(switches, now)
        usage_end = cost_end = end if switches.analytics_open_bucket else min(end, floor(export, width))
    last = truth(switches, now)
    return {
        "from": rfc3339(start),
        "to": rfc3339(end),
        "now": rfc3339(now),
        "generation": reports,
        "default_workspace_id": world.organization.inventory(now).default_workspace_id,
        "published": {
            **_counts(world.organization, start, usage_end, usage),
            "cost": _cost(world.organization, start, cost_end, cost),
        },
        "final": {
            **_counts(world.organization, start, end, last),
            "cost": _cost(world.organization, start, end, last),
        },
    }


def _counts(organization: Organization, start: int, end: int, seen: Seen) -> dict[str, Any]:
    counts = [
        (line, numbers)
        for line, numbers in organization.usage(start, end, seen).items()
        if line.kind in ("messages", "code_execution")
    ]
    return {
        "tokens": _tokens(counts),
        "web_searches": _count(counts, SEARCHES, "web_searches"),
        "requests": _count(counts, REQUESTS, "requests"),
    }


def _tokens(counts: list[tuple[Line, Counts]]) -> list[dict[str, Any]]:
    total: dict[tuple[str | None, ...], int] = defaultdict(int)
    for line, numbers in counts:
        for token_type, tokens in zip(TOKEN_TYPES, numbers, strict=False):
            if tokens:
                total[(*_key(line), token_type)] += tokens
    names = (*_DIMENSIONS, "token_type")
    return [dict(zip(names, key, strict=True)) | {"tokens": tokens} for key, tokens in total.items()]


def _count(counts: list[tuple[Line, Counts]], index: int, name: str) -> list[dict[str, Any]]:
    total: dict[tuple[str | None, ...], int] = defaultdict(int)
    for line, numbers in counts:
        if numbers[index]:
            total[_key(line)] += numbers[index]
    return [dict(zip(_DIMENSIONS, key, strict=True)) | {name: number} for key, number in total.items()]


def _key(line: Line) -> tuple[str | None, ...]:
    return tuple(getattr(line, name) for name in _DIMENSIONS)


def _cost(organization: Organization, start: int, end: int, seen: Seen) -> list[dict[str, Any]]:
    total: dict[tuple[str | None, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for charge in organization.charges(start, end, seen):
        line = charge.line
        # A cost that is not for tokens has no model and no tier in the reports.
        named = (line.model, line.service_tier) if charge.cost_type == "tokens" else (None, None)
        amounts = total[line.workspace_id, line.api_key_id, *named, charge.cost_type, charge.token_type]
        amounts[0] += charge.amount
        amounts[1] += charge.list_amount
    names = (*_BILLED, "cost_type", "token_type")
    return [
        dict(zip(names, key, strict=True)) | {"billed": plain(paid), "list": plain(listed)}
        for key, (paid, listed) in total.items()
    ]

"""What the metrics must say, worked out from the simulator's own totals and its own price table."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from anthropic_exporter.simulate.instants import DAY, floor
from anthropic_exporter.simulate.prices import STANDARD, rates
from anthropic_exporter.simulate.server import Simulator

U = ("workspace_id", "model", "service_tier", "inference_geo", "speed")
K = ("api_key_id", "model", "service_tier")
W = ("workspace_id", "model")
BILLED = ("workspace_id", "model", "service_tier", "cost_type", "token_type")

COUNTERS: Mapping[str, tuple[str, ...]] = {
    "anthropic_usage_tokens_total": (*U, "token_type"),
    "anthropic_usage_requests_total": U,
    "anthropic_usage_web_search_requests_total": U,
    "anthropic_api_key_usage_tokens_total": (*K, "token_type"),
    "anthropic_api_key_usage_requests_total": K,
    "anthropic_estimated_cost_usd_total": (*U, "token_type"),
    "anthropic_api_key_estimated_cost_usd_total": K,
    "anthropic_unpriced_tokens_total": ("model", "token_type", "reason"),
    "anthropic_cost_usd_total": BILLED,
    "anthropic_list_cost_usd_total": BILLED,
    "anthropic_api_key_cost_usd_total": ("api_key_id",),
}
WINDOWS = ("today", "yesterday", "month_to_date", "previous_month")
GAUGES: Mapping[str, tuple[str, ...]] = {
    **{f"anthropic_usage_{window}_tokens": (*W, "token_type") for window in WINDOWS},
    **{f"anthropic_estimated_cost_{window}_usd": W for window in WINDOWS},
    **{f"anthropic_cost_{window}_usd": (*W, "cost_type") for window in WINDOWS},
}
FAMILIES = {**COUNTERS, **GAUGES}

_TYPES = {
    "uncached_input_tokens": "uncached_input",
    "cache_creation.ephemeral_5m_input_tokens": "cache_creation_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_creation_1h",
    "cache_read_input_tokens": "cache_read",
    "output_tokens": "output",
}
_UNLISTED = "claude-lumen-preview"
_CENT = Decimal("0.01")


def _at(now: float) -> datetime:
    return datetime.fromtimestamp(now, UTC)


def since(now: float) -> str:
    """Return what ``counters.since`` is in a run that begins now: the default, unless a New Year is too near.

    Then it is a day of the year that ends, so that no counter begins again, or has nothing to count yet, in a run
    that is about something else.
    """
    year = _at(now - 2 * DAY).year
    return "year" if _at(now + DAY / 4).year == year else f"{year}-07-01"


SINCE = since(time.time())

Labels = tuple[str, ...]
Sums = dict[Labels, Decimal]


class Report(NamedTuple):
    """Where a number is read, and the finest buckets in which it is."""

    generation: str
    width: str


def reports(generation: str, *, open_bucket: bool) -> tuple[Report, Report | None, Report | None]:
    """Return where the exporter takes usage, requests and cost from."""
    if generation == "org-scoped":
        return Report("org-scoped", "1h"), None, None
    if generation == "legacy":
        # The minutes of an hour that is not served are read one by one.
        return Report("legacy", "1h" if open_bucket else "1m"), None, Report("legacy", "1d")
    days = Report("analytics", "1d")
    if generation == "analytics":
        hours = Report("analytics", "1h")
        return hours, hours, days
    return reports("legacy", open_bucket=open_bucket)[0], days, days


@dataclass
class Truth:
    """The truth as published, by metric. A report that is None is not offered."""

    simulator: Simulator
    usage: Report
    requests: Report | None
    cost: Report | None
    since: str = SINCE
    _old_days: dict[tuple[int, int], list[dict[str, Any]]] = field(default_factory=dict)

    def families(self) -> dict[str, Sums]:
        """Return the sums of every metric by the labels of ``FAMILIES``, without the zeros."""
        now = self.simulator.world.now()
        found: dict[str, Sums] = {name: defaultdict(Decimal) for name in FAMILIES}
        self._count(found, now)
        self._bill(found, now)
        for window, (start, end) in bounds(now).items():
            self._window(found, window, start, end)
        return {name: {labels: value for labels, value in sums.items() if value} for name, sums in found.items()}

    def _count(self, found: dict[str, Sums], now: float) -> None:
        for day in range(self._epoch(now), floor(now, DAY) + DAY, DAY):
            for row in self._day(day, now):
                for name, labels, amount in _postings(row, day):
                    found[name][labels] += amount
        if self.requests:
            for row in self._published(self.requests, self._epoch(now), _tomorrow(now))["requests"]:
                labels = _labels(row, self._default)
                found["anthropic_usage_requests_total"][_pick(labels, U)] += row["requests"]
                found["anthropic_api_key_usage_requests_total"][_pick(labels, K)] += row["requests"]

    def _day(self, day: int, now: float) -> list[dict[str, Any]]:
        """Return the rows of a day with their words; those of old days change only with what is recorded."""
        key = (day, self.simulator.world.organization.revision)
        if key in self._old_days:
            return self._old_days[key]
        published = self._published(self.usage, day, day + DAY)
        if self.usage.generation == "org-scoped":
            rows = [_scoped(row) for row in published["tokens"]]
        else:
            rows = [row | _labels(row, self._default) for kind in ("tokens", "web_searches") for row in published[kind]]
        if day < now - 3 * DAY:
            self._old_days[key] = rows
        return rows

    def _bill(self, found: dict[str, Sums], now: float) -> None:
        if self.cost is None:
            return
        settled = floor(now, DAY)
        for row in self._published(self.cost, self._epoch(now), settled)["cost"]:
            labels = _billed_labels(row, self._default)
            billed, listed = Decimal(row["billed"]) * _CENT, Decimal(row["list"]) * _CENT
            found["anthropic_cost_usd_total"][_pick(labels, BILLED)] += billed
            if self.cost.generation == "analytics":
                found["anthropic_list_cost_usd_total"][_pick(labels, BILLED)] += listed
                found["anthropic_api_key_cost_usd_total"][(labels["api_key_id"],)] += billed

    def _window(self, found: dict[str, Sums], window: str, start: int, end: int) -> None:
        for day in range(start, end, DAY):
            for row in self._day(day, self.simulator.world.now()):
                for name, labels, amount in _postings(row, day):
                    told = dict(zip(FAMILIES[name], labels, strict=True))
                    if name == "anthropic_usage_tokens_total":
                        found[f"anthropic_usage_{window}_tokens"][_pick(told, (*W, "token_type"))] += amount
                    if name == "anthropic_estimated_cost_usd_total":
                        found[f"anthropic_estimated_cost_{window}_usd"][_pick(told, W)] += amount
        for row in self._published(self.cost, start, end)["cost"] if self.cost else ():
            labels = _pick(_billed_labels(row, self._default), (*W, "cost_type"))
            found[f"anthropic_cost_{window}_usd"][labels] += Decimal(row["billed"]) * _CENT

    def _published(self, report: Report, start: int, end: int) -> dict[str, Any]:
        if start >= end:
            return {"tokens": [], "web_searches": [], "requests": [], "cost": []}
        generation = "analytics" if report.generation == "analytics" else "legacy"
        return self.simulator.totals(start, end, generation, report.width)["published"]

    def _epoch(self, now: float) -> int:
        """Return from when counters count."""
        day = f"{_at(now).year}-01-01" if self.since == "year" else self.since
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())

    @property
    def _default(self) -> str:
        return self.simulator.world.organization.inventory(0).default_workspace_id


def highest(*states: Mapping[str, Sums]) -> dict[str, Sums]:
    """Return what counters show after these truths in a row: of each series the largest; of gauges the last."""
    last = states[-1]
    return {
        name: {
            labels: max(state[name].get(labels, Decimal(0)) for state in states)
            for labels in {labels for state in states for labels in state[name]}
        }
        if name in COUNTERS
        else last[name]
        for name in last
    }


def difference(expected: Mapping[str, Sums], told: Mapping[str, Sums]) -> dict[str, dict[Labels, tuple[Any, Any]]]:
    """Return where the two differ: counts at all, USD by more than one part in a thousand million."""
    found: dict[str, dict[Labels, tuple[Any, Any]]] = {}
    for name, sums in expected.items():
        for labels in sums.keys() | told[name].keys():
            one, other = sums.get(labels, Decimal(0)), told[name].get(labels, Decimal(0))
            allowed = max(abs(one), abs(other)) * Decimal("1e-9") if "_usd" in name else 0
            if abs(one - other) > allowed:
                found.setdefault(name, {})[labels] = (one, other)
    return found


def bounds(now: float) -> dict[str, tuple[int, int]]:
    """Return the windows of the gauges."""
    today = floor(now, DAY)
    month = datetime.fromtimestamp(now, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    this = int(month.timestamp())
    before = int(datetime.fromtimestamp(this - DAY, UTC).replace(day=1).timestamp())
    return {
        "today": (today, today + DAY),
        "yesterday": (today - DAY, today),
        "month_to_date": (this, today + DAY),
        "previous_month": (before, this),
    }


def _tomorrow(now: float) -> int:
    return floor(now, DAY) + DAY


def _labels(row: Mapping[str, Any], default_workspace: str) -> dict[str, str]:
    told = {name: "none" if row[name] is None else row[name] for name in (*U, "api_key_id")}
    if told["workspace_id"] == default_workspace:
        told["workspace_id"] = "default"
    return told


def _scoped(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as the org-scoped dialect lets it be known: no key, geography or speed, one kind of cache write."""
    ephemeral = row["token_type"].replace("ephemeral_1h", "ephemeral_5m")
    return dict(row) | {"inference_geo": "none", "speed": "none", "api_key_id": None, "token_type": ephemeral}


def _billed_labels(row: Mapping[str, Any], default_workspace: str) -> dict[str, str]:
    names = ("workspace_id", "api_key_id", "model", "service_tier", "cost_type", "token_type")
    told = {name: "none" if row[name] is None else row[name] for name in names}
    if told["workspace_id"] == default_workspace:
        told["workspace_id"] = "default"
    told["token_type"] = _TYPES.get(told["token_type"], "none")
    return told


def _pick(told: Mapping[str, str], names: tuple[str, ...]) -> Labels:
    return tuple(told[name] for name in names)


def _postings(row: Mapping[str, Any], day: int) -> Iterator[tuple[str, Labels, Decimal]]:
    """Yield what a row of the simulator's totals adds to which counters."""
    by_use = _pick(row, U)
    by_key = _pick(row, K) if row["api_key_id"] else None  # None: the report does not tell keys
    if "web_searches" in row:
        searches = Decimal(row["web_searches"])
        yield "anthropic_usage_web_search_requests_total", by_use, searches
        yield "anthropic_estimated_cost_usd_total", (*by_use, "web_search"), searches * _CENT
        if by_key:
            yield "anthropic_api_key_estimated_cost_usd_total", by_key, searches * _CENT
        return
    token_type, tokens = _TYPES[row["token_type"]], Decimal(row["tokens"])
    yield "anthropic_usage_tokens_total", (*by_use, token_type), tokens
    if by_key:
        yield "anthropic_api_key_usage_tokens_total", (*by_key, token_type), tokens
    reason = _unpriced(row)
    if reason:
        yield "anthropic_unpriced_tokens_total", (row["model"], token_type, reason), tokens
        return
    cents = rates(
        row["model"],
        day,
        tier=row["service_tier"],
        geo="global" if row["inference_geo"] == "none" else row["inference_geo"],
        speed="standard" if row["speed"] == "none" else row["speed"],
        long=False,
    )
    assert cents
    usd = tokens * cents[list(_TYPES.values()).index(token_type)] * _CENT
    yield "anthropic_estimated_cost_usd_total", (*by_use, token_type), usd
    if by_key:
        yield "anthropic_api_key_estimated_cost_usd_total", by_key, usd


def _unpriced(row: Mapping[str, Any]) -> str | None:
    if row["service_tier"] == "priority":
        return "commitment"
    # Billed by the simulator, but in no public table.
    return "unknown_model" if row["model"] == _UNLISTED or row["model"] not in STANDARD else None

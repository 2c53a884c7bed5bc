"""The ledger of cost as fine as it goes: by day, workspace, model, kind of cost, tier and token type."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from anthropic_exporter.commands.reading import Reading
from anthropic_exporter.commands.used import used
from anthropic_exporter.config import Settings
from anthropic_exporter.money.allocation import allocate, units
from anthropic_exporter.money.spend import TOKENS, WEB_SEARCH, Lines, add, total
from anthropic_exporter.money.steps import Steps, steps
from anthropic_exporter.records import NONE, TOKEN_TYPES, Interval
from anthropic_exporter.service import streams
from anthropic_exporter.utc import DAY, floor

_SEARCHES = len(TOKEN_TYPES)


class Detail(NamedTuple):
    """What a part of a day's cost is for. What is not for tokens has no model, tier and token type, as in spend."""

    workspace_id: str
    model: str
    cost_type: str
    service_tier: str
    token_type: str

    @property
    def line(self) -> tuple[str, str, str]:
        """The line of spend that it is part of."""
        return self.workspace_id, self.model, self.cost_type


Details = dict[Detail, Decimal]


@dataclass(slots=True)
class Day:
    """One day in detail.

    ``billed`` and ``listed`` are what the bill has, ``steps`` how the estimate comes about, ``estimated`` its sums;
    ``counts`` are tokens or searches; ``unpriced`` those tokens of them that no price is known for and ``committed``
    those that were paid in advance.
    """

    billed: Details = field(default_factory=dict)
    listed: Details = field(default_factory=dict)
    estimated: Details = field(default_factory=dict)
    steps: dict[Detail, list[Steps]] = field(default_factory=dict)
    counts: dict[Detail, int] = field(default_factory=dict)
    unpriced: dict[Detail, int] = field(default_factory=dict)
    committed: dict[Detail, int] = field(default_factory=dict)


def details(reading: Reading, settings: Settings, window: Interval) -> dict[int, Day]:
    """Return the days of a window that have anything."""
    days: dict[int, Day] = {}
    for stream, name in (("cost", "billed"), ("cost.list", "listed")):
        for at, detail, usd in _amounts(reading, stream, window):
            add(getattr(days.setdefault(at, Day()), name), detail, usd)
    _estimates(days, reading, settings, window)
    return days


def spread(lines: Lines, parts: Details) -> Details:
    """Return a day's lines in detail: as the parts are where they add up to a line, else in proportion to them.

    They do not where spend is calibrated, or where neither side tells a part.
    """
    by_line: dict[tuple[str, str, str], Details] = {}
    for detail, usd in parts.items():
        by_line.setdefault(detail.line, {})[detail] = usd
    found: Details = {}
    for line, usd in lines.items():
        own = by_line.get(line, {})
        if own and total(own.values()) == usd:
            found |= own
            continue
        weights = {detail: max(units(part), 0) for detail, part in own.items()}
        whole = {Detail(*line, NONE, NONE): usd}
        found |= allocate(usd, weights) if any(weights.values()) else whole
    return found


def _amounts(reading: Reading, stream: str, window: Interval) -> Iterator[tuple[int, Detail, Decimal]]:
    accounts = reading.view.accounts
    if not accounts.has(stream):
        return
    for start, cells in accounts.book(stream).cells(*window).items():
        for (workspace_id, model, tier, cost_type, token_type), values in cells.items():
            of_tokens = cost_type == TOKENS
            rest = (model, cost_type, tier, token_type) if of_tokens else (NONE, cost_type, NONE, NONE)
            yield floor(start, DAY), Detail(workspace_id, *rest), Decimal(values[0])


def _estimates(days: dict[int, Day], reading: Reading, settings: Settings, window: Interval) -> None:
    prices = reading.view.accounts.prices
    for row in used(reading, "usage", streams.usage_dimensions(settings.usage.group_by), window):
        at, workspace_id = row.day, str(row.facts.get("workspace", NONE))
        day, tier, model = days.setdefault(at, Day()), row.dimensions.service_tier, row.dimensions.model
        tokens = [int(value) for value in row.values[:_SEARCHES]]
        for token_type, count, step in zip(TOKEN_TYPES, tokens, steps(prices, row.dimensions, at, tokens), strict=True):
            detail = Detail(workspace_id, model, TOKENS, tier, token_type)
            if not count:
                continue
            _count(day.counts, detail, count)
            if step is not None:
                day.steps.setdefault(detail, []).append(step)
                add(day.estimated, detail, total(step))
            else:
                _count(day.committed if tier == "priority" else day.unpriced, detail, count)
        searches = int(row.values[_SEARCHES])
        if searches:
            detail = Detail(workspace_id, NONE, WEB_SEARCH, NONE, NONE)
            usd = prices.web_search_price(at) * searches
            day.steps.setdefault(detail, []).append(Steps(usd, *([Decimal(0)] * (len(Steps._fields) - 1))))
            add(day.estimated, detail, usd)
            _count(day.counts, detail, searches)


def _count(sums: dict[Detail, int], detail: Detail, count: int) -> None:
    sums[detail] = sums.get(detail, 0) + count


def facts(at: int, detail: Detail) -> Mapping[str, str | int]:
    """Return what rows can be told apart by."""
    return {
        "day": at,
        "workspace": detail.workspace_id,
        "model": detail.model,
        "cost_type": detail.cost_type,
        "service_tier": detail.service_tier,
        "token_type": detail.token_type,
    }

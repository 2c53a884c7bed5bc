"""GET /v1/organizations/analytics/cost: USD as flat rows, paid and list amount."""

from collections import defaultdict
from decimal import Decimal
from typing import Any, NamedTuple

from anthropic_exporter.simulate.call import Answer, Call, analytics_view, refreshed_at
from anthropic_exporter.simulate.instants import rfc3339
from anthropic_exporter.simulate.line import REQUESTS, Line
from anthropic_exporter.simulate.refusal import invalid

from .analytics import PARAMETERS, Key, group, read_filter, read_group_by, read_span, require_beta, serve, value

_ORDER_BY = ("amount", "list_amount", "time")
_FAN_OUT = ("cost_type", "token_type")
_DECIMALS = 6  # never fewer; more where the amount needs them

Component = tuple[str | None, str | None]  # cost_type, token_type
Amounts = tuple[Decimal, Decimal]  # amount, list_amount


class Entry(NamedTuple):
    """One combination in one bucket with the rows that it fans out to."""

    start: int
    end: int
    key: Key
    components: tuple[tuple[Component, Amounts], ...]
    requests: int | None

    def total(self, index: int) -> Decimal:
        """Sum up the paid (0) or the list (1) amounts."""
        return sum((amounts[index] for _, amounts in self.components), Decimal(0))


def cost(call: Call) -> Answer:
    """Answer one page of cost rows."""
    require_beta(call)
    call.expect(*PARAMETERS)
    span = read_span(call)
    named = read_group_by(call, _FAN_OUT)
    grouped = tuple(name for name in named if name not in _FAN_OUT)
    fan_out = tuple(name for name in _FAN_OUT if name in named)
    order_by = call.query.choice("order_by", _ORDER_BY) or "amount"
    ascending = call.query.choice("order", ("asc", "desc")) == "asc"
    size = call.page_size(20, 1000)
    if order_by == "time" and span.width is None:
        raise invalid("order_by: time requires time_bucket_width")
    read_filter(call)  # refuses what it cannot take before anything is kept

    def make() -> list[Entry]:
        export = refreshed_at(call.switches, call.now)
        entries: list[Entry] = []
        for start, end in span.buckets(export, running=call.switches.analytics_open_bucket):
            entries += _entries(call, start, end, grouped, fan_out)
        return _ranked(entries, order_by, ascending=ascending)

    return serve(call, span, size, make, lambda entry: _rows(call, grouped, entry))


def _entries(call: Call, start: int, end: int, grouped: tuple[str, ...], fan_out: tuple[str, ...]) -> list[Entry]:
    seen = analytics_view(call.switches, call.now)
    organization = call.organization.profile.id
    keep = read_filter(call)
    total: dict[Key, dict[Component, list[Decimal]]] = defaultdict(
        lambda: defaultdict(lambda: [Decimal(0), Decimal(0)])
    )
    charged: set[Line] = set()
    for charge in call.organization.charges(start, end, seen):
        if not keep(charge.line) or (fan_out == ("token_type",) and charge.token_type is None):
            continue
        charged.add(charge.line)
        key = tuple(value(charge.line, name, organization) for name in grouped)
        amounts = total[key][_component(fan_out, charge.cost_type, charge.token_type)]
        amounts[0] += charge.amount
        amounts[1] += charge.list_amount
    requests: dict[Key, int] = defaultdict(int)
    if not fan_out:
        for line, counts in call.organization.usage(start, end, seen).items():
            if line in charged:
                requests[tuple(value(line, name, organization) for name in grouped)] += counts[REQUESTS]
    return [
        Entry(
            start,
            end,
            key,
            tuple((component, (amounts[0], amounts[1])) for component, amounts in components.items()),
            None if fan_out else requests[key],
        )
        for key, components in total.items()
    ]


def _component(fan_out: tuple[str, ...], cost_type: str, token_type: str | None) -> Component:
    if fan_out == ("cost_type",):
        return cost_type, None
    return (cost_type, token_type) if fan_out else (None, None)


def _ranked(entries: list[Entry], order_by: str, *, ascending: bool) -> list[Entry]:
    entries.sort(key=lambda entry: (entry.start, repr(entry.key)))  # ties always fall the same way
    if order_by == "time":
        entries.sort(key=lambda entry: entry.total(0), reverse=True)
        entries.sort(key=lambda entry: entry.start, reverse=not ascending)
    else:
        index = _ORDER_BY.index(order_by)
        entries.sort(key=lambda entry: entry.total(index), reverse=not ascending)
    return entries


def _rows(call: Call, grouped: tuple[str, ...], entry: Entry) -> list[dict[str, Any]]:
    rows = []
    for (cost_type, token_type), (amount, list_amount) in sorted(entry.components, key=repr):
        dimensions = group(call, grouped, entry.key, _FAN_OUT)
        dimensions.update(cost_type=cost_type, token_type=token_type)
        rows.append(
            {
                "starting_at": rfc3339(entry.start),
                "ending_at": rfc3339(entry.end),
                "group": dimensions,
                "cost": {
                    "amount": padded(amount),
                    "list_amount": padded(list_amount),
                    "currency": "USD",
                    "requests": entry.requests,
                },
            }
        )
    return rows


def padded(amount: Decimal) -> str:
    """Write an amount exactly, with six decimals or as many more as it needs."""
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(_DECIMALS, '0')}"

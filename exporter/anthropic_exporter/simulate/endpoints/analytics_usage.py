"""GET /v1/organizations/analytics/usage: tokens and requests as flat rows."""

from collections import defaultdict
from typing import Any, NamedTuple

from anthropic_exporter.simulate.call import Answer, Call, analytics_view, refreshed_at
from anthropic_exporter.simulate.instants import rfc3339
from anthropic_exporter.simulate.line import REQUESTS, SEARCHES, add
from anthropic_exporter.simulate.refusal import invalid

from .analytics import (
    PARAMETERS,
    Key,
    group,
    read_filter,
    read_group_by,
    read_span,
    require_beta,
    serve,
    value,
)

_ORDER_BY = ("total_tokens", "output_tokens", "uncached_input_tokens", "requests", "time")


class Entry(NamedTuple):
    """One combination in one bucket."""

    start: int
    end: int
    key: Key
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """Tokens of all types."""
        return sum(self.counts[:5])

    def measure(self, name: str) -> int:
        """Read the number that rows are ranked by."""
        if name == "requests":
            return self.counts[REQUESTS]
        return {"output_tokens": self.counts[4], "uncached_input_tokens": self.counts[0]}.get(name, self.total)


def usage(call: Call) -> Answer:
    """Answer one page of usage rows."""
    require_beta(call)
    call.expect(*PARAMETERS)
    span = read_span(call)
    grouped = read_group_by(call)
    keep = read_filter(call)
    order_by = call.query.choice("order_by", _ORDER_BY) or "total_tokens"
    ascending = call.query.choice("order", ("asc", "desc")) == "asc"
    size = call.page_size(20, 1000)
    if order_by == "time" and span.width is None:
        raise invalid("order_by: time requires time_bucket_width")

    def make() -> list[Entry]:
        seen = analytics_view(call.switches, call.now)
        export = refreshed_at(call.switches, call.now)
        organization = call.organization.profile.id
        entries: list[Entry] = []
        for start, end in span.buckets(export, running=call.switches.analytics_open_bucket):
            total: dict[Key, list[int]] = defaultdict(lambda: [0] * 8)
            for line, counts in call.organization.usage(start, end, seen).items():
                if line.kind in ("messages", "code_execution") and keep(line):
                    add(total[tuple(value(line, name, organization) for name in grouped)], counts)
            entries += (Entry(start, end, key, tuple(counts)) for key, counts in total.items())
        return _ranked(entries, order_by, ascending=ascending)

    return serve(call, span, size, make, lambda entry: [_row(call, grouped, entry)])


def _ranked(entries: list[Entry], order_by: str, *, ascending: bool) -> list[Entry]:
    entries.sort(key=lambda entry: (entry.start, repr(entry.key)))  # ties always fall the same way
    if order_by == "time":
        entries.sort(key=lambda entry: entry.total, reverse=True)
        entries.sort(key=lambda entry: entry.start, reverse=not ascending)
    else:
        entries.sort(key=lambda entry: entry.measure(order_by), reverse=not ascending)
    return entries


def _row(call: Call, grouped: tuple[str, ...], entry: Entry) -> dict[str, Any]:
    counts = entry.counts
    return {
        "starting_at": rfc3339(entry.start),
        "ending_at": rfc3339(entry.end),
        "group": group(call, grouped, entry.key),
        "usage": {
            "uncached_input_tokens": counts[0],
            "cache_creation": {"ephemeral_1h_input_tokens": counts[2], "ephemeral_5m_input_tokens": counts[1]},
            "cache_read_input_tokens": counts[3],
            "output_tokens": counts[4],
            "total_tokens": entry.total,
            "requests": counts[REQUESTS],
            "server_tool_use": {"web_search_requests": counts[SEARCHES]},
        },
    }

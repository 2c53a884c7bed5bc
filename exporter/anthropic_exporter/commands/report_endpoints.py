"""What ``check`` asks of the reports of usage and cost.

The windows are short and end with today, so that one page or two tell which label sets there are. For the estimate of
the series everything is put on two days: which labels there are counts, not when.
"""

from collections.abc import Iterator
from typing import Any

from anthropic_exporter.collect import cost, usage
from anthropic_exporter.collect.intake import amount_values, list_values, request_values, usage_values
from anthropic_exporter.commands.asked import DAYS, Asked, in_order, on_days, rows, since, whole_hour
from anthropic_exporter.commands.probes import Probe, Rows
from anthropic_exporter.errors import BadRequest, EmptyRange
from anthropic_exporter.records import Reading
from anthropic_exporter.service import streams
from anthropic_exporter.utc import DAY

_ROWS_PER_DAY = 10_000  # so that a page of the usage report holds four days
# The legacy report knows two dimensions that the analytics reports call differently.
_LEGACY_ONLY = {"account_id", "service_account_id"}


def usage_endpoints(asked: Asked) -> Iterator[Probe]:
    """Yield a probe for each report of usage, by the dimensions of usage and by those of keys."""
    settings = asked.settings.usage
    if not settings.enabled:
        return
    yield from _reports_of_usage(asked, "usage", streams.usage_dimensions(settings.group_by))
    if settings.per_api_key:
        yield from _reports_of_usage(asked, "api_key_usage", streams.KEY_DIMENSIONS)


def _reports_of_usage(asked: Asked, collector: str, dimensions: tuple[str, ...]) -> Iterator[Probe]:
    what = "tokens" if collector == "usage" else "tokens by key"
    auto = asked.source == "auto"
    if asked.reads("legacy"):
        yield Probe(
            collector,
            usage.LEGACY,
            lambda: _legacy_usage(asked, collector, dimensions),
            f"{what} come from analytics/usage, hours later" if auto else f"there are no {what}",
            console=True,
        )
    if asked.reads("analytics"):
        yield Probe(
            collector,
            usage.ANALYTICS,
            lambda: _analytics_usage(asked, collector, dimensions),
            "requests are not counted" if auto else f"there are no {what} and no requests",
        )
    if asked.scoped and collector == "usage":
        yield Probe(
            collector,
            usage.SCOPED,
            lambda: _scoped_usage(asked, dimensions),
            f"there are no {what}",
            official=False,
        )


def _legacy_usage(asked: Asked, collector: str, dimensions: tuple[str, ...]) -> Rows:
    """Read the report as the collector does: without ``speed`` where upstream refuses to group by it."""

    def read(by: tuple[str, ...]) -> Rows:
        reading = asked.api.usage_report(
            starting_at=asked.today - DAYS * DAY,
            ending_at=asked.today + DAY,
            width="1d",
            dimensions=by,
            rows_per_bucket=_ROWS_PER_DAY,
        )
        arranged = in_order(reading, by, dimensions)
        return rows(reading, on_days(collector, asked.days, arranged, usage_values))

    try:
        return read(dimensions)
    except EmptyRange:
        raise
    except BadRequest as error:
        if "speed" not in dimensions or not error.is_about_the_query:
            raise
    found = read(tuple(name for name in dimensions if name != "speed"))
    return Rows(found.count, "upstream refuses to group by speed; fast mode is not told apart", found.found)


def _analytics_usage(asked: Asked, collector: str, dimensions: tuple[str, ...]) -> Rows:
    by = tuple(name for name in dimensions if name not in _LEGACY_ONLY)
    reading = asked.api.analytics_usage(
        starting_at=since(asked),
        ending_at=whole_hour(asked),
        width=None,
        dimensions=by,
        default_workspace=asked.default_workspace,
    )
    arranged = in_order(reading, by, dimensions)
    requests = on_days(f"{collector}.requests", asked.days, arranged, request_values)
    # What the legacy report tells is read from there, as the collector does; this is for where it does not answer.
    tokens = on_days(collector, asked.days, arranged, usage_values)
    return rows(reading, tokens, requests)


def _scoped_usage(asked: Asked, dimensions: tuple[str, ...]) -> Rows:
    reading = asked.api.scoped_usage_report(
        starting_at=asked.today - DAYS * DAY, ending_at=asked.today + DAY, width="1d", dimensions=dimensions
    )
    return rows(reading, on_days("usage", asked.days, reading, usage_values))


def cost_endpoints(asked: Asked) -> Iterator[Probe]:
    """Yield a probe for each report of cost."""
    if not asked.settings.cost.enabled:
        return
    auto = asked.source == "auto"
    if asked.reads("legacy"):
        yield Probe(
            "cost",
            cost.LEGACY,
            lambda: _legacy_cost(asked),
            "billed cost comes from analytics/cost alone" if auto else "there is no billed cost",
            console=True,
        )
    if asked.reads("analytics"):
        yield Probe(
            "cost",
            cost.ANALYTICS,
            lambda: _analytics_cost(asked),
            "there is no list cost, no cost per key and no figure for today" if auto else "there is no billed cost",
        )


def _legacy_cost(asked: Asked) -> Rows:
    reading = asked.api.cost_report(starting_at=asked.today - DAYS * DAY, ending_at=asked.today)
    return rows(reading, on_days(cost.STREAM, asked.days, reading, amount_values))


def _analytics_cost(asked: Asked) -> Rows:
    def read(dimensions: tuple[str, ...], *, fan_out: bool) -> Reading[Any]:
        return asked.api.analytics_cost(
            starting_at=since(asked),
            ending_at=whole_hour(asked),
            width=None,
            dimensions=dimensions,
            fan_out=fan_out,
            default_workspace=asked.default_workspace,
        )

    reading, by_key = read(cost.GROUP_BY, fan_out=True), read(cost.KEY_DIMENSIONS, fan_out=False)
    return rows(
        reading,
        on_days(cost.STREAM, asked.days, reading, amount_values),
        on_days(cost.LIST_STREAM, asked.days, reading, list_values),
        on_days(cost.KEY_STREAM, asked.days, by_key, amount_values),
    )

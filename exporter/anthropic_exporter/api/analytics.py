"""GET /v1/organizations/analytics/usage and /cost: flat rows with many dimensions, hours after the fact."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from anthropic_exporter.records import (
    DEFAULT_WORKSPACE,
    MOST_DIMENSIONS,
    NOT_AVAILABLE,
    Bucket,
    CostRow,
    Reading,
    UsageRow,
    arranger,
)
from anthropic_exporter.utc import DAY, SECONDS

from .billing import Money, without_model
from .buckets import Span, Window
from .decode import Decoder
from .endpoint import ORGANIZATIONS, Call, Endpoint, repeated
from .paging import REPORT, walk
from .reader import Reader
from .shapes import CostLine, Group, ReportPage, Usage, UsageLine
from .times import parse, render
from .tokens import tokens, web_searches
from .words import Labels, columns

BETA = "analytics-usage-cost-2026-08-24"
MAX_RANGE = 31 * DAY
MAX_RANGE_OF_MINUTES = DAY
MAX_ROWS = 1000
FAN_OUT = ("cost_type", "token_type")
DIMENSIONS = frozenset(Group.__struct_fields__) - frozenset(FAN_OUT)

LEGACY_DIMENSIONS = frozenset({"account_id", "service_account_id"})
"""What only the legacy report can group by: the actor here is another attribution, so it is "none" instead."""

_USAGE = Endpoint(f"{ORGANIZATIONS}/analytics/usage", (BETA,))
_COST = Endpoint(f"{ORGANIZATIONS}/analytics/cost", (BETA,))
_USAGE_PAGE: Decoder[ReportPage[UsageLine]] = Decoder(ReportPage[UsageLine])
_COST_PAGE: Decoder[ReportPage[CostLine]] = Decoder(ReportPage[CostLine])
# Here a null workspace is usage of Claude Enterprise, not the default one: that has its real ID.
_NULLS = {"inference_geo": NOT_AVAILABLE}

Line = TypeVar("Line", UsageLine, CostLine)
Row = TypeVar("Row")


def analytics_usage(
    reader: Reader,
    *,
    starting_at: int,
    ending_at: int,
    width: str | None,
    dimensions: tuple[str, ...],
    default_workspace: str | None,
    organization_id: str = "",
) -> Reading[UsageRow]:
    """Read tokens and requests; a bucket is there only if it has rows.

    Args:
        dimensions: those of the legacy report, too; what is not offered here is "none".
        width: None for one sum over the range, whose bounds upstream rounds down to the hour.
        default_workspace: the real ID that becomes "default".
        organization_id: the child that is meant, of a parent's credential; "" for all that the credential reads.

    Raises:
        ValueError: a dimension or width that the endpoint does not have, or a range that it does not take.
        PollError: as `errors` describes.
    """
    offered = tuple([name for name in dimensions if name not in LEGACY_DIMENSIONS])
    query = _query(starting_at, ending_at, width, offered) + _of(organization_id)
    pages = walk(reader, Call(_USAGE, query), _USAGE_PAGE, REPORT)
    labels = _labels(reader, _USAGE, offered, default_workspace)
    pick, arrange = columns(offered), arranger(offered, dimensions)

    def row(line: UsageLine) -> UsageRow:
        usage = line.usage
        return UsageRow(arrange(labels.of(pick(line.group))), tokens(usage), web_searches(usage), usage.requests)

    buckets = _grouped(_USAGE, pages, _bounds(starting_at, ending_at, width), row)
    if not all(_adds_up(line.usage) for page in pages for line in page.data):
        reader.drift(_USAGE, "unknown_value", "total_tokens: not the sum of the token types")
    return Reading(buckets, _refreshed_at(_USAGE, pages))


def analytics_cost(
    reader: Reader,
    *,
    starting_at: int,
    ending_at: int,
    width: str | None,
    dimensions: tuple[str, ...],
    fan_out: bool,
    default_workspace: str | None,
    organization_id: str = "",
) -> Reading[CostRow]:
    """Read billed and list cost; ``fan_out`` splits by cost_type and token_type, as the last two labels.

    The rest is as in `analytics_usage`.
    """
    names = (*dimensions, *FAN_OUT) if fan_out else dimensions
    query = _query(starting_at, ending_at, width, dimensions, FAN_OUT if fan_out else ()) + _of(organization_id)
    pages = walk(reader, Call(_COST, query), _COST_PAGE, REPORT)
    labels = _labels(reader, _COST, names, default_workspace)
    money = Money(reader, _COST)
    pick = columns(names)

    def row(line: CostLine) -> CostRow:
        cost = line.cost
        return CostRow(
            without_model(names, labels.of(pick(line.group))),
            money.usd("amount", cost.amount, cost.currency),
            None if cost.list_amount is None else money.usd("list_amount", cost.list_amount, cost.currency),
        )

    return Reading(_grouped(_COST, pages, _bounds(starting_at, ending_at, width), row), _refreshed_at(_COST, pages))


def _query(
    starting_at: int,
    ending_at: int,
    width: str | None,
    dimensions: tuple[str, ...],
    more: tuple[str, ...] = (),
) -> list[tuple[str, str]]:
    if len(dimensions) > MOST_DIMENSIONS:
        raise ValueError(f"at most {MOST_DIMENSIONS} dimensions")
    if not DIMENSIONS.issuperset(dimensions):
        raise ValueError(f"not a dimension of this report: {', '.join(sorted(set(dimensions) - DIMENSIONS))}")
    if width is not None and width not in SECONDS:
        raise ValueError(f"no such width: {width}")
    if not 0 <= ending_at - starting_at <= (MAX_RANGE_OF_MINUTES if width == "1m" else MAX_RANGE):
        raise ValueError("a range that one query does not take: 31 days, 24 hours by the minute")
    query = [("starting_at", render(starting_at)), ("ending_at", render(ending_at)), ("limit", str(MAX_ROWS))]
    if width is not None:
        # The default order is by amount: rows that are revised during a walk would change places between
        # pages.
        query += [("time_bucket_width", width), ("order_by", "time"), ("order", "asc")]
    return query + repeated("group_by", (*dimensions, *more))


def _of(organization_id: str) -> list[tuple[str, str]]:
    return repeated("organization_ids", (organization_id,) if organization_id else ())


def _labels(reader: Reader, endpoint: Endpoint, names: tuple[str, ...], default_workspace: str | None) -> Labels:
    renamed = {"workspace_id": {default_workspace: DEFAULT_WORKSPACE}} if default_workspace else {}
    return Labels(
        names,
        nulls=_NULLS,
        renamed=renamed,
        unknown=lambda what: reader.drift(endpoint, "unknown_value", what),
    )


def _bounds(starting_at: int, ending_at: int, width: str | None) -> Window | Span:
    return Span(starting_at, ending_at) if width is None else Window(starting_at, ending_at, SECONDS[width])


def _grouped(
    endpoint: Endpoint,
    pages: Sequence[ReportPage[Line]],
    bounds: Window | Span,
    row: Callable[[Line], Row],
) -> list[Bucket[Row]]:
    """Put flat rows into ascending buckets; a bucket may go on over the end of a page."""
    buckets: dict[int, Bucket[Row]] = {}
    try:
        for page in pages:
            for line in page.data:
                start, end = bounds.bucket(line.starting_at, line.ending_at)
                bucket = buckets.get(start) or buckets.setdefault(start, Bucket(start, end, []))
                if bucket.ending_at != end:
                    raise ValueError("rows of one range that end at different times")  # noqa: TRY301 - translated with its neighbours
                bucket.rows.append(row(line))
    except ValueError as error:
        raise endpoint.unreadable(str(error)) from None
    return [buckets[start] for start in sorted(buckets)]


def _adds_up(usage: Usage) -> bool:
    """Tell whether the token types are all there are: a new one would be missing from every sum made here."""
    return usage.total_tokens is None or usage.total_tokens == sum(tokens(usage))


def _refreshed_at(endpoint: Endpoint, pages: Sequence[ReportPage[Line]]) -> int | None:
    told = pages[-1].data_refreshed_at
    try:
        return None if told is None else parse(told)
    except ValueError as error:
        raise endpoint.unreadable(f"data_refreshed_at: {error}") from None

"""From a reading to what the ledger takes: labels in the stream's order, values as a row of numbers."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from anthropic_exporter.records import (
    Bucket,
    Cells,
    CostRow,
    Intake,
    Interval,
    Labels,
    Reading,
    UsageRow,
    Values,
)

Row = TypeVar("Row", UsageRow, CostRow)


def usage_values(row: UsageRow) -> Values:
    """Return five token types and the web searches."""
    return (*row.tokens, row.web_searches)


def request_values(row: UsageRow) -> Values:
    """Return the requests; none where they are not reported."""
    return (row.requests or 0,)


def amount_values(row: CostRow) -> Values:
    """Return the billed amount."""
    return (row.amount,)


def list_values(row: CostRow) -> Values:
    """Return the list amount."""
    return (row.list_amount or 0,)


def bucketed(
    stream: str,
    window: Interval,
    reading: Reading[Row],
    arrange: Callable[[Labels], Labels],
    values: Callable[[Row], Values],
) -> Intake:
    """Return the intake of a report that serves empty buckets too.

    What lies behind the last bucket served is not known (it may still be running), so the window ends there; a hole
    between served buckets is an empty one.
    """
    end = max((bucket.ending_at for bucket in reading.buckets), default=window.starting_at)
    served = {_interval(bucket): _cells(bucket.rows, arrange, values) for bucket in reading.buckets}
    return Intake(stream, Interval(window.starting_at, end), served)


def flat(
    stream: str,
    window: Interval,
    width: int,
    reading: Reading[Row],
    arrange: Callable[[Labels], Labels],
    values: Callable[[Row], Values],
) -> Intake | None:
    """Return the intake of a report that has rows only where something was used, or None when it knows nothing yet.

    ``refreshed_at`` says how far it knows: an absent bucket before that is empty, one behind it unknown. Buckets are
    known by their start: the end of a report without a width may be cut to what there is.
    """
    served = {bucket.starting_at: _cells(bucket.rows, arrange, values) for bucket in reading.buckets}
    if reading.refreshed_at is None and not served:
        return None
    known = window.ending_at if reading.refreshed_at is None else reading.refreshed_at
    end = max((start + width for start in served), default=window.starting_at)
    grid: dict[Interval, Cells] = {}
    for start in range(window.starting_at, window.ending_at, width):
        interval = Interval(start, start + width)
        if start < known or start < end:
            grid[interval] = served.get(start, {})
            end = max(end, interval.ending_at)
    return Intake(stream, Interval(window.starting_at, end), grid, reading.refreshed_at)


def added_up(rows: Iterable[tuple[Labels, Values]]) -> dict[Labels, Values]:
    """Return the sums of rows with the same labels."""
    sums: dict[Labels, Values] = {}
    for labels, values in rows:
        old = sums.get(labels)
        sums[labels] = values if old is None else tuple([a + b for a, b in zip(old, values, strict=True)])
    return sums


def _interval(bucket: Bucket[Row]) -> Interval:
    return Interval(bucket.starting_at, bucket.ending_at)


def _cells(rows: Iterable[Row], arrange: Callable[[Labels], Labels], values: Callable[[Row], Values]) -> Cells:
    return added_up((arrange(row.labels), found) for row in rows if any(found := values(row)))

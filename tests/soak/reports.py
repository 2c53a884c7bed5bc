"""The report API of both generations over a history, in this process.

It fails when it is told to: with an error, by changing between two pages, or with an answer from which all rows are
gone, which is no error at all.
"""

import random
from collections.abc import Callable
from decimal import Decimal

from anthropic_exporter.errors import AuthError, CursorLost, PollError, RateLimited, SchemaError, Unavailable
from anthropic_exporter.records import Bucket, CostRow, Labels, Reading, UsageRow
from anthropic_exporter.utc import DAY, HOUR, SECONDS, floor
from soak.history import History, Row, by

FAILURES: tuple[type[PollError], ...] = (Unavailable, RateLimited, SchemaError, CursorLost, AuthError)
RECENT = 20 * DAY
"""Seconds back to where an answer may be hollow: what is older is read again too seldom to be mended by the end."""

BILLED = ("workspace_id", "model", "service_tier")


class Reports:
    """What the exporter reads from.

    Args:
        clock: upstream's own, which is right.
        open_bucket: whether the legacy report serves the bucket that still runs.
        refresh: seconds between two exports of the analytics reports.
        answering: called for each answer; lets time pass.
    """

    def __init__(
        self,
        history: History,
        random: random.Random,
        clock: Callable[[], int],
        *,
        open_bucket: bool,
        refresh: int,
        answering: Callable[[], None] = lambda: None,
    ) -> None:
        self._history = history
        self._random = random
        self._clock = clock
        self._open = open_bucket
        self._refresh = refresh
        self._answering = answering
        self.failure_rate = 0.0
        self.failures = 0

    def usage_report(
        self, *, starting_at: int, ending_at: int, width: str, dimensions: tuple[str, ...], rows_per_bucket: int
    ) -> Reading[UsageRow]:
        """Serve the legacy report. Usage goes on between its pages."""
        self._fail()
        buckets = []
        hollow = starting_at > self._clock() - RECENT and self._happens(self.failure_rate / 3)
        for start, end in self._served(starting_at, ending_at, SECONDS[width]):
            rows = {} if hollow else by(dimensions, self._history.rows(start, end - start))
            buckets.append(Bucket(start, end, [_usage(labels, row, None) for labels, row in rows.items()]))
            if self.failure_rate and not self._random.randrange(50):
                self._history.use(self._clock() - self._random.randrange(HOUR))
        self._fail()
        return Reading(buckets, None)

    def analytics_usage(
        self,
        *,
        starting_at: int,
        ending_at: int,
        width: str | None,
        dimensions: tuple[str, ...],
        default_workspace: str | None,
    ) -> Reading[UsageRow]:
        """Serve the analytics report."""
        self._fail()
        buckets = [
            Bucket(start, end, [_usage(labels, row, row[6]) for labels, row in by(dimensions, rows).items()])
            for start, end, rows in self._exported(starting_at, ending_at, width)
        ]
        return Reading(buckets, self._refreshed_at())

    def cost_report(self, *, starting_at: int, ending_at: int) -> Reading[CostRow]:
        """Serve the legacy cost report: completed days."""
        self._fail()
        days = [day for day in range(starting_at, ending_at, DAY) if day + DAY <= self._clock()]
        return Reading(
            [Bucket(day, day + DAY, _cost(BILLED, self._history.rows(day, DAY), True)) for day in days], None
        )

    def analytics_cost(
        self,
        *,
        starting_at: int,
        ending_at: int,
        width: str | None,
        dimensions: tuple[str, ...],
        fan_out: bool,
        default_workspace: str | None,
    ) -> Reading[CostRow]:
        """Serve the analytics cost report."""
        self._fail()
        buckets = [
            Bucket(start, end, _cost(dimensions, rows, fan_out))
            for start, end, rows in self._exported(starting_at, ending_at, width)
        ]
        return Reading(buckets, self._refreshed_at())

    def _served(self, starting_at: int, ending_at: int, width: int) -> list[tuple[int, int]]:
        now = self._clock()
        starts = range(floor(starting_at, width), ending_at, width)
        return [(at, at + width) for at in starts if (at <= now if self._open else at + width <= now)]

    def _exported(
        self, starting_at: int, ending_at: int, width: str | None
    ) -> list[tuple[int, int, dict[Labels, Row]]]:
        step = SECONDS[width] if width else ending_at - starting_at
        found = []
        for start in range(starting_at, ending_at, step):
            end = min(start + step, self._refreshed_at())
            unit = HOUR if end % DAY or start % DAY else DAY
            rows: dict[Labels, Row] = {}
            for at in range(start, end, unit):
                for line, row in self._history.rows(at, unit).items():
                    rows[line] = tuple([a + b for a, b in zip(rows[line], row, strict=True)]) if line in rows else row
            if rows:
                found.append((start, start + step, rows))
        return found

    def _refreshed_at(self) -> int:
        return floor(self._clock(), self._refresh)

    def _happens(self, rate: float) -> bool:
        found = self._random.random() < rate
        self.failures += found
        return found

    def _fail(self) -> None:
        self._answering()
        if self._happens(self.failure_rate):
            raise self._random.choice(FAILURES)("as a fault says")


def _usage(labels: Labels, row: Row, requests: int | None) -> UsageRow:
    return UsageRow(labels, row[:5], row[5], requests)  # type: ignore[arg-type]


def usd(row: Row) -> Decimal:
    """Return what a row was billed."""
    return Decimal(row[4]) / 1000


def _cost(dimensions: tuple[str, ...], rows: dict[Labels, Row], fan_out: bool) -> list[CostRow]:
    more = ("tokens", "output") if fan_out else ()
    return [CostRow((*labels, *more), usd(row), 2 * usd(row)) for labels, row in by(dimensions, rows).items() if row[4]]

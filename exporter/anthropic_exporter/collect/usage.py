"""Collectors ``usage`` and ``api_key_usage``: tokens, web searches and requests, by two sets of dimensions.

Tokens come from the legacy usage report where it answers (minutes fresh), else from the analytics report (hours), else
from the usage report of the org-scoped dialect; requests only from the analytics report.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from anthropic_exporter.collect import plan
from anthropic_exporter.collect.base import Directory
from anthropic_exporter.collect.capability import Capability
from anthropic_exporter.collect.intake import bucketed, flat, request_values, usage_values
from anthropic_exporter.collect.memory import Memory, recall, remember
from anthropic_exporter.collect.portions import Portions
from anthropic_exporter.collect.reports import AnalyticsUsage, ScopedUsage, UsageReport
from anthropic_exporter.collect.requests import RequestCounts
from anthropic_exporter.errors import BadRequest, EmptyRange
from anthropic_exporter.records import Intake, Interval, Reading, UsageRow, arranger
from anthropic_exporter.utc import DAY, HOUR, MINUTE, SECONDS, floor

LEGACY = "/v1/organizations/usage_report/messages"
ANALYTICS = "/v1/organizations/analytics/usage"
SCOPED = "/v1/organizations/{id}/usage_report/messages"

MINUTE_ROWS = 50_000
"""More rows than this for the minutes of an hour are not read; the hour is then counted when it is over."""

TAIL = 15 * MINUTE
"""How long after its end the minutes of an hour are still read."""

log = logging.getLogger(__name__)


class UsageApi(UsageReport, AnalyticsUsage, ScopedUsage, Protocol):
    """The part of the Admin API that is read here."""


@dataclass(frozen=True, slots=True)
class State:
    """What the collector remembers between cycles and restarts.

    ``open_hour`` tells how upstream treats the running hour: "served", "not served" (then its minutes are read), or
    "" while that is not known. It is not documented, so it is found out.
    """

    progress: plan.Progress = plan.Progress()
    open_hour: str = ""
    minutes: bool = True  # whether upstream serves minutes at all
    without: tuple[str, ...] = ()  # dimensions that upstream refuses
    rows_per_bucket: int = 0
    refreshed_at: int = 0


@dataclass(slots=True)
class UsageCollector:
    """Reads usage by one set of dimensions.

    Args:
        name: of the collector and of its token stream.
        dimensions: what to group by, at most five.
        interval: seconds between polls.
        cadence: of late data.
        epoch: from when counters count, given the time.
        earliest: the first second that the analytics report serves, given the time.
        sources: which endpoints may serve tokens, the preferred one first.
        request_counts: reads requests where another endpoint than the tokens' tells them; None: never.
    """

    name: str
    api: UsageApi
    dimensions: tuple[str, ...]
    interval: float
    cadence: plan.Cadence
    epoch: Callable[[float], int]
    earliest: Callable[[float], int]
    sources: tuple[str, ...]
    memory: Memory
    directory: Directory
    request_counts: RequestCounts | None
    _tokens: Capability = field(init=False)
    _state: State = field(init=False)
    _portions: dict[str, Portions] = field(
        init=False, default_factory=lambda: {width: Portions(seconds) for width, seconds in SECONDS.items()}
    )

    def __post_init__(self) -> None:
        self._tokens = Capability(f"{self.name}.tokens", self.memory)
        self._state = recall(self.memory, f"collector.{self.name}", State)

    @property
    def source(self) -> str:
        """The endpoint that serves tokens."""
        return self._tokens.endpoint

    def read(self, now: float) -> Iterator[Intake]:
        """Read what is due: tokens, then requests.

        Raises:
            PollError: a read failed. What was yielded before stays valid: each is a whole window.
        """
        source = self.source
        tier = plan.due(self._state.progress, now, self.cadence)
        first = plan.base(self.epoch(now), now)
        if not source and first < max(self.earliest(now), plan.scoped_earliest(now)):
            # What does not reach back that far must have answered for a time that it has, before it is chosen.
            self._ask(plan.hourly(plan.HOT, now, first), "1h", now)
        for window in plan.daily(tier, now, first):
            yield from self._read(window, "1d", now)
        hours = plan.hourly(tier, now, first)
        if self.source == ANALYTICS and tier == plan.HOT:
            # The report moves every few hours and then by all of them; what lies further back the warm tier reads.
            behind = max(floor(self._state.refreshed_at, HOUR) - HOUR, floor(now, DAY) - plan.RECENT_DAYS * DAY)
            hours = Interval(min(hours.starting_at, behind), hours.ending_at)
        if not self._by_minutes(tier):
            yield from self._read(hours, "1h", now)
        if self.source == LEGACY and self._state.open_hour != "served" and self._state.minutes:
            yield from self._minutes(now)
        # Another endpoint may tell what the one before did not (requests), so it is read whole, in the next cycle.
        moved = source not in {"", self.source}
        self._keep(progress=plan.Progress() if moved else self._state.progress.read(tier, now))
        if self.request_counts and self.source == LEGACY:
            yield from self.request_counts.read(now)

    def whole_streams(self) -> list[str]:
        """Return the streams that have been read whole from the epoch, after a cycle that ended well."""
        whole = self._state.progress.archive_at is not None
        if (self.source == ANALYTICS and whole) or (self.request_counts and self.request_counts.whole):
            return [self.name, f"{self.name}.requests"]
        return [self.name]

    def history(self, window: Interval, width: str, now: float) -> Iterator[Intake]:
        """Read a window that no plan asks for: tokens, and requests where the report is offered.

        Raises:
            PollError: the read failed.
        """
        yield from self._read(window, width, now)
        if self.request_counts and self.source == LEGACY:
            yield from self.request_counts.history(window, width, now)

    def _by_minutes(self, tier: int) -> bool:
        """Return whether the minutes alone say all that a hot reading is for."""
        return (
            tier == plan.HOT
            and self.source == LEGACY
            and self._state.open_hour == "not served"
            and self._minutes_bearable()
        )

    def _minutes_bearable(self) -> bool:
        return self._state.minutes and self._state.rows_per_bucket * 60 <= MINUTE_ROWS

    def _minutes(self, now: float) -> Iterator[Intake]:
        """Read the minutes of the running hour, and those of the hour before until they were read after their time."""
        if not self._minutes_bearable():
            return
        since = min(now, self._state.progress.hot_at or now) - TAIL
        window = Interval(max(floor(since, HOUR), plan.hot_start(now)), plan.hour_end(now))
        try:
            yield from self._read(window, "1m", now)
        except BadRequest as error:
            if not error.is_about_the_query:
                raise
            log.warning("upstream serves no minutes; hours are counted when they are over", extra={"why": str(error)})
            self._keep(minutes=False)

    def _read(self, window: Interval, width: str, now: float) -> Iterator[Intake]:
        portions = self._portions[width]
        if width != "1m":
            portions.suit(self._state.rows_per_bucket)
        yield from portions.read(window, lambda part: self._window(part, width, now))

    def _window(self, window: Interval, width: str, now: float) -> Iterator[Intake]:
        endpoint, reading = self._ask(window, width, now)
        arrange = arranger(self._asked(), self.dimensions)
        rows = max((len(bucket.rows) for bucket in reading.buckets), default=0)
        if width != "1m" and rows > self._state.rows_per_bucket:
            self._note_size(rows)
        if endpoint in (LEGACY, SCOPED):
            if endpoint == SCOPED:
                window = Interval(max(window.starting_at, plan.scoped_earliest(now)), window.ending_at)
            elif width == "1h" and window.ending_at > floor(now, HOUR):
                self._note_open_hour(reading, now)
            intake = bucketed(self.name, window, reading, arrange, usage_values)
            if intake.buckets:
                yield intake
            return
        window = Interval(max(window.starting_at, self.earliest(now)), window.ending_at)
        tokens = flat(self.name, window, SECONDS[width], reading, arrange, usage_values)
        if tokens is None:
            return
        yield tokens
        requests = flat(f"{self.name}.requests", window, SECONDS[width], reading, arrange, request_values)
        if requests is not None:
            yield requests
        self._keep(refreshed_at=reading.refreshed_at or 0)

    def _ask(self, window: Interval, width: str, now: float) -> tuple[str, Reading[UsageRow]]:
        calls = {
            LEGACY: lambda: self._legacy(window, width),
            ANALYTICS: lambda: self._analytics(window, width, now),
            SCOPED: lambda: self._scoped(window, width, now),
        }
        try:
            return self._tokens.ask([(source, calls[source]) for source in self.sources], now)
        except BadRequest as error:
            # The report may not know the newest dimension; without it the label says "none".
            if self.source or "speed" not in self._asked() or not error.is_about_the_query:
                raise
            self._keep(without=("speed",))
            try:
                answer = self._tokens.ask([(source, calls[source]) for source in self.sources], now)
            except BadRequest:
                self._keep(without=())
                raise
            log.warning(
                "upstream refuses to group by speed; fast mode is not told apart", extra={"collector": self.name}
            )
            return answer

    def _legacy(self, window: Interval, width: str) -> Reading[UsageRow]:
        try:
            return self.api.usage_report(
                starting_at=window.starting_at,
                ending_at=window.ending_at,
                width=width,
                dimensions=self._asked(),
                rows_per_bucket=self._state.rows_per_bucket,
            )
        except EmptyRange:
            return Reading([], None)

    def _analytics(self, window: Interval, width: str, now: float) -> Reading[UsageRow]:
        start = max(window.starting_at, self.earliest(now))
        if start >= window.ending_at:
            return Reading([], None)
        return self.api.analytics_usage(
            starting_at=start,
            ending_at=window.ending_at,
            width=width,
            dimensions=self._asked(),
            default_workspace=self.directory.require(),
        )

    def _scoped(self, window: Interval, width: str, now: float) -> Reading[UsageRow]:
        start = max(window.starting_at, plan.scoped_earliest(now))
        if start >= window.ending_at:
            return Reading([], None)
        try:
            return self.api.scoped_usage_report(
                starting_at=start, ending_at=window.ending_at, width=width, dimensions=self._asked()
            )
        except EmptyRange:
            return Reading([], None)

    def _asked(self) -> tuple[str, ...]:
        return tuple([name for name in self.dimensions if name not in self._state.without])

    def _note_open_hour(self, reading: Reading[UsageRow], now: float) -> None:
        running = next((b for b in reading.buckets if b.starting_at == floor(now, HOUR)), None)
        found = self._state.open_hour if running and not running.rows else "served" if running else "not served"
        if found != self._state.open_hour:
            log.info("running hour", extra={"collector": self.name, "upstream": found})
            self._keep(open_hour=found)

    def _note_size(self, rows: int) -> None:
        if self._minutes_bearable() and rows * 60 > MINUTE_ROWS:
            log.warning(
                "too many groups to read the running hour by minutes; it is counted when it is over",
                extra={"collector": self.name, "rows": rows},
            )
        self._keep(rows_per_bucket=rows)

    def _keep(self, **changes: object) -> None:
        self._state = replace(self._state, **changes)  # type: ignore[arg-type] # fields of State, checked by it
        remember(self.memory, f"collector.{self.name}", self._state)

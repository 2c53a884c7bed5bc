"""Collector ``cost``: what was billed per workspace, model and tier, at which list cost, and per key.

From the analytics report where it answers (list cost, cost per key, and a figure for today), else from the legacy
cost report (completed days only).
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from anthropic_exporter.collect import plan
from anthropic_exporter.collect.base import Directory
from anthropic_exporter.collect.capability import Capability
from anthropic_exporter.collect.intake import amount_values, bucketed, flat, list_values
from anthropic_exporter.collect.memory import Memory, recall, remember
from anthropic_exporter.collect.portions import Portions
from anthropic_exporter.collect.reports import AnalyticsCost
from anthropic_exporter.errors import EmptyRange
from anthropic_exporter.records import CostRow, Intake, Interval, Reading, arranger
from anthropic_exporter.utc import DAY, floor, previous_month_start

ANALYTICS = "/v1/organizations/analytics/cost"
LEGACY = "/v1/organizations/cost_report"

STREAM, LIST_STREAM, KEY_STREAM = "cost", "cost.list", "cost.api_key"
DIMENSIONS = ("workspace_id", "model", "service_tier", "cost_type", "token_type")
GROUP_BY = ("workspace_id", "model", "service_tier")
KEY_DIMENSIONS = ("api_key_id", "model")

HOT_DAYS = 3
"""Days before today that each poll reads again: cost appears within two days."""

log = logging.getLogger(__name__)


class CostApi(AnalyticsCost, Protocol):
    """The part of the Admin API that is read here."""

    def cost_report(self, *, starting_at: int, ending_at: int) -> Reading[CostRow]:
        """Read the legacy cost report."""


@dataclass(slots=True)
class CostCollector:
    """Reads billed cost.

    Args:
        interval: seconds between polls.
        cadence: of late data; only its cold tier matters, since each poll reads the last days anyway.
        sources: which endpoints may serve it, the preferred one first.
        days_since: from when cost by key is wanted day by day, given the time.
    """

    api: CostApi
    interval: float
    cadence: plan.Cadence
    epoch: Callable[[float], int]
    earliest: Callable[[float], int]
    sources: tuple[str, ...]
    memory: Memory
    directory: Directory
    days_since: Callable[[float], int] = previous_month_start
    name: str = "cost"
    _capability: Capability = field(init=False)
    _progress: plan.Progress = field(init=False)
    _portions: Portions = field(init=False, default_factory=lambda: Portions(DAY))

    def __post_init__(self) -> None:
        self._capability = Capability("cost", self.memory)
        self._progress = recall(self.memory, "collector.cost", plan.Progress)

    @property
    def source(self) -> str:
        """The endpoint that serves it."""
        return self._capability.endpoint

    def read(self, now: float) -> Iterator[Intake]:
        """Read what is due: by workspace, then by key where the analytics report serves.

        Raises:
            PollError: a read failed. What was yielded before stays valid: each is a whole window.
        """
        source = self.source
        tier = plan.due(self._progress, now, self.cadence)
        windows = self._windows(tier, now)
        if not source and windows[0].ending_at <= self.earliest(now):
            # What does not reach back that far must have answered for a time that it has, before it is chosen.
            self._ask(windows[-1], now)
        for window in windows:
            yield from self._read(window, now)
        if self.source == ANALYTICS:
            yield from self._by_key(tier, now)
        # Another endpoint may tell what the one before did not (list cost), so it is read whole, in the next cycle.
        moved = source not in {"", self.source}
        self._progress = plan.Progress() if moved else self._progress.read(tier, now)
        remember(self.memory, "collector.cost", self._progress)

    def whole_streams(self) -> list[str]:
        """Return the streams that have been read whole from the epoch, after a cycle that ended well."""
        whole = self._progress.archive_at is not None
        return [STREAM, LIST_STREAM, KEY_STREAM] if self.source == ANALYTICS and whole else [STREAM]

    def history(self, window: Interval, now: float) -> Iterator[Intake]:
        """Read whole days that no plan asks for, at most 31 of them.

        Raises:
            PollError: the read failed.
        """
        yield from self._read(window, now)
        served = Interval(max(window.starting_at, self.earliest(now)), window.ending_at)
        if self.source == ANALYTICS and served.starting_at < served.ending_at:
            yield from self._key_window(served, "1d")

    def _windows(self, tier: int, now: float) -> list[Interval]:
        today = floor(now, DAY)
        first = plan.base(self.epoch(now), now)
        days = {plan.ARCHIVE: today - first, plan.COLD: plan.COLD_DAYS * DAY}.get(tier, HOT_DAYS * DAY)
        return plan.chunks(max(today - days, first), today + DAY)

    def _ask(self, window: Interval, now: float) -> tuple[str, Reading[CostRow]]:
        calls = {
            ANALYTICS: lambda: self._analytics(window, now, GROUP_BY, fan_out=True),
            LEGACY: lambda: self._legacy(window),
        }
        return self._capability.ask([(source, calls[source]) for source in self.sources], now)

    def _read(self, window: Interval, now: float) -> Iterator[Intake]:
        yield from self._portions.read(window, lambda part: self._window(part, now))

    def _window(self, window: Interval, now: float) -> Iterator[Intake]:
        endpoint, reading = self._ask(window, now)
        arrange = arranger(DIMENSIONS, DIMENSIONS)
        if endpoint == LEGACY:
            intake = bucketed(STREAM, window, reading, arrange, amount_values)
            if intake.buckets:
                yield intake
            return
        window = Interval(max(window.starting_at, self.earliest(now)), window.ending_at)
        for stream, values in ((STREAM, amount_values), (LIST_STREAM, list_values)):
            found = flat(stream, window, DAY, reading, arrange, values)
            if found:
                yield found

    def _by_key(self, tier: int, now: float) -> Iterator[Intake]:
        for window, width in plan.sums(tier, now, self.epoch(now), self.earliest(now), self.days_since(now)):
            yield from self._key_window(window, width)

    def _key_window(self, window: Interval, width: str | None) -> Iterator[Intake]:
        reading = self.api.analytics_cost(
            starting_at=window.starting_at,
            ending_at=window.ending_at,
            width=width,
            dimensions=KEY_DIMENSIONS,
            fan_out=False,
            default_workspace=self.directory.require(),
        )
        seconds = DAY if width else window.ending_at - window.starting_at
        intake = flat(KEY_STREAM, window, seconds, reading, arranger(KEY_DIMENSIONS, KEY_DIMENSIONS), amount_values)
        if intake:
            yield intake

    def _analytics(
        self, window: Interval, now: float, dimensions: tuple[str, ...], *, fan_out: bool
    ) -> Reading[CostRow]:
        start = max(window.starting_at, self.earliest(now))
        if start >= window.ending_at:
            return Reading([], None)
        return self.api.analytics_cost(
            starting_at=start,
            ending_at=window.ending_at,
            width="1d",
            dimensions=dimensions,
            fan_out=fan_out,
            default_workspace=self.directory.require(),
        )

    def _legacy(self, window: Interval) -> Reading[CostRow]:
        try:
            return self.api.cost_report(starting_at=window.starting_at, ending_at=window.ending_at)
        except EmptyRange:
            return Reading([], None)

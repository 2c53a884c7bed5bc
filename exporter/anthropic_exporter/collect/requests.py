"""Request counts, which only the analytics report tells: read beside the tokens of the legacy report.

They feed counters and nothing else, so old months are read as one row each.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from anthropic_exporter.collect import plan
from anthropic_exporter.collect.base import Directory
from anthropic_exporter.collect.capability import ASK_AGAIN
from anthropic_exporter.collect.intake import flat, request_values
from anthropic_exporter.collect.memory import Memory, recall, remember
from anthropic_exporter.collect.reports import AnalyticsUsage
from anthropic_exporter.errors import NotSupported
from anthropic_exporter.records import Intake, Interval, arranger
from anthropic_exporter.utc import SECONDS


@dataclass(slots=True)
class RequestCounts:
    """Reads requests by some dimensions into one stream, where the organization has the report.

    Args:
        stream: the ledger stream to fill.
        dimensions: what to group by.
        cadence: of late data; there is no hot tier, since the report moves every few hours.
    """

    stream: str
    api: AnalyticsUsage
    dimensions: tuple[str, ...]
    cadence: plan.Cadence
    epoch: Callable[[float], int]
    earliest: Callable[[float], int]
    memory: Memory
    directory: Directory
    _ask_at: float = 0.0
    _progress: plan.Progress = field(init=False)

    def __post_init__(self) -> None:
        self._progress = recall(self.memory, f"collector.{self.stream}", plan.Progress)

    @property
    def whole(self) -> bool:
        """Whether everything since the epoch has been read once."""
        return self._progress.archive_at is not None

    def read(self, now: float) -> Iterator[Intake]:
        """Read what is due; nothing where the report is not offered (asked again after an hour)."""
        tier = plan.due(self._progress, now, self.cadence)
        if now < self._ask_at or tier == plan.HOT:
            return
        try:
            for window, width in plan.sums(tier, now, self.epoch(now), self.earliest(now)):
                yield from self._window(window, width)
        except NotSupported:
            self._ask_at = now + ASK_AGAIN
            return
        self._progress = self._progress.read(tier, now)
        remember(self.memory, f"collector.{self.stream}", self._progress)

    def history(self, window: Interval, width: str, now: float) -> Iterator[Intake]:
        """Read the part of a window that the report serves, outside of the plan; nothing where it is not offered."""
        served = Interval(max(window.starting_at, self.earliest(now)), window.ending_at)
        if now < self._ask_at or served.starting_at >= served.ending_at:
            return
        try:
            yield from self._window(served, width)
        except NotSupported:
            self._ask_at = now + ASK_AGAIN

    def _window(self, window: Interval, width: str | None) -> Iterator[Intake]:
        reading = self.api.analytics_usage(
            starting_at=window.starting_at,
            ending_at=window.ending_at,
            width=width,
            dimensions=self.dimensions,
            default_workspace=self.directory.require(),
        )
        seconds = SECONDS[width] if width else window.ending_at - window.starting_at
        arrange = arranger(self.dimensions, self.dimensions)
        intake = flat(self.stream, window, seconds, reading, arrange, request_values)
        if intake:
            yield intake

"""A small Admin API for the tests of the core: things that happened, and when each could be seen."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from anthropic_exporter.errors import BadRequest, EmptyRange, NotSupported
from anthropic_exporter.records import Bucket, CostRow, Reading, UsageRow
from anthropic_exporter.utc import DAY, HOUR, SECONDS, floor

NEVER = 1 << 40
DIMENSIONS = ("workspace_id", "model", "service_tier", "inference_geo", "speed")
KEY_DIMENSIONS = ("api_key_id", "model", "service_tier", "inference_geo", "speed")


@dataclass(frozen=True)
class Event:
    """Tokens that were used at one moment, and the span of time in which upstream tells of them."""

    at: int
    tokens: int = 0
    workspace_id: str = "default"
    model: str = "claude-opus-5"
    service_tier: str = "standard"
    inference_geo: str = "global"
    speed: str = "standard"
    api_key_id: str = "apikey_1"
    output: int = 0
    searches: int = 0
    requests: int = 1
    usd: Decimal = Decimal(0)
    seen_from: int = 0
    seen_until: int = NEVER

    def counts(self) -> tuple[int, ...]:
        """Return the five token types, web searches, requests."""
        return (self.tokens, 0, 0, 0, self.output, self.searches, self.requests)


@dataclass
class Upstream:
    """Answers the calls of the collectors from a list of events, at the moment ``now``.

    Args:
        open_buckets: whether the legacy usage report serves the bucket that still runs.
        minutes: whether it has buckets of one minute.
        export_every: seconds between two exports of the analytics reports, which end at the newest one.
        fails: called before each answer with the endpoint's word; raises what that call is to raise.
    """

    events: list[Event] = field(default_factory=list)
    now: float = 0.0
    open_buckets: bool = True
    minutes: bool = True
    export_every: int = 4 * HOUR
    refuses: set[str] = field(default_factory=set)  # dimensions
    missing: set[str] = field(default_factory=set)  # endpoints: "legacy", "analytics", "cost", "analytics_cost"
    fails: Callable[[str], None] = lambda _: None
    calls: list[tuple[str, int, int, str | None]] = field(default_factory=list, repr=False)

    def seen(self) -> list[Event]:
        """Return what upstream knows now."""
        return [e for e in self.events if e.seen_from <= self.now < e.seen_until and e.at <= self.now]

    def usage_report(
        self, *, starting_at: int, ending_at: int, width: str, dimensions: tuple[str, ...], rows_per_bucket: int
    ) -> Reading[UsageRow]:
        """Serve buckets up to the last closed one, or the running one."""
        self._asked("legacy", starting_at, ending_at, width, dimensions)
        if width == "1m" and not self.minutes:
            raise BadRequest("bucket_width: 1m is not offered", status=400)
        seconds = SECONDS[width]
        assert starting_at % seconds == 0
        end = min(ending_at, floor(self.now, seconds) + seconds * self.open_buckets)
        if end <= starting_at:
            raise EmptyRange("ending date must be after starting date")
        return Reading(self._usage(starting_at, end, seconds, dimensions, "legacy", empty=True), None)

    def analytics_usage(
        self,
        *,
        starting_at: int,
        ending_at: int,
        width: str | None,
        dimensions: tuple[str, ...],
        default_workspace: str | None,
    ) -> Reading[UsageRow]:
        """Serve rows up to the newest export."""
        assert 0 < ending_at - starting_at <= 31 * DAY
        self._asked("analytics", starting_at, ending_at, width, dimensions)
        refreshed_at = floor(self.now, self.export_every)
        seconds = SECONDS[width] if width else ending_at - starting_at
        buckets = self._usage(starting_at, min(ending_at, refreshed_at), seconds, dimensions, "analytics", empty=False)
        return Reading(buckets, refreshed_at)

    def cost_report(self, *, starting_at: int, ending_at: int) -> Reading[CostRow]:
        """Serve completed days."""
        self._asked("cost", starting_at, ending_at, "1d", ())
        end = min(ending_at, floor(self.now, DAY))
        if end <= starting_at:
            raise EmptyRange("ending date must be after starting date")
        return Reading(self._cost(starting_at, end, DAY, (), fan_out=True, empty=True), None)

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
        """Serve rows up to the newest export."""
        assert 0 < ending_at - starting_at <= 31 * DAY
        self._asked("analytics_cost", starting_at, ending_at, width, dimensions)
        refreshed_at = floor(self.now, self.export_every)
        seconds = DAY if width else ending_at - starting_at
        end = min(ending_at, refreshed_at)
        return Reading(self._cost(starting_at, end, seconds, dimensions, fan_out=fan_out, empty=False), refreshed_at)

    def _asked(self, endpoint: str, start: int, end: int, width: str | None, dimensions: tuple[str, ...]) -> None:
        self.calls.append((endpoint, start, end, width))
        self.fails(endpoint)
        if endpoint in self.missing:
            raise NotSupported(f"{endpoint} is not offered")
        if self.refuses.intersection(dimensions):
            raise BadRequest("group_by: a dimension that is not known", status=400)

    def _usage(self, start, end, seconds, dimensions, endpoint, *, empty):
        def row(labels, found):
            sums = [sum(column) for column in zip(*(e.counts() for e in found), strict=True)]
            requests = None if endpoint == "legacy" else sums[6]
            return UsageRow(labels, tuple(sums[:5]), sums[5], requests)

        return self._buckets(start, end, seconds, dimensions, row, empty=empty)

    def _cost(self, start, end, seconds, dimensions, *, fan_out, empty):
        def row(labels, found):
            amount = sum((e.usd for e in found), Decimal(0))
            return CostRow(labels, amount, amount * 2)

        names = ("workspace_id", "model", "service_tier") if fan_out else dimensions
        more = ("tokens", "output") if fan_out else ()
        return self._buckets(start, end, seconds, names, lambda labels, rows: row((*labels, *more), rows), empty=empty)

    def _buckets(self, start, end, seconds, dimensions, row, *, empty):
        grouped = {}
        for event in self.seen():
            if start <= event.at < end:
                bucket = start + (event.at - start) // seconds * seconds
                labels = tuple(getattr(event, name) for name in dimensions)
                grouped.setdefault(bucket, {}).setdefault(labels, []).append(event)
        starts = range(start, end, seconds) if empty else sorted(grouped)
        return [
            Bucket(at, at + seconds, [row(labels, found) for labels, found in grouped.get(at, {}).items()])
            for at in starts
        ]


@dataclass
class DictMemory:
    """What collectors remember, in a dict."""

    kept: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        """Return what was remembered, or None."""
        return self.kept.get(key)

    def set(self, key: str, value: str) -> None:
        """Remember a text."""
        self.kept[key] = value


def unasked():
    """Stand where the list of workspaces would be asked for again; nobody may."""
    raise AssertionError("the workspaces were asked for again")

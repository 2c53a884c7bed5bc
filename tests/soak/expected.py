"""What a ledger must hold after what it was told, worked out from its rule alone and in the plainest way."""

from dataclasses import dataclass, field

from anthropic_exporter.ledger.windows import bounds
from anthropic_exporter.records import TOKEN_TYPES, Cells, Interval, Labels, Number
from anthropic_exporter.utc import DAY, floor, year_start
from soak.machine import SETTINGS, Series

TOKENS = "anthropic_usage_tokens_total"
SEARCHES = "anthropic_usage_web_search_requests_total"
COST = "anthropic_cost_usd_total"


@dataclass
class Held:
    """One bucket."""

    cells: Cells
    settled: bool


@dataclass
class Expected:
    """A list of buckets per stream, and the largest totals since the epoch."""

    epoch: int = 0
    held: dict[str, dict[Interval, Held]] = field(default_factory=lambda: {"usage": {}, "cost": {}})
    totals: dict[Series, Number] = field(default_factory=dict)
    highs: dict[Series, Number] = field(default_factory=dict)

    def stored(self, stream: str) -> dict[Interval, tuple[Cells, bool]]:
        """Return the buckets of a stream, and whether each is settled."""
        return {interval: (bucket.cells, bucket.settled) for interval, bucket in self.held[stream].items()}

    def take(self, stream: str, window: Interval, buckets: dict[Interval, Cells], now: float) -> None:
        """Let a reading replace its window; a coarser bucket that begins before the window stands."""
        held = self.held[stream]
        window, fresh = self._cut(held, window, buckets)
        before = {i: bucket for i, bucket in held.items() if _overlap(i, window)}
        for interval in before:
            del held[interval]
        for interval, cells in fresh.items():
            old = before.get(interval)
            settled = stream == "cost" and (
                now >= interval.ending_at + SETTINGS.cost.settle_delay or (old is not None and old.settled)
            )
            held[interval] = Held(cells, settled)
        self._raise()

    def masses(self, stream: str, window: Interval, buckets: dict[Interval, Cells]) -> tuple[Number, Number]:
        """Return what the window holds, and what a reading says of it."""
        window, fresh = self._cut(self.held[stream], window, buckets)
        before = [bucket.cells for i, bucket in self.held[stream].items() if _overlap(i, window)]
        return sum(map(_mass, before)), sum(map(_mass, fresh.values()))

    def turn(self, now: float, *, restarted: bool = False) -> bool:
        """Begin another year; return whether one has begun. Only a restart goes back to an earlier one."""
        epoch = year_start(now)
        if epoch == self.epoch or (epoch < self.epoch and not restarted):
            return False
        self.epoch = epoch
        self.highs = dict.fromkeys(self.highs, 0)
        self._raise()
        return True

    def window(self, name: str, now: float) -> dict[Labels, Number]:
        """Return the tokens of a calendar window by workspace and model."""
        start, end = bounds(name, now)
        sums: dict[Labels, Number] = {}
        for interval, bucket in self.held["usage"].items():
            if start <= floor(interval.starting_at, DAY) < end:
                for labels, values in bucket.cells.items():
                    sums[labels[:2]] = sums.get(labels[:2], 0) + sum(values[:5])
        return {labels: total for labels, total in sums.items() if total}

    def _raise(self) -> None:
        self.totals = dict.fromkeys(self.totals, 0)
        for interval, bucket in self.held["usage"].items():
            if interval.starting_at >= self.epoch:
                for labels, values in bucket.cells.items():
                    for token_type, value in zip(TOKEN_TYPES, values, strict=False):
                        self._add((TOKENS, (*labels, token_type)), value)
                    self._add((SEARCHES, labels), values[5])
        for interval, bucket in self.held["cost"].items():
            if interval.starting_at >= self.epoch and bucket.settled:
                for labels, values in bucket.cells.items():
                    self._add((COST, labels), values[0])
        for series, total in self.totals.items():
            self.highs[series] = max(self.highs.get(series, 0), total)

    def _add(self, series: Series, value: Number) -> None:
        self.totals[series] = self.totals.get(series, 0) + value

    @staticmethod
    def _cut(
        held: dict[Interval, Held], window: Interval, buckets: dict[Interval, Cells]
    ) -> tuple[Interval, dict[Interval, Cells]]:
        start = max([i.ending_at for i in held if i.starting_at < window.starting_at < i.ending_at], default=0)
        window = Interval(max(start, window.starting_at), max(start, window.ending_at))
        return window, {i: cells for i, cells in buckets.items() if i.starting_at >= window.starting_at}


def _overlap(interval: Interval, window: Interval) -> bool:
    return interval.starting_at < window.ending_at and interval.ending_at > window.starting_at


def _mass(cells: Cells) -> Number:
    return sum(sum(values) for values in cells.values())

"""Sums per UTC day, and the calendar windows that gauges show of them.

Unlike counters these follow every correction at once. A window is valid only inside itself: once the day or month has
changed nothing is shown until a read of the new one has succeeded, so that a dead exporter cannot show yesterday as
today.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from anthropic_exporter.ledger.intervals import plus
from anthropic_exporter.records import Interval, Labels, Values
from anthropic_exporter.utc import DAY, floor, month_start, previous_month_start

WINDOWS = ("today", "yesterday", "month_to_date", "previous_month")

MOST_WINDOWS = 8
"""Windows whose sums are kept: those of ``WINDOWS``, and those of the day before."""


@dataclass(slots=True)
class Days:
    """What each combination of labels used on each day, for as many days as the windows reach back.

    Sums over a window are kept and moved with each difference, so a poll costs what it changed and not what the
    month holds.
    """

    _days: dict[int, dict[Labels, Values]] = field(default_factory=dict)
    _versions: dict[int, int] = field(default_factory=dict)
    _windows: dict[Interval, "_Window"] = field(default_factory=dict)
    _labels: set[Labels] = field(default_factory=set)
    _changes: int = 0

    def version(self, day: int) -> int:
        """Return a number that is another one whenever the day has changed, so that sums of it can be kept."""
        return self._versions.get(day, 0)

    def add(self, day: int, labels: Labels, values: Values) -> None:
        """Add a difference (which may be negative) to a day."""
        cells = self._days.setdefault(day, {})
        cells[labels] = plus(cells[labels], values) if labels in cells else values
        self._labels.add(labels)
        self._changes += 1
        self._versions[day] = self._changes
        for (starting_at, ending_at), window in self._windows.items():
            if starting_at <= day < ending_at:
                window.sums[labels] = plus(window.sums.get(labels), values)
                window.version = self._changes

    def forget_before(self, day: int) -> None:
        """Drop the days that no window reaches any more."""
        for old in [start for start in self._days if start < day]:
            del self._days[old]
            self._versions.pop(old, None)
            self._forget_sums()

    def replace(self, days: Mapping[int, dict[Labels, Values]]) -> None:
        """Hold these days instead of all others."""
        self._changes += 1
        self._versions = dict.fromkeys((*self._days, *days), self._changes)
        self._days = dict(days)
        self._forget_sums()

    def day(self, day: int) -> Mapping[Labels, Values]:
        """Return one day."""
        return self._days.get(day, {})

    def total(self, starting_at: int, ending_at: int) -> Mapping[Labels, Values]:
        """Return the sums over the days in [starting_at, ending_at), as they are until the next ``add``."""
        return self._window(starting_at, ending_at).sums

    def stamp(self, starting_at: int, ending_at: int) -> tuple[int, ...]:
        """Return what is another value whenever ``total`` of these bounds, or ``labels``, may have changed."""
        return starting_at, ending_at, self._window(starting_at, ending_at).version, len(self._labels)

    def labels(self) -> Iterable[Labels]:
        """Return every combination that any of the days holds."""
        return self._labels

    def _window(self, starting_at: int, ending_at: int) -> "_Window":
        bounds = Interval(starting_at, ending_at)
        kept = self._windows.get(bounds)
        if kept is None:
            if len(self._windows) >= MOST_WINDOWS:
                self._windows.clear()  # of days and months that are over
            kept = self._windows[bounds] = _Window(self._summed(starting_at, ending_at), self._changes)
        return kept

    def _summed(self, starting_at: int, ending_at: int) -> dict[Labels, Values]:
        sums: dict[Labels, Values] = {}
        for day, cells in self._days.items():
            if starting_at <= day < ending_at:
                for labels, values in cells.items():
                    sums[labels] = plus(sums.get(labels), values)
        return sums

    def _forget_sums(self) -> None:
        self._changes += 1
        self._windows.clear()
        self._labels = {labels for cells in self._days.values() for labels in cells}


@dataclass(slots=True)
class _Window:
    sums: dict[Labels, Values]
    version: int


def bounds(window: str, now: float) -> tuple[int, int]:
    """Return [start, end) of a calendar window at ``now``."""
    today = floor(now, DAY)
    match window:
        case "today":
            return today, today + DAY
        case "yesterday":
            return today - DAY, today
        case "month_to_date":
            return month_start(now), today + DAY
        case "previous_month":
            return previous_month_start(now), month_start(now)
        case _:
            raise ValueError(f"no such window: {window}")

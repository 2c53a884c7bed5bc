"""An organization's usage as a reports API publishes it: minute by minute, late, corrected, moved, taken back."""

import random
from collections import defaultdict
from collections.abc import Iterator

from anthropic_exporter.records import Labels, Values
from anthropic_exporter.utc import DAY, HOUR, MINUTE, SECONDS, floor

Row = tuple[int, ...]
"""Five token types, web searches, requests."""

NOTHING: Row = (0,) * 7
U = ("workspace_id", "model", "service_tier", "inference_geo", "speed")
DIMENSIONS = (*U, "api_key_id")

LINES: tuple[Labels, ...] = (
    ("default", "claude-opus-5-5", "standard", "global", "standard", "apikey_1"),
    ("default", "claude-sonnet-5-5", "batch", "us", "standard", "apikey_2"),
    ("wrkspc_1", "claude-opus-5-5", "standard", "global", "fast", "apikey_1"),
    ("wrkspc_1", "claude-haiku-4-5-20251001", "standard", "not_available", "standard", "none"),
    ("wrkspc_2", "claude-lumen-preview", "priority", "global", "standard", "apikey_3"),
)


class History:
    """What upstream says now. Every act changes it; nothing is ever the same twice.

    Args:
        random: decides everything.
        scale: the order of magnitude of a count.
    """

    def __init__(self, random: random.Random, scale: int) -> None:
        self._random = random
        self._scale = scale
        self.lines = random.sample(LINES, random.choice((1, 2, 2, 3, 5)))
        self._minutes: dict[int, dict[Labels, Row]] = {}
        self._sums: dict[tuple[int, int], dict[Labels, Row]] = {}
        self._days: dict[int, set[int]] = defaultdict(set)
        self.acts = 0

    def rows(self, start: int, width: int) -> dict[Labels, Row]:
        """Return the sums of the bucket of that width (in seconds) that begins at ``start``."""
        if width == MINUTE:
            return self._minutes.get(start, {})
        known = self._sums.get((start, width))
        if known is None:
            known = {}
            for minute in self._days.get(floor(start, DAY), ()):
                if start <= minute < start + width:
                    for line, row in self._minutes[minute].items():
                        known[line] = _plus(known.get(line, NOTHING), row)
            self._sums[start, width] = known
        return known

    def total(self, starting_at: int, ending_at: int) -> dict[Labels, Row]:
        """Return the sums of [starting_at, ending_at), bounds of days."""
        sums: dict[Labels, Row] = {}
        for day in sorted(self._days):
            if starting_at <= day < ending_at:
                for line, row in self.rows(day, DAY).items():
                    sums[line] = _plus(sums.get(line, NOTHING), row)
        return sums

    def use(self, at: float) -> None:
        """Let something be used in the minute of ``at``; also for what arrives late."""
        self._add(floor(at, MINUTE), self._random.choice(self.lines), self._row())

    def correct(self, since: float, until: float) -> None:
        """Correct one row of some minute in [since, until): up, down, away, or to another line."""
        minute = self._pick(since, until)
        if minute is None:
            return
        line, row = self._random.choice(sorted(self._minutes[minute].items()))
        match self._random.randrange(4):
            case 0:
                self._add(minute, line, self._row())
            case 1:
                self._add(minute, line, tuple([-self._random.randint(0, value) for value in row]))
            case 2:
                self._add(minute, line, _minus(row))
            case _:
                self._add(minute, line, _minus(row))
                self._add(minute, self._random.choice(self.lines), row)

    def exceed(self, at: float, wanted: dict[Labels, Row]) -> None:
        """Let each line be used as much more as ``wanted`` says, and a little more than that."""
        for line in self.lines:
            self._add(floor(at, MINUTE), line, tuple([max(0, v) + 1 for v in wanted.get(line, NOTHING)]))

    def _row(self) -> Row:
        number = self._random.randrange
        tokens = [number(self._scale) if number(3) else 0 for _ in range(5)]
        return (*tokens, number(3), 1 + number(5))

    def _pick(self, since: float, until: float) -> int | None:
        minutes = [minute for day in self._span(since, until) for minute in self._days.get(day, ())]
        minutes = sorted(minute for minute in minutes if since <= minute < until)
        return self._random.choice(minutes) if minutes else None

    def _span(self, since: float, until: float) -> Iterator[int]:
        if until - since > 100 * DAY:
            return iter(sorted(self._days))
        return iter(range(floor(since, DAY), floor(until, DAY) + DAY, DAY))

    def _add(self, minute: int, line: Labels, row: Row) -> None:
        self.acts += 1
        at = self._minutes.setdefault(minute, {})
        self._days[floor(minute, DAY)].add(minute)
        at[line] = _plus(at.get(line, NOTHING), row)
        if not any(at[line]):
            del at[line]
        if not at:
            del self._minutes[minute]
            self._days[floor(minute, DAY)].discard(minute)
        for width in (HOUR, DAY):
            self._sums.pop((floor(minute, width), width), None)


def by(dimensions: tuple[str, ...], rows: dict[Labels, Row]) -> dict[Labels, Row]:
    """Return the sums by some of the dimensions, in the order asked for."""
    places = [DIMENSIONS.index(name) for name in dimensions]
    sums: dict[Labels, Row] = {}
    for line, row in rows.items():
        labels = tuple([line[place] for place in places])
        sums[labels] = _plus(sums.get(labels, NOTHING), row)
    return sums


def cells(dimensions: tuple[str, ...], rows: dict[Labels, Row]) -> dict[Labels, Values]:
    """Return what a ledger keeps of rows: tokens and web searches."""
    return {labels: row[:6] for labels, row in by(dimensions, rows).items() if any(row[:6])}


def _plus(left: Row, right: Row) -> Row:
    return tuple([a + b for a, b in zip(left, right, strict=True)])


def _minus(row: Row) -> Row:
    return tuple([-value for value in row])


WIDTHS = {SECONDS[name]: name for name in ("1m", "1h", "1d")}

"""All series of one organization as functions of time: what the live exporter would have shown.

A counter at a moment is what ended by then, since the epoch; a day of billed cost ends for it when it is settled. So a
sample is the live counter's value without the lag of arrival: the same amounts by the same posters, in the same
series (``ledger.counters`` places them), with the same reset when an epoch begins. Buckets are taken once, in order of
time; only the running slice of samples is kept.
"""

import decimal
import operator
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, compress
from typing import NamedTuple

from anthropic_exporter.backfill.calendar import NOON, Epoch
from anthropic_exporter.backfill.curve import Curve, rise, scaled
from anthropic_exporter.backfill.page import Points, Series
from anthropic_exporter.expose.family import Value
from anthropic_exporter.expose.windowed import window_samples, windowed
from anthropic_exporter.ledger.counters import Counters, Posting
from anthropic_exporter.ledger.intervals import Delta, plus
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.linear import Linear
from anthropic_exporter.records import Cells, Interval, Labels, Number, Values
from anthropic_exporter.utc import DAY, floor

GAUGED = {"usage": ("usage", "estimate"), "cost": ("cost",)}
"""The streams whose days have gauges, and the books of those."""


class Ceilings(NamedTuple):
    """What counters were first shown at by the exporter: no sample of the same epoch lies above."""

    at: float
    values: Mapping[tuple[str, Labels], Number]  # a series that is not there was first shown at 0


class Due(NamedTuple):
    """A bucket that counters take up at a moment that has not come yet."""

    at: int
    stream: str
    interval: Interval
    cells: Cells


Gauges = tuple[int, str, list[tuple[Labels, int | float]]]
"""A moment, a family, and its samples."""


class Part(NamedTuple):
    """What some values of a cell add to which series."""

    amounts: list[tuple[Curve, int, int]]  # series, place of the value, what one unit of it adds
    curves: list[Curve]


@dataclass(slots=True)
class Units:
    """What the values of one label set add, found out once: by place, and by which of them are not 0."""

    by_place: dict[int, Part] = field(default_factory=dict)
    together: dict[tuple[bool, ...], Part] = field(default_factory=dict)


@dataclass(slots=True)
class History:
    """The series of one organization.

    Args:
        streams: the posters by stream, in terms of single units.
        delays: by stream, seconds after the end of a bucket until counters take it up; of others none.
        placing: says which series a label set belongs to; holds the series of the live exporter where they are known.
        epoch: from when counters count, given the time.
        idle_ttl: seconds without movement after which a series is hidden.
        ceilings: where the live exporter took over, by family; none where that is not known.
    """

    streams: Mapping[str, Linear]
    delays: Mapping[str, float]
    placing: Counters
    epoch: Epoch
    idle_ttl: float
    ceilings: Mapping[str, Ceilings] = field(default_factory=dict)
    times: list[int] = field(default_factory=list)
    curves: dict[tuple[str, Labels], Curve] = field(default_factory=dict)
    due: dict[str, deque[Due]] = field(default_factory=dict)
    days: dict[int, dict[str, dict[Labels, Values]]] = field(default_factory=dict)
    gauges: list[Gauges] = field(default_factory=list)
    in_force: int = -1
    at: int = 0
    _units: dict[tuple[str, int], defaultdict[Labels, Units]] = field(default_factory=dict)

    def take(self, stream: str, interval: Interval, cells: Cells) -> None:
        """Take a bucket; the buckets of a stream come in order, each before ``advance`` to its end or later."""
        if not cells or stream not in self.streams:
            return
        if stream in GAUGED:
            day = self.days.setdefault(floor(interval.starting_at, DAY), {}).setdefault(stream, {})
            for labels, values in cells.items():
                old = day.get(labels)
                day[labels] = values if old is None else tuple(map(operator.add, old, values))
        at = interval.ending_at + int(self.delays.get(stream, 0))
        self.due.setdefault(stream, deque()).append(Due(at, stream, interval, cells))

    def catch_up(self, at: int) -> None:
        """Count what has ended by then without showing it: what lies before the first sample."""
        if self.in_force < 0:
            self._begin(at)
        for curve in self._count(at, at, None):
            curve.settle(at)
        self._end_days(at, shown=False)
        self.at = at

    def advance(self, at: int) -> None:
        """Show what is known at a moment; everything that ended by then has been taken."""
        if self.in_force < 0:
            self._begin(at)
        place = len(self.times)
        self.times.append(at)
        # A second before an epoch begins stands for its beginning: what ends with the old one is shown there.
        until = at + 1 if self.epoch(at + 1) > self.in_force else at
        restarted = self._restart(at) if self.epoch(at) > self.in_force else ()
        moved = self._count(until, at, place)
        rise(moved, place)
        for curve in restarted:
            curve.note(place)
        self._end_days(at, shown=True)
        self.at = at

    def families(self, before: int | None) -> set[str]:
        """Return the families that may have samples in the running slice before a moment, or in all of it."""
        gauged = {family for at, family, _ in self.gauges if before is None or at < before}
        return gauged | {family for family, _ in self.curves}

    def series(self, family: str, before: int | None) -> list[Series]:
        """Return the series of a family with what they show in the running slice before a moment, or in all of it.

        Labels are without the organization's.
        """
        count = self._count_before(before)
        found: list[Series] = []
        for key in sorted(key for key in self.curves if key[0] == family):
            moves = self.curves[key].moves(count)
            if moves is not None:
                found.append(Series(key[1], moves))
        gauges: dict[Labels, tuple[list[int], list[float]]] = {}
        for at, name, samples in self.gauges:
            if name == family and (before is None or at < before):
                for labels, value in samples:
                    times, values = gauges.setdefault(labels, ([], []))
                    times.append(at)
                    values.append(value)
        return found + [Series(labels, Points(*gauges[labels])) for labels in sorted(gauges)]

    def moments(self, before: int | None) -> list[int]:
        """Return the moments of the running slice before one, or all of them."""
        return self.times[: self._count_before(before)]

    def turn_page(self, before: int) -> None:
        """Forget the samples before a moment, which have been written."""
        count = self._count_before(before)
        for curve in self.curves.values():
            curve.turn_page(self.times, count)
        self.times = self.times[count:]
        self.gauges = [gauge for gauge in self.gauges if gauge[0] >= before]

    def keep(self, curve: Curve) -> None:
        """Take a series from a journal."""
        curve.limit(self._ceiling(curve))
        self.curves[curve.family, curve.labels] = curve

    def _count_before(self, before: int | None) -> int:
        if before is None:
            return len(self.times)
        return sum(1 for at in self.times if at < before)

    def _begin(self, at: int) -> None:
        self.in_force = self.epoch(at)

    def _restart(self, at: int) -> list[Curve]:
        self.in_force = self.epoch(at)
        for curve in self.curves.values():
            curve.restart()
            curve.limit(self._ceiling(curve))
        return list(self.curves.values())

    def _count(self, until: int, at: int, place: int | None) -> set[Curve]:
        """Add up what is due, and return the series that it moves."""
        moved: set[Curve] = set()
        with decimal.localcontext(EXACT):
            for stream, queue in self.due.items():
                while queue and queue[0].at <= until:
                    due = queue.popleft()
                    if due.interval.starting_at >= self.in_force:
                        self._post(stream, due, moved, at, place)
        return moved

    def _post(self, stream: str, due: Due, moved: set[Curve], at: int, place: int | None) -> None:
        linear = self.streams[stream]
        day = floor(due.interval.starting_at, DAY)
        known = self._units.setdefault((stream, linear.span(day)), defaultdict(Units))
        money = linear.account.stream.settled_only
        for labels, told in due.cells.items():
            # An amount of money posts itself, scaled.
            values = [scaled(Decimal(value)) for value in told] if money else told
            some = tuple(map(bool, values))
            units = known[labels]
            part = units.together.get(some)
            if part is None:
                for at_place in compress(range(len(some)), some):
                    if at_place not in units.by_place:
                        postings = linear.unit(labels, day, at_place)
                        units.by_place[at_place] = self._part(at_place, postings, moved, at, place, money=money)
                part = units.together[some] = _together(
                    [units.by_place[at_place] for at_place in compress(range(len(some)), some)]
                )
            for curve, at_place, one in part.amounts:
                curve.total += values[at_place] * one  # type: ignore[assignment] # what is no money is counted
            moved.update(part.curves)

    def _part(
        self, value_at: int, postings: list[Posting], moved: set[Curve], at: int, place: int | None, *, money: bool
    ) -> Part:
        """Return the series that postings go to with the amounts of one unit, making those that are new."""
        amounts = []
        for posting in postings:
            curve = self._curve(posting, at, place)
            moved.add(curve)
            amount = posting.amount
            if amount:
                # Where the values themselves are money their unit is 1.
                one = int(amount) if money or isinstance(amount, int) else scaled(amount)
                amounts.append((curve, value_at, one))
        return Part(amounts, [curve for curve, _, _ in amounts])

    def _curve(self, posting: Posting, at: int, place: int | None) -> Curve:
        family, labels = posting.family, self.placing.place(posting.family, posting.labels)
        curve = self.curves.get((family, labels))
        if curve is None:
            money = isinstance(posting.amount, Decimal)
            curve = Curve(family, labels, money=money, moved_at=at, born=place or None)
            curve.limit(self._ceiling(curve))
            self.curves[family, labels] = curve
        return curve

    def _ceiling(self, curve: Curve) -> Number | None:
        ceilings = self.ceilings.get(curve.family)
        if ceilings is None or self.epoch(ceilings.at) != self.in_force:
            return None
        return ceilings.values.get((curve.family, curve.labels), 0)

    def _end_days(self, at: int, *, shown: bool) -> None:
        """Make the gauges of the days that are over since noon."""
        for day in sorted(day for day in self.days if day + DAY + NOON <= at):
            sums = self.days.pop(day)
            if shown and day + DAY + NOON > self.at:
                for stream, cells in sums.items():
                    for book, window in self._books(stream, day, cells).items():
                        samples = [(by, _plain(value)) for by, value in window_samples(book, window)]
                        self.gauges.append((day + DAY + NOON, windowed(book, "yesterday"), samples))

    def _books(self, stream: str, day: int, cells: Cells) -> dict[str, dict[Labels, Values]]:
        linear = self.streams[stream]
        slot = Interval(day, day + DAY)
        books: dict[str, dict[Labels, Values]] = {book: {} for book in GAUGED[stream]}
        with decimal.localcontext(EXACT):
            held = [Delta(slot, labels, values, values, before=False) for labels, values in cells.items()]
            for found in linear.account.poster.days(held, linear.prices):
                if found.book in books:
                    sums = books[found.book]
                    sums[found.labels] = plus(sums.get(found.labels), found.values)
        return books


def _plain(value: Value) -> int | float:
    return value if isinstance(value, int) else float(value)


def _together(parts: list[Part]) -> Part:
    curves = dict.fromkeys(chain.from_iterable([part.curves for part in parts]))
    return Part([*chain.from_iterable([part.amounts for part in parts])], [*curves])

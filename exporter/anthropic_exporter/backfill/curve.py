"""One counter series as a function of time, over the moments of one slice."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, Inexact
from typing import Any, NamedTuple

from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.records import Labels, Number

DIGITS = 60
"""Decimal places of money while it is added up: whole numbers of them are exact, and fast."""

_SCALE = 10**DIGITS


def scaled(usd: Decimal) -> int:
    """Return an amount of money as a whole number of its smallest part.

    Raises:
        decimal.Inexact: it has more decimal places; no real price does.
    """
    whole = usd.scaleb(DIGITS, EXACT)
    if whole != whole.to_integral_value():
        raise Inexact(f"more than {DIGITS} decimal places: {usd}")
    return int(whole)


class Stretch(NamedTuple):
    """Moments of a slice, by their places, over which a series showed one value."""

    value: float
    first: int
    end: int  # behind the last


class Moves(NamedTuple):
    """What one series showed in one slice, told by when it moved and to what.

    Args:
        first: the place of its first sample.
        before: what it shows there, if it does not move there.
        moved_at: when it moved last, before the slice.
        places: where it moved, in order; those of the next slice are among them.
        was: to what.
    """

    first: int
    before: float
    moved_at: int
    places: Sequence[int]
    was: Sequence[float]

    def stretches(self, times: Sequence[int], idle_ttl: float) -> Iterator[Stretch]:
        """Yield what there is to see at the moments of the slice, in order.

        There is nothing while nothing has moved for ``idle_ttl`` seconds; before it moves again the old value is shown
        once more, as the live exporter does.
        """
        count = len(times)
        first, value, moved_at = self.first, self.before, self.moved_at
        for place, new in zip(self.places, self.was, strict=True):
            if place > count:
                break
            if place > first:
                if times[place - 1] - moved_at <= idle_ttl:
                    yield Stretch(value, first, place)
                else:
                    hidden = bisect_right(times, moved_at + idle_ttl, first, place)
                    if hidden > first:
                        yield Stretch(value, first, hidden)
                    if hidden < place:
                        yield Stretch(value, place - 1, place)
            if place == count:
                return
            first, value, moved_at = place, new, times[place]
        end = count if times[-1] - moved_at <= idle_ttl else bisect_right(times, moved_at + idle_ttl, first, count)
        if end > first:
            yield Stretch(value, first, end)


class Curve:
    """A series: what it has counted so far, and what of that was shown at which moment of the running slice.

    Places are those of the moments in the slice. A series shows the largest total so far, and never more than its
    ceiling.

    Args:
        money: whether amounts are ``scaled``.
        moved_at: when it came to be.
        born: the place of its first value, or None where it is there from the start. A 0 is shown one place before.
    """

    __slots__ = ("before", "born", "ceiling", "family", "high", "labels", "money", "moved_at", "places", "total", "was")

    def __init__(self, family: str, labels: Labels, *, money: bool, moved_at: int, born: int | None) -> None:
        self.family = family
        self.labels = labels
        self.money = money
        self.total = 0
        self.high = 0
        self.ceiling: int | None = None
        self.before: float = 0  # what was shown before the slice
        self.moved_at = moved_at  # when it moved last, before the slice
        self.born = born
        self.places = array("H")  # where it moved
        self.was: array[Any] = array("d" if money else "q")  # to what

    def limit(self, ceiling: Number | None) -> None:
        """Show at most so much from now on; None for no limit."""
        self.ceiling = None if ceiling is None else scaled(Decimal(ceiling)) if self.money else int(ceiling)

    def restart(self) -> None:
        """Begin a new epoch."""
        self.total = self.high = 0

    def note(self, place: int) -> None:
        """Show what there is from this place on, also where that is less: an epoch begins."""
        if not self.places or self.places[-1] != place:
            self.places.append(place)
            self.was.append(self.shown())

    def settle(self, at: int) -> None:
        """Show the total before the slice, where it is the largest so far."""
        if self.total > self.high:
            self.high = self.total
            self.before = self.shown()
            self.moved_at = at

    def shown(self) -> float:
        """Return the value to show; of money the nearest float."""
        high = self.high if self.ceiling is None else min(self.high, self.ceiling)
        return high / _SCALE if self.money else high

    def moves(self, count: int) -> Moves | None:
        """Return what was shown at the first ``count`` moments of the slice, or None where nothing was."""
        first = 0 if self.born is None else max(self.born - 1, 0)
        return Moves(first, self.before, self.moved_at, self.places, self.was) if first < count else None

    def turn_page(self, times: Sequence[int], count: int) -> None:
        """Begin the next slice with what comes after the first ``count`` moments of this one."""
        kept = bisect_left(self.places, count)
        if kept:
            self.before = self.was[kept - 1]
            self.moved_at = times[self.places[kept - 1]]
        # One that is born with the next slice has shown its 0 in this one.
        self.born = None
        self.places, self.was = array("H", [place - count for place in self.places[kept:]]), self.was[kept:]


def rise(curves: Iterable[Curve], place: int) -> None:
    """Show the totals of series from this place on, where they are the largest so far."""
    for curve in curves:
        total = curve.total
        if total > curve.high:
            curve.high = total
            if curve.ceiling is not None and total > curve.ceiling:
                total = curve.ceiling
            curve.places.append(place)
            curve.was.append(total / _SCALE if curve.money else total)

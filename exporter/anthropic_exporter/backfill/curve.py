"""One counter series as a function of time, over the moments of one slice."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal, Inexact
from typing import Any

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

    def rise(self, place: int) -> None:
        """Show the total from this place on, where it is the largest so far."""
        total = self.total
        if total > self.high:
            self.high = total
            if self.ceiling is not None and total > self.ceiling:
                total = self.ceiling
            self.places.append(place)
            self.was.append(total / _SCALE if self.money else total)

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

    def samples(self, times: Sequence[int], count: int, idle_ttl: float) -> tuple[Sequence[int], Sequence[float]]:
        """Return which of the first ``count`` moments of the slice have a sample, and the samples.

        There is none while nothing has moved for ``idle_ttl`` seconds; before it moves again the old value is shown
        once more, as the live exporter does.
        """
        first = 0 if self.born is None else max(self.born - 1, 0)
        if first >= count:
            return (), ()
        values = self._filled(count)
        if times[count - 1] - self.moved_at <= idle_ttl:
            return times[first:count], values[first:]
        kept = [place for place in self._visible(times, count, idle_ttl) if place >= first]
        return [times[place] for place in kept], [values[place] for place in kept]

    def turn_page(self, times: Sequence[int], count: int) -> None:
        """Begin the next slice with what comes after the first ``count`` moments of this one."""
        kept = sum(1 for place in self.places if place < count)
        if kept:
            self.before = self.was[kept - 1]
            self.moved_at = times[self.places[kept - 1]]
        # One that is born with the next slice has shown its 0 in this one.
        self.born = None
        self.places, self.was = array("H", [place - count for place in self.places[kept:]]), self.was[kept:]

    def _filled(self, count: int) -> list[float]:
        if len(self.places) >= count and self.places[0] == 0:
            return self.was.tolist()[:count]  # it moved each time
        values: list[float] = []
        value: float = self.before
        for place, new in zip(self.places, self.was, strict=True):
            if place >= count:
                break
            values.extend([value] * (place - len(values)))
            values.append(new)
            value = new
        values.extend([value] * (count - len(values)))
        return values

    def _visible(self, times: Sequence[int], count: int, idle_ttl: float) -> Iterator[int]:
        moves = [(-1 if self.born is None else self.born - 1, self.moved_at)]
        moves += [(place, times[place]) for place in self.places]
        for index, (place, moved_at) in enumerate(moves):
            following = moves[index + 1][0] if index + 1 < len(moves) else None
            end = count if following is None else min(following, count)
            hidden = bisect_right(times, moved_at + idle_ttl, 0, len(times))
            yield from range(max(place, 0), min(hidden, end))
            if following is not None and max(place, 0) <= following - 1 < count and hidden < following:
                yield following - 1

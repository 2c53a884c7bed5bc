"""Ledgers that are wrong in the ways that exporters have been wrong; every check must be able to tell."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from anthropic_exporter.ledger.book import EVER, Book, Change
from anthropic_exporter.ledger.counters import UNSEEN, Counter, Counters, Key, Posting, Staged
from anthropic_exporter.records import Cells, Intake, Interval, Labels, Number
from soak.machine import Parts


class FirstSightWins(Book):
    """A bucket counts what it held when it was first seen: what comes late is lost."""

    def change(self, intake: Intake, now: float, epoch: int) -> Change:
        known = self.cells(0, EVER)
        buckets = {interval: known.get(interval.starting_at, cells) for interval, cells in intake.buckets.items()}
        return super().change(replace(intake, buckets=buckets), now, epoch)


class RowsStay(Book):
    """A row that is gone from a bucket keeps its last value."""

    def change(self, intake: Intake, now: float, epoch: int) -> Change:
        known = self.cells(0, EVER)
        buckets: dict[Interval, Cells] = {
            interval: {**known.get(interval.starting_at, {}), **cells} for interval, cells in intake.buckets.items()
        }
        return super().change(replace(intake, buckets=buckets), now, epoch)


class SumOfIncrements(Counters):
    """Each rise is added and each fall ignored, so every correction that is itself corrected counts twice."""

    def _moved(self, key: Key, old: Counter | None, amount: Number, now: float, *, born: bool) -> Counter:
        moved = super()._moved(key, old, amount, now, born=born)
        return moved if old is None or amount <= 0 else replace(moved, high=old.high + amount)


class FollowsCorrections(Counters):
    """A counter shows the total as it is, also when it falls."""

    def _moved(self, key: Key, old: Counter | None, amount: Number, now: float, *, born: bool) -> Counter:
        moved = super()._moved(key, old, amount, now, born=born)
        return replace(moved, high=moved.total)


class PerProcessBaseline(Counters):
    """A process counts from its own start."""

    def load(self, counters: Iterable[tuple[str, Labels, Counter]], overflowed: Iterable[Key]) -> None:
        super().load([], overflowed)


class BornAtItsValue(Counters):
    """A new series appears at its value, which Prometheus does not count."""

    def _moved(self, key: Key, old: Counter | None, amount: Number, now: float, *, born: bool) -> Counter:
        return super()._moved(key, old, amount, now, born=False)


class HeldByTheClock(Counters):
    """A hold counts from the reading, and goes on while nothing is shown: who never saw the zero never will."""

    def load(self, counters: Iterable[tuple[str, Labels, Counter]], overflowed: Iterable[Key]) -> None:
        rows = list(counters)
        super().load(rows, overflowed)
        for family, labels, counter in rows:
            self._families[family][labels] = counter

    def _moved(self, key: Key, old: Counter | None, amount: Number, now: float, *, born: bool) -> Counter:
        moved = super()._moved(key, old, amount, now, born=born)
        return replace(moved, hold_until=now + self.birth_hold) if moved.hold_until == UNSEEN else moved


class ReleasedUnwritten(Counters):
    """That a hold is over is shown and not written, so the next process takes the value back."""

    def released(self, now: float) -> Staged:
        self.apply(super().released(now))
        return Staged({})


class SilentNewYear(Counters):
    """A year begins without a zero: growth during an outage hides it."""

    def restart(self, families: Iterable[str], now: float, *, held: bool) -> Staged:
        return super().restart(families, now, held=False)


class BackAtOnce(Counters):
    """A series that was hidden comes back at its new value."""

    def _moved(self, key: Key, old: Counter | None, amount: Number, now: float, *, born: bool) -> Counter:
        moved = super()._moved(key, old, amount, now, born=born)
        return moved if old is None or old.hold_until else replace(moved, hold_until=0.0)


class ShownBeforeWritten(Counters):
    """What is not on the disk yet is shown already."""

    def stage(self, postings: Iterable[Posting], now: float, *, born: bool, over: Staged | None = None) -> Staged:
        staged = super().stage(postings, now, born=born, over=over)
        self.apply(staged)
        return staged


MUTANTS: Mapping[str, Parts] = {
    "first sight wins": Parts(book=FirstSightWins),
    "rows that are gone stay": Parts(book=RowsStay),
    "sum of increments": Parts(counters=SumOfIncrements),
    "follows corrections": Parts(counters=FollowsCorrections),
    "month to date": Parts(since="month"),
    "per-process baseline": Parts(counters=PerProcessBaseline),
    "born at its value": Parts(counters=BornAtItsValue),
    "held by the clock": Parts(counters=HeldByTheClock),
    "released unwritten": Parts(counters=ReleasedUnwritten),
    "silent New Year": Parts(counters=SilentNewYear),
    "back at once": Parts(counters=BackAtOnce),
    "shown before it is written": Parts(counters=ShownBeforeWritten),
}

"""Running maxima: what a counter shows, whatever happens to the total behind it.

A counter shows the largest total so far. So it never falls, equals the truth whenever the truth is at its height, and
after a correction downwards it pauses until usage has caught up: it does not drift as a sum of increments does.
Only the start of a new epoch (``restart``) takes it back.

A series that Prometheus has not seen is shown at 0 first, for ``birth_hold`` seconds: Prometheus does not count the
first sample of a series, so one that appears at 5000 adds nothing to ``increase()``. A series that has not moved for
``idle_ttl`` is hidden, and when it moves again it comes back at its old value first, for the same reason.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from anthropic_exporter.records import Labels, Number

OVERFLOW = "__other__"


@dataclass(frozen=True, slots=True)
class Counter:
    """One series. Numbers are int or Decimal; times are seconds since 1970 UTC."""

    total: Number  # what upstream says now; may fall
    high: Number  # the largest total of this epoch
    held: Number  # what is shown until hold_until
    hold_until: float
    moved_at: float  # when high last rose

    def shown(self, now: float) -> Number:
        """Return the value to expose."""
        return self.held if now < self.hold_until else self.high


_NOTHING = Counter(total=0, high=0, held=0, hold_until=0.0, moved_at=0.0)


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount for one series of one family; a zero makes the series exist."""

    family: str
    labels: Labels
    amount: Number


@dataclass(frozen=True, slots=True)
class Staged:
    """The changes of one transaction: written to the store first, taken over afterwards."""

    counters: dict[tuple[str, Labels], Counter]
    overflowed: set[tuple[str, Labels]]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a family shows, as long as it does not move."""

    samples: list[tuple[Labels, Number]]
    since: float
    until: float  # when the first of them is hidden as idle


@dataclass(slots=True)
class Counters:
    """All series of all counter families of one organization.

    Args:
        birth_hold: seconds that a new series is shown at 0.
        idle_ttl: seconds without movement after which a series is hidden.
        max_per_family: how many series a family may have; what comes later is added to one series of its own.
        kept: per family, the positions of labels that keep their value in that series (``token_type``).
    """

    birth_hold: float
    idle_ttl: float
    max_per_family: int
    kept: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _families: dict[str, dict[Labels, Counter]] = field(default_factory=dict)
    _overflowed: set[tuple[str, Labels]] = field(default_factory=set)
    _held: dict[str, set[Labels]] = field(default_factory=dict)  # series with a hold that is not over for good
    _shown: dict[str, "_Shown"] = field(default_factory=dict)
    _overshoots: dict[str, float | None] = field(default_factory=dict)

    def load(self, counters: Iterable[tuple[str, Labels, Counter]], overflowed: Iterable[tuple[str, Labels]]) -> None:
        """Take what the store holds."""
        for family, labels, counter in counters:
            self._put(family, labels, counter)
        self._overflowed.update(overflowed)

    def hold(self, series: Iterable[tuple[str, Labels]], overflowed: Iterable[tuple[str, Labels]]) -> None:
        """Let series exist at 0, so that label sets are placed as where they were."""
        for family, labels in series:
            self._put(family, labels, _NOTHING)
        self._overflowed.update(overflowed)

    def place(self, family: str, labels: Labels) -> Labels:
        """Return the labels of the series that a label set belongs to; a new one comes to be at 0."""
        overflowed: set[tuple[str, Labels]] = set()
        _, placed = self._place(family, labels, {}, {}, overflowed)
        if placed not in self._families.get(family, {}):
            self._put(family, placed, _NOTHING)
        self._overflowed |= overflowed
        return placed

    def stage(self, postings: Iterable[Posting], now: float, *, born: bool, over: Staged | None = None) -> Staged:
        """Return the counters as they are after the postings, without changing any.

        ``born`` is False while the first complete reading is taken: nothing was shown before it, so nothing is held.
        ``over`` is an earlier stage of the same transaction; the result contains it.
        """
        base = over.counters if over else {}
        sums: dict[tuple[str, Labels], Number] = {}
        overflowed = set(over.overflowed) if over else set()
        fresh: dict[str, int] = {}
        for posting in postings:
            key = self._place(posting.family, posting.labels, sums, fresh, overflowed)
            sums[key] = sums[key] + posting.amount if key in sums else posting.amount
        counters = dict(base)
        for key, amount in sums.items():
            old = base.get(key) or self._families.get(key[0], {}).get(key[1])
            if old is None or amount:
                counters[key] = self._moved(old, amount, now, born=born)
        return Staged(counters, overflowed)

    def apply(self, staged: Staged) -> None:
        """Take over what was staged, after the store has committed it."""
        for (family, labels), counter in staged.counters.items():
            self._put(family, labels, counter)
        self._overflowed |= staged.overflowed

    def restart(self, families: Iterable[str], now: float) -> Staged:
        """Return the counters of some families at 0, as at the start of an epoch."""
        return Staged(
            {
                (family, labels): replace(counter, total=0, high=0, held=0, hold_until=0.0, moved_at=now)
                for family in families
                for labels, counter in self._families.get(family, {}).items()
            },
            set(),
        )

    def forget(self, families: Iterable[str]) -> None:
        """Drop families whose label sets have changed."""
        for family in families:
            for kept in (self._families, self._held, self._shown, self._overshoots):
                kept.pop(family, None)
            self._overflowed = {key for key in self._overflowed if key[0] != family}

    def spent(self, now: float) -> list[tuple[str, Labels]]:
        """Return the series that are hidden at 0: one that comes back begins at 0 in any case."""
        return [
            (family, labels)
            for family, counters in self._families.items()
            for labels, counter in counters.items()
            if not counter.total and not counter.high and now - counter.moved_at > self.idle_ttl
        ]

    def drop(self, keys: Iterable[tuple[str, Labels]]) -> None:
        """Drop single series, after the store has."""
        for family, labels in keys:
            del self._families[family][labels]
            self._held[family].discard(labels)

    def shown(self, family: str, now: float) -> list[tuple[Labels, Number]]:
        """Return the series of a family that are to be exposed, with their values.

        It is the very list of the call before when nothing has changed since, so that what was made of it can be kept.
        """
        self._release(family, now)
        kept = self._shown.get(family)
        if kept is None or not kept.since <= now <= kept.until or self._held.get(family):
            kept = self._shown[family] = self._list(family, now)
        return kept.samples

    def _list(self, family: str, now: float) -> "_Shown":
        counters = self._families.get(family, {})
        fresh = {labels: counter for labels, counter in counters.items() if now - counter.moved_at <= self.idle_ttl}
        oldest = min((counter.moved_at for counter in fresh.values()), default=math.inf)
        return _Shown(
            [(labels, counter.shown(now)) for labels, counter in fresh.items()], since=now, until=oldest + self.idle_ttl
        )

    def items(self, family: str) -> Iterable[tuple[Labels, Counter]]:
        """Return the series of a family, hidden ones included."""
        return self._families.get(family, {}).items()

    def series_of(self, family: str, labels: Labels) -> Labels:
        """Return the labels of the series that a label set is counted in: its own, or those of the overflow."""
        if (family, labels) not in self._overflowed:
            return labels
        return self._overflow(family, labels)

    def families(self) -> list[str]:
        """Return the names of all families that have series."""
        return list(self._families)

    def overflowed(self, family: str) -> int:
        """Return how many label sets of a family went into the overflow series."""
        return sum(1 for name, _ in self._overflowed if name == family)

    def all_overflowed(self) -> list[tuple[str, Labels]]:
        """Return the label sets of all families that went into an overflow series."""
        return list(self._overflowed)

    def overshoot(self, family: str) -> float | None:
        """Return by what share the shown values exceed the totals, or None while there is no total."""
        if family not in self._overshoots:
            counters = self._families.get(family, {}).values()
            total = sum(counter.total for counter in counters)
            excess = sum(counter.high for counter in counters) - total
            self._overshoots[family] = float(excess) / float(total) if total > 0 else None
        return self._overshoots[family]

    def next_change(self, now: float) -> float | None:
        """Return when the next hold ends, or None."""
        ends = [self._families[family][labels].hold_until for family, held in self._held.items() for labels in held]
        return min((end for end in ends if end > now), default=None)

    def _release(self, family: str, now: float) -> None:
        """End the holds that are over for good, so that a clock that is set back takes no value back.

        A hold that lies far ahead was begun by a clock that has been set back since; its end would not come.
        """
        for labels in list(self._held.get(family, ())):
            counter = self._families[family][labels]
            if not 0 < counter.hold_until - now <= 2 * self.birth_hold:
                self._put(family, labels, replace(counter, hold_until=0.0))

    def _put(self, family: str, labels: Labels, counter: Counter) -> None:
        self._families.setdefault(family, {})[labels] = counter
        held = self._held.setdefault(family, set())
        if counter.hold_until:
            held.add(labels)
        else:
            held.discard(labels)
        self._shown.pop(family, None)
        self._overshoots.pop(family, None)

    def _place(
        self,
        family: str,
        labels: Labels,
        sums: dict[tuple[str, Labels], Number],
        fresh: dict[str, int],
        overflowed: set[tuple[str, Labels]],
    ) -> tuple[str, Labels]:
        """Return the series that a label set belongs to. Series that exist never move."""
        known = self._families.get(family, {})
        key = (family, labels)
        if labels in known or key in sums:
            return key
        overflow = self._overflow(family, labels)
        if key in self._overflowed or key in overflowed:
            return (family, overflow)
        if len(known) + fresh.get(family, 0) < self.max_per_family:
            fresh[family] = fresh.get(family, 0) + 1
            return key
        overflowed.add(key)
        return (family, overflow)

    def _overflow(self, family: str, labels: Labels) -> Labels:
        kept = self.kept.get(family, ())
        return tuple([label if i in kept else OVERFLOW for i, label in enumerate(labels)])

    def _moved(self, old: Counter | None, amount: Number, now: float, *, born: bool) -> Counter:
        total = amount if old is None else old.total + amount
        if old is None:
            return Counter(
                total=total,
                high=max(total, 0 * total),
                held=0 * total,
                hold_until=now + self.birth_hold if born else 0.0,
                moved_at=now,
            )
        if total <= old.high:
            return replace(old, total=total)
        if born and now - old.moved_at > self.idle_ttl:
            return Counter(total, total, old.high, now + self.birth_hold, now)
        return replace(old, total=total, high=total, moved_at=now)

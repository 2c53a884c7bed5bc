"""Running maxima: what a counter shows, whatever happens to the total behind it.

A counter shows the largest total so far. So it never falls, equals the truth whenever the truth is at its height, and
after a correction downwards it pauses until usage has caught up: it does not drift as a sum of increments does.
Only the start of a new epoch (``restart``) takes it back.

Prometheus does not count the first sample of a series: one that appears at 5000 adds nothing to ``increase()``. So a
series is *held* at what Prometheus may take for granted until that was on show for ``birth_hold`` seconds: a new one at
0; one that has not moved for ``idle_ttl``, and was hidden therefore, at its old value; and every one at 0 when an epoch
begins, or growth during an outage could hide that it began. The seconds count from when the series is shown, not from
when it was read, and they count anew in a new process; that a hold is over is on the disk before it shows.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from anthropic_exporter.records import Labels, Number

OVERFLOW = "__other__"

UNSEEN = math.inf
"""The end of a hold that has not begun: nothing has been shown yet."""

Key = tuple[str, Labels]


@dataclass(frozen=True, slots=True)
class Counter:
    """One series. Numbers are int or Decimal; times are seconds since 1970 UTC."""

    total: Number  # what upstream says now; may fall
    high: Number  # the largest total of this epoch
    held: Number  # what is shown during a hold
    hold_until: float  # 0: it is not held
    moved_at: float  # when high last rose

    @property
    def shown(self) -> Number:
        """The value to expose."""
        return self.held if self.hold_until else self.high


_NOTHING = Counter(total=0, high=0, held=0, hold_until=0.0, moved_at=0.0)


class Posting(NamedTuple):
    """An amount for one series of one family; a zero makes the series exist."""

    family: str
    labels: Labels
    amount: Number


@dataclass(frozen=True, slots=True)
class Staged:
    """The changes of one transaction: written to the store first, taken over afterwards.

    Args:
        counters: series as they are afterwards.
        overflowed: label sets that go into an overflow series from now on.
        gone: series that end.
        reopened: families whose label sets are given series of their own anew; the overflow series takes what is left.
    """

    counters: dict[Key, Counter]
    overflowed: set[Key] = field(default_factory=set)
    gone: frozenset[Key] = frozenset()
    reopened: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Placing:
    """What one stage has found out about where label sets belong."""

    overflowed: set[Key]
    fresh: set[Key] = field(default_factory=set)
    sizes: dict[str, int] = field(default_factory=dict)


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
        birth_hold: seconds that a series is held.
        idle_ttl: seconds without movement after which a series is hidden.
        max_per_family: how many series a family may have; what comes later is added to one series of its own.
        kept: per family, the positions of labels that keep their value in that series (``token_type``).
    """

    birth_hold: float
    idle_ttl: float
    max_per_family: int
    kept: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _families: dict[str, dict[Labels, Counter]] = field(default_factory=dict)
    _overflowed: set[Key] = field(default_factory=set)
    _held: set[Key] = field(default_factory=set)
    _asleep: dict[str, set[Labels]] = field(default_factory=dict)  # what was hidden when its family was last shown
    _shown: dict[str, _Shown] = field(default_factory=dict)
    _overshoots: dict[str, float | None] = field(default_factory=dict)

    def load(self, counters: Iterable[tuple[str, Labels, Counter]], overflowed: Iterable[Key]) -> None:
        """Take what the store holds. A series that was held is held anew: nobody may have seen it."""
        for family, labels, counter in counters:
            if counter.hold_until:
                self._put((family, labels), replace(counter, hold_until=UNSEEN))
            else:
                self._families.setdefault(family, {})[labels] = counter
        self._shown.clear()
        self._overshoots.clear()
        self._overflowed.update(overflowed)

    def hold(self, series: Iterable[Key], overflowed: Iterable[Key]) -> None:
        """Let series exist at 0, so that label sets are placed as where they were."""
        for key in series:
            self._put(key, _NOTHING)
        self._overflowed.update(overflowed)

    def place(self, family: str, labels: Labels) -> Labels:
        """Return the labels of the series that a label set belongs to; a new one comes to be at 0."""
        nothing = Staged({})
        placing = _Placing(set())
        key = self._place((family, labels), nothing, placing)
        if self._before(key, nothing) is None:
            self._put(key, _NOTHING)
        self._overflowed |= placing.overflowed
        return key[1]

    def stage(self, postings: Iterable[Posting], now: float, *, born: bool, over: Staged | None = None) -> Staged:
        """Return the counters as they are after the postings, without changing any.

        ``born`` is False while the first complete reading is taken: nothing was shown before it, so nothing is held.
        ``over`` is an earlier stage of the same transaction; the result contains it.
        """
        over = over or Staged({})
        placing = _Placing(set(over.overflowed))
        sums: dict[Key, Number] = {}
        for posting in postings:
            key = self._place((posting.family, posting.labels), over, placing)
            sums[key] = sums[key] + posting.amount if key in sums else posting.amount
        counters = dict(over.counters)
        for key, amount in sums.items():
            old = self._before(key, over)
            if old is None or amount:
                counters[key] = self._moved(key, old, amount, now, born=born)
        return replace(over, counters=counters, overflowed=placing.overflowed)

    def apply(self, staged: Staged) -> None:
        """Take over what was staged, after the store has committed it."""
        self.drop(staged.gone)
        for key, counter in staged.counters.items():
            self._put(key, counter)
        if staged.reopened:
            self._overflowed = {key for key in self._overflowed if key[0] not in staged.reopened}
        self._overflowed |= staged.overflowed

    def restart(self, families: Iterable[str], now: float, *, held: bool) -> Staged:
        """Return the counters of some families at 0, as at the start of an epoch.

        Series that are hidden end here, and whoever had to share the overflow series may have one of the own again.
        """
        restarted = frozenset(families)
        hold = UNSEEN if held and self.birth_hold else 0.0
        counters: dict[Key, Counter] = {}
        gone: set[Key] = set()
        for family in restarted:
            for labels, counter in self._families.get(family, {}).items():
                if self._hidden(counter, now):
                    gone.add((family, labels))
                else:
                    counters[family, labels] = Counter(total=0, high=0, held=0, hold_until=hold, moved_at=now)
        return Staged(counters, gone=frozenset(gone), reopened=restarted)

    def recount(self, families: Iterable[str]) -> Staged:
        """Return the counters of some families with nothing behind what they show: they are counted anew from here."""
        return Staged(
            {
                (family, labels): replace(counter, total=0)
                for family in families
                for labels, counter in self._families.get(family, {}).items()
            }
        )

    def forget(self, families: Iterable[str]) -> None:
        """Drop families whose label sets have changed."""
        dropped = set(families)
        for family in dropped:
            self._families.pop(family, None)
            self._changed(family)
        self._overflowed = {key for key in self._overflowed if key[0] not in dropped}
        self._held = {key for key in self._held if key[0] not in dropped}

    def reveal(self, families: Collection[str], now: float) -> None:
        """Let the seconds count of what is held and about to be shown.

        They also count anew where the clock has been set back since, or the end might not come for long.
        """
        latest = now + self.birth_hold
        for family, labels in self._held:
            counter = self._families[family][labels]
            if self._hidden(counter, now):
                self._families[family][labels] = replace(counter, hold_until=UNSEEN)
            elif family in families and counter.hold_until > latest:
                self._families[family][labels] = replace(counter, hold_until=latest)

    def released(self, now: float) -> Staged:
        """Return the counters whose hold is over."""
        over = {key: self._families[key[0]][key[1]] for key in self._held}
        return Staged({key: replace(c, hold_until=0.0) for key, c in over.items() if c.hold_until <= now})

    def spent(self, now: float) -> list[Key]:
        """Return the series that are hidden at 0: one that comes back begins at 0 in any case."""
        return [
            (family, labels)
            for family, counters in self._families.items()
            for labels, counter in counters.items()
            if not counter.total and not counter.high and self._hidden(counter, now)
        ]

    def drop(self, keys: Iterable[Key]) -> None:
        """Drop single series, after the store has."""
        for family, labels in keys:
            self._families[family].pop(labels, None)
            self._held.discard((family, labels))
            self._changed(family)

    def shown(self, family: str, now: float) -> list[tuple[Labels, Number]]:
        """Return the series of a family that are to be exposed, with their values.

        It is the very list of the call before when nothing has changed since, so that what was made of it can be kept.
        """
        kept = self._shown.get(family)
        if kept is None or not kept.since <= now <= kept.until:
            kept = self._shown[family] = self._list(family, now)
        return kept.samples

    def _list(self, family: str, now: float) -> _Shown:
        counters = self._families.get(family, {})
        awake = {labels: counter for labels, counter in counters.items() if not self._hidden(counter, now)}
        self._asleep[family] = counters.keys() - awake.keys()
        oldest = min((counter.moved_at for counter in awake.values()), default=math.inf)
        samples = [(labels, counter.shown) for labels, counter in awake.items()]
        return _Shown(samples, since=now, until=oldest + self.idle_ttl)

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
        """Return when the next hold ends that has begun, or None."""
        ends = [self._families[family][labels].hold_until for family, labels in self._held]
        return min([end for end in ends if now < end != UNSEEN], default=None)

    def _put(self, key: Key, counter: Counter) -> None:
        self._families.setdefault(key[0], {})[key[1]] = counter
        if counter.hold_until:
            self._held.add(key)
        else:
            self._held.discard(key)
        self._changed(key[0])

    def _changed(self, family: str) -> None:
        self._shown.pop(family, None)
        self._overshoots.pop(family, None)

    def _hidden(self, counter: Counter, now: float) -> bool:
        return now - counter.moved_at > self.idle_ttl

    def _before(self, key: Key, over: Staged) -> Counter | None:
        """Return a series as an earlier stage leaves it, or None."""
        if key in over.counters:
            return over.counters[key]
        return None if key in over.gone else self._families.get(key[0], {}).get(key[1])

    def _place(self, key: Key, over: Staged, placing: _Placing) -> Key:
        """Return the series that a label set belongs to. Series that exist never move."""
        family, labels = key
        if key in placing.fresh or self._before(key, over) is not None:
            return key
        overflow = (family, self._overflow(family, labels))
        if key in placing.overflowed or (key in self._overflowed and family not in over.reopened):
            return overflow
        if family not in placing.sizes:
            placing.sizes[family] = self._size(family, over)
        if placing.sizes[family] < self.max_per_family:
            placing.sizes[family] += 1
            placing.fresh.add(key)
            return key
        placing.overflowed.add(key)
        return overflow

    def _overflow(self, family: str, labels: Labels) -> Labels:
        kept = self.kept.get(family, ())
        return tuple([label if i in kept else OVERFLOW for i, label in enumerate(labels)])

    def _size(self, family: str, over: Staged) -> int:
        """Return how many series a family has after an earlier stage."""
        if not over.counters and not over.gone:
            return len(self._families.get(family, ()))
        known = set(self._families.get(family, ()))
        known.update(labels for name, labels in over.counters if name == family)
        return len(known.difference(labels for name, labels in over.gone if name == family))

    def _moved(self, key: Key, old: Counter | None, amount: Number, now: float, *, born: bool) -> Counter:
        total = amount if old is None else old.total + amount
        hold = UNSEEN if born and self.birth_hold else 0.0
        if old is None:
            return Counter(total=total, high=max(total, 0 * total), held=0 * total, hold_until=hold, moved_at=now)
        # Written out, as every counter of a poll comes through here: dataclasses.replace takes ten times as long.
        if total <= old.high:
            return Counter(total, old.high, old.held, old.hold_until, old.moved_at)
        if key[1] in self._asleep.get(key[0], ()) or self._hidden(old, now):
            return Counter(total, total, old.shown, hold, now)
        return Counter(total, total, old.held, old.hold_until, now)

"""What a re-read changed: two readings of one window, of any bucket widths, and their difference.

Buckets of 1m, 1h and 1d nest and never cross a UTC day. So where one reading has an hour and the other its minutes,
the hour is the unit in which both can be compared: the *slot*.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import add
from typing import NamedTuple

from anthropic_exporter.records import Cells, Interval, Labels, Values


class Delta(NamedTuple):
    """By how much one combination of labels changed in one slot.

    ``known`` is the change of what upstream says; ``counted`` the change of what counters may count of it (zero
    before the epoch and, for money, until the day is settled). ``before`` says whether the combination was known in
    this slot, so that a first sight can be told from a revision.
    """

    slot: Interval
    labels: Labels
    known: Values
    counted: Values
    before: bool


def slots(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the widest of each nest of intervals, in ascending order."""
    widest: list[Interval] = []
    for interval in sorted(intervals, key=lambda i: (i.starting_at, -i.ending_at)):
        if widest and interval.ending_at <= widest[-1].ending_at:
            continue
        if widest and interval.starting_at < widest[-1].ending_at:
            raise ValueError(f"intervals overlap without nesting: {widest[-1]} and {interval}")
        widest.append(interval)
    return widest


def deltas(
    before: Mapping[Interval, Cells],
    after: Mapping[Interval, Cells],
    counted_before: Mapping[Interval, bool],
    counted_after: Mapping[Interval, bool],
) -> Iterator[Delta]:
    """Yield what differs between two readings of one window, per slot and labels, without the zeros."""
    for slot in slots({*before, *after}):
        old, old_counted = _gather(slot, before, counted_before)
        new, new_counted = _gather(slot, after, counted_after)
        # In the same order in every process: it decides who has a series of the own where the limit is reached.
        for labels in sorted(old.keys() | new.keys()):
            known = _minus(new.get(labels), old.get(labels))
            counted = _minus(new_counted.get(labels), old_counted.get(labels), len(known))
            if any(known) or any(counted):
                yield Delta(slot, labels, known, counted, labels in old)


def together(deltas: Iterable[Delta], alike: Callable[[int], int]) -> Iterator[Delta]:
    """Yield what is counted of differences, as one where one combination of labels has several of slots that are alike.

    Args:
        alike: given the start of a slot, a number that is the same for slots that may be added up.
    """
    groups: dict[tuple[Labels, int], list[Delta]] = {}
    for delta in deltas:
        if any(delta.counted):
            groups.setdefault((delta.labels, alike(delta.slot.starting_at)), []).append(delta)
    for (labels, _), group in groups.items():
        total = tuple(map(sum, zip(*[delta.counted for delta in group], strict=True)))
        if len(group) == 1 or not any(total):  # nothing remains, and yet there was something
            yield from group
        else:
            yield Delta(group[0].slot, labels, total, total, before=all(delta.before for delta in group))


def _gather(
    slot: Interval, reading: Mapping[Interval, Cells], counted: Mapping[Interval, bool]
) -> tuple[dict[Labels, Values], dict[Labels, Values]]:
    """Return the slot's sums by labels: all of them, and the counted ones."""
    exact = reading.get(slot)
    if exact is not None:
        return dict(exact), (dict(exact) if counted.get(slot) else {})
    total: dict[Labels, Values] = {}
    total_counted: dict[Labels, Values] = {}
    for interval, cells in reading.items():
        if not slot.starting_at <= interval.starting_at < slot.ending_at:
            continue
        for labels, values in cells.items():
            total[labels] = plus(total.get(labels), values)
            if counted.get(interval):
                total_counted[labels] = plus(total_counted.get(labels), values)
    return total, total_counted


def plus(left: Values | None, right: Values) -> Values:
    """Add two rows of values; None is a row of zeros."""
    return right if left is None else tuple(map(add, left, right))


def _minus(new: Values | None, old: Values | None, width: int = 0) -> Values:
    if old is None:
        return (0,) * width if new is None else new
    if new is None:
        return tuple([-value for value in old])
    return tuple([a - b for a, b in zip(new, old, strict=True)])

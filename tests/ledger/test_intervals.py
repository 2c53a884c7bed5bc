from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.ledger.intervals import deltas, slots
from anthropic_exporter.records import Interval
from anthropic_exporter.utc import DAY, HOUR, MINUTE
from ledger.bounded import quick

FIRST = 20_000 * DAY
LABELS = [("alpha",), ("beta",), ("gamma",)]

cells = st.dictionaries(st.sampled_from(LABELS), st.tuples(st.integers(0, 50), st.integers(0, 5)), max_size=3)


@st.composite
def readings(draw):
    """Two days, each read as a day, as some of its hours, and some of those as some of their minutes."""
    found = {}
    for day in (FIRST, FIRST + DAY):
        if draw(st.booleans()):
            found[Interval(day, day + DAY)] = draw(cells)
            continue
        for hour in draw(st.sets(st.integers(0, 23), max_size=4)):
            start = day + hour * HOUR
            if draw(st.booleans()):
                found[Interval(start, start + HOUR)] = draw(cells)
                continue
            for minute in draw(st.sets(st.integers(0, 59), max_size=3)):
                found[Interval(start + minute * MINUTE, start + (minute + 1) * MINUTE)] = draw(cells)
    return found


@st.composite
def marked(draw):
    """A reading, and which of its buckets count."""
    found = draw(readings())
    return found, {interval: draw(st.booleans()) for interval in found}


def totals(reading, counted=None):
    sums = Counter()
    for interval, rows in reading.items():
        if counted is None or counted[interval]:
            for labels, values in rows.items():
                for place, value in enumerate(values):
                    sums[labels, place] += value
    return sums


def summed(found, attribute):
    sums = Counter()
    for delta in found:
        for place, value in enumerate(getattr(delta, attribute)):
            sums[delta.labels, place] += value
    return sums


def differences(after, before):
    return {key: after[key] - before[key] for key in {*after, *before} if after[key] != before[key]}


def nonzero(sums):
    return {key: value for key, value in sums.items() if value}


@quick
@given(marked(), marked())
def test_the_deltas_are_what_lies_between_two_readings(one, other):
    (before, counted_before), (after, counted_after) = one, other
    found = list(deltas(before, after, counted_before, counted_after))
    assert nonzero(summed(found, "known")) == differences(totals(after), totals(before))
    assert nonzero(summed(found, "counted")) == differences(
        totals(after, counted_after), totals(before, counted_before)
    )


@quick
@given(marked(), marked())
def test_each_delta_belongs_to_the_day_it_changes(one, other):
    (before, counted_before), (after, counted_after) = one, other
    found = list(deltas(before, after, counted_before, counted_after))
    for day in (FIRST, FIRST + DAY):
        of_day = [
            {i: rows for i, rows in reading.items() if day <= i.starting_at < day + DAY} for reading in (before, after)
        ]
        own = [delta for delta in found if day <= delta.slot.starting_at < day + DAY]
        assert all(delta.slot.ending_at <= day + DAY for delta in own)
        assert nonzero(summed(own, "known")) == differences(totals(of_day[1]), totals(of_day[0]))


@quick
@given(marked())
def test_reading_twice_yields_nothing(one):
    reading, counted = one
    assert list(deltas(reading, dict(reading), counted, dict(counted))) == []


@quick
@given(marked(), marked())
def test_deltas_come_in_one_order(one, other):
    """It decides whose series there is where the limit is reached, and must be the same after a lost state."""
    (before, counted_before), (after, counted_after) = one, other
    found = list(deltas(before, after, counted_before, counted_after))
    assert found == sorted(found, key=lambda delta: (delta.slot, delta.labels))


def test_a_first_sight_can_be_told_from_a_revision():
    hour = Interval(FIRST, FIRST + HOUR)
    before = {hour: {("alpha",): (3,)}}
    after = {hour: {("alpha",): (5,), ("beta",): (1,)}}
    found = {delta.labels: delta.before for delta in deltas(before, after, {hour: True}, {hour: True})}
    assert found == {("alpha",): True, ("beta",): False}


def test_what_only_begins_to_count_is_counted_whole():
    day = Interval(FIRST, FIRST + DAY)
    reading = {day: {("alpha",): (7,)}}
    (found,) = deltas(reading, reading, {day: False}, {day: True})
    assert (found.known, found.counted) == ((0,), (7,))


def test_slots_are_the_widest_of_each_nest():
    hour, other = Interval(FIRST, FIRST + HOUR), Interval(FIRST + 2 * HOUR, FIRST + 3 * HOUR)
    minute = Interval(FIRST + MINUTE, FIRST + 2 * MINUTE)
    assert slots([minute, other, hour, hour]) == [hour, other]


def test_intervals_that_cross_are_refused():
    with pytest.raises(ValueError, match="overlap without nesting"):
        slots([Interval(0, 3600), Interval(1800, 5400)])

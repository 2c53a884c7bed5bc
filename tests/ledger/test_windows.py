from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.ledger.windows import WINDOWS, Days, bounds
from anthropic_exporter.utc import DAY, epoch, next_month_start, previous_month_start
from ledger.instants import at


@pytest.mark.parametrize(
    ("now", "window", "expected"),
    [
        pytest.param("2026-03-15T12:00", "today", ("2026-03-15", "2026-03-16"), id="today"),
        pytest.param("2026-03-15T00:00", "yesterday", ("2026-03-14", "2026-03-15"), id="yesterday at midnight"),
        pytest.param("2026-03-15T12:00", "month_to_date", ("2026-03-01", "2026-03-16"), id="month to date"),
        pytest.param("2024-03-01T00:00", "yesterday", ("2024-02-29", "2024-03-01"), id="leap day"),
        pytest.param("2026-03-31T12:00", "previous_month", ("2026-02-01", "2026-03-01"), id="shorter month before"),
        pytest.param("2027-01-01T00:00", "previous_month", ("2026-12-01", "2027-01-01"), id="December on 1 January"),
        pytest.param("2027-01-01T00:00", "yesterday", ("2026-12-31", "2027-01-01"), id="New Year's Eve"),
        pytest.param("2026-12-31T23:59:59", "month_to_date", ("2026-12-01", "2027-01-01"), id="end of the year"),
    ],
)
def test_windows_follow_the_utc_calendar(now, window, expected):
    assert bounds(window, at(now)) == (at(expected[0]), at(expected[1]))


def test_there_are_no_other_windows():
    assert len({bounds(window, at("2026-03-15")) for window in WINDOWS}) == 4
    with pytest.raises(ValueError, match="no such window: week"):
        bounds("week", 0)


def test_sums_follow_corrections_at_once():
    days, today = Days(), at("2026-03-15")
    days.add(today, ("a",), (5, 1))
    days.add(today, ("a",), (-3, 0))
    days.add(today - DAY, ("a",), (10, 0))
    days.add(today - DAY, ("b",), (1, 1))
    assert days.total(today, today + DAY) == {("a",): (2, 1)}
    assert days.total(today - DAY, today + DAY) == {("a",): (12, 1), ("b",): (1, 1)}
    assert set(days.labels()) == {("a",), ("b",)}


def test_old_days_can_be_dropped():
    days = Days()
    days.add(0, ("a",), (1,))
    days.add(DAY, ("a",), (2,))
    days.forget_before(DAY)
    assert days.total(0, 2 * DAY) == {("a",): (2,)}


def test_days_made_anew_take_the_place_of_the_old_and_nothing_kept_of_those_is_taken_for_theirs():
    days = Days()
    days.add(0, ("a",), (1,))
    days.add(DAY, ("b",), (2,))
    stamps = [days.stamp(0, DAY), days.stamp(0, 2 * DAY), days.version(0), days.version(DAY)]
    days.replace({0: {("a",): (1,)}})
    after = [days.stamp(0, DAY), days.stamp(0, 2 * DAY), days.version(0), days.version(DAY)]
    assert not any(a == b for a, b in zip(stamps, after, strict=True))
    assert days.total(0, 2 * DAY) == {("a",): (1,)}
    assert set(days.labels()) == {("a",)}


@pytest.mark.parametrize(
    ("since", "expected"),
    [("year", "2026-01-01"), ("month", "2026-12-01"), (date(2026, 6, 3), "2026-06-03")],
)
def test_the_epoch_is_where_counters_start(since, expected):
    assert epoch(since, at("2026-12-31T23:59:59")) == at(expected)


def test_months_roll_over_the_year():
    assert next_month_start(at("2026-12-31T23:59:59")) == at("2027-01-01")
    assert previous_month_start(at("2027-01-01")) == at("2026-12-01")


@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(0, 9), st.sampled_from("ab"), st.integers(-9, 9)),  # a difference
            st.integers(0, 4),  # days up to there are forgotten
            st.tuples(st.integers(0, 9), st.integers(0, 10)),  # somebody looks at a window
        ),
        max_size=40,
    )
)
def test_sums_that_are_kept_are_those_of_the_days(steps):
    days = Days()
    looked: dict[tuple[int, int], object] = {}
    for step in steps:
        match step:
            case (day, str(name), amount):
                days.add(day * DAY, (name,), (amount,))
            case int():
                days.forget_before(step * DAY)
            case (first, last):
                bounds = (first * DAY, last * DAY)
                anew = dict.fromkeys(days.labels(), 0)
                for day in range(first, last):
                    for labels, (amount,) in days.day(day * DAY).items():
                        anew[labels] += amount
                sums = {labels: amount for labels, (amount,) in days.total(*bounds).items()}
                held = {labels for day in range(10) for labels in days.day(day * DAY)}
                assert {**dict.fromkeys(days.labels(), 0), **sums} == anew
                # An equal stamp promises equal sums.
                stamp = days.stamp(*bounds)
                assert looked.setdefault(stamp, (sums, held)) == (sums, held)

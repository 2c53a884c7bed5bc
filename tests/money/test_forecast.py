"""The forecast against the naive straight line, on simulated months; and its manners with little to go by."""

import re
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.ledger.windows import Days
from anthropic_exporter.money import hours
from anthropic_exporter.money.forecast import forecast
from anthropic_exporter.utc import DAY, HOUR
from money.firm import at
from money.simulated import BEFORE, KINDS, MONTH, course, moments

SEEDS = range(40)
DOCUMENT = Path(__file__).parents[2] / "docs" / "money.md"
MONDAY = at("2026-11-02")


def profile(known, today):
    """Return the shares of hours as the exporter learns them, from the days that it has by the hour."""
    book = Days()
    for ago, day in enumerate(reversed(known), start=1):
        for hour, usd in enumerate(day):
            book.add(today - ago * DAY + hour * HOUR, ("w",), (usd,))
    found = hours.profiles(book, today)
    return found.get("w", found[""])


def judge(kind):
    """Return the mean error of both, the share of truths inside the bounds, and how wide these are."""
    naive, ours, inside, width = [], [], [], []
    for seed in SEEDS:
        made = course(kind, seed)
        days, truth = made.days, made.truth
        for day, hour in moments(seed):
            now = BEFORE + day
            first = BEFORE - made.history
            today = sum(made.hours[now][:hour])
            spent = sum(days[BEFORE:now]) + today
            midnight = MONDAY + (made.first_weekday + now) * DAY
            shares = profile(made.hours[max(first, now - 14) : now], midnight)
            found = forecast(
                days[first:now],
                (made.first_weekday + now) % 7,
                spent=spent,
                today=today,
                elapsed=hours.elapsed(shares, midnight, midnight + hour * HOUR),
                days_left=MONTH - day - 1,
            )
            naive.append(abs(spent / ((day + hour / 24) / MONTH) / truth - 1))
            ours.append(abs(found.expected / truth - 1))
            inside.append(found.low <= truth <= found.high)
            width.append((found.high - found.low) / truth)
    return fmean(naive), fmean(ours), fmean(inside), fmean(width)


def test_it_is_better_than_the_straight_line(capsys):
    """The straight line is what was spent over the share of the month that is over."""
    found = {kind: judge(kind) for kind in KINDS}
    means = [fmean(values) for values in zip(*found.values(), strict=True)]
    lines = [
        f"mean error of the month's end, {len(SEEDS)} seeds, 9 moments each",
        f"{'':16} line forecast inside width",
    ]
    for kind, (naive, ours, inside, width) in (*found.items(), ("all", means)):
        lines.append(f"{kind:16}{naive:5.1%}{ours:9.1%}{inside:7.0%}{width:6.0%}")
    with capsys.disabled():
        print("", *lines, sep="\n")  # noqa: T201 - both errors are for people to read
    # The table of the document, row by row in the same order.
    told = [f"| {naive:.1%} | {ours:.1%} | {inside:.0%} |" for naive, ours, inside, _ in (*found.values(), means)]
    rows = [re.sub(r"(?<=[0-9]) %", "%", row) for row in DOCUMENT.read_text().splitlines() if row.startswith("| ")]
    assert [row[row.index(" | ") + 1 :] for row in rows if row.endswith(tuple(told))] == told
    assert all(ours < naive for naive, ours, _, _ in found.values())
    assert means[1] < 0.75 * means[0]
    assert means[2] > 0.7
    # Bounds that hold everything say nothing.
    assert means[3] < 0.6


def test_little_history_makes_the_bounds_wide():
    steady = course("steady", 3).days[:28]
    widths = []
    for known in (0, 3, 7, 28):
        days = steady[28 - known :]
        found = forecast(days, 0, spent=50, today=50, elapsed=0.5, days_left=27)
        widths.append((found.high - found.low) / found.expected)
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[-1]


def test_nothing_is_said_where_nothing_is_known():
    assert forecast([], 0, spent=0, today=0, elapsed=0.01, days_left=29) is None
    assert forecast([0.0] * 30, 0, spent=3, today=3, elapsed=0.01, days_left=29) is None


def test_a_month_that_is_over_is_what_was_spent():
    found = forecast([10.0] * 30, 0, spent=310, today=10, elapsed=1.0, days_left=0)
    assert found == (310, 310, 310)


def test_the_same_every_day_is_the_same_to_come():
    found = forecast([10.0] * 45, 2, spent=105, today=5, elapsed=0.5, days_left=19)
    assert found.expected == pytest.approx(300)
    assert found.high - found.low < 60


def test_weekends_are_not_working_days():
    """Five days of 10 and two of 1: the same remaining days cost what their weekdays say."""
    week = [10.0] * 5 + [1.0] * 2
    friday = forecast(week * 5 + week[:4], 4, spent=0, today=10, elapsed=1.0, days_left=2)
    sunday = forecast(week * 5 + week[:6], 6, spent=0, today=1, elapsed=1.0, days_left=2)
    assert friday.expected < 4
    assert sunday.expected > 17


def test_growth_goes_on_but_not_for_ever():
    growing = [100 * 1.02**day for day in range(42)]
    flat = sum(growing[-7:]) / 7 * 30
    found = forecast(growing, 0, spent=0, today=0, elapsed=0.0, days_left=29)
    compound = sum(100 * 1.02**day for day in range(42, 72))
    assert flat < found.expected < compound


def test_days_before_the_first_spend_do_not_count():
    assert forecast([0.0] * 25 + [10.0] * 5, 0, spent=50, today=0, elapsed=0.0, days_left=24) == forecast(
        [10.0] * 5, 0, spent=50, today=0, elapsed=0.0, days_left=24
    )


@given(
    st.lists(st.floats(0, 1e6), max_size=62),
    st.integers(0, 6),
    st.floats(0, 1e6),
    st.floats(0, 1e5),
    st.floats(0, 1),
    st.integers(0, 30),
)
def test_it_never_lies_below_what_is_spent_and_inside_its_bounds(days, weekday, before, today, elapsed, days_left):
    spent = before + today
    found = forecast(days, weekday, spent=spent, today=today, elapsed=elapsed, days_left=days_left)
    if found is not None:
        assert spent <= found.low <= found.expected <= found.high < float("inf")


def test_the_hours_of_a_weekday_are_those_of_such_days():
    """A firm that works from 8 to 16 on working days and at night on Sundays."""
    book = Days()
    for day in range(14):
        for hour in range(8, 16) if day % 7 != 6 else range(4):
            book.add(MONDAY + day * DAY + hour * HOUR, ("w",), (1.0,))
    monday, sunday = MONDAY + 14 * DAY, MONDAY + 20 * DAY
    assert hours.elapsed(hours.profiles(book, monday)["w"], monday, monday + 12 * HOUR) == pytest.approx(0.5, abs=0.1)
    assert hours.elapsed(hours.profiles(book, sunday)["w"], sunday, sunday + 4 * HOUR) > 0.3
    assert hours.elapsed(hours.profiles(book, monday)["w"], monday, monday + 4 * HOUR) < 0.1


def test_without_history_every_hour_is_like_the_others():
    shares = hours.profiles(Days(), MONDAY)[""]
    assert hours.elapsed(shares, MONDAY, MONDAY + 6 * HOUR) == pytest.approx(0.25)
    assert hours.elapsed(shares, MONDAY, MONDAY + 2 * DAY) == pytest.approx(1)
    assert hours.elapsed(shares, MONDAY, MONDAY - HOUR) == 0


def test_a_new_workspace_borrows_the_hours_of_the_organization():
    book = Days()
    for ago in (7, 14):
        for hour in range(8, 16):
            book.add(MONDAY - ago * DAY + hour * HOUR, ("old",), (1.0,))
    found = hours.profiles(book, MONDAY)
    assert "new" not in found
    assert hours.elapsed(found[""], MONDAY, MONDAY + 8 * HOUR) < 0.05

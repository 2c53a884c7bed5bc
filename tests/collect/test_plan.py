import itertools
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anthropic_exporter.collect import plan
from anthropic_exporter.collect.plan import ARCHIVE, COLD, HOT, WARM, Cadence, Progress
from anthropic_exporter.records import Interval
from anthropic_exporter.utc import (
    DAY,
    HOUR,
    MINUTE,
    WEEK,
    epoch,
    floor,
    month_start,
    previous_month_start,
    year_start,
)
from ledger.bounded import quick
from ledger.instants import at

CADENCE = Cadence(15 * MINUTE, 6 * HOUR)
YEAR = year_start
moments = st.integers(at("2026-01-01"), at("2028-03-02")).map(float)


def windows(tier, now, first):
    return [*plan.daily(tier, now, first), plan.hourly(tier, now, first)]


def assert_contiguous(found):
    for before, after in itertools.pairwise(found):
        assert before.ending_at == after.starting_at


@quick
@given(moments, st.sampled_from([HOT, WARM, COLD, ARCHIVE]))
@example(float(at("2027-01-01")), ARCHIVE)
@example(float(at("2028-02-29T00:00:01")), COLD)
def test_the_windows_of_a_reading_are_contiguous_aligned_and_short_enough(now, tier):
    first = plan.base(YEAR(now), now)
    found = windows(tier, now, first)
    assert_contiguous(found)
    assert found[-1].ending_at == floor(now, HOUR) + HOUR
    for window in found[:-1]:
        assert 0 < window.ending_at - window.starting_at <= 31 * DAY
        assert window.starting_at % DAY == window.ending_at % DAY == 0
    assert found[-1].starting_at % HOUR == 0
    reach = {HOT: HOUR, WARM: 2 * DAY, COLD: 35 * DAY, ARCHIVE: now - first}[tier]
    assert found[0].starting_at <= max(first, now - reach)
    assert found[0].starting_at >= first


@quick
@given(
    moments,
    st.lists(
        st.tuples(
            st.one_of(
                st.integers(1, 900),
                st.sampled_from([HOUR, DAY, 3 * DAY, 40 * DAY, 200 * DAY]),
                st.integers(-3 * DAY, 30 * DAY),  # an outage of any length, or a clock that is set back
            ),
            st.booleans(),
        ),
        max_size=30,
    ),
)
def test_no_second_stays_unread_for_longer_than_its_tier_allows(start, polls):
    """After each success, what is that old was read at most that long ago; a failed poll reads nothing."""
    progress, now, read = Progress(), start, []
    for seconds, succeeds in [(0, True), *polls, (1, True)]:
        now = max(now + seconds, at("2026-01-01"))
        tier = plan.due(progress, now, CADENCE)
        if not succeeds:
            continue
        first = plan.base(YEAR(now), now)
        read += [(window, now) for window in windows(tier, now, first)]
        progress = progress.read(tier, now)
        ages = [(0, 1), (HOUR, CADENCE.warm), (2 * DAY, CADENCE.cold), (35 * DAY, WEEK)]
        for age, allowed in ages:
            second = now - age
            if second >= first:
                last = max(
                    (then for w, then in read if w.starting_at <= second < w.ending_at and then <= now), default=None
                )
                assert last is not None
                assert now - last <= allowed


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        pytest.param(Progress(), ARCHIVE, id="never"),
        pytest.param(Progress(0.0, 0.0, 0.0, 0.0), HOT, id="just now"),
        pytest.param(Progress(0.0, -15.0 * MINUTE, 0.0, 0.0), WARM, id="warm is due"),
        pytest.param(Progress(0.0, 0.0, -6.0 * HOUR, 0.0), COLD, id="cold is due"),
        pytest.param(Progress(0.0, 0.0, 0.0, -float(WEEK)), ARCHIVE, id="archive is due"),
        pytest.param(Progress(-2.0 * HOUR, 0.0, 0.0, 0.0), WARM, id="out for two hours"),
        pytest.param(Progress(-4.0 * DAY, 0.0, 0.0, 0.0), COLD, id="out for four days"),
        pytest.param(Progress(-40.0 * DAY, 0.0, 0.0, 0.0), ARCHIVE, id="out for forty days"),
        pytest.param(Progress(0.0, 0.0, 0.0, 1.0), ARCHIVE, id="read in the future"),
    ],
)
def test_the_widest_tier_that_is_due_is_read(progress, expected):
    now = at("2026-07-15T12:30")
    times = (progress.hot_at, progress.warm_at, progress.cold_at, progress.archive_at)
    moved = Progress(*[None if time is None else now + time for time in times])
    assert plan.due(moved, now, CADENCE) == expected


def test_a_tier_contains_the_finer_ones():
    assert Progress().read(WARM, 5.0) == Progress(5.0, 5.0, None, None)
    assert Progress().read(ARCHIVE, 5.0) == Progress(5.0, 5.0, 5.0, 5.0)
    assert Progress(1.0, 1.0, 1.0, 1.0).read(HOT, 5.0) == Progress(5.0, 1.0, 1.0, 1.0)


def test_on_new_years_day_december_is_read_too():
    now = at("2027-01-01T00:00:30")
    assert plan.base(YEAR(now), now) == at("2026-12-01")
    assert plan.base(YEAR(now - 60), now - 60) == at("2026-01-01")


@quick
@given(moments, st.sampled_from(["year", "month", date(2026, 3, 15), date(2025, 6, 1)]))
def test_months_are_whole_but_for_the_epoch_and_the_first_second(now, since):
    first = max(plan.base(epoch(since, now), now), plan.analytics_earliest(now))
    found = plan.months(epoch(since, now), first, now, previous_month_start(now))
    assert_contiguous(found)
    assert all(window.ending_at - window.starting_at <= 31 * DAY for window in found)
    if found:
        assert found[0].starting_at == first
        assert found[-1].ending_at <= floor(now, DAY) - 35 * DAY
    for window in found:
        inside = range(window.starting_at + DAY, window.ending_at, DAY)
        assert epoch(since, now) not in inside
        assert not [day for day in inside if month_start(day) == day]


@quick
@given(moments, st.sampled_from([HOT, WARM, COLD, ARCHIVE]))
def test_sums_reach_from_their_tier_to_the_end_of_today(now, tier):
    earliest = plan.analytics_earliest(now)
    found = plan.sums(tier, now, YEAR(now), earliest)
    assert_contiguous([window for window, _ in found])
    assert found[-1][0].ending_at == floor(now, DAY) + DAY
    assert all(window.ending_at - window.starting_at <= 31 * DAY for window, _ in found)
    if tier == ARCHIVE:
        assert found[0][0].starting_at == max(plan.base(YEAR(now), now), earliest)
    else:
        assert {width for _, width in found} == {"1d"}


def test_old_months_are_one_row_each():
    now = at("2026-07-15T12:30")
    widths = [width for _, width in plan.sums(ARCHIVE, now, YEAR(now), at("2026-01-01"))]
    assert widths == [None] * 5 + ["1d"] * 2


@pytest.mark.parametrize(
    ("now", "expected"),
    [("2026-11-20T12:00", "2026-01-01"), ("2027-06-01T12:00", "2026-06-02"), ("2028-12-31T12:00", "2028-01-02")],
)
def test_the_analytics_reports_reach_back_a_year(now, expected):
    assert plan.analytics_earliest(at(now)) == at(expected)


def test_a_window_is_cut_into_calls():
    assert plan.chunks(0, 0) == []
    assert plan.chunks(0, 62 * DAY) == [Interval(0, 31 * DAY), Interval(31 * DAY, 62 * DAY)]
    assert plan.chunks(0, 32 * DAY)[-1] == Interval(31 * DAY, 32 * DAY)

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_exporter.simulate.instants import DAY, HOUR, MINUTE, date, floor
from anthropic_exporter.simulate.line import REQUESTS, Seen
from anthropic_exporter.simulate.seeded import SeededOrganization
from simulate.harness import NOW

TODAY = floor(NOW, DAY)
EVERYTHING_SEEN = Seen(float("inf"), NOW, 2700, revised=True)
ORGANIZATION = SeededOrganization(7)  # hypothesis and fixtures of a function do not go together


def added(organization, start, end, width, seen):
    total = Counter()
    for at in range(start, end, width):
        for line, counts in organization.usage(at, at + width, seen).items():
            total.update({(line, index): value for index, value in enumerate(counts) if value})
    return total


views = st.builds(
    lambda age, delay, lateness, revised: Seen(NOW - age, NOW - age - delay, lateness, revised),
    st.integers(0, 4 * DAY),
    st.integers(0, HOUR),
    st.sampled_from([0.0, 2700.0, 30_000.0]),
    st.booleans(),
)


@settings(max_examples=20, deadline=None)
@given(days_ago=st.integers(0, 5), hour=st.integers(0, 23), seen=views)
def test_a_day_is_the_sum_of_its_hours_and_an_hour_of_its_minutes(days_ago, hour, seen):
    day = TODAY - days_ago * DAY
    begins = day + hour * HOUR
    assert added(ORGANIZATION, day, day + DAY, DAY, seen) == added(ORGANIZATION, day, day + DAY, HOUR, seen)
    assert added(ORGANIZATION, begins, begins + HOUR, HOUR, seen) == added(
        ORGANIZATION, begins, begins + HOUR, MINUTE, seen
    )


def test_a_settled_day_is_the_sum_of_its_minutes(company):
    day = TODAY - 9 * DAY
    assert added(company, day, day + DAY, DAY, EVERYTHING_SEEN) == added(
        company, day, day + DAY, MINUTE, EVERYTHING_SEEN
    )


def test_any_range_of_minutes_can_be_read(company):
    start = TODAY - 2 * DAY + 17 * MINUTE
    end = TODAY + 3 * HOUR + 41 * MINUTE
    assert added(company, start, end, end - start, EVERYTHING_SEEN) == added(
        company, start, end, MINUTE, EVERYTHING_SEEN
    )


def test_the_same_seed_is_the_same_history_and_another_is_not(company):
    twin, stranger = SeededOrganization(7), SeededOrganization(8)
    read = [each.usage(TODAY - DAY, TODAY, EVERYTHING_SEEN) for each in (company, twin, stranger)]
    assert read[0] == read[1]
    assert read[0].keys().isdisjoint(read[2])
    assert company.profile == twin.profile != stranger.profile
    assert company.inventory(NOW) == twin.inventory(NOW)


def test_nothing_is_seen_before_it_has_arrived(company):
    seen = Seen(NOW, TODAY + 3 * HOUR, 0, revised=False)
    assert company.usage(TODAY + 3 * HOUR, TODAY + DAY, seen) == {}
    assert company.usage(TODAY + 2 * HOUR, TODAY + 3 * HOUR, seen)


def test_stragglers_only_add(company):
    hours = range(TODAY - DAY, TODAY, HOUR)
    early = [company.usage(hour, hour + HOUR, Seen(hour + HOUR, hour + HOUR, 9000, revised=False)) for hour in hours]
    late = [company.usage(hour, hour + HOUR, Seen(float("inf"), NOW, 9000, revised=False)) for hour in hours]
    assert early != late
    for before, after in zip(early, late, strict=True):
        assert all(now <= then for line in before for now, then in zip(before[line], after[line], strict=True))


def test_corrections_only_take_away_and_come_after_the_day(company):
    days = range(TODAY - 30 * DAY, TODAY - 4 * DAY, DAY)
    fresh = [company.usage(day, day + DAY, Seen(day + DAY, day + DAY, 0, revised=True)) for day in days]
    final = [company.usage(day, day + DAY, EVERYTHING_SEEN) for day in days]
    assert fresh != final
    for before, after in zip(fresh, final, strict=True):
        assert all(now >= then for line in before for now, then in zip(before[line], after[line], strict=True))


def test_without_revisions_the_first_word_is_the_last(company):
    day = TODAY - 20 * DAY
    fresh, later = (Seen(at, day + DAY, 0, revised=False) for at in (day + DAY, NOW))
    assert company.usage(day, day + DAY, fresh) == company.usage(day, day + DAY, later)


def test_tokens_come_with_requests(company):
    for minute in range(TODAY + 9 * HOUR, TODAY + 10 * HOUR, MINUTE):
        for line, counts in company.usage(minute, minute + MINUTE, Seen(NOW, NOW, 0, revised=False)).items():
            assert counts[REQUESTS] > 0, line


def test_money_is_the_same_in_any_width(company):
    day = TODAY - 3 * DAY
    assert billed(company, day, DAY) == billed(company, day, HOUR) == billed(company, day, 90 * MINUTE)


def billed(organization, day, width):
    total = Counter()
    for at in range(day, day + DAY, width):
        for charge in organization.charges(at, at + width, EVERYTHING_SEEN):
            total[charge.line, charge.cost_type, charge.token_type] += charge.amount
    return total


def test_tokens_are_discounted_and_searches_are_not():
    organization = SeededOrganization(7, discount=Decimal("0.8"))
    charges = list(organization.charges(TODAY - DAY, TODAY, EVERYTHING_SEEN))
    assert {charge.amount / charge.list_amount for charge in charges if charge.cost_type == "tokens"} == {
        Decimal("0.8")
    }
    assert {charge.amount / charge.list_amount for charge in charges if charge.cost_type != "tokens"} == {Decimal(1)}


@pytest.mark.parametrize("months_ago", [0, 6, 12, 13])
def test_a_day_costs_some_hundreds_of_dollars(company, months_ago):
    monday = date("2026-11-16") - months_ago * 28 * DAY
    dollars = sum(charge.amount for charge in company.charges(monday, monday + DAY, EVERYTHING_SEEN)) / 100
    assert 150 < dollars < 1500


def test_a_weekend_is_quieter(company):
    saturday, tuesday = (
        sum(counts[REQUESTS] for counts in company.usage(day, day + DAY, EVERYTHING_SEEN).values())
        for day in (date("2026-11-14"), date("2026-11-17"))
    )
    assert saturday < tuesday

"""A state that is kept for years does not grow for ever, and forgets nothing that is still told."""

import itertools

import pytest

from anthropic_exporter.config.settings import Settings
from anthropic_exporter.money.accounts import KEPT
from anthropic_exporter.utc import DAY, HOUR, floor, year_start
from collect.upstream import Event, Upstream
from ledger.instants import at
from money.bench import TOKENS, Bench, true_tokens

YEARS = 5
WEEK = 7 * DAY


def rows(bench):
    """Return how many rows each table holds."""
    tables = ("buckets", "cells", "groups", "counters", "meta")
    return {table: bench.store._rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables}


@pytest.fixture(scope="module")
def years():
    """Live through five years in which each week brings a model that nobody uses a week later."""
    start = at("2026-01-05")
    events = [
        Event(start + week * WEEK + HOUR, tokens=100, model=f"claude-of-week-{week}")
        for week in range(YEARS * 366 // 7)
    ]
    bench = Bench(Upstream(events)).start(start, only=("usage",))
    sizes = {}
    for event in events:
        now = event.at + 3 * DAY
        assert bench.poll(now)
        sizes[now] = rows(bench)
    return bench, sizes


def test_the_state_of_five_years_is_that_of_two(years):
    _, sizes = years
    by_year = {year_start(now): found for now, found in sizes.items()}  # at the end of each year
    _, second, *later = by_year.values()
    for found in later:
        assert {table: count <= 1.05 * second[table] for table, count in found.items()} == dict.fromkeys(found, True)


def test_nothing_is_kept_much_longer_than_a_year_and_nothing_younger_is_dropped(years):
    bench, sizes = years
    now = max(sizes)
    starts = [interval.starting_at for interval in bench.accounts.book("usage").records(0, now)]
    assert min(starts) == floor(now, DAY) - KEPT * DAY
    used = bench.accounts.book("usage").newest_by_labels()
    assert len(used) == sum(event.at >= min(starts) for event in bench.upstream.events)


def test_counters_and_a_restart_are_right_after_years(years):
    bench, sizes = years
    now = max(sizes)
    truth = true_tokens(bench.upstream, year_start(now), now)
    expected = {model: values[0] for (_, model), values in truth.items()}
    again = Bench(bench.upstream, Settings(), bench.store).start(now, only=("usage",))
    for each in (bench, again):
        totals = {labels[1]: total for labels, total in each.totals(TOKENS).items()}
        assert totals == expected
    assert again.poll(now + HOUR)
    again.read_everything(now + 2 * HOUR)
    assert {labels[1]: total for labels, total in again.totals(TOKENS).items()} == expected


def test_a_label_set_that_was_dropped_comes_back_as_it_was():
    start = at("2026-02-03")
    back = start + (KEPT + 40) * DAY
    bench = Bench(Upstream([Event(start, tokens=5), Event(back, tokens=7)])).start(start, only=("usage",))
    assert bench.poll(start + HOUR)
    for week in itertools.count(1):
        now = start + week * WEEK
        if now > back:
            break
        assert bench.poll(now)
    assert bench.poll(back + HOUR)
    used = Bench(bench.upstream, Settings(), bench.store).start(back + HOUR).accounts.book("usage").newest_by_labels()
    assert list(used) == [("default", "claude-opus-5", "standard", "global", "standard")]
    assert sum(bench.totals(TOKENS).values()) == 7

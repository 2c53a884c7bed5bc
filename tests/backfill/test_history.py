"""Samples of history are those of the live counters, without the lag."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.backfill.calendar import SLICE, moments
from anthropic_exporter.backfill.history import Ceilings
from anthropic_exporter.backfill.journal import Journal, state
from anthropic_exporter.backfill.openmetrics import Written
from anthropic_exporter.ledger.counters import OVERFLOW
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.utc import DAY, HOUR, epoch
from backfill.trial import IDLE, PRICES, YEAR, Buckets, buckets, counting, live, new_history, samples
from ledger.bounded import quick
from ledger.instants import at

OPUS = ("default", "claude-opus-5-5", "standard", "not_available", "standard")
TOKENS = "anthropic_usage_tokens_total"
OUTPUT = (TOKENS, (*OPUS, "output"))
BILLED = ("default", "claude-opus-5-5", "standard", "tokens", "output")
DAYS = 7


def used(*hours):
    """Return usage of one group: (hour since the start of the year, output tokens)."""
    found = Buckets()
    for hour, tokens in hours:
        found.put("usage", YEAR + hour * HOUR, OPUS, (0, 0, 0, 0, tokens, 0))
    return found


def counters_of(found):
    return {key: values for key, values in found.items() if key[0].endswith("_total")}


@quick
@given(buckets(YEAR - 3 * DAY, DAYS))
def test_every_sample_is_what_the_live_counter_shows(found):
    first, until = YEAR - 3 * DAY, YEAR + 4 * DAY
    told = counters_of(samples(new_history(), found, first, until))
    shown = live(found, first, until)
    assert told.keys() == shown.keys()
    for key, values in shown.items():
        expected, history = dict(values), dict(told[key])
        # More than the live ones are only the values before a birth and before a series comes back.
        assert {now: history.get(now) for now in expected} == expected
        more = sorted(history.keys() - expected.keys())
        times = sorted(history)
        for now in more:
            after = times[times.index(now) + 1]
            assert after in expected
            earlier = [value for moment, value in values if moment < now]
            assert history[now] == (earlier[-1] if earlier else 0)


@quick
@given(buckets(YEAR - 3 * DAY, DAYS))
def test_every_series_begins_at_0_and_falls_only_with_the_year(found):
    first = YEAR - 3 * DAY
    for values in counters_of(samples(new_history(), found, first, YEAR + 4 * DAY)).values():
        assert values[0][0] == first or values[0][1] == 0
        for (_, old), (now, new) in pairwise(values):
            assert new >= old or (now == YEAR and new == 0)


@quick
@given(buckets(SLICE * 1000, 25), st.sampled_from([HOUR, 4 * HOUR, DAY]))
def test_a_journal_at_each_page_changes_no_sample(tmp_path_factory, found, step):
    folder = tmp_path_factory.mktemp("journal")
    first = SLICE * 1000 // DAY * DAY
    until = first + 24 * DAY

    def turn(history):
        journal = Journal(folder / "journal.json")
        journal.open({}, "a test")
        journal.finish(0, Written("", 0, 0), {"main": state(history)})
        again = Journal(folder / "journal.json")
        again.open({}, "a test")
        other = new_history()
        again.restore("main", other)
        return other

    assert samples(new_history(), found, first, until, step, turn) == samples(new_history(), found, first, until, step)


def test_a_series_is_0_one_step_before_it_is_born_also_over_the_edge_of_a_slice():
    edge = (YEAR // SLICE + 1) * SLICE
    hour = (edge - YEAR) // HOUR - 1
    told = samples(new_history(), used((hour, 5)), YEAR, edge + 2 * HOUR)[OUTPUT]
    assert told == [(edge - HOUR, 0), (edge, 5), (edge + HOUR, 5), (edge + 2 * HOUR, 5)]


def test_the_last_hour_of_a_year_is_shown_a_second_before_its_end():
    told = samples(new_history(), used((-2, 5), (-1, 7), (0, 1)), YEAR - DAY, YEAR + HOUR)[OUTPUT]
    assert told[-4:] == [(YEAR - HOUR, 5), (YEAR - 1, 12), (YEAR, 0), (YEAR + HOUR, 1)]


def test_a_day_of_the_bill_is_counted_when_it_is_settled():
    found = Buckets()
    found.put("cost", YEAR, BILLED, (Decimal("1.25"),))
    told = samples(new_history(), found, YEAR, YEAR + 2 * DAY)
    settled = YEAR + DAY + 6 * HOUR
    assert told["anthropic_cost_usd_total", BILLED][:2] == [(settled - HOUR, 0), (settled, 1.25)]
    noon = YEAR + DAY + DAY // 2
    assert told["anthropic_cost_yesterday_usd", ("default", "claude-opus-5-5", "tokens")] == [(noon, 1.25)]


def test_gauges_of_a_day_stand_at_noon_of_the_next_for_any_step():
    found = used((-30, 9), (-1, 1), (3, 7), (26, 2))
    for step in (HOUR, 8 * HOUR, DAY):
        told = samples(new_history(), found, YEAR, YEAR + 3 * DAY, step)
        assert told["anthropic_usage_yesterday_tokens", ("default", "claude-opus-5-5", "output")] == [
            (YEAR + DAY // 2, 1),
            (YEAR + DAY + DAY // 2, 7),
            (YEAR + 2 * DAY + DAY // 2, 2),
        ]
        assert told["anthropic_estimated_cost_yesterday_usd", ("default", "claude-opus-5-5")][0][1] > 0


def test_an_idle_series_is_hidden_and_comes_back_at_its_old_value():
    told = dict(samples(new_history(), used((0, 5), (200, 1)), YEAR, YEAR + 10 * DAY)[OUTPUT])
    shown_until = YEAR + HOUR + IDLE // HOUR * HOUR
    assert shown_until in told
    assert shown_until + HOUR not in told
    assert [told.get(YEAR + hour * HOUR) for hour in (199, 200, 201, 202)] == [None, 5, 6, 6]


def test_usage_of_the_year_before_the_first_sample_is_in_it():
    told = samples(new_history(), used((3, 5), (50, 1)), YEAR + 2 * DAY, YEAR + 3 * DAY)[OUTPUT]
    assert told[0] == (YEAR + 2 * DAY, 5)
    assert told[-1][1] == 6


def test_no_sample_lies_above_the_first_live_one():
    """What came late for an hour before the joint is in the history now, and was not in the exporter's first value."""
    until = YEAR + DAY
    ceilings = {TOKENS: Ceilings(until + HOUR, {OUTPUT: Decimal(11)})}
    found = used((-5, 100), (2, 10), (20, 5))
    found.put("usage", YEAR + 2 * HOUR, ("default", "born-live", *OPUS[2:]), (0, 0, 0, 0, 3, 0))
    told = samples(new_history(ceilings=ceilings), found, YEAR - DAY, until)
    assert told[OUTPUT][-1] == (until, 11)
    assert (YEAR - 1, 100) in told[OUTPUT]
    assert {value for now, value in told[TOKENS, ("default", "born-live", *OPUS[2:], "output")]} == {0}


def test_label_sets_go_where_the_exporter_has_put_them():
    placing = counting(most=10)
    other = ("wrkspc_1", *OPUS[1:])
    placing.hold([(TOKENS, (*other, "output"))], [(TOKENS, (*OPUS, "output"))])
    found = used((1, 5))
    found.put("usage", YEAR + HOUR, other, (0, 0, 0, 0, 2, 0))
    told = samples(new_history(placing), found, YEAR, YEAR + 3 * HOUR)
    assert told[TOKENS, (*[OVERFLOW] * 5, "output")][-1][1] == 5
    assert told[TOKENS, (*other, "output")][-1][1] == 2
    assert OUTPUT not in told


def test_moments_hold_the_end_of_each_epoch():
    month = at("2026-03-01")
    found = list(moments(month - 2 * HOUR, month + HOUR, HOUR, lambda now: epoch("month", now)))
    assert found == [month - 2 * HOUR, month - HOUR, month - 1, month, month + HOUR]


@pytest.mark.parametrize("step", [HOUR, 6 * HOUR, DAY])
def test_a_coarser_step_tells_the_same_at_its_moments(step):
    found = used((1, 5), (26, 1), (30, 9))
    fine = dict(samples(new_history(), found, YEAR, YEAR + 2 * DAY)[OUTPUT])
    coarse = dict(samples(new_history(), found, YEAR, YEAR + 2 * DAY, step)[OUTPUT])
    born = min(now for now, value in coarse.items() if value)
    assert {now: value for now, value in coarse.items() if now >= born} == {
        now: fine[now] for now in coarse if now >= born
    }


def test_each_day_is_priced_at_its_own_price(tmp_path):
    file = tmp_path / "prices.yml"
    five = 'input: "1", cache_write_5m: "1", cache_write_1h: "1", cache_read: "1", output: "1000"'
    file.write_text(
        f"prices: [{{model: claude-opus-5-5, valid_from: 2026-01-02, valid_to: 2026-01-03, {five}}}]", encoding="utf-8"
    )
    prices = PriceList.load(file)
    told = samples(new_history(prices=prices), used((12, 1), (36, 1), (60, 1)), YEAR, YEAR + 3 * DAY)
    values = [value for _, value in told["anthropic_estimated_cost_usd_total", (*OPUS, "output")]]
    steps = [new - old for old, new in pairwise(values) if new != old]
    day = pytest.approx(float(PRICES.price(*OPUS[1:], "none", YEAR).output), rel=1e-6)
    assert steps == [day, pytest.approx(0.001, rel=1e-6), day]

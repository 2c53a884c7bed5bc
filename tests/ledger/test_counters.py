from collections import Counter as Tally
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.ledger.counters import OVERFLOW, Counters, Posting
from ledger.bounded import quick

FAMILY = "anthropic_usage_tokens_total"
HOLD = 90.0
TTL = 1000.0
START = 1_790_000_000.0


def counters(*, max_per_family=1000, idle_ttl=1e9, birth_hold=HOLD, kept=()):
    return Counters(birth_hold, idle_ttl, max_per_family, {FAMILY: kept})


def post(made, postings, now, *, born=True):
    made.apply(made.stage([Posting(FAMILY, labels, amount) for labels, amount in postings], now, born=born))


def listed(made, now):
    made.reveal([FAMILY], now)
    made.apply(made.released(now))
    return made.shown(FAMILY, now)


def shown(made, now):
    return dict(listed(made, now))


def total(made, labels):
    return dict(made.items(FAMILY))[labels].total


steps = st.lists(
    st.tuples(
        st.floats(0, 200),
        st.lists(st.tuples(st.sampled_from([("a",), ("b",), ("c",)]), st.integers(-40, 60)), max_size=5),
    ),
    max_size=25,
)


@quick
@given(steps, st.sampled_from([0.0, HOLD]), st.sampled_from([150.0, 1e9]))
def test_a_counter_never_falls_and_never_lies_below_its_total(history, hold, ttl):
    made, now, before = counters(birth_hold=hold, idle_ttl=ttl), START, {}
    for seconds, postings in history:
        now += seconds
        # Upstream reports no negative amounts: a total can fall, but not below nothing.
        sums = Tally()
        for labels, amount in postings:
            sums[labels] += amount
        known = {labels: counter.total for labels, counter in made.items(FAMILY)}
        post(made, [(key, max(amount, -known.get(key, 0))) for key, amount in sums.items()], now)
        for at in (now, now + hold / 2, now + hold):
            for labels, value in shown(made, at).items():
                assert value >= before.get(labels, 0)
                before[labels] = value
        now += hold
        for _, counter in made.items(FAMILY):
            assert counter.high >= counter.total >= 0


@quick
@given(st.lists(st.integers(-30, 50), min_size=1, max_size=30))
def test_a_counter_is_the_truth_once_growth_has_passed_every_correction(amounts):
    made, sums = counters(birth_hold=0), []
    for second, amount in enumerate(amounts):
        sums.append(max(0, (sums[-1] if sums else 0) + amount))
        post(made, [(("a",), sums[-1] - (sums[-2] if len(sums) > 1 else 0))], START + second)
    assert shown(made, START + len(sums)) == {("a",): max(sums)}
    if sums[-1] == max(sums):
        assert made.overshoot(FAMILY) in (0.0, None)


def test_a_series_that_is_born_is_shown_at_zero_until_its_hold_ends():
    made = counters()
    post(made, [(("a",), 5000)], START)
    post(made, [(("a",), 10)], START + 60)
    assert made.next_change(START) is None, "the hold begins when the series is shown"
    assert shown(made, START + 60) == {("a",): 0}
    assert shown(made, START + 60 + HOLD - 1) == {("a",): 0}
    assert made.next_change(START + 60) == START + 60 + HOLD
    assert shown(made, START + 60 + HOLD) == {("a",): 5010}
    assert made.next_change(START + 60 + HOLD) is None


def test_nothing_is_held_while_the_first_complete_reading_is_taken():
    made = counters()
    post(made, [(("a",), 5000)], START, born=False)
    assert shown(made, START) == {("a",): 5000}


def test_a_held_amount_of_money_is_a_decimal_zero():
    made = counters()
    post(made, [(("a",), Decimal("1.25"))], START)
    assert isinstance(shown(made, START)["a",], Decimal)
    assert shown(made, START) == {("a",): 0}


def test_a_zero_makes_a_series_exist_and_changes_none():
    made = counters()
    post(made, [(("a",), 5), (("b",), 0)], START, born=False)
    post(made, [(("a",), 0)], START + 1)
    assert shown(made, START + 1) == {("a",): 5, ("b",): 0}
    assert dict(made.items(FAMILY))["a",].moved_at == START


def test_an_idle_series_is_hidden_and_comes_back_at_its_old_value_first():
    made = counters(idle_ttl=TTL)
    post(made, [(("a",), 100)], START, born=False)
    assert shown(made, START + TTL) == {("a",): 100}
    assert shown(made, START + TTL + 1) == {}
    back = START + 2 * TTL
    post(made, [(("a",), 7)], back)
    post(made, [(("a",), 3)], back + 10)
    assert shown(made, back) == {("a",): 100}
    assert shown(made, back + HOLD - 1) == {("a",): 100}
    assert shown(made, back + HOLD) == {("a",): 110}


def test_a_correction_pauses_a_counter_and_shows_as_overshoot():
    made = counters()
    post(made, [(("a",), 100)], START, born=False)
    post(made, [(("a",), -20)], START + 1)
    assert shown(made, START + 1) == {("a",): 100}
    assert total(made, ("a",)) == 80
    assert made.overshoot(FAMILY) == pytest.approx(0.25)
    post(made, [(("a",), 30)], START + 2)
    assert shown(made, START + 2) == {("a",): 110}
    assert made.overshoot(FAMILY) == 0


def test_there_is_no_overshoot_of_nothing():
    made = counters()
    assert made.overshoot(FAMILY) is None
    post(made, [(("a",), 0)], START)
    assert made.overshoot(FAMILY) is None


@quick
@given(
    st.lists(
        st.lists(
            st.tuples(st.integers(0, 9).map(str), st.sampled_from(["input", "output"]), st.integers(0, 9)), max_size=6
        ),
        max_size=12,
    ),
    st.integers(1, 8),
)
def test_what_does_not_fit_is_in_the_overflow_series_exactly(history, limit):
    made, sums, kinds, homes = counters(max_per_family=limit, kept=(1,)), 0, Tally(), {}
    for second, postings in enumerate(history):
        post(made, [((name, kind), amount) for name, kind, amount in postings], START + second, born=False)
        sums += sum(amount for _, _, amount in postings)
        for _, kind, amount in postings:
            kinds[kind] += amount
        found = {labels: counter.total for labels, counter in made.items(FAMILY)}
        assert sum(found.values()) == sums
        assert {k: sum(v for (_, kind), v in found.items() if kind == k) for k in kinds} == kinds
        assert sum(1 for name, _ in found if name != OVERFLOW) <= limit
        # A series that exists never moves.
        assert homes.keys() <= found.keys()
        homes = found


def test_overflowed_label_sets_are_counted_and_stay_where_they_are():
    made = counters(max_per_family=1, kept=(1,))
    post(made, [(("a", "input"), 1), (("b", "input"), 2), (("b", "output"), 3)], START, born=False)
    made.max_per_family = 100
    post(made, [(("b", "input"), 10), (("c", "input"), 5)], START + 1, born=False)
    assert shown(made, START + 1) == {
        ("a", "input"): 1,
        (OVERFLOW, "input"): 12,
        (OVERFLOW, "output"): 3,
        ("c", "input"): 5,
    }
    assert made.overflowed(FAMILY) == 2


def test_a_stage_over_another_keeps_its_overflowed_label_sets():
    made = counters(max_per_family=1, kept=())
    first = made.stage([Posting(FAMILY, ("a",), 1), Posting(FAMILY, ("b",), 2)], START, born=False)
    made.apply(made.stage([Posting("other", ("x",), 1)], START, born=False, over=first))
    assert made.overflowed(FAMILY) == 1
    assert shown(made, START) == {("a",): 1, (OVERFLOW,): 2}


def test_staging_changes_nothing():
    made = counters()
    post(made, [(("a",), 1)], START, born=False)
    made.stage([Posting(FAMILY, ("a",), 1), Posting(FAMILY, ("b",), 1)], START, born=False)
    made.restart([FAMILY], START, held=True)
    assert shown(made, START) == {("a",): 1}


def test_a_new_epoch_begins_at_zero_and_is_held_there():
    """Or what was used in an outage over New Year could exceed the old value, and nobody would see the reset."""
    made = counters()
    post(made, [(("a",), 100), (("b",), 5)], START, born=False)
    restarted = made.restart([FAMILY], START + 10, held=True)
    made.apply(made.stage([Posting(FAMILY, ("a",), 300)], START + 10, born=True, over=restarted))
    assert shown(made, START + 20) == {("a",): 0, ("b",): 0}
    assert shown(made, START + 20 + HOLD) == {("a",): 300, ("b",): 0}


def test_an_epoch_that_a_setting_moves_back_is_not_held():
    made = counters()
    post(made, [(("a",), 100)], START, born=False)
    restarted = made.restart([FAMILY], START + 10, held=False)
    made.apply(made.stage([Posting(FAMILY, ("a",), 300)], START + 10, born=True, over=restarted))
    assert shown(made, START + 10) == {("a",): 300}


def test_a_new_epoch_ends_what_was_hidden_and_gives_its_place_away():
    made = counters(max_per_family=2, idle_ttl=TTL)
    post(made, [(("gone",), 1)], START, born=False)
    post(made, [(("a",), 1), (("b",), 2)], START + TTL, born=False)
    assert made.overflowed(FAMILY) == 1
    year = START + TTL + 1
    made.apply(made.restart([FAMILY], year, held=True))
    assert shown(made, year) == {("a",): 0, (OVERFLOW,): 0}
    made.max_per_family = 3
    post(made, [(("b",), 5), (("gone",), 7)], year + 1)
    assert shown(made, year + 1) == {("a",): 0, (OVERFLOW,): 0, ("b",): 0}
    assert shown(made, year + 1 + HOLD) == {("a",): 0, (OVERFLOW,): 7, ("b",): 5}


def test_a_recount_keeps_what_is_shown():
    made = counters()
    post(made, [(("a",), 100), (("b",), 5)], START, born=False)
    made.apply(made.recount([FAMILY]))
    post(made, [(("a",), 90)], START + 1)
    assert shown(made, START + 1) == {("a",): 100, ("b",): 5}
    post(made, [(("a",), 30)], START + 2)
    assert shown(made, START + 2) == {("a",): 120, ("b",): 5}


def test_forgetting_a_family_leaves_the_others():
    made = counters(max_per_family=1)
    post(made, [(("a",), 1), (("b",), 2)], START, born=False)
    made.apply(made.stage([Posting("other", ("x",), 1)], START, born=False))
    made.forget([FAMILY])
    assert made.families() == ["other"]
    assert made.overflowed(FAMILY) == 0


def test_what_is_shown_is_the_same_list_until_something_moves():
    made = counters(idle_ttl=TTL)
    post(made, [(("a",), 1), (("b",), 2)], START)
    assert listed(made, START) == [(("a",), 0), (("b",), 0)]
    after_hold = listed(made, START + HOLD)
    assert after_hold == [(("a",), 1), (("b",), 2)]
    assert listed(made, START + HOLD + 1) is after_hold
    post(made, [(("a",), 1)], START + HOLD + 1)
    moved = listed(made, START + HOLD + 1)
    assert moved == [(("a",), 2), (("b",), 2)]
    assert listed(made, START + TTL + 1) == [(("a",), 2)], "b has not moved for the time after which it is hidden"
    assert listed(made, START + TTL) == moved, "the clock was set back"
    assert made.overshoot(FAMILY) == 0
    post(made, [(("a",), -1)], START + TTL)
    assert made.overshoot(FAMILY) == 1 / 3

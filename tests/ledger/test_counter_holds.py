"""The hold of a new series, under clocks that are set."""

from anthropic_exporter.ledger.counters import Counters, Posting

BORN = 1_000_000.0
HOLD = 90.0
SERIES = ("tokens_total", ("a",))


def born(at=BORN, amount=500):
    counters = Counters(birth_hold=HOLD, idle_ttl=1e9, max_per_family=10)
    counters.apply(counters.stage([Posting(*SERIES, amount)], at, born=True))
    return counters


def shown(counters, now):
    return dict(counters.shown(SERIES[0], now))[SERIES[1]]


def test_a_hold_that_was_over_is_over_when_the_clock_is_set_back():
    counters = born()
    assert shown(counters, BORN + HOLD - 1) == 0
    assert shown(counters, BORN + HOLD) == 500
    assert shown(counters, BORN + 1) == 500


def test_a_small_step_back_does_not_end_a_hold():
    counters = born()
    assert shown(counters, BORN - 30) == 0
    assert shown(counters, BORN + 30) == 0
    assert shown(counters, BORN + HOLD) == 500


def test_a_hold_begun_by_a_clock_far_ahead_ends_at_once_under_the_right_one():
    counters = born(BORN + 40 * 86_400)
    assert shown(counters, BORN) == 500


def test_the_end_of_a_hold_is_kept_with_the_next_movement():
    counters = born()
    assert shown(counters, BORN + HOLD) == 500
    staged = counters.stage([Posting(*SERIES, 1)], BORN + HOLD, born=True)
    again = Counters(birth_hold=HOLD, idle_ttl=1e9, max_per_family=10)
    again.load([(*SERIES, staged.counters[SERIES])], [])
    assert shown(again, BORN + 1) == 501

"""The hold of a series: under clocks that are set, in processes that end, behind readings that take long."""

from anthropic_exporter.ledger.counters import Counters, Posting

BORN = 1_000_000.0
HOLD = 90.0
DAY = 86_400
SERIES = ("tokens_total", ("a",))


def made(idle_ttl=1e9):
    return Counters(birth_hold=HOLD, idle_ttl=idle_ttl, max_per_family=10)


def post(counters, amount, at, *, born=True):
    counters.apply(counters.stage([Posting(*SERIES, amount)], at, born=born))


def born(at=BORN, amount=500):
    counters = made()
    post(counters, amount, at)
    return counters


def shown(counters, now):
    counters.reveal([SERIES[0]], now)
    counters.apply(counters.released(now))
    return dict(counters.shown(SERIES[0], now)).get(SERIES[1])


def again(counters):
    """Return the counters as another process finds them."""
    found = made()
    found.load([(*SERIES, counter) for _, counter in counters.items(SERIES[0])], [])
    return found


def test_a_hold_counts_from_when_the_series_is_shown():
    """A reading of many pages takes minutes, and is dated from its beginning."""
    counters = born()
    late = BORN + 10 * HOLD
    assert shown(counters, late) == 0
    assert shown(counters, late + HOLD - 1) == 0
    assert shown(counters, late + HOLD) == 500


def test_a_hold_waits_while_its_family_is_not_shown():
    counters = born()
    counters.reveal(["another_family"], BORN)
    assert shown(counters, BORN + HOLD) == 0


def test_a_hold_that_was_over_is_over_when_the_clock_is_set_back():
    counters = born()
    assert shown(counters, BORN) == 0
    assert shown(counters, BORN + HOLD) == 500
    assert shown(counters, BORN + 1) == 500
    assert shown(again(counters), BORN + 1) == 500


def test_a_hold_counts_anew_when_the_clock_is_set_back():
    counters = born()
    assert shown(counters, BORN) == 0
    back = BORN - 40 * DAY
    assert shown(counters, back) == 0
    assert shown(counters, back + HOLD - 1) == 0
    assert shown(counters, back + HOLD) == 500


def test_a_hold_counts_anew_in_another_process():
    """The one before may have died before anybody saw the zero."""
    counters = born()
    assert shown(counters, BORN) == 0
    found = again(counters)
    later = BORN + DAY
    assert shown(found, later) == 0
    assert shown(found, later + HOLD) == 500


def test_that_a_hold_is_over_does_not_show_before_it_is_written():
    counters = born()
    assert shown(counters, BORN) == 0
    counters.reveal([SERIES[0]], BORN + HOLD)
    assert set(counters.released(BORN + HOLD).counters) == {SERIES}
    assert dict(counters.shown(SERIES[0], BORN + HOLD)) == {SERIES[1]: 0}


def test_a_series_that_a_wrong_clock_has_hidden_comes_back_at_its_old_value():
    counters = made(idle_ttl=35 * DAY)
    post(counters, 500, BORN, born=False)
    assert shown(counters, BORN + 40 * DAY) is None
    post(counters, 7, BORN + 60)
    assert shown(counters, BORN + 60) == 500
    assert shown(counters, BORN + 60 + HOLD) == 507


def test_a_hold_does_not_run_out_while_the_series_is_hidden():
    counters = made(idle_ttl=35 * DAY)
    post(counters, 500, BORN)
    assert shown(counters, BORN) == 0
    assert shown(counters, BORN + 40 * DAY) is None
    assert shown(counters, BORN + HOLD) == 0
    assert shown(counters, BORN + 2 * HOLD) == 500


def test_without_a_hold_nothing_is_held():
    counters = Counters(birth_hold=0, idle_ttl=1e9, max_per_family=10)
    post(counters, 500, BORN)
    assert shown(counters, BORN) == 500
    assert counters.next_change(BORN) is None

import contextlib
from dataclasses import replace
from decimal import Decimal

import pytest

from anthropic_exporter.config.sections import CountersSettings, UsageSettings
from anthropic_exporter.config.settings import Settings
from anthropic_exporter.errors import StateError, SuspiciousRead, TooLarge, Unavailable
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import Intake, Interval
from anthropic_exporter.utc import DAY, HOUR, MINUTE
from collect.upstream import Event, Upstream
from ledger.broken_disk import BrokenDisk, contents
from ledger.instants import at
from money.bench import COST, ESTIMATED, HOLD, REQUESTS, TOKENS, UNPRICED, Bench, labels_of, true_counters

NOON = at("2026-07-15T12:17")
MONTHLY = Settings(counters=CountersSettings(since="month"))
ONE = Event(NOON - HOUR, tokens=1000, output=10, usd=Decimal("0.01"))


def series(event, token_type="uncached_input"):
    return (TOKENS, *labels_of(event), token_type)


@pytest.fixture
def bench():
    return Bench(Upstream([ONE]), MONTHLY).start(NOON)


def test_nothing_is_shown_before_a_stream_was_read_whole(bench):
    def fails(_):
        if len(bench.upstream.calls) > 1:
            raise Unavailable("away")

    bench.upstream.fails = fails
    assert not bench.poll(NOON)
    assert bench.shown(NOON) == {}
    bench.upstream.fails = lambda _: None
    bench.poll(NOON + 60)
    assert bench.shown(NOON + 60)[series(ONE)] == 1000


def test_a_series_that_is_born_later_is_held_at_zero(bench):
    bench.poll(NOON)
    other = replace(ONE, workspace_id="wrkspc_1", tokens=7)
    bench.upstream.events.append(other)
    bench.poll(NOON + 60)
    assert bench.shown(NOON + 60)[series(other)] == 0
    assert bench.accounts.counters.next_change(NOON + 60) == NOON + 60 + HOLD
    assert bench.shown(NOON + 60 + HOLD)[series(other)] == 7
    assert bench.shown(NOON + 60 + HOLD)[series(other, "cache_read")] == 0


def test_a_suspicious_reading_changes_nothing_until_it_is_believed(bench):
    bench.upstream.events[:] = [replace(ONE, tokens=500_000)]
    bench.poll(NOON)
    bench.upstream.events[:] = [ONE]
    for poll in (1, 2):
        assert not bench.poll(NOON + poll * 60)
        assert bench.totals(TOKENS)[series(ONE)[1:]] == 500_000
    assert bench.poll(NOON + 180)
    assert bench.totals(TOKENS)[series(ONE)[1:]] == 1000
    assert bench.shown(NOON + 180)[series(ONE)] == 500_000


@pytest.mark.parametrize("turn", ["2026-08-01", "2027-01-01"])
def test_counters_begin_again_at_the_epoch_and_windows_go_on(turn):
    midnight = at(turn)
    old = Event(midnight - 10 * MINUTE, tokens=100)
    new = Event(midnight + 10 * MINUTE, tokens=7)
    bench = Bench(Upstream([old, new]), MONTHLY).start(midnight - HOUR)
    bench.poll(midnight - HOUR)
    bench.poll(midnight - MINUTE)
    assert bench.shown(midnight - 1)[series(old)] == 0  # held
    assert bench.shown(midnight)[series(old)] == 0
    bench.poll(midnight + 20 * MINUTE)
    assert bench.shown(midnight + 20 * MINUTE)[series(old)] == 7
    assert bench.window("usage", "yesterday", midnight)["default", "claude-opus-5"][0] == 100
    assert bench.window("usage", "previous_month", midnight)["default", "claude-opus-5"][0] == 100
    assert bench.window("usage", "month_to_date", midnight)["default", "claude-opus-5"][0] == 7


def test_what_arrives_late_for_the_old_epoch_is_in_no_counter_of_the_new_one():
    midnight = at("2027-01-01")
    old = Event(midnight - 10 * MINUTE, tokens=100)
    bench = Bench(Upstream([]), MONTHLY).start(midnight - HOUR)
    bench.poll(midnight - HOUR)
    bench.poll(midnight + HOUR)
    bench.upstream.events.append(old)
    bench.poll(midnight + 2 * HOUR)
    assert bench.totals(TOKENS) == {}
    assert bench.window("usage", "yesterday", midnight)["default", "claude-opus-5"][0] == 100


def test_a_cycle_that_began_last_year_counts_nothing_for_this_one():
    """It is posted after midnight, when the counters stand at 0 already."""
    midnight = at("2027-01-01")
    bench = Bench(Upstream([]), MONTHLY).start(midnight - HOUR)
    bench.poll(midnight - HOUR)
    bench.accounts.turn(midnight + 1)
    hour = Interval(midnight - HOUR, midnight)
    cells = {labels_of(ONE): (100, 0, 0, 0, 0, 0)}
    bench.accounts.turn(midnight - 1)
    bench.accounts.post(Intake("usage", hour, {hour: cells}), midnight - 1)
    assert bench.totals(TOKENS) == {}
    assert bench.window("usage", "yesterday", midnight)["default", "claude-opus-5"][0] == 100


def test_an_outage_over_the_new_year_shows_its_zero():
    """Else 150 after 100 is an increase of 50, where 150 were used."""
    midnight = at("2027-01-01")
    old, new = Event(midnight - HOUR, tokens=100), Event(midnight + HOUR, tokens=150)
    bench = Bench(Upstream([old, new]), Settings()).start(midnight - 30 * MINUTE)
    bench.poll(midnight - 30 * MINUTE)
    assert bench.shown(midnight - 20 * MINUTE)[series(old)] == 100
    bench.start(midnight + 12 * HOUR)
    bench.poll(midnight + 12 * HOUR)
    assert bench.shown(midnight + 12 * HOUR)[series(new)] == 0
    assert bench.shown(midnight + 12 * HOUR + HOLD)[series(new)] == 150


def test_a_series_that_nobody_saw_at_zero_is_held_by_the_next_process(bench):
    bench.poll(NOON)
    other = replace(ONE, workspace_id="wrkspc_1", tokens=7)
    bench.upstream.events.append(other)
    bench.poll(NOON + 60)
    bench.start(NOON + DAY)
    bench.poll(NOON + DAY)
    assert bench.shown(NOON + DAY)[series(other)] == 0
    assert bench.shown(NOON + DAY + HOLD)[series(other)] == 7
    bench.start(NOON + DAY + HOLD)
    assert bench.shown(NOON + DAY + HOLD)[series(other)] == 7


def test_a_clock_set_back_over_the_new_year_takes_no_counter_down():
    midnight = at("2027-01-01")
    bench = Bench(Upstream([Event(midnight + 60, tokens=50)]), MONTHLY).start(midnight - HOUR)
    bench.poll(midnight - HOUR)
    bench.poll(midnight + 120)
    assert bench.shown(midnight + 120)[series(ONE)] == 0
    assert bench.shown(midnight + 120 + HOLD)[series(ONE)] == 50
    bench.poll(midnight - 60)
    bench.poll(midnight + 180)
    assert bench.shown(midnight + 600)[series(ONE)] == 50


def test_days_that_a_wrong_clock_dropped_come_back(bench):
    bench.poll(NOON)
    today = bench.window("usage", "today", NOON)
    bench.accounts.turn(NOON + 100 * DAY)
    bench.accounts.turn(NOON)
    assert bench.window("usage", "today", NOON) == today != {}


def test_an_epoch_further_back_is_read_before_anything_is_shown():
    old = Event(at("2026-03-01"), tokens=5)
    bench = Bench(Upstream([old, ONE]), MONTHLY).start(NOON)
    bench.poll(NOON)
    assert bench.shown(NOON)[series(ONE)] == 1000
    bench.settings = Settings()
    bench.start(NOON + 60)
    assert bench.shown(NOON + 60) == {}
    bench.poll(NOON + 60)
    assert bench.shown(NOON + 60)[series(ONE)] == 1005


def test_an_epoch_further_back_counts_what_is_held_already():
    june = Event(at("2026-06-20"), tokens=5)
    bench = Bench(Upstream([june, ONE]), MONTHLY).start(NOON)
    bench.poll(NOON)
    bench.settings = Settings()
    bench.start(NOON + 60)
    assert bench.totals(TOKENS)[series(ONE)[1:]] == 1005


def test_a_stream_switched_off_over_the_new_year_starts_at_the_new_epoch(bench):
    bench.poll(NOON)
    later = at("2027-02-10T12:00")
    bench.start(later, only=("usage",))
    bench.poll(later)
    bench.upstream.events.append(Event(later - 3 * DAY, usd=Decimal(2)))
    bench.start(later + 60)
    bench.poll(later + 60)
    assert sum(bench.totals(COST).values()) == 2


def test_other_labels_are_read_anew_and_leave_other_streams_alone(bench):
    bench.poll(NOON)
    bench.poll(NOON + DAY)
    cost = bench.totals(COST)
    assert cost
    bench.settings = replace(MONTHLY, usage=UsageSettings(group_by=("model",)))
    bench.start(NOON + DAY)
    assert bench.totals(TOKENS) == {}
    assert set(bench.shown(NOON + DAY)) == {key for key in bench.shown(NOON + DAY) if "usage" not in key[0]}
    assert bench.totals(COST) == cost
    bench.poll(NOON + DAY + 60)
    assert bench.totals(TOKENS)["claude-opus-5", "uncached_input"] == 1000
    assert bench.shown(NOON + DAY + 60)[TOKENS, "claude-opus-5", "uncached_input"] == 1000
    assert bench.totals(COST) == cost


def test_other_labels_take_down_no_counter_that_does_not_have_them(bench):
    """The estimate of what has no price is by model, whatever usage is grouped by."""
    unknown = replace(ONE, model="claude-of-tomorrow")
    bench.upstream.events.append(unknown)
    bench.poll(NOON)
    bench.upstream.events[:] = [ONE, replace(unknown, tokens=400)]
    bench.poll(NOON + 60)
    key = (UNPRICED, "claude-of-tomorrow", "uncached_input", "unknown_model")
    assert bench.shown(NOON + 60)[key] == 1000
    bench.settings = replace(MONTHLY, usage=UsageSettings(group_by=("model",)))
    bench.start(NOON + DAY)
    assert key not in bench.shown(NOON + DAY)
    bench.poll(NOON + DAY)
    assert bench.shown(NOON + DAY)[key] == 1000
    assert bench.totals(UNPRICED)[key[1:]] == 400
    bench.start(NOON + DAY + 60)
    assert bench.shown(NOON + DAY + 60)[key] == 1000


def test_the_same_labels_keep_everything(bench):
    bench.poll(NOON)
    bench.start(NOON + 60)
    bench.poll(NOON + 60)
    assert len(bench.upstream.calls) < 20
    assert bench.shown(NOON + 60)[series(ONE)] == 1000


@pytest.fixture(scope="module")
def dearer(tmp_path_factory):
    """Opus at ten times its price; and a price for a model that has none."""
    file = tmp_path_factory.mktemp("prices") / "prices.yml"
    columns = 'input: "50", cache_write_5m: "60", cache_write_1h: "100", cache_read: "5", output: "250"'
    models = ("claude-opus-5", "claude-of-tomorrow")
    file.write_text("prices:\n" + "".join(f"  - {{model: {model}, {columns}}}\n" for model in models))
    return PriceList.load(file)


def test_other_prices_correct_the_estimates_and_take_no_counter_down(bench, dearer):
    tomorrow = replace(ONE, model="claude-of-tomorrow")
    bench.upstream.events.append(tomorrow)
    bench.poll(NOON)
    before = bench.shown(NOON)
    for prices in (dearer, PriceList.load()):
        bench.prices = prices
        bench.start(NOON + 60)
        truth = true_counters(bench.upstream, at("2026-07-01"), prices)
        for family in (TOKENS, ESTIMATED, UNPRICED):
            assert bench.totals(family) == truth[family]
        after = bench.shown(NOON + 60 + HOLD)
        assert all(after[key] >= value for key, value in before.items())
        estimate = bench.window("estimate", "today", NOON)
        assert sum(sum(usd) for usd in estimate.values()) == sum(truth[ESTIMATED].values())
        before = after


def test_estimates_in_the_overflow_series_are_corrected_there(dearer):
    others = [replace(ONE, workspace_id=f"wrkspc_{n}", tokens=n + 1) for n in range(6)]
    bench = Bench(Upstream(others), replace(MONTHLY, series=replace(MONTHLY.series, max_per_family=8))).start(NOON)
    bench.poll(NOON)
    for prices in (dearer, PriceList.load()):
        bench.prices = prices
        bench.start(NOON + 60)
        truth = true_counters(bench.upstream, at("2026-07-01"), prices)[ESTIMATED]
        assert sum(bench.totals(ESTIMATED).values()) == sum(truth.values())


def test_requests_are_counted_beside_the_tokens(bench):
    bench.poll(NOON)
    bench.poll(NOON + 8 * HOUR)
    assert sum(bench.totals(REQUESTS).values()) == 1


def test_counting_from_zero_counts_nothing_that_was_there_before():
    zero = Settings(counters=CountersSettings(since="month"))
    bench = Bench(Upstream([ONE]), zero).start(NOON)
    bench.accounts._from_zero = True
    bench.poll(NOON)
    assert bench.shown(NOON)[series(ONE)] == 0
    bench.upstream.events.append(replace(ONE, tokens=5))
    bench.poll(NOON + 60)
    assert bench.shown(NOON + HOLD)[series(ONE)] == 5


def test_an_organization_too_large_for_one_answer_is_read_in_parts():
    """Nothing is known of its size at first; a year by 31 days at a time is asked for, and refused."""
    events = [replace(ONE, at=at("2026-01-05") + week * 7 * DAY, tokens=week + 1) for week in range(27)]
    bench = Bench(Upstream(events)).start(NOON)

    def too_large(_):
        endpoint, start, end, width = bench.upstream.calls[-1]
        if endpoint == "legacy" and end - start > {"1d": 3 * DAY, "1h": 6 * HOUR, "1m": DAY}[width]:
            raise TooLarge("the body is larger than 64 MiB")

    bench.upstream.fails = too_large
    assert bench.poll(NOON)
    truth = true_counters(bench.upstream, at("2026-01-01"))
    assert bench.totals(TOKENS) == truth[TOKENS]
    assert bench.totals(ESTIMATED) == truth[ESTIMATED]
    bench.upstream.calls.clear()
    assert bench.poll(NOON + 60)
    assert len(bench.upstream.calls) < 20


def test_a_stream_is_as_fresh_as_its_last_whole_cycle(bench):
    """A cycle that was cut off may have read old days only, and must not vouch for today."""
    bench.poll(NOON)
    assert bench.accounts.read_at("usage") == NOON

    def fails(_):
        if len(bench.upstream.calls) - asked > 2:
            raise Unavailable("away")

    bench.upstream.fails, asked = fails, len(bench.upstream.calls)
    assert not bench.poll(NOON + 3 * DAY)
    assert bench.accounts.read_at("usage") == NOON
    bench.upstream.fails = lambda _: None
    assert bench.poll(NOON + 3 * DAY + 60)
    assert bench.accounts.read_at("usage") == NOON + 3 * DAY + 60


def post_more(bench):
    """Post something that touches every table of accounts."""
    hour = Interval(NOON // HOUR * HOUR, NOON // HOUR * HOUR + HOUR)
    cells = {labels_of(ONE): (5, 0, 0, 0, 0, 0), labels_of(replace(ONE, workspace_id="far")): (9, 0, 0, 0, 0, 0)}
    bench.accounts.post(Intake("usage", hour, {hour: cells}), NOON + 60)


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(post_more, id="post"),
        pytest.param(lambda bench: bench.accounts.turn(at("2026-08-01")), id="turn"),
        pytest.param(lambda bench: bench.accounts.completed(["usage", "cost"], NOON + 60), id="completed"),
        pytest.param(lambda bench: bench.accounts.reveal(NOON + 30 + HOLD), id="reveal"),
    ],
)
@pytest.mark.parametrize("gone", [False, True], ids=["one statement fails", "the disk stays away"])
def test_a_disk_that_fails_at_any_statement_changes_nothing_in_store_or_memory(act, gone):
    small = replace(MONTHLY, series=replace(MONTHLY.series, max_per_family=8))
    expected = None
    for fails_at in range(1, 200):
        bench = Bench(Upstream([ONE]), small).start(NOON, only=("usage",))
        bench.poll(NOON)
        bench.upstream.events.append(replace(ONE, model="claude-of-tomorrow"))
        bench.poll(NOON + 30)
        bench.accounts.reveal(NOON + 30)
        real = bench.store._connection

        def memory(bench=bench):
            counters = {f: dict(bench.accounts.counters.items(f)) for f in bench.accounts.counters.families()}
            return counters, bench.window("usage", "today", NOON), bench.accounts.read_at("usage")

        before = contents(real), memory()
        bench.store._connection = BrokenDisk(real, fails_at, gone)
        failed = False
        try:
            act(bench)
        except StateError:
            failed = True
        bench.store._connection.gone = False
        if failed:
            with bench.store.transaction():
                assert (contents(real), memory()) == before
            act(bench)
        expected = expected or (contents(real), memory())
        assert (contents(real), memory()) == expected
        if not bench.store._connection.failed:
            assert expected != before
            return
    pytest.fail("there is no end")


def test_a_start_with_other_prices_that_fails_at_any_statement_is_made_good_by_the_next(dearer):
    expected = None
    for fails_at in range(1, 200):
        bench = Bench(Upstream([ONE, replace(ONE, model="claude-of-tomorrow")]), MONTHLY)
        bench.start(NOON, only=("usage",)).poll(NOON)
        before, real = contents(bench.store._connection), bench.store._connection
        bench.prices, bench.store._connection = dearer, BrokenDisk(real, fails_at, False)
        with contextlib.suppress(StateError):
            bench.load(NOON + 60, ("usage",))
        failed, bench.store._connection = bench.store._connection.failed, real
        bench.load(NOON + 60, ("usage",))
        expected = expected or contents(real)
        assert contents(real) == expected != before
        if not failed:
            return
    pytest.fail("there is no end")


def test_a_doubt_is_no_state_error(bench):
    bench.upstream.events[:] = [replace(ONE, tokens=500_000)]
    bench.poll(NOON)
    hour = Interval(ONE.at // HOUR * HOUR, ONE.at // HOUR * HOUR + HOUR)
    with pytest.raises(SuspiciousRead):
        bench.accounts.post(Intake("usage", hour, {hour: {}}), NOON)


def test_streams_of_two_organizations_do_not_mix():
    store = Store(":memory:")
    first = Bench(Upstream([ONE]), MONTHLY, store).start(NOON)
    first.poll(NOON)
    with store.transaction():
        store.forget_organization("main")
    again = Bench(Upstream([replace(ONE, tokens=3)]), MONTHLY, store).start(NOON + 60)
    assert again.shown(NOON + 60) == {}
    again.poll(NOON + 60)
    assert again.shown(NOON + 60)[series(ONE)] == 3

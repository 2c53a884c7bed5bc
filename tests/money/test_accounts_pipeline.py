"""The promise of the counters, over random histories: never down, never below the truth, and the truth in the end."""

from decimal import Decimal

from hypothesis import event as note
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.config.sections import CountersSettings
from anthropic_exporter.config.settings import Settings
from anthropic_exporter.ledger.windows import WINDOWS, bounds
from anthropic_exporter.utc import DAY, HOUR, MINUTE, floor
from collect.upstream import Event, Upstream
from ledger.bounded import long
from ledger.instants import at
from money.bench import COST, ESTIMATED, TOKENS, UNPRICED, Bench, corrected, true_counters, true_tokens

STARTS = [at("2026-07-14T20:00"), at("2026-07-30T21:30"), at("2026-12-30T22:00"), at("2026-12-31T23:30")]
MODELS = ["claude-opus-5", "claude-haiku-5-5", "claude-of-tomorrow"]

offsets = st.integers(-40 * DAY, 3 * DAY) | st.integers(-2 * HOUR, 2 * DAY)
lateness = st.sampled_from([0, 0, 0, 5 * MINUTE]) | st.integers(0, 3 * DAY)


@st.composite
def events(draw, start, *, corrections):
    """Some usage around a moment: late, and later corrected, moved to another workspace, or gone."""
    found = []
    for _ in range(draw(st.integers(0, 8))):
        used = start + draw(offsets)
        one = Event(
            used,
            tokens=draw(st.integers(0, 300_000)),
            output=draw(st.integers(0, 50)),
            workspace_id=draw(st.sampled_from(["default", "wrkspc_1"])),
            model=draw(st.sampled_from(MODELS)),
            service_tier=draw(st.sampled_from(["standard", "batch", "priority"])),
            usd=Decimal(draw(st.integers(0, 10_000))) / 100,
            seen_from=used + draw(lateness),
        )
        kind = draw(st.sampled_from(["none", "none", "amount", "workspace", "gone"])) if corrections else "none"
        then = max(one.seen_from, start) + draw(st.integers(60, 2 * DAY))
        match kind:
            case "amount":
                found += corrected(one, then, tokens=draw(st.integers(0, 300_000)))
            case "workspace":
                found += corrected(one, then, workspace_id="wrkspc_2")
            case "gone":
                found.append(corrected(one, then)[0])
            case _:
                found.append(one)
    return found


gaps = st.sampled_from([60, 60, 5 * MINUTE, 20 * MINUTE]) | st.integers(30, 30 * HOUR)
polls = st.lists(st.tuples(gaps, st.sampled_from(["poll", "poll", "poll", "restart"])), max_size=9)
# A month is read faster than a year, and turns just as well.
SINCE = {since: Settings(counters=CountersSettings(since=since)) for since in ("month", "year")}
settings = st.sampled_from(["month", "month", "month", "year"]).map(SINCE.__getitem__)
SETTLE = SINCE["year"].cost.settle_delay


@st.composite
def histories(draw, *, corrections):
    start = draw(st.sampled_from(STARTS))
    found = draw(events(start, corrections=corrections))
    return start, Bench(Upstream(found, open_buckets=draw(st.booleans())), draw(settings)), draw(polls)


def run(bench, start, steps):
    """Poll at each step; yield the times."""
    now = start
    for gap, kind in [(0, "restart"), *steps]:
        now += gap
        if kind == "restart":
            bench.start(now)
        bench.poll(now)
        yield now


def quiet_noon(now):
    """Return a time by which everything late or corrected has long been seen."""
    return floor(now, DAY) + 6 * DAY + 12 * HOUR


@long
@given(histories(corrections=True))
def test_counters_never_fall_and_end_at_the_truth(history):
    start, bench, steps = history
    upstream, before, epoch = bench.upstream, {}, None
    for now in run(bench, start, steps):
        for moment in (now, now + 29):
            if bench.epoch(moment) != epoch:
                before, epoch = {}, bench.epoch(moment)
                note(f"epoch {epoch}")
            shown = bench.shown(moment)
            assert {key: value for key, value in before.items() if shown.get(key, -1) < value} == {}
            before = shown
        for family in bench.accounts.counters.families():
            assert all(c.high >= c.total >= 0 for _, c in bench.accounts.counters.items(family))
        ripe = [e.usd for e in upstream.events if epoch <= e.at < floor(now - SETTLE, DAY)]
        assert 0 <= sum(bench.totals(COST).values()) <= sum(ripe)
    now = quiet_noon(now)
    bench.read_everything(now)
    truth = true_counters(upstream, bench.epoch(now))
    for family in (TOKENS, ESTIMATED, UNPRICED):
        assert bench.totals(family) == truth[family]
    shown = bench.shown_at_last(now + MINUTE)
    for family, series in truth.items():
        assert all(shown[family, *labels] >= value for labels, value in series.items())
    for window in WINDOWS:
        assert bench.window("usage", window, now) == true_tokens(upstream, *bounds(window, now))
        billed = {}
        for event in upstream.seen():
            first, last = bounds(window, now)
            if first <= event.at < min(last, floor(now, upstream.export_every)) and event.usd:
                key = (event.workspace_id, event.model, "tokens")
                billed[key] = (billed.get(key, (Decimal(0),))[0] + event.usd,)
        assert bench.window("cost", window, now) == billed


@long
@given(histories(corrections=False))
def test_a_lost_state_comes_back_with_the_same_counters(history):
    start, bench, steps = history
    now = list(run(bench, start, steps))[-1]
    bench.read_everything(now + MINUTE)
    again = Bench(bench.upstream, bench.settings).start(now + MINUTE)
    again.poll(now + MINUTE)
    moment = now + 2 * MINUTE
    lost, kept = again.shown_at_last(moment), bench.shown_at_last(moment)
    assert {key: value for key, value in kept.items() if value} == {key: value for key, value in lost.items() if value}


def all_windows(bench, now):
    return [bench.window(book, window, now) for book in ("usage", "estimate", "cost") for window in WINDOWS]


@long
@given(histories(corrections=True))
def test_a_restart_with_state_shows_what_was_shown(history):
    start, bench, steps = history
    for now in run(bench, start, steps):
        shown, windows = bench.shown(now), all_windows(bench, now)
        read_at = bench.accounts.read_at("usage")
        bench.start(now)
        assert bench.shown(now) == shown
        assert all_windows(bench, now) == windows
        assert bench.accounts.read_at("usage") == read_at

"""Deltas: each settled bucket is told once, corrections are made up for, and the sum is the truth."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.config.sections import CountersSettings
from anthropic_exporter.config.settings import Settings
from anthropic_exporter.errors import StateError
from anthropic_exporter.expose.otlp import deltas as module
from anthropic_exporter.expose.otlp.deltas import Amount, Deltas, spread
from anthropic_exporter.expose.otlp.told import Told
from anthropic_exporter.ledger.counters import Counters
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.accounts import Accounts
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import Intake, Interval
from anthropic_exporter.service import streams
from anthropic_exporter.utc import DAY, HOUR, epoch
from ledger.bounded import quick
from ledger.instants import at

TOKENS = "anthropic_usage_tokens_total"
COST = "anthropic_cost_usd_total"
PRICES = PriceList.load()
MONDAY = at("2026-07-13")


def cell(tokens: int) -> tuple[int, ...]:
    return (tokens, 0, 0, 0, 0, 0)


def group(workspace: str = "default") -> tuple[str, ...]:
    return (workspace, "claude-opus-4-8", "standard", "global", "standard")


@dataclass
class Ledger:
    """A ledger that is read by hand, and a receiver that takes what is told, or some of it."""

    settings: Settings = field(default_factory=Settings)
    store: Store = field(default_factory=lambda: Store(":memory:"))
    received: list[Amount] = field(default_factory=list)
    most: int = 3  # points in one message
    from_zero: bool = False

    def start(self, now: float) -> "Ledger":
        """Begin as a new process does, over the same state."""
        accounts = streams.accounts(self.settings)
        self.accounts = Accounts(
            "main",
            self.store,
            accounts,
            Counters(0.0, 1e9, 1000, streams.kept_labels(accounts)),
            PRICES,
            lambda at: epoch(self.settings.counters.since, at),
            lambda *_: None,
            from_zero=self.from_zero,
        )
        self.accounts.load(now)
        self.deltas = Deltas(self.accounts, Told(self.store, "main", threading.Event()))
        return self

    def read(self, now: float, buckets: dict[Interval, dict], stream: str = "usage", times: int = 3) -> None:
        """Read a window so often that it settles where it can."""
        window = Interval(min(i.starting_at for i in buckets), max(i.ending_at for i in buckets))
        self.accounts.turn(now)
        for _ in range(times):
            self.accounts.post(Intake(stream, window, buckets), now)
        self.accounts.completed([stream], now)

    def hours(self, now: float, first: int, *tokens: int, workspace: str = "default") -> None:
        """Read hours in a row."""
        self.read(
            now,
            {
                Interval(start, start + HOUR): {group(workspace): cell(count)} if count else {}
                for start, count in zip(range(first, first + len(tokens) * HOUR, HOUR), tokens, strict=True)
            },
        )

    def push(self, messages: float = float("inf")) -> bool:
        """Tell what is due; the receiver takes so many messages."""
        for stream in self.accounts.streams():
            while chunk := self.deltas.chunk(stream):
                for first in range(0, len(chunk.amounts), self.most):
                    if messages <= 0:
                        return False
                    messages -= 1
                    part = chunk.amounts[first : first + self.most]
                    self.received += part
                    self.deltas.arrived(part)
                self.deltas.done(chunk)
        return True

    def told(self, family: str = TOKENS, token_type: str = "uncached_input") -> list[tuple[int, int, int]]:
        """Return (start, end, amount) of what was told, in hours since Monday."""
        return [
            ((a.interval.starting_at - MONDAY) // HOUR, (a.interval.ending_at - MONDAY) // HOUR, a.amount)
            for a in self.received
            if a.family == family and (family != TOKENS or a.labels[-1] == token_type)
        ]

    def sums(self) -> dict[tuple, int | Decimal]:
        sums: dict[tuple, int | Decimal] = defaultdict(int)
        for each in self.received:
            sums[each.family, each.labels] += each.amount
        return dict(sums)

    def truth(self) -> dict[tuple, int | Decimal]:
        counters = self.accounts.counters
        return {
            (family, labels): counter.total
            for family in counters.families()
            for labels, counter in counters.items(family)
            if counter.total
        }


@pytest.fixture
def ledger():
    return Ledger().start(MONDAY + 12 * HOUR)


def test_a_settled_bucket_is_told_once_with_its_own_interval(ledger):
    ledger.hours(MONDAY + 3 * HOUR, MONDAY, 10, 20, 30)  # the third has just ended and is not settled
    ledger.push()
    ledger.push()
    assert ledger.told() == [(0, 1, 10), (1, 2, 20)]
    ledger.hours(MONDAY + 4 * HOUR, MONDAY + 2 * HOUR, 35)
    ledger.push()
    assert ledger.told() == [(0, 1, 10), (1, 2, 20), (2, 3, 35)]


def test_nothing_is_told_before_the_first_whole_reading(ledger):
    hour = Interval(MONDAY, MONDAY + HOUR)
    for _ in range(3):
        ledger.accounts.post(Intake("usage", hour, {hour: {group(): cell(1)}}), MONDAY + 12 * HOUR)
    assert ledger.deltas.chunk("usage") is None


def test_a_correction_upwards_is_told_in_the_newest_bucket(ledger):
    ledger.hours(MONDAY + 4 * HOUR, MONDAY, 10, 20)
    ledger.push()
    ledger.hours(MONDAY + 4 * HOUR, MONDAY, 14)
    ledger.push()
    assert ledger.told() == [(0, 1, 10), (1, 2, 20)], "there is no new bucket yet"
    ledger.hours(MONDAY + 6 * HOUR, MONDAY + 2 * HOUR, 5, 6)
    ledger.push()
    assert ledger.told()[2:] == [(2, 3, 5), (3, 4, 6 + 4)]


def test_a_correction_upwards_of_a_series_that_has_gone_quiet_is_told_too(ledger):
    ledger.hours(MONDAY + 4 * HOUR, MONDAY, 10, workspace="wrkspc_quiet")
    ledger.push()
    ledger.hours(MONDAY + 4 * HOUR, MONDAY, 12, workspace="wrkspc_quiet")
    ledger.hours(MONDAY + 6 * HOUR, MONDAY + HOUR, 0, 7)
    ledger.push()
    assert ledger.told()[1:] == [(2, 3, 2), (2, 3, 7)]


def test_a_correction_downwards_is_held_back_until_it_is_made_up_for(ledger):
    ledger.hours(MONDAY + 4 * HOUR, MONDAY, 100, 20)
    ledger.push()
    ledger.hours(MONDAY + 4 * HOUR, MONDAY, 70)
    ledger.hours(MONDAY + 6 * HOUR, MONDAY + 2 * HOUR, 10, 5)
    ledger.push()
    assert ledger.told()[2:] == [], "15 of the 30 are made up for"
    ledger.start(MONDAY + 6 * HOUR)
    ledger.hours(MONDAY + 9 * HOUR, MONDAY + 4 * HOUR, 10, 8, 1)
    ledger.push()
    assert ledger.told()[2:] == [(5, 6, 3), (6, 7, 1)]
    assert ledger.sums() == ledger.truth()


def test_a_push_that_breaks_off_is_continued_after_a_restart(ledger):
    ledger.most = 1
    ledger.hours(MONDAY + 8 * HOUR, MONDAY, 10, 20, 30, 40, 50)
    for _ in range(100):
        if ledger.push(messages=1):
            break
        ledger.start(MONDAY + 8 * HOUR)
    assert sorted(ledger.told()) == [(0, 1, 10), (1, 2, 20), (2, 3, 30), (3, 4, 40), (4, 5, 50)]
    assert ledger.sums() == ledger.truth()


def test_where_an_answer_is_lost_the_same_points_are_sent_again(ledger):
    ledger.hours(MONDAY + 4 * HOUR, MONDAY, 10, 20)
    sent = ledger.deltas.chunk("usage").amounts
    ledger.start(MONDAY + 5 * HOUR)
    assert ledger.deltas.chunk("usage").amounts == sent != []


def test_a_long_history_is_told_in_chunks_and_still_once(ledger, monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 2)
    days = {
        Interval(day, day + DAY): {group(): cell(count)}
        for count, day in enumerate(range(MONDAY - 30 * DAY, MONDAY, DAY), 1)
    }
    ledger.read(MONDAY, days)
    first = ledger.deltas.chunk("usage")
    assert first.until < MONDAY - 25 * DAY
    assert not ledger.push(messages=7)
    ledger.start(MONDAY)
    ledger.push()
    assert sorted(ledger.told()) == [
        ((d - 30) * 24, (d - 29) * 24, d + 1) for d in range(29)
    ]  # the last is not settled
    assert sum(amount for *_, amount in ledger.told()) == sum(range(1, 30))


def test_a_bucket_of_a_month_is_told_as_one_and_never_cut(ledger, monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 1)
    june, july = at("2026-06-01"), at("2026-07-01")
    months = {
        Interval(at("2026-05-01"), june): {group(): cell(5)},
        Interval(june, july): {group(): cell(6)},
        Interval(july, july + DAY): {group(): cell(7)},
    }
    ledger.read(MONDAY, months)
    assert ledger.deltas.chunk("usage").until == june
    ledger.push()
    assert [
        (amount.interval, amount.amount)
        for amount in ledger.received
        if amount.labels[-1] == "uncached_input" and amount.family == TOKENS
    ] == [(interval, cells[group()][0]) for interval, cells in months.items()]


def test_hours_that_became_a_day_are_not_told_again(ledger):
    ledger.hours(MONDAY + 6 * HOUR, MONDAY, 1, 2, 3)
    ledger.push()
    day = Interval(MONDAY, MONDAY + DAY)
    ledger.read(
        MONDAY + 4 * DAY, {day: {group(): cell(100)}, Interval(MONDAY + DAY, MONDAY + 2 * DAY): {group(): cell(7)}}
    )
    ledger.push()
    assert ledger.told() == [(0, 1, 1), (1, 2, 2), (2, 3, 3), (24, 48, 94 + 7)]
    assert ledger.sums() == ledger.truth()


def test_the_last_hours_of_a_year_are_told_in_the_next(ledger):
    new_year = at("2027-01-01")
    ledger.start(new_year - 6 * HOUR)
    ledger.hours(new_year - 3 * HOUR, new_year - 6 * HOUR, 1, 2)
    ledger.push()
    ledger.hours(new_year + 2 * HOUR, new_year - 4 * HOUR, 4, 8, 16, 32, 64)
    ledger.push()
    first = (new_year - MONDAY) // HOUR
    assert ledger.told() == [(first + n, first + n + 1, 2 ** (n + 6)) for n in range(-6, 1)]


def test_other_labels_tell_nothing_of_the_past_again(ledger):
    ledger.hours(MONDAY + 6 * HOUR, MONDAY, 1, 2, 3)
    ledger.push()
    ledger.settings = Settings(usage=ledger.settings.usage.__class__(group_by=("model",)))
    ledger.start(MONDAY + 6 * HOUR)
    by_model = ("claude-opus-4-8", "standard", "global", "standard", "default")

    def hours(now, first, *tokens):
        ledger.read(
            now,
            {
                Interval(first + n * HOUR, first + (n + 1) * HOUR): {by_model: cell(count)}
                for n, count in enumerate(tokens)
            },
        )

    hours(MONDAY + 6 * HOUR, MONDAY, 1, 2, 3)
    ledger.push()
    hours(MONDAY + 8 * HOUR, MONDAY + 3 * HOUR, 4)
    ledger.push()
    assert ledger.told() == [(0, 1, 1), (1, 2, 2), (2, 3, 3), (3, 4, 4)]


def test_counters_that_begin_at_zero_tell_nothing_of_before(ledger):
    fresh = Ledger(settings=Settings(counters=CountersSettings(on_state_loss="zero")), from_zero=True)
    fresh.start(MONDAY + 6 * HOUR)
    fresh.hours(MONDAY + 6 * HOUR, MONDAY, 1, 2, 3)
    fresh.push()
    fresh.hours(MONDAY + 8 * HOUR, MONDAY + 3 * HOUR, 4)
    fresh.push()
    assert fresh.told() == [(3, 4, 4)]


def test_billed_cost_is_told_by_the_day_once_it_is_settled(ledger):
    labels = ("default", "claude-opus-4-8", "standard", "tokens", "output")
    days = {Interval(MONDAY - DAY, MONDAY): {labels: (Decimal("12.345678901234"),)}}
    ledger.read(MONDAY + HOUR, days, "cost")
    ledger.push()
    assert ledger.told(COST) == []
    ledger.read(MONDAY + 7 * HOUR, days, "cost")
    ledger.push()
    assert ledger.told(COST) == [(-24, 0, Decimal("12.345678901234"))]


def test_an_alias_that_is_another_organization_now_leaves_nothing_behind(ledger):
    ledger.hours(MONDAY + 4 * HOUR, MONDAY, 10)
    retired = threading.Event()
    ledger.deltas = Deltas(ledger.accounts, Told(ledger.store, "main", retired))
    retired.set()
    with pytest.raises(StateError, match="another organization"):
        ledger.push()
    assert list(ledger.store.pushed("main")) == []


AMOUNTS = st.lists(st.integers(0, 50), max_size=8)


@quick
@given(said=AMOUNTS, due=st.integers(-30, 400))
def test_what_is_spread_adds_up_to_what_is_owed_and_is_never_negative(said, due):
    key = ("family", ("label",))
    by_bucket = {Interval(n, n + 1): {key: amount} for n, amount in enumerate(said)}
    newest = max(by_bucket, default=Interval(0, 1))
    told = list(spread(by_bucket, {key: due}, newest))
    assert sum(each.amount for each in told) == max(due, 0)
    assert all(each.amount > 0 for each in told)
    assert len({each.interval for each in told}) == len(told)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(0, 60), st.sampled_from(["a", "b"]), st.integers(0, 100)),
        st.tuples(st.just("day"), st.integers(0, 2)),
        st.tuples(st.just("push"), st.integers(0, 3)),
        st.tuples(st.just("restart")),
        st.tuples(st.just("later"), st.integers(1, 20)),
    ),
    max_size=25,
)


@quick
@given(steps=STEPS)
def test_whatever_happens_the_sum_is_the_truth_in_the_end(steps):
    """Reads, revisions, hours that become days, pushes that break off, restarts."""
    ledger = Ledger(most=2).start(MONDAY)
    usage: dict[int, dict] = defaultdict(dict)
    now = MONDAY + HOUR
    ledger.read(now, {Interval(MONDAY, MONDAY + HOUR): {}})
    for step in steps:
        if step[0] == "read":
            start = MONDAY + step[1] * HOUR
            if start + HOUR <= now:
                usage[start][group(step[2])] = cell(step[3])
                ledger.read(now, {Interval(start, start + HOUR): usage[start]}, times=3)
        elif step[0] == "day":
            start = MONDAY + step[1] * DAY
            if start + DAY <= now:
                total: dict = {}
                for hour in range(start, start + DAY, HOUR):
                    for labels, values in usage.pop(hour, {}).items():
                        total[labels] = tuple(a + b for a, b in zip(total.get(labels, cell(0)), values, strict=True))
                usage[start] = total
                ledger.read(now, {Interval(start, start + DAY): total}, times=3)
        elif step[0] == "push":
            ledger.push(messages=step[1])
        elif step[0] == "restart":
            ledger.start(now)
        else:
            now += step[1] * HOUR
    # In the end everything is settled, and usage has caught up with every correction.
    now = max(now, MONDAY + 4 * DAY) + 3 * DAY
    days = range(MONDAY, MONDAY + 5 * DAY, DAY)
    final = {Interval(day, day + DAY): {group(name): cell(10_000) for name in "ab"} for day in days}
    ledger.read(now, final)
    ledger.push(messages=2)
    ledger.push()
    assert ledger.sums() == ledger.truth()

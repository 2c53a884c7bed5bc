"""A history and the live counters, fed with the same buckets."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import strategies as st

from anthropic_exporter.backfill.calendar import SLICE, moments
from anthropic_exporter.backfill.history import History
from anthropic_exporter.backfill.organization import written
from anthropic_exporter.backfill.page import Page
from anthropic_exporter.config import Settings
from anthropic_exporter.ledger.counters import Counters
from anthropic_exporter.ledger.intervals import Delta
from anthropic_exporter.money.linear import Linear
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import Interval
from anthropic_exporter.service import streams
from anthropic_exporter.utc import DAY, HOUR, epoch
from ledger.instants import at

SETTINGS = Settings()
ACCOUNTS = written(SETTINGS)
PRICES = PriceList.load()
YEAR = at("2026-01-01")
IDLE = 3 * DAY + 1800
HOLD = 60.0

WORDS = st.tuples(
    st.sampled_from(["default", "wrkspc_1"]),
    st.sampled_from(["claude-opus-5-5", "claude-haiku-4-5-20251001", "claude-of-no-list"]),
    st.sampled_from(["standard", "batch", "priority"]),
    st.just("not_available"),
    st.sampled_from(["standard", "fast"]),
)
BILLED = st.tuples(
    st.sampled_from(["default", "wrkspc_1"]),
    st.just("claude-opus-5-5"),
    st.just("standard"),
    st.sampled_from(["tokens", "web_search"]),
    st.sampled_from(["output", "none"]),
)
COUNTS = st.lists(st.sampled_from([0, 0, 1, 7, 10**9 + 1]), min_size=6, max_size=6).map(tuple)
USD = st.decimals("-0.5", "900", places=6).map(lambda usd: (usd,))

Cells = dict[tuple[str, ...], tuple[int | Decimal, ...]]


@dataclass
class Buckets:
    """Everything that was used and billed, by stream and bucket; hours of usage, days of the bill."""

    cells: dict[str, dict[Interval, Cells]] = field(default_factory=lambda: defaultdict(dict))

    def put(self, stream, start, labels, values):
        width = DAY if stream.startswith("cost") else HOUR
        bucket = self.cells[stream].setdefault(Interval(start, start + width), {})
        bucket[labels] = values

    def give(self, history, since, until):
        """Let a history take what ended in (since, until], in order."""
        for stream, found in self.cells.items():
            for interval in sorted(found):
                if since < interval.ending_at <= until:
                    history.take(stream, interval, found[interval])


@st.composite
def buckets(draw, first, days):
    found = Buckets()
    for hour in draw(st.lists(st.integers(-4 * 24, days * 24 - 1), max_size=30)):
        found.put("usage", first + hour * HOUR, draw(WORDS), draw(COUNTS))
    for day in draw(st.lists(st.integers(-4, days - 1), max_size=6)):
        found.put("cost", first + day * DAY, draw(BILLED), draw(USD))
    return found


def counting(most=10_000):
    return Counters(HOLD, IDLE, most, streams.kept_labels(ACCOUNTS))


def new_history(placing=None, ceilings=None, prices=PRICES):
    return History(
        {account.stream.name: Linear(account, prices) for account in ACCOUNTS},
        {account.stream.name: account.stream.settle_delay for account in ACCOUNTS if account.stream.settled_only},
        placing or counting(),
        lambda now: epoch("year", now),
        IDLE,
        ceilings or {},
    )


def samples(history, found, first, until, step=HOUR, turn=lambda history: history):
    """Run a history, page by page; return its counters by family and labels, in order of time.

    ``turn`` is given the history after each page and may put another in its place.
    """
    found.give(history, 0, first)
    history.catch_up(first)
    whole = defaultdict(list)
    taken = first
    for now in moments(first, until, step, history.epoch):
        found.give(history, taken, now + 1)
        taken = now + 1
        history.advance(now)
        before = now // SLICE * SLICE
        if history.times[0] < before:
            read(history, before, whole)
            history.turn_page(before)
            history = turn(history)
    read(history, None, whole)
    return dict(whole)


def read(history, before, whole):
    page = Page(history.moments(before), IDLE, [])
    for family in sorted(history.families(before)):
        for labels, shown in history.series(family, before):
            whole[family, labels].extend(zip(*page.points(shown), strict=True))
    for key in [key for key, values in whole.items() if not values]:
        del whole[key]


def live(found, first, until, step=HOUR):
    """Return what the live counters show at each moment, a while after it, by family and labels."""
    counters = counting()
    whole = defaultdict(list)
    known = first_epoch = epoch("year", first)
    delays = {account.stream.name: account.stream.settle_delay * account.stream.settled_only for account in ACCOUNTS}
    order = sorted(
        (interval.ending_at + delays[stream], stream, interval) for stream, of in found.cells.items() for interval in of
    )
    posters = {account.stream.name: account for account in ACCOUNTS}
    del first_epoch
    for number, now in enumerate(moments(first, until, step, lambda at: epoch("year", at))):
        until_now = now + 1 if epoch("year", now + 1) > known else now
        if epoch("year", now) > known:
            known = epoch("year", now)
            counters.apply(counters.restart(counters.families(), now, held=True))
        postings = []
        while order and order[0][0] <= until_now:
            _, stream, interval = order.pop(0)
            if interval.starting_at >= known:
                for labels, values in found.cells[stream][interval].items():
                    delta = Delta(interval, labels, values, values, before=False)
                    postings += posters[stream].poster.counters([delta], PRICES)
        counters.apply(counters.stage(postings, now, born=number > 0))
        counters.reveal(counters.families(), now)
        counters.apply(counters.released(now + HOLD))
        for family in counters.families():
            for labels, value in counters.shown(family, now + HOLD):
                whole[family, labels].append((now, float(value)))
    return dict(whole)

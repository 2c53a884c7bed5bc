from decimal import Decimal
from functools import partial
from threading import Event as Signal

import pytest

from anthropic_exporter.collect.base import Directory
from anthropic_exporter.collect.cost import ANALYTICS, LEGACY, CostCollector
from anthropic_exporter.collect.plan import Cadence, analytics_earliest
from anthropic_exporter.errors import NotSupported, Unavailable
from anthropic_exporter.utc import DAY, HOUR, MINUTE, epoch
from collect.ledger_of import Ledger
from collect.upstream import DictMemory, Event, Upstream, unasked
from ledger.instants import at

NOON = at("2026-07-15T12:17")
ALL = ["cost", "cost.list", "cost.api_key"]


class Desk:
    """The collector, its upstream and the ledger that it fills."""

    def __init__(self, *events, sources=(ANALYTICS, LEGACY), **upstream):
        self.upstream = Upstream(list(events), **upstream)
        self.ledger, self.memory, self.sources = Ledger(), DictMemory(), sources
        self.start()

    def start(self):
        """Begin a process, with what the one before remembered."""
        directory = Directory(self.memory, Signal(), unasked)
        directory.found(None)
        self.collector = CostCollector(
            api=self.upstream,
            interval=600.0,
            cadence=Cadence(15 * MINUTE, 6 * HOUR),
            epoch=partial(epoch, "year"),
            earliest=analytics_earliest,
            sources=self.sources,
            memory=self.memory,
            directory=directory,
        )

    def poll(self, now):
        self.upstream.now = now
        self.upstream.calls.clear()
        for intake in self.collector.read(now):
            self.ledger.take(intake, now)


def bill(*amounts):
    """Return one event per amount, a day apart, the last one yesterday."""
    return [Event(NOON - (n + 1) * DAY, usd=Decimal(amount)) for n, amount in enumerate(reversed(amounts))]


def test_the_analytics_report_tells_billed_and_list_cost_and_the_cost_of_keys():
    desk = Desk(*bill("0.10", "0.20"), Event(NOON - 5 * HOUR, usd=Decimal("0.03")))
    desk.poll(NOON)
    assert desk.collector.source == ANALYTICS
    assert desk.collector.whole_streams() == ALL
    assert [desk.ledger.total(stream) for stream in ALL] == [Decimal("0.33"), Decimal("0.66"), Decimal("0.33")]
    assert desk.ledger.labels("cost") == {("default", "claude-opus-5", "standard", "tokens", "output")}
    assert desk.ledger.labels("cost.api_key") == {("apikey_1", "claude-opus-5")}
    assert {intake.refreshed_at for intake in desk.ledger.taken} == {NOON // (4 * HOUR) * 4 * HOUR}


def test_the_legacy_report_tells_billed_cost_of_completed_days():
    desk = Desk(*bill("0.10", "0.20"), Event(NOON - 5 * HOUR, usd=Decimal("0.03")), missing={"analytics_cost"})
    desk.poll(NOON)
    assert desk.collector.source == LEGACY
    assert desk.collector.whole_streams() == ["cost"]
    assert desk.ledger.total("cost") == Decimal("0.30")
    assert set(desk.ledger.books) == {"cost"}


@pytest.mark.parametrize("missing", [set(), {"analytics_cost"}], ids=["analytics", "legacy"])
def test_a_poll_reads_the_last_days_and_now_and_then_the_older_ones(missing):
    desk = Desk(*bill("1"), missing=missing)
    desk.poll(NOON)
    desk.poll(NOON + 600)
    assert min(start for _, start, _, _ in desk.upstream.calls) >= at("2026-07-12")
    desk.upstream.events += [Event(NOON - 30 * DAY, usd=Decimal(2)), Event(at("2026-01-05"), usd=Decimal(4))]
    desk.poll(NOON + 6 * HOUR)
    assert desk.ledger.total("cost") == 3
    desk.poll(NOON + 7 * DAY)
    assert desk.ledger.total("cost") == 7


def test_progress_outlives_the_process():
    desk = Desk(*bill("1"))
    desk.poll(NOON)
    desk.start()
    desk.poll(NOON + 600)
    assert min(start for _, start, _, _ in desk.upstream.calls) >= at("2026-07-12")


def test_a_failure_notes_no_progress():
    desk = Desk(*bill("1"))

    def fails(endpoint):
        if desk.upstream.calls.count(desk.upstream.calls[-1]) == 1 and len(desk.upstream.calls) > 3:
            raise Unavailable(f"{endpoint} is away")

    desk.upstream.fails = fails
    with pytest.raises(Unavailable):
        desk.poll(NOON)
    assert desk.collector.whole_streams() == ["cost"]
    desk.upstream.fails = lambda _: None
    desk.poll(NOON + 600)
    assert min(start for _, start, _, _ in desk.upstream.calls) == at("2026-01-01")
    assert desk.collector.whole_streams() == ALL


def test_another_endpoint_takes_over_after_a_day_and_is_read_whole():
    desk = Desk(Event(at("2026-02-03"), usd=Decimal(5)), *bill("1"), missing={"analytics_cost"})
    desk.poll(NOON)
    desk.upstream.missing = {"cost"}
    for hours in range(24):
        with pytest.raises(NotSupported):
            desk.poll(NOON + hours * HOUR)
    desk.poll(NOON + DAY)
    assert desk.collector.whole_streams() == ["cost"]
    desk.poll(NOON + DAY + 600)
    assert desk.collector.whole_streams() == ALL
    assert [desk.ledger.total(stream) for stream in ALL] == [6, 12, 6]


def test_an_organization_of_today_has_no_cost_yet():
    desk = Desk(missing={"analytics_cost"})
    desk.upstream.cost_report = lambda **_: desk.upstream.usage_report(
        starting_at=0, ending_at=0, width="1d", dimensions=(), rows_per_bucket=0
    )
    desk.poll(NOON)
    assert desk.ledger.taken == []
    assert desk.collector.whole_streams() == ["cost"]

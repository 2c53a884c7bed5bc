import threading
from dataclasses import dataclass, field

import pytest

from anthropic_exporter.collect.base import Listing
from anthropic_exporter.errors import (
    AuthError,
    NotSupported,
    PollError,
    RateLimited,
    StateError,
    SuspiciousRead,
    Unavailable,
)
from anthropic_exporter.service.poller import Poller

NOW = 1_790_000_000.0
CANARY = "sk-ant-admin01-canary-of-the-poller"


@dataclass
class Scripted:
    """A collector that does what each cycle is told to do."""

    script: list = field(default_factory=list)
    name: str = "workspaces"
    interval: float = 600.0
    source: str = "/v1/organizations/workspaces"

    def read(self, now):
        step = self.script.pop(0) if self.script else None
        yield Listing("workspace", {})
        if isinstance(step, Exception):
            raise step
        yield Listing("member", {})


class Office:
    """A poller, and what it did."""

    def __init__(self, *script, interval=600.0):
        self.taken, self.completed, self.finished = [], [], []
        self.refuses_take = self.refuses_complete = None
        self.stop = threading.Event()
        self.collector = Scripted(list(script), interval=interval)
        self.poller = Poller(
            collector=self.collector,
            take=self._take,
            complete=self._complete,
            finished=lambda poller: self.finished.append(poller.health.state),
            stop=self.stop,
            organization="main",
            clock=lambda: NOW,
        )

    def _take(self, found, now):
        if self.refuses_take:
            raise self.refuses_take
        self.taken.append((found.kind, now))

    def _complete(self, collector, now):
        if self.refuses_complete:
            raise self.refuses_complete
        self.completed.append((collector.name, now))

    @property
    def health(self):
        return self.poller.health


def test_a_good_cycle_commits_everything_and_then_that_it_is_whole():
    office = Office()
    assert office.poller.cycle() == pytest.approx(600, abs=1)
    assert office.taken == [("workspace", NOW), ("member", NOW)]
    assert office.completed == [("workspaces", NOW)]
    assert office.finished == ["ok"]
    status = office.poller.status()
    assert (status.name, status.state, status.interval_seconds, status.source) == (
        "workspaces",
        "ok",
        600.0,
        "/v1/organizations/workspaces",
    )
    assert (status.last_success, status.error, status.advice) == (NOW, "", "")
    assert 0 <= status.duration_seconds < 1


def test_a_lost_cycle_keeps_what_came_before_and_is_not_whole(caplog):
    office = Office(Unavailable("GET /x: 503", advice="wait"))
    office.poller.cycle()
    assert office.taken == [("workspace", NOW)]
    assert office.completed == []
    status = office.poller.status()
    assert (status.state, status.error, status.advice, status.last_success) == ("failing", "GET /x: 503", "wait", None)
    (record,) = caplog.records
    assert record.advice == "wait"
    assert (record.levelname, record.why, record.organization, record.collector) == (
        "WARNING",
        "GET /x: 503",
        "main",
        "workspaces",
    )


def test_a_success_forgets_the_failures():
    office = Office(AuthError("401", advice="another key"), None)
    office.poller.cycle()
    assert office.health.refused
    office.poller.cycle()
    assert (office.health.state, office.health.failures, office.health.error, office.health.advice) == ("ok", 0, "", "")
    assert not office.health.refused
    assert office.finished == ["failing", "ok"]


def test_the_last_success_outlives_a_failure():
    office = Office(None, Unavailable("away"))
    office.poller.cycle()
    office.poller.cycle()
    assert office.health.success == NOW


@pytest.mark.parametrize(
    ("interval", "waits"),
    [
        pytest.param(600.0, [10, 20, 40, 80, 160, 320, 600, 600], id="long: soon at first, then up to the interval"),
        pytest.param(60.0, [10, 20, 40, 60, 60], id="a minute"),
        pytest.param(0.1, [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10], id="short: up to ten seconds"),
    ],
)
def test_failures_back_off(interval, waits):
    office = Office(*[Unavailable("away")] * len(waits), interval=interval)
    assert [office.poller.cycle() for _ in waits] == waits


def test_many_failures_do_not_overflow():
    office = Office(*[Unavailable("away")] * 2000)
    assert [office.poller.cycle() for _ in range(2000)][-1] == 600


def test_the_wait_that_upstream_asks_for_is_kept():
    office = Office(RateLimited("429", retry_after=45.0), RateLimited("429", retry_after=1.0))
    assert [office.poller.cycle() for _ in range(2)] == [45.0, 20.0]


def test_the_wait_after_a_failure_begins_when_the_cycle_has_ended(monkeypatch):
    """Otherwise one that takes a minute to time out would be tried again at once, for ever."""
    office = Office(Unavailable("timeout"))
    ticks = iter([0.0, 61.0, 61.0, 61.0])
    monkeypatch.setattr("anthropic_exporter.service.poller.time.monotonic", lambda: next(ticks))
    assert office.poller.cycle() == 10.0
    assert office.health.duration == 61.0


def test_a_cycle_that_took_longer_than_the_interval_is_followed_at_once(monkeypatch):
    office = Office(interval=60.0)
    ticks = iter([0.0, 61.0, 61.0])
    monkeypatch.setattr("anthropic_exporter.service.poller.time.monotonic", lambda: next(ticks))
    assert office.poller.cycle() == 0.0


def test_what_is_not_offered_is_asked_again_after_an_hour_and_told_once(caplog):
    caplog.set_level("INFO")
    office = Office(*[NotSupported("404 on /x", advice="no")] * 3, None)
    assert [office.poller.cycle() for _ in range(3)] == [3600.0] * 3
    assert office.poller.status().state == "not supported"
    assert (office.poller.status().error, office.poller.status().advice) == ("404 on /x", "no")
    assert len(caplog.records) == 1
    office.poller.cycle()
    assert office.poller.status().state == "ok"
    assert [record.message for record in caplog.records][1:] == ["collector works again"]


def test_a_rare_collector_that_is_not_offered_keeps_its_interval():
    office = Office(NotSupported("404"), interval=7200.0)
    assert office.poller.cycle() == 7200.0


@pytest.mark.parametrize(
    "error",
    [StateError("state.db: state cannot be written: disk full"), SuspiciousRead("most of it is gone")],
    ids=["state", "suspicious"],
)
@pytest.mark.parametrize("where", ["refuses_take", "refuses_complete"])
def test_a_reading_that_cannot_be_committed_is_a_lost_cycle(error, where):
    office = Office()
    setattr(office, where, error)
    assert office.poller.cycle() == 10.0
    assert (office.health.state, office.health.error) == ("failing", str(error))
    setattr(office, where, None)
    office.poller.cycle()
    assert office.health.state == "ok"


def test_a_bug_is_logged_with_its_trace_and_told_without_its_text(caplog):
    office = Office(ValueError(f"unexpected {CANARY}"), None)
    assert office.poller.cycle() == 10.0
    assert office.poller.status().error == "internal error: ValueError"
    assert "Traceback" in caplog.text
    office.poller.cycle()
    assert office.health.state == "ok"


def test_a_report_that_fails_does_not_end_the_collector(caplog):
    office = Office()

    def fails(_):
        raise RuntimeError("metrics")

    office.poller.finished = fails
    assert office.poller.cycle() == pytest.approx(600, abs=1)
    assert "could not be reported" in caplog.text


@pytest.mark.parametrize("error", [Unavailable("stopping"), ValueError("closed database")])
def test_what_fails_while_stopping_is_nobodys_concern(error, caplog):
    office = Office(error)
    office.stop.set()
    assert office.poller.cycle() == 0.0
    assert office.finished == []
    assert caplog.records == []
    assert office.health.state == "starting"


def test_it_polls_in_a_thread_until_it_is_stopped(wait_until):
    office = Office(PollError("first"), interval=0.1)
    office.poller.start()
    wait_until(lambda: len(office.finished) >= 3)
    office.stop.set()
    office.poller.join(5)
    assert office.finished[:3] == ["failing", "ok", "ok"]
    assert not office.poller._thread.is_alive()


def test_it_waits_for_those_that_go_first(wait_until):
    office = Office(interval=0.1)
    office.poller.wait_for = threading.Event()
    office.poller.start()
    assert office.finished == []
    office.poller.wait_for.set()
    wait_until(lambda: office.finished)
    office.stop.set()
    office.poller.join(5)


def test_it_can_be_stopped_while_it_waits_for_others():
    office = Office()
    office.poller.wait_for = threading.Event()
    office.poller.start()
    office.stop.set()
    office.poller.join(5)
    assert not office.poller._thread.is_alive()
    assert office.finished == []

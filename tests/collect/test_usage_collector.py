from collections import Counter
from dataclasses import replace
from functools import partial
from threading import Event as Signal

import pytest

from anthropic_exporter.collect import usage
from anthropic_exporter.collect.base import Directory
from anthropic_exporter.collect.plan import Cadence, analytics_earliest
from anthropic_exporter.collect.requests import RequestCounts
from anthropic_exporter.collect.usage import ANALYTICS, LEGACY, UsageCollector
from anthropic_exporter.errors import BadRequest, NotSupported, Unavailable
from anthropic_exporter.utc import DAY, HOUR, MINUTE, epoch
from collect.ledger_of import Ledger
from collect.upstream import DIMENSIONS, DictMemory, Event, Upstream, unasked
from ledger.instants import at

NOON = at("2026-07-15T12:17")
CADENCE = Cadence(15 * MINUTE, 6 * HOUR)
SINCE = partial(epoch, "year")


class Desk:
    """A collector, its upstream and the ledger that it fills."""

    def __init__(self, *events, sources=(LEGACY, ANALYTICS), requests=False, interval=60.0, **upstream):
        self.upstream = Upstream(list(events), **upstream)
        self.ledger = Ledger()
        self.memory = DictMemory()
        self.sources, self.requests = sources, requests
        self.cadence = Cadence(15 * interval, 360 * interval)
        self.start()

    def start(self):
        """Begin a process, with what the one before remembered."""
        directory = Directory(self.memory, Signal(), unasked)
        directory.found("wrkspc_default")
        shared = {
            "api": self.upstream,
            "dimensions": DIMENSIONS,
            "cadence": self.cadence,
            "epoch": SINCE,
            "earliest": analytics_earliest,
            "memory": self.memory,
            "directory": directory,
        }
        counts = RequestCounts(stream="usage.requests", **shared) if self.requests else None
        self.collector = UsageCollector(
            name="usage", interval=60.0, sources=self.sources, request_counts=counts, **shared
        )

    def poll(self, now):
        self.upstream.now = now
        self.upstream.calls.clear()
        for intake in self.collector.read(now):
            self.ledger.take(intake, now)

    def asked(self):
        """Return (endpoint, width) of each call of the last poll."""
        return [(endpoint, width) for endpoint, _, _, width in self.upstream.calls]


def truth(events, now):
    """Return tokens by day, of what can be seen."""
    sums = Counter()
    for event in Upstream(list(events), now=now).seen():
        sums[event.at // DAY * DAY] += event.tokens
    return +sums


MOMENTS = [
    pytest.param("2026-07-15T12:00:20", id="just after the hour"),
    pytest.param("2026-07-15T12:31", id="mid-hour"),
    pytest.param("2026-07-15T12:59:59", id="end of the hour"),
    pytest.param("2026-07-15T00:00:10", id="after midnight"),
    pytest.param("2026-08-01T00:03", id="after the month"),
    pytest.param("2027-01-01T00:00:05", id="New Year"),
]


def busy(around):
    """Return usage in every few minutes of the last hours, and now and then since the year began."""
    dense = [Event(around - n * 7 * MINUTE, tokens=1000 + n) for n in range(80)]
    sparse = [Event(around - n * 11 * HOUR, tokens=10 + n) for n in range(1, 60)]
    return dense + sparse


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("open_buckets", [True, False], ids=["running bucket served", "not served"])
def test_what_is_known_is_counted_however_upstream_treats_the_running_bucket(moment, open_buckets):
    now = at(moment)
    events = busy(now + 40 * MINUTE)
    desk = Desk(*events, open_buckets=open_buckets)
    for poll in (now - 90 * MINUTE, now - 20, *range(now, now + 40 * MINUTE, 4 * MINUTE), now + 40 * MINUTE):
        desk.poll(poll)
        lacking = sum(truth(events, poll).values()) - desk.ledger.total()
        # Without running buckets the minute that runs is all that can be missing.
        running = sum(e.tokens for e in events if poll // MINUTE * MINUTE <= e.at <= poll)
        assert lacking == (0 if open_buckets else running)
    desk.poll(now + 42 * MINUTE)
    assert desk.ledger.by_day() == truth(events, now + 42 * MINUTE)


def test_an_upstream_that_changes_its_ways_keeps_the_totals():
    events = busy(NOON + 3 * HOUR)
    desk = Desk(*events)
    for step, poll in enumerate(range(NOON, NOON + 3 * HOUR, 9 * MINUTE)):
        desk.upstream.open_buckets = step % 4 < 2
        desk.poll(poll)
    desk.upstream.open_buckets = True
    desk.poll(NOON + 4 * HOUR)
    assert desk.ledger.by_day() == truth(events, NOON + 4 * HOUR)


@pytest.mark.parametrize("interval", [60, 20 * MINUTE, 29 * MINUTE, HOUR - 1])
@pytest.mark.parametrize("open_buckets", [True, False])
def test_the_end_of_an_hour_is_read_soon_at_any_interval(interval, open_buckets):
    """What was used in the last minutes of an hour is counted with the next poll, not with the next warm reading."""
    desk = Desk(interval=float(interval), open_buckets=open_buckets)
    first = at("2026-07-15T12:00") - interval // 2
    late = Event(at("2026-07-15T11:59:30"), tokens=7)
    desk.poll(first - interval)
    desk.upstream.events.append(replace(late, seen_from=first + 1))
    desk.poll(first)
    desk.poll(first + interval)
    assert desk.ledger.total() == 7


@pytest.mark.parametrize(
    ("age", "within"),
    [(30 * MINUTE, MINUTE), (20 * HOUR, 16 * MINUTE), (20 * DAY, 6 * HOUR + MINUTE), (100 * DAY, 7 * DAY + MINUTE)],
)
def test_late_data_is_found_within_its_cadence(age, within):
    desk = Desk()
    desk.poll(NOON)
    desk.upstream.events.append(Event(NOON - age, tokens=5))
    step = max(60, within // 20)
    polls = range(NOON + step, NOON + within + step, step)
    for now in polls:
        desk.poll(now)
        if desk.ledger.total():
            break
    assert desk.ledger.total() == 5
    assert now - NOON <= within + step


def test_a_vanished_row_is_counted_no_more():
    desk = Desk(Event(NOON - 20 * HOUR, tokens=5, seen_until=NOON + 60), Event(NOON - 20 * HOUR, tokens=3))
    desk.poll(NOON)
    assert desk.ledger.total() == 8
    desk.poll(NOON + HOUR)
    assert desk.ledger.total() == 3


def test_the_coarsest_width_that_tells_the_running_hour_is_read():
    desk = Desk(Event(NOON - MINUTE, tokens=5))
    desk.poll(NOON)
    desk.poll(NOON + 60)
    assert desk.asked() == [("legacy", "1h")]


def test_where_the_running_hour_is_not_served_its_minutes_are_read():
    desk = Desk(Event(NOON - MINUTE, tokens=5), open_buckets=False)
    desk.poll(NOON)
    desk.poll(NOON + 60)
    assert desk.asked() == [("legacy", "1m")]
    assert desk.ledger.total() == 5


def test_an_empty_running_hour_says_nothing_about_upstream():
    desk = Desk(Event(NOON - HOUR, tokens=5))
    desk.poll(NOON)
    assert ("legacy", "1m") in desk.asked()
    desk.upstream.events.append(Event(NOON, tokens=1))
    desk.poll(NOON + 60)
    desk.poll(NOON + 120)
    assert desk.asked() == [("legacy", "1h")]


def test_where_there_are_no_minutes_hours_are_counted_when_they_are_over(caplog):
    desk = Desk(Event(NOON, tokens=5), open_buckets=False, minutes=False)
    desk.poll(NOON + 1)
    desk.poll(NOON + 60)
    assert desk.asked() == [("legacy", "1h")]
    assert desk.ledger.total() == 0
    assert "serves no minutes" in caplog.text
    desk.poll(NOON + HOUR)
    assert desk.ledger.total() == 5


@pytest.mark.parametrize("width", ["1m", "1d"])
def test_a_redirect_is_no_word_about_what_upstream_offers(width):
    """That a proxy sends elsewhere for a moment must not be remembered for good."""
    desk = Desk(Event(NOON - HOUR, tokens=5, speed="fast"), open_buckets=False)
    redirects = [BadRequest("HTTP 302", status=302)]

    def fails(_):
        if desk.upstream.calls[-1][-1] == width and redirects:
            raise redirects.pop()

    desk.upstream.fails = fails
    with pytest.raises(BadRequest):
        desk.poll(NOON)
    desk.poll(NOON + 60)
    assert ("legacy", "1m") in desk.asked()
    assert {labels[-1] for labels in desk.ledger.labels()} == {"fast"}


def test_too_many_groups_are_not_read_by_minutes(caplog, monkeypatch):
    monkeypatch.setattr(usage, "MINUTE_ROWS", 100)
    desk = Desk(Event(NOON - HOUR, tokens=5), Event(NOON - HOUR, 5, model="m"), Event(NOON, 1), open_buckets=False)
    desk.poll(NOON + 1)
    assert "too many groups" in caplog.text
    desk.poll(NOON + 60)
    assert desk.asked() == [("legacy", "1h")]


def test_a_dimension_that_upstream_refuses_is_left_out(caplog):
    desk = Desk(Event(NOON - HOUR, tokens=5, speed="fast"), refuses={"speed"})
    desk.poll(NOON)
    assert {labels[-1] for labels in desk.ledger.labels()} == {"none"}
    assert desk.ledger.total() == 5
    assert "fast mode is not told apart" in caplog.text
    desk.start()
    desk.poll(NOON + 60)
    assert desk.asked() == [("legacy", "1h"), ("legacy", "1m")]


def test_a_refusal_that_is_not_about_a_dimension_leaves_them_all():
    desk = Desk(Event(NOON - HOUR, tokens=5), refuses={"model"})
    with pytest.raises(BadRequest):
        desk.poll(NOON)
    desk.upstream.refuses.clear()
    desk.poll(NOON + 60)
    assert {labels[-1] for labels in desk.ledger.labels()} == {"standard"}


def test_the_analytics_report_alone_tells_tokens_and_requests():
    events = busy(NOON)
    desk = Desk(*events, missing={"legacy"})
    for now in range(NOON, NOON + 10 * HOUR, 20 * MINUTE):
        desk.poll(now)
    known = [event for event in events if event.at < desk.upstream.now // (4 * HOUR) * 4 * HOUR]
    assert desk.collector.source == ANALYTICS
    assert desk.collector.whole_streams() == ["usage", "usage.requests"]
    assert desk.ledger.total() == sum(event.tokens for event in known)
    assert desk.ledger.total("usage.requests") == len(known)


def test_the_analytics_report_is_read_from_where_its_last_export_ended():
    desk = Desk(missing={"legacy"}, export_every=6 * HOUR)
    desk.poll(at("2026-07-15T11:40"))
    desk.upstream.events.append(Event(at("2026-07-15T06:30"), tokens=5))
    desk.poll(at("2026-07-15T12:01"))
    assert desk.asked() == [("analytics", "1h")]
    assert desk.ledger.total() == 5


@pytest.mark.parametrize("refreshed", [None, 0], ids=["not told", "very old"])
def test_an_analytics_report_that_hardly_knows_anything_is_asked_for_no_more_than_it_takes(refreshed):
    desk = Desk(Event(NOON - 3 * HOUR, tokens=5), missing={"legacy"})
    real = desk.upstream.analytics_usage
    desk.upstream.analytics_usage = lambda **call: replace(real(**call), refreshed_at=refreshed)
    for now in range(NOON, NOON + HOUR, 5 * MINUTE):
        desk.poll(now)
        assert max(end - start for _, start, end, _ in desk.upstream.calls) <= 31 * DAY
    assert desk.ledger.total() == 5


def test_requests_come_from_the_analytics_report_beside_the_tokens():
    events = busy(NOON)
    desk = Desk(*events, requests=True)
    desk.poll(NOON + 4 * HOUR)
    assert desk.collector.source == LEGACY
    assert desk.collector.whole_streams() == ["usage", "usage.requests"]
    assert desk.ledger.total() == sum(event.tokens for event in events)
    exported = desk.upstream.now // (4 * HOUR) * 4 * HOUR
    assert desk.ledger.total("usage.requests") == len([event for event in events if event.at < exported])


def test_requests_that_are_not_offered_fail_nothing():
    desk = Desk(Event(NOON - HOUR, tokens=5), requests=True, missing={"analytics"})
    desk.poll(NOON)
    assert desk.collector.whole_streams() == ["usage"]
    desk.poll(NOON + 1800)
    assert ("analytics", "1d") not in desk.asked()
    desk.upstream.missing.clear()
    desk.poll(NOON + 3601)
    assert desk.collector.whole_streams() == ["usage", "usage.requests"]


def test_another_endpoint_takes_over_after_a_day_and_is_read_whole():
    events = [Event(at("2026-01-10"), tokens=5), Event(NOON - HOUR, tokens=7)]
    desk = Desk(*events)
    desk.poll(NOON)
    desk.upstream.missing.add("legacy")
    for hours in range(25):
        now = NOON + 60 + hours * HOUR
        if hours < 24:
            with pytest.raises(NotSupported):
                desk.poll(now)
        else:
            desk.poll(now)
        assert desk.ledger.total() == 12
    assert desk.collector.source == ANALYTICS
    assert desk.collector.whole_streams() == ["usage"]
    desk.poll(now + 60)
    assert desk.collector.whole_streams() == ["usage", "usage.requests"]
    assert (desk.ledger.total(), desk.ledger.total("usage.requests")) == (12, 2)


def test_a_failure_keeps_the_windows_before_it_and_notes_no_progress():
    events = [Event(at("2026-01-10"), tokens=5), Event(at("2026-06-10"), tokens=7)]
    desk = Desk(*events)
    left = 2

    def fails(_):
        nonlocal left
        left -= 1
        if left < 0:
            raise Unavailable("away")

    desk.upstream.fails = fails
    with pytest.raises(Unavailable):
        desk.poll(NOON)
    assert desk.ledger.total() == 5
    left = 1000
    desk.poll(NOON + 60)
    assert desk.asked()[:2] == [("legacy", "1d"), ("legacy", "1d")]
    assert desk.ledger.total() == 12


def test_progress_outlives_the_process():
    desk = Desk(Event(NOON - HOUR, tokens=5), Event(NOON, tokens=5))
    desk.poll(NOON)
    desk.start()
    desk.poll(NOON + 60)
    assert desk.asked() == [("legacy", "1h")]


def test_an_outage_over_new_year_loses_nothing():
    before, after = at("2026-12-30T10:00"), at("2027-01-20T10:00")
    events = busy(after)
    desk = Desk(*events)
    desk.poll(before)
    desk.poll(after)
    assert desk.ledger.by_day() == truth(events, after)

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anthropic_exporter.collect import compliance
from anthropic_exporter.collect.compliance import AT_ONCE, SETTLED, STREAM, ComplianceCollector
from anthropic_exporter.errors import CursorLost, SchemaError, Unavailable
from anthropic_exporter.ledger.book import Book, Stream
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import Activity, ActivityPage
from anthropic_exporter.utc import DAY, floor
from collect.upstream import DictMemory

EPOCH = 20_700 * DAY
PAUSE = 3.0


class Feed:
    """The feed as upstream serves it: newest first, an activity ``late`` seconds after it happened."""

    def __init__(self, size=3):
        self.size, self.now, self.calls, self.fails = size, float(EPOCH), 0, 0
        self.made = []  # (activity, visible at)
        self.deaf = False  # to cursors

    def add(self, at, word="login", late=0):
        self.made.append((Activity(f"activity_{len(self.made):05d}", int(at), word), at + late))

    def seen(self):
        visible = [activity for activity, at in self.made if at <= self.now]
        return sorted(visible, key=lambda each: (each.created_at, each.id), reverse=True)

    def activities(self, *, since=None, older_than=None, newer_than=None):
        self.calls += 1
        if self.fails:
            self.fails -= 1
            raise Unavailable("503")
        seen = [each for each in self.seen() if since is None or each.created_at >= since]
        if self.deaf:
            return ActivityPage(seen[: self.size], more=True)
        ids = [each.id for each in seen]
        if newer_than is not None:
            end = ids.index(newer_than)
            start = max(0, end - self.size)
            return ActivityPage(seen[start:end], start > 0)
        start = 0 if older_than is None else ids.index(older_than) + 1
        return ActivityPage(seen[start : start + self.size], start + self.size < len(seen))


class World:
    """A collector whose readings are committed as the exporter does it: counts and place together."""

    def __init__(self, feed, epoch=EPOCH):
        self.feed, self.epoch, self.memory, self.store = feed, epoch, DictMemory(), Store(":memory:")
        self.book = Book(self.store, "main", Stream(STREAM, 1, settle_delay=0))
        self.restart()

    def restart(self):
        self.collector = ComplianceCollector(self.feed, 300.0, PAUSE, lambda _: self.epoch, self.memory)

    def take(self, intake):
        change = self.book.change(intake, self.feed.now, self.epoch)
        with self.store.transaction():
            self.book.write(change)
        self.memory.set(*intake.note)

    def cycle(self, at=None, crash_after=None):
        self.feed.now = self.feed.now if at is None else float(at)
        for taken, intake in enumerate(self.collector.read(self.feed.now)):
            if taken == crash_after:
                return
            self.take(intake)

    def catch_up(self, at=None):
        self.cycle(at)
        while self.collector.resume_after() is not None:
            self.cycle()

    def counts(self):
        sums = Counter()
        for cells in self.book.cells(0, 1 << 40).values():
            for labels, values in cells.items():
                sums[labels[0]] += values[0]
        return +sums


def truth(feed, until, since=EPOCH):
    return Counter(each.type for each, _ in feed.made if since <= each.created_at <= until)


def test_everything_since_the_epoch_is_counted_once():
    feed = Feed()
    feed.add(EPOCH - 10, "before")
    for n in range(40):
        feed.add(EPOCH + n * 7000, f"type_{n % 3}")
    world = World(feed)
    world.catch_up(EPOCH + 40 * 7000)
    assert world.counts() == truth(feed, EPOCH + 40 * 7000)
    assert world.collector.whole_streams() == [STREAM]


def test_the_first_walk_is_read_in_parts_and_shown_when_it_is_whole():
    feed = Feed()
    for n in range(5 * feed.size * AT_ONCE):
        feed.add(EPOCH + n)
    world = World(feed)
    world.cycle(EPOCH + DAY)
    assert feed.calls == AT_ONCE
    assert world.collector.resume_after() == AT_ONCE * PAUSE
    assert world.collector.whole_streams() == []
    assert world.counts() == Counter()
    world.restart()
    world.catch_up()
    assert world.counts() == {"login": 75}
    assert feed.calls <= 25 + 1


def test_what_comes_later_is_counted_page_by_page_without_a_gap_or_a_double():
    feed = Feed()
    feed.add(EPOCH + 1)
    world = World(feed)
    world.catch_up(EPOCH + 1000)
    for n in range(50):
        feed.add(EPOCH + 2000 + n * 5000, f"type_{n % 4}")
    world.catch_up(EPOCH + 2000 + 50 * 5000)
    assert world.counts() == truth(feed, feed.now)


def test_a_feed_that_was_empty_is_counted_from_its_first_activity():
    feed = Feed()
    world = World(feed)
    world.catch_up(EPOCH + 1000)
    assert world.collector.whole_streams() == [STREAM]
    for n in range(5):
        feed.add(EPOCH + 2000 + n)
    world.catch_up(EPOCH + 3000)
    assert world.counts() == {"login": 5}


def test_an_activity_is_counted_with_the_first_cycle_that_sees_it():
    feed = Feed()
    feed.add(EPOCH + 1)
    world = World(feed)
    world.catch_up(EPOCH + 1)
    assert world.counts() == {"login": 1}
    feed.add(EPOCH + 1000, "prompt")
    for at in (EPOCH + 1000, EPOCH + 1001, EPOCH + 1000 + SETTLED, EPOCH + 1001 + SETTLED):
        world.catch_up(at)
        assert world.counts() == {"login": 1, "prompt": 1}
    assert '"young":{}' in world.memory.get("collector.compliance")


def test_more_young_ones_than_a_cycle_reads_are_counted_in_the_end_and_nothing_spins():
    feed = Feed()
    feed.add(EPOCH + 1)
    world = World(feed)
    world.catch_up(EPOCH + 1000)
    for n in range(2 * feed.size * AT_ONCE):
        feed.add(EPOCH + 2000 + n)
    world.cycle(EPOCH + 2100)
    assert world.collector.resume_after() is None
    world.catch_up(EPOCH + 2100 + SETTLED)
    assert world.counts() == truth(feed, feed.now)


def test_an_activity_that_comes_within_its_two_minutes_is_not_missed():
    feed = Feed()
    feed.add(EPOCH + 1)
    world = World(feed)
    world.catch_up(EPOCH + 1000)
    feed.add(EPOCH + 1100, "late", late=60)
    feed.add(EPOCH + 1110, "prompt")
    world.catch_up(EPOCH + 1120)
    world.catch_up(EPOCH + 1300)
    assert world.counts() == {"login": 1, "late": 1, "prompt": 1}


def test_a_crash_before_the_commit_counts_nothing_and_loses_nothing():
    feed = Feed()
    for n in range(20):
        feed.add(EPOCH + n * 1000)
    world = World(feed)
    world.catch_up(EPOCH + 5000)
    world.cycle(EPOCH + 30_000, crash_after=1)
    world.restart()
    world.catch_up()
    assert world.counts() == {"login": 20}


def test_a_lost_state_gives_the_same_counts():
    feed = Feed()
    for n in range(30):
        feed.add(EPOCH + n * 9000, f"type_{n % 2}")
    world = World(feed)
    for at in range(EPOCH, EPOCH + 30 * 9000, 20_000):
        world.catch_up(at)
    world.catch_up(EPOCH + 30 * 9000)
    again = World(feed)
    again.catch_up()
    assert again.counts() == world.counts() == truth(feed, feed.now)


def test_a_failure_in_between_is_made_good():
    feed = Feed()
    for n in range(20):
        feed.add(EPOCH + n)
    world = World(feed)
    feed.now = EPOCH + 1000.0
    feed.fails = 1
    with pytest.raises(Unavailable):
        world.cycle()
    world.catch_up()
    assert world.counts() == {"login": 20}


def test_a_feed_that_does_not_heed_the_cursor_is_told_and_counts_nothing_twice():
    feed = Feed()
    for n in range(10):
        feed.add(EPOCH + n)
    world = World(feed)
    world.catch_up(EPOCH + 1000)
    feed.deaf = True
    for n in range(2):
        feed.add(EPOCH + 2000 + n)
    for at in (EPOCH + 2500, EPOCH + 3000):
        with pytest.raises(CursorLost, match="cursor"):
            world.cycle(at)
        assert world.counts() == {"login": 10}
    feed.deaf = False
    world.catch_up()
    assert world.counts() == {"login": 12}


def test_a_first_walk_that_does_not_get_further_is_told():
    feed = Feed()
    for n in range(10):
        feed.add(EPOCH + n)
    world = World(feed)
    feed.deaf = True
    for at in (EPOCH + 1000, EPOCH + 1100):
        with pytest.raises(CursorLost, match="cursor"):
            world.cycle(at)
    feed.deaf = False
    world.catch_up()
    assert world.counts() == {"login": 10}


@pytest.mark.parametrize("walked", [False, True])
def test_an_activity_of_the_future_is_refused_not_made_the_newest_day(walked):
    """All that came after it would be booked to its day, and the days up to there would be made one by one."""
    feed = Feed()
    feed.add(EPOCH + 1)
    world = World(feed)
    if walked:
        world.catch_up(EPOCH + 1000)
    feed.add(EPOCH + 40_000 * DAY, late=-40_000 * DAY)
    with pytest.raises(SchemaError, match="future"):
        world.cycle(EPOCH + 2000)
    feed.made.pop()
    feed.add(EPOCH + 3000)
    world.catch_up(EPOCH + 4000)
    assert world.counts() == {"login": 2}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40_000), st.sampled_from("abc"), st.integers(0, SETTLED - 1)), max_size=40),
    st.lists(st.tuples(st.integers(1, 30_000), st.sampled_from(["cycle", "crash", "restart"])), max_size=15),
)
def test_whatever_happens_each_activity_is_counted_once(gaps, steps):
    feed, at = Feed(), EPOCH
    for gap, word, late in gaps:
        at += gap
        feed.add(at, word, late)
    world, now = World(feed), float(EPOCH)
    for wait, step in steps:
        now += wait
        if step == "restart":
            world.restart()
        world.cycle(now, crash_after=1 if step == "crash" else None)
        held = world.counts()
        assert all(held[word] <= truth(feed, now)[word] for word in held)
    world.restart()
    world.catch_up(at + 2 * SETTLED)
    world.catch_up()
    assert world.counts() == truth(feed, feed.now)


def test_days_are_the_days_on_which_things_happened():
    feed = Feed()
    for day in range(3):
        feed.add(EPOCH + day * DAY + 100)
    world = World(feed)
    world.catch_up(EPOCH + 3 * DAY)
    assert {floor(start, DAY) for start in world.book.cells(0, 1 << 40)} == {EPOCH + day * DAY for day in range(3)}
    assert compliance.DIMENSIONS == ("activity_type",)

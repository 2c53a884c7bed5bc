import pytest

from anthropic_exporter.errors import SuspiciousRead
from anthropic_exporter.ledger.book import Book, Stream
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import Intake, Interval
from anthropic_exporter.utc import DAY, HOUR, MINUTE
from ledger.instants import at

TODAY = at("2026-03-15")
NOON = TODAY + 12 * HOUR
DELAY = 15 * MINUTE


@pytest.fixture
def store():
    made = Store(":memory:")
    yield made
    made.close()


class Reader:
    """A book, and a short way to read into it."""

    def __init__(self, store, *, settled_only=False, tiny=100_000, epoch=0):
        self.store, self.epoch = store, epoch
        self.book = Book(store, "main", Stream("usage", 1, DELAY, settled_only, tiny))

    def read(self, buckets, now=NOON, window=None, refreshed_at=None):
        """Take buckets, given as {(start, end): {label: amount}}; return the deltas."""
        found = {Interval(*bounds): {(label,): (n,) for label, n in rows.items()} for bounds, rows in buckets.items()}
        window = window or Interval(min(i.starting_at for i in found), max(i.ending_at for i in found))
        change = self.book.change(Intake("usage", Interval(*window), found, refreshed_at), now, self.epoch)
        with self.store.transaction():
            self.book.write(change)
        return change.deltas

    def held(self):
        """Return what the book holds, by bounds."""
        cells = self.book.cells(0, NOON * 2)
        return {
            tuple(interval): {labels[0]: values[0] for labels, values in cells.get(interval.starting_at, {}).items()}
            for interval in self.book.records(0, NOON * 2)
        }

    def record(self, bounds):
        return self.book.records(*bounds)[Interval(*bounds)]


@pytest.fixture
def reader(store):
    return Reader(store)


def hours(day=TODAY, **amounts):
    """Return hourly buckets of one label: h3=5 is 5 in the fourth hour."""
    return {
        (day + int(name[1:]) * HOUR, day + (int(name[1:]) + 1) * HOUR): {"a": amount}
        for name, amount in amounts.items()
    }


def known(found):
    return sum(delta.known[0] for delta in found)


def test_a_reading_replaces_its_window(reader):
    reader.read(hours(h0=5, h1=7))
    found = reader.read(hours(h0=6, h1=7))
    assert [(delta.labels, delta.known, delta.before) for delta in found] == [(("a",), (1,), True)]
    assert reader.held() == hours(h0=6, h1=7)
    assert reader.read(hours(h0=6, h1=7)) == []


def test_rows_that_vanished_count_nothing(reader):
    reader.read({(TODAY, TODAY + HOUR): {"a": 5, "b": 3}})
    (found,) = reader.read({(TODAY, TODAY + HOUR): {"a": 5}})
    assert (found.labels, found.known) == (("b",), (-3,))
    assert reader.held() == hours(h0=5)


def test_a_bucket_that_vanished_from_its_window_counts_nothing(reader):
    reader.read(hours(h0=5, h1=7))
    assert known(reader.read(hours(h0=5), window=(TODAY, TODAY + 2 * HOUR))) == -7
    assert reader.held() == hours(h0=5)


def test_what_lies_outside_of_the_window_stays(reader):
    reader.read(hours(h0=5, h1=7, h2=9))
    reader.read(hours(h1=8))
    assert reader.held() == hours(h0=5, h1=8, h2=9)


def test_a_coarser_bucket_takes_the_place_of_finer_ones(reader):
    reader.read(hours(h0=5, h1=7, h23=1))
    assert known(reader.read({(TODAY, TODAY + DAY): {"a": 15}})) == 2
    assert reader.held() == {(TODAY, TODAY + DAY): {"a": 15}}


def test_finer_buckets_take_the_place_of_a_coarser_one_that_they_fill(reader):
    reader.read({(TODAY, TODAY + HOUR): {"a": 15}})
    minutes = {(TODAY + n * MINUTE, TODAY + (n + 1) * MINUTE): {"a": 1} for n in range(60)}
    assert known(reader.read(minutes)) == 45
    assert reader.held() == minutes


def test_a_finer_reading_inside_a_coarser_bucket_is_ignored_until_that_is_read_again(reader):
    day = (TODAY, TODAY + DAY)
    reader.read({day: {"a": 15}})
    assert reader.read(hours(h3=9, h4=9)) == []
    assert reader.read(hours(h20=9) | hours(TODAY + DAY, h0=4)) != []
    assert reader.held() == {day: {"a": 15}} | hours(TODAY + DAY, h0=4)
    assert known(reader.read({day: {"a": 42}})) == 27


def test_an_empty_window_inside_a_coarser_bucket_changes_nothing(reader):
    reader.read({(TODAY, TODAY + DAY): {"a": 15}})
    assert reader.read({}, window=(TODAY + HOUR, TODAY + HOUR)) == []
    assert reader.held() == {(TODAY, TODAY + DAY): {"a": 15}}


def test_a_change_that_is_not_written_changes_nothing(reader):
    reader.read(hours(h0=5))
    window = Interval(TODAY, TODAY + HOUR)
    reader.book.change(Intake("usage", window, {window: {("a",): (9,)}}), NOON, 0)
    assert reader.held() == hours(h0=5)


def test_a_large_drop_is_believed_when_three_readings_in_a_row_say_so(reader):
    reader.read(hours(h0=300_000))
    for doubts in (1, 2):
        with pytest.raises(SuspiciousRead, match=rf"usage: upstream now reports 149999 .* \({doubts} so far\)"):
            reader.read(hours(h0=149_999))
        assert reader.held() == hours(h0=300_000)
    assert known(reader.read(hours(h0=149_999))) == -150_001
    with pytest.raises(SuspiciousRead, match=r"\(1 so far\)"):
        reader.read(hours(h0=1))


def test_a_good_reading_ends_the_doubt(reader):
    reader.read(hours(h0=300_000))
    for _ in range(2):
        for doubts in (1, 2):
            with pytest.raises(SuspiciousRead, match=rf"\({doubts} so far\)"):
                reader.read(hours(h0=0))
        reader.read(hours(h0=300_000))


@pytest.mark.parametrize(("before", "after"), [(300_000, 150_000), (100_000, 0)], ids=["half is left", "tiny"])
def test_other_drops_are_believed_at_once(reader, before, after):
    reader.read(hours(h0=before))
    assert known(reader.read(hours(h0=after))) == after - before


def test_a_move_between_labels_is_no_drop(reader):
    reader.read({(TODAY, TODAY + HOUR): {"a": 300_000}})
    assert known(reader.read({(TODAY, TODAY + HOUR): {"b": 300_000}})) == 0


HOUR_0 = (TODAY, TODAY + HOUR)


def settled_after(reader, *readings):
    """Read one hour at these seconds after its end, each with an amount; return whether it was then settled."""
    found = []
    for seconds, amount in readings:
        reader.read(hours(h0=amount), now=TODAY + HOUR + seconds)
        found.append(reader.record(HOUR_0).settled)
    return found


def test_usage_is_settled_by_three_equal_readings_after_the_delay(reader):
    assert settled_after(reader, (DELAY - 1, 5), (DELAY, 5), (DELAY + 60, 5), (DELAY + 120, 5)) == [
        False,
        False,
        False,
        True,
    ]


def test_a_change_begins_the_three_readings_again(reader):
    readings = [(DELAY, 5), (DELAY + 60, 5), (DELAY + 120, 6), (DELAY + 180, 6), (DELAY + 240, 6)]
    assert settled_after(reader, *readings) == [False, False, False, False, True]


def test_usage_of_two_days_ago_is_settled_with_its_first_reading(reader):
    assert settled_after(reader, (2 * DAY - 1, 5)) == [False]
    assert settled_after(reader, (2 * DAY, 5)) == [True]


def test_what_is_settled_stays_so(reader):
    assert settled_after(reader, (2 * DAY, 5), (2 * DAY + 60, 6), (0, 6)) == [True, True, True]


def test_billed_cost_is_counted_from_the_first_reading_after_the_delay_that_reaches_its_end(store):
    reader = Reader(store, settled_only=True)
    day, end = (TODAY, TODAY + DAY), TODAY + DAY
    readings = [
        (end - 1, end - HOUR, 5, 0),
        (end + DELAY - 1, end, 6, 0),
        (end + DELAY, end - 1, 7, 0),  # upstream itself says that it does not reach the end of the day
        (end + DELAY, end, 8, 8),
        (end + DELAY + HOUR, end + HOUR, 10, 2),
        (end + DELAY + HOUR, end - HOUR, 11, 1),  # an older export than before takes nothing back
    ]
    for now, refreshed_at, amount, counted in readings:
        found = reader.read({day: {"a": amount}}, now=now, refreshed_at=refreshed_at)
        assert sum(delta.counted[0] for delta in found) == counted
        assert reader.record(day).counted == reader.record(day).settled == (amount >= 8)


def test_billed_cost_that_did_not_change_is_counted_when_it_is_settled(store):
    reader = Reader(store, settled_only=True)
    reader.read({(TODAY, TODAY + DAY): {"a": 5}}, now=NOON)
    (found,) = reader.read({(TODAY, TODAY + DAY): {"a": 5}}, now=TODAY + DAY + DELAY)
    assert (found.known, found.counted) == ((0,), (5,))


def test_nothing_before_the_epoch_is_counted(store):
    reader = Reader(store, epoch=TODAY)
    before, after = reader.read(hours(TODAY - DAY, h23=3) | hours(h0=4))
    assert (before.known, before.counted) == ((3,), (0,))
    assert (after.known, after.counted) == ((4,), (4,))


def test_another_epoch_counts_other_buckets(store):
    reader = Reader(store, epoch=TODAY + HOUR)
    reader.read(hours(h0=3, h1=4))
    again = reader.book.recount(TODAY)
    assert all(record.counted for record in again.values())
    assert [delta.counted for delta in reader.book.held(0)] == [(0,), (4,)]
    assert [delta.counted for delta in reader.book.held(0, again)] == [(3,), (4,)]
    assert [delta.known for delta in reader.book.held(TODAY + HOUR)] == [(4,)]


def test_settled_until_is_where_the_first_unsettled_bucket_begins(reader):
    assert reader.book.settled_until() is None
    for now in (TODAY + 2 * HOUR + DELAY + n for n in range(3)):
        reader.read(hours(h0=1, h1=2), now=now)
        reader.read(hours(h2=3), now=now)
    reader.read(hours(h4=1), now=TODAY + 3 * DAY)
    assert reader.book.settled_until() == TODAY + 2 * HOUR


def test_the_newest_bucket_is_the_last_one_with_rows(reader):
    assert reader.book.newest() is None
    reader.read(hours(h0=1, h1=2) | {(TODAY + 2 * HOUR, TODAY + 3 * HOUR): {}})
    assert reader.book.newest() == TODAY + 2 * HOUR


def test_a_running_bucket_is_as_new_as_its_last_change(reader):
    reader.read(hours(h12=1), now=NOON + 100)
    reader.read(hours(h12=2), now=NOON + 200)
    reader.read(hours(h12=2), now=NOON + 300)
    assert reader.book.newest() == NOON + 200
    reader.read(hours(h12=2), now=NOON + 2 * HOUR)
    assert reader.book.newest() == NOON + 200


def test_the_last_use_of_each_label_is_known(reader):
    reader.read({HOUR_0: {"a": 1, "b": 1}, (TODAY + HOUR, TODAY + 2 * HOUR): {"a": 1}})
    assert reader.book.newest_by_labels() == {("a",): TODAY + 2 * HOUR, ("b",): TODAY + HOUR}


def test_a_stream_can_be_forgotten(store, reader):
    reader.read(hours(h0=1))
    with store.transaction():
        reader.book.forget()
    assert reader.held() == {}
    assert reader.read(hours(h0=1)) != []

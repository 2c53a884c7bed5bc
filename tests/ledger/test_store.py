import json
import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.errors import StateError
from anthropic_exporter.ledger.counters import Counter, Staged
from anthropic_exporter.ledger.spelling import read_labels, spell_labels
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import Interval
from anthropic_exporter.utc import DAY, HOUR
from ledger import state_writing
from ledger.broken_disk import BrokenDisk, contents
from ledger.state_writing import HOURS, RECORD, TOKENS, before_it, busy_transaction, fill

MONEY = Counter(Decimal("1.10"), Decimal("2.2000000000000000000001"), Decimal(0), 0.0, 1.0)


@pytest.fixture
def store():
    made = Store(":memory:", clock=lambda: 1000.0)
    yield made
    made.close()


def test_what_was_written_is_read_again(tmp_path):
    path = str(tmp_path / "state.db")
    store = Store(path)
    stream = store.stream("main", "usage")
    fill(store, stream, {("a", "é\n"): (1, 2), ("b", ""): (3, Decimal("0.10"))})
    with store.transaction():
        store.set_meta("main", "key", "value")
        store.write_counters(
            "main", Staged({("tokens", ("a",)): TOKENS, ("usd", ("b",)): MONEY}, {("tokens", ("far",))})
        )
        store.replace_inventory("main", "workspace", {"w": "{}"})
    store.close()
    again = Store(path)
    assert again.loaded
    assert again.stream("main", "usage") == stream
    assert again.buckets(stream, 0, HOUR) == {HOURS[0]: RECORD}
    assert again.cells(stream, 2, 0, HOUR) == {0: {("a", "é\n"): (1, 2), ("b", ""): (3, Decimal("0.10"))}}
    assert again.meta("main", "key") == "value"
    assert list(again.counters("main")) == [("tokens", ("a",), TOKENS), ("usd", ("b",), MONEY)]
    assert str(next(c for f, _, c in again.counters("main") if f == "usd").high) == "2.2000000000000000000001"
    assert again.overflowed("main") == [("tokens", ("far",))]
    assert again.inventory("main", "workspace") == {"w": "{}"}
    assert again.size_bytes() > 4096
    again.close()


def test_organizations_do_not_see_each_other(store):
    for alias, amount in (("one", 1), ("two", 2)):
        fill(store, store.stream(alias, "usage"), {("a",): (amount,)})
        with store.transaction():
            store.set_meta(alias, "key", alias)
            store.write_counters(alias, Staged({("tokens", ("a",)): TOKENS}, set()))
    with store.transaction():
        store.forget_organization("one")
    assert store.meta("one", "key") is None
    assert store.meta("two", "key") == "two"
    assert list(store.counters("one")) == []
    assert store.cells(store.stream("one", "usage"), 1, 0, HOUR) == {}
    assert store.cells(store.stream("two", "usage"), 1, 0, HOUR) == {0: {("a",): (2,)}}


def test_an_organization_is_forgotten_whose_streams_were_not_opened(tmp_path):
    path = str(tmp_path / "state.db")
    store = Store(path)
    fill(store, store.stream("one", "usage"), {("a",): (1,)})
    store.close()
    again = Store(path)
    with again.transaction():
        again.forget_organization("one")
    assert contents(again._connection)["cells"] == []
    assert again.buckets(again.stream("one", "usage"), 0, HOUR) == {}
    again.close()


def test_a_bucket_reaches_into_a_window(store):
    stream = store.stream("main", "usage")
    with store.transaction():
        store.write_buckets(stream, dict.fromkeys(HOURS, RECORD))
    assert list(store.buckets(stream, 3 * HOUR + 60, 5 * HOUR)) == HOURS[3:5]
    assert list(store.buckets(stream, 3 * HOUR, 3 * HOUR + 1)) == [HOURS[3]]


def test_cells_that_are_gone_or_changed_are_written(store):
    stream = store.stream("main", "usage")
    before = {("a",): (1,), ("b",): (2,), ("c",): (3,)}
    fill(store, stream, before)
    after = {("a",): (1,), ("b",): (20,), ("d",): (4,)}
    fill(store, stream, after, before=before)
    assert store.cells(stream, 1, 0, HOUR) == {0: after}
    assert store.newest(stream) == 0
    assert store.newest_by_labels(stream) == dict.fromkeys(after, HOUR)


def test_the_newest_use_is_found_however_long_ago_it_was(store):
    stream = store.stream("main", "usage")
    ages = (0, 1, 8, 9, 10, 72, 73, 74, 400, 5000)
    for age in ages:
        start = (20_000 - age) * DAY
        fill(store, stream, {(str(age),): (1,), ("ever",): (1,)}, Interval(start, start + DAY))
    ends = {(str(age),): (20_001 - age) * DAY for age in ages}
    assert store.newest_by_labels(stream) == {**ends, ("ever",): 20_001 * DAY}
    assert store.newest_by_labels(store.stream("main", "unread")) == {}


def test_dropping_a_bucket_drops_its_cells(store):
    stream = store.stream("main", "usage")
    fill(store, stream, {("a",): (1,)})
    with store.transaction():
        store.drop_buckets(stream, [HOURS[0]])
    assert store.buckets(stream, 0, HOUR) == {}
    assert store.cells(stream, 1, 0, HOUR) == {}
    assert store.newest(stream) is None


def test_label_sets_made_in_a_rolled_back_transaction_get_their_right_numbers(store):
    """SQLite gives the number of a row that was rolled back to the next one: kept in memory, it would name another."""
    stream = store.stream("main", "usage")
    fill(store, stream, {("first",): (1,)})
    with pytest.raises(TypeError):
        fill(store, stream, {("lost",): (9,), ("bad",): 7})
    fill(store, stream, {("second",): (2,)}, HOURS[1])
    fill(store, stream, {("lost",): (3,)}, HOURS[2])
    expected = {0: {("first",): (1,)}, HOUR: {("second",): (2,)}, 2 * HOUR: {("lost",): (3,)}}
    assert store.cells(stream, 1, 0, 3 * HOUR) == expected
    assert contents(store._connection)["cells"] == [
        (stream, 0, '["first"]', 1, *[None] * 6),
        (stream, HOUR, '["second"]', 2, *[None] * 6),
        (stream, 2 * HOUR, '["lost"]', 3, *[None] * 6),
    ]


def test_a_stream_made_in_a_rolled_back_transaction_is_made_again(store):
    store._connection = BrokenDisk(store._connection, fails_at=2)
    with pytest.raises(StateError):
        store.stream("main", "usage")
    fill(store, store.stream("main", "usage"), {("a",): (1,)})
    assert store.cells(store.stream("main", "usage"), 1, 0, HOUR) == {0: {("a",): (1,)}}


def attempt(store, stream):
    """Return what went wrong, or ""."""
    try:
        busy_transaction(store, stream)
    except StateError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("gone", [False, True], ids=["one statement fails", "the disk stays away"])
def test_a_transaction_whose_disk_fails_at_any_statement_changes_nothing_and_succeeds_the_next_time(gone):
    expected = None
    for fails_at in range(1, 100):
        store, stream = before_it(":memory:")
        real = store._connection
        before = contents(real)
        store._connection = BrokenDisk(real, fails_at, gone)
        error = attempt(store, stream)
        if error:
            assert error.endswith(("state cannot be written: disk I/O error", "state cannot be read: disk I/O error"))
            store._connection.gone = False
            if not gone:
                assert contents(real) == before
            assert (store.take_write_failures(), store.take_write_failures()) == (1, 0)
            with store.transaction():
                assert contents(real) == before
            busy_transaction(store, stream)
        after = contents(real)
        assert after != before
        expected = expected or after
        assert after == expected
        store.close()
        if not error:
            assert fails_at > 10
            return
    pytest.fail("the transaction has no end")


def test_a_process_that_is_killed_at_any_statement_leaves_before_or_after(tmp_path):
    store, _ = before_it(str(tmp_path / "template.db"))
    before = contents(store._connection)
    store.close()
    done = subprocess.run(
        [sys.executable, state_writing.__file__, tmp_path],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        check=True,
    )
    survived = int(done.stdout)
    assert survived > 10
    for statements in range(1, survived + 1):
        found = Store(str(tmp_path / f"{statements}.db"))
        assert found.loaded
        if statements < survived:
            assert contents(found._connection) == before
            busy_transaction(found, found.stream("main", "usage"))
        after = contents(found._connection)
        assert after["meta"] == [("main", "key", "after")]
        assert [row[1] for row in after["counters"]] == ["tokens"]
        found.close()


def test_the_last_commit_is_told_and_a_failure_is_none(store):
    assert store.last_commit is None
    with store.transaction():
        store.set_meta("main", "key", "value")
    assert store.last_commit == 1000.0
    store._clock = lambda: 2000.0
    with pytest.raises(StateError), store.transaction():
        store._connection.execute("SELECT nothing")
    assert store.last_commit == 1000.0


def test_an_error_that_is_not_the_databases_passes_through(store):
    with pytest.raises(TypeError):
        fill(store, store.stream("main", "usage"), {("a",): 7})
    assert contents(store._connection)["buckets"] == []
    assert store.take_write_failures() == 0


def test_a_state_in_use_can_be_looked_into_and_not_be_written(tmp_path):
    path = str(tmp_path / "state.db")
    writer = Store(path)
    with writer.transaction():
        writer.set_meta("main", "first_exposed_at.usage", "1.5")
    looking = Store(path, read_only=True)
    assert looking.remembered("main") == {"first_exposed_at.usage": "1.5"}
    with pytest.raises(StateError, match="cannot be written"), looking.transaction():
        looking.set_meta("main", "first_exposed_at.usage", "2.5")
    looking.close()
    with writer.transaction():
        writer.set_meta("main", "first_exposed_at.usage", "3.5")
    writer.close()


def test_looking_into_no_state_makes_none(tmp_path):
    with pytest.raises(StateError, match="there is no state file"):
        Store(str(tmp_path / "state.db"), read_only=True)
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.text(), max_size=5).map(tuple))
def test_labels_are_spelled_as_json_has_always_spelled_them(labels):
    assert spell_labels(labels) == json.dumps(labels)
    assert read_labels(spell_labels(labels)) == labels

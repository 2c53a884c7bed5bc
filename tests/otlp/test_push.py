"""What is pushed is what /metrics shows, over real sockets, decoded by the protocol's own classes."""

import pytest

from anthropic_exporter.ledger.store import Store
from anthropic_exporter.simulate.scripted import Event, ScriptedOrganization
from otlp.pushed import still
from otlp.translation import kind_of, metrics, points, samples, translated
from service.office import NOW
from simulate.harness import line

DAY = 86_400
TOKENS = "anthropic_usage_tokens_total"
BOTH = pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])


def history(days: int = 40) -> list[Event]:
    """Usage of two models on many days, and of the last hours."""
    events = [Event(NOW - day * DAY, line(model="claude-opus-4-8"), uncached=100 + day) for day in range(1, days)]
    events += [Event(NOW - 7200, line(), uncached=1000, output=50, web_searches=3, requests=9)]
    return events


@pytest.fixture
def read(office):
    """Read an organization whole."""
    office.serve(ScriptedOrganization(history()))
    office.open()
    office.cycle()
    office.cycle()
    return office


@BOTH
def test_a_cumulative_push_is_what_is_pulled_before_and_after_a_restart(read, pushing, protocol):
    pushed = pushing(read, protocol)
    first = pushed.pull()
    assert pushed.push()
    told = pushed.receiver.inbox.empty()
    assert still(samples(told)) == still(first)
    assert len(first) > 100

    starts = {labels: start for labels, start, _, _ in points(told, TOKENS)}
    pushed.restart()
    again = pushed.pull()
    assert pushed.push()
    told = pushed.receiver.inbox.empty()
    assert still(samples(told)) == still(again)
    assert {labels: start for labels, start, _, _ in points(told, TOKENS)} == starts


def test_the_start_is_the_first_day_with_usage_and_the_same_from_an_empty_state(read, pushing):
    pushed = pushing(read)
    pushed.push()
    told = uncached(pushed.receiver.inbox.empty())
    assert {model: start for model, (start, _) in told.items()} == {
        "claude-opus-4-8": (NOW - 39 * DAY) // DAY * DAY,
        line().model: (NOW - 7200) // DAY * DAY,
    }
    read.store = Store(":memory:")  # the disk is lost
    pushed.restart()
    read.cycle()
    pushed.push()
    assert uncached(pushed.receiver.inbox.empty()) == told


def test_a_late_row_for_an_earlier_day_does_not_move_a_start(read, pushing):
    pushed = pushing(read)
    pushed.push()
    before = {labels: start for labels, start, _, _ in points(pushed.receiver.inbox.empty(), TOKENS)}
    read.serve(ScriptedOrganization([*history(), Event(NOW - 20 * DAY, line(), uncached=7)]))
    read.cycle(seconds=7 * 3600)
    pushed.push()
    told = points(pushed.receiver.inbox.empty(), TOKENS)
    assert sum(value for *_, value in told) == read.tokens()[read.at_work.id]
    assert {labels: start for labels, start, _, _ in told} == before


def test_a_new_year_starts_anew(read, pushing):
    pushed = pushing(read)
    pushed.push()
    pushed.receiver.inbox.empty()
    read.clock.now = 1_798_761_600 + 3 * 3600  # 2027-01-01T03:00Z
    newest = Event(1_798_761_600 + 600, line(), uncached=5)
    read.serve(ScriptedOrganization([*history(), newest]))
    read.cycle()
    read.cycle()
    read.cycle()  # and the zero was on show
    pushed.push()
    told = uncached(pushed.receiver.inbox.empty())
    assert told[line().model] == (1_798_761_600, 5)
    assert all(start == 1_798_761_600 for start, _ in told.values())


@BOTH
def test_deltas_add_up_to_what_is_pulled_before_and_after_a_restart(read, pushing, protocol):
    pushed = pushing(read, protocol, temporality="delta")
    read.clock.now += 3 * DAY
    for _ in range(3):
        read.cycle()  # read until everything has settled
    told = []
    assert pushed.push()
    told += pushed.receiver.inbox.empty()
    assert added_up(told) == counters(pushed)
    assert pushed.push()
    assert added_up(pushed.receiver.inbox.empty()) == {}

    pushed.restart()
    assert pushed.push()
    assert added_up(pushed.receiver.inbox.empty()) == {}
    read.serve(ScriptedOrganization([*history(), Event(NOW + 3600, line(), uncached=11)]))
    read.cycle(seconds=3 * DAY)
    read.cycle()
    read.cycle()
    assert pushed.push()
    told += pushed.receiver.inbox.empty()
    assert added_up(told) == counters(pushed)


def uncached(requests) -> dict[str, tuple[int, float]]:
    """Return start and value of uncached input by model."""
    return {
        dict(labels)["model"]: (start, value)
        for labels, start, _, value in points(requests, TOKENS)
        if ("token_type", "uncached_input") in labels
    }


def counters(pushed) -> dict[tuple, float]:
    """Return what the organization's counters show, without the zeros."""
    families = {found.family.name: found.family for found in pushed.office.at_work.families(pushed.office.clock())}
    return {
        key: pytest.approx(value, rel=1e-12)
        for key, value in pushed.pull().items()
        if key[0] in families and families[key[0]].kind == "counter" and value
    }


def added_up(requests) -> dict[tuple, float]:
    """Return the sums of all deltas about the organization."""
    sums: dict[tuple, float] = {}
    counted = {translated(m.name, m.unit, kind_of(m)) for m in metrics(requests) if kind_of(m) == "counter"}
    for name in counted:
        if name.startswith(("anthropic_exporter_", "process_", "python_")):
            continue
        for labels, start, end, value in points(requests, name):
            assert start < end
            assert value > 0
            sums[name, labels] = sums.get((name, labels), 0) + value
    return sums

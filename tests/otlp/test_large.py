"""100,000 points: pushed and decoded they are what /metrics shows, to the last one."""

import dataclasses
import time

import pytest

from anthropic_exporter.config import Settings
from anthropic_exporter.config.sections import SeriesSettings, UpstreamSettings
from anthropic_exporter.records import TOKEN_TYPES, Intake, Interval
from anthropic_exporter.simulate.scripted import ScriptedOrganization
from anthropic_exporter.utc import DAY
from otlp.pushed import still
from otlp.test_push import added_up, counters
from otlp.translation import metrics, samples
from service.office import NOW

SETTINGS = Settings(upstream=UpstreamSettings(requests_per_minute=0), series=SeriesSettings(max_per_family=1_000_000))
MODELS = ("claude-opus-4-8", "claude-haiku-4-5", "claude-sonnet-4-6")
#: A group has ten series of counters, and gauges and names beside them: 36 points in all.
SIZES = pytest.mark.parametrize("groups", [150, pytest.param(3000, marks=pytest.mark.long)], ids=["5,500", "100,000"])
BOTH = pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])


def filled(office, groups):
    """Fill the ledger with that many groups: ten counters each, for token types and their estimated cost."""
    office.settings = dataclasses.replace(SETTINGS, usage=dataclasses.replace(SETTINGS.usage, group_by=OFFERED))
    office.serve(ScriptedOrganization())
    office.open()
    office.cycle()
    day = (NOW - 20 * DAY) // DAY * DAY
    for number in range(2):
        interval = Interval(day + number * DAY, day + (number + 1) * DAY)
        cells = {
            (f"wrkspc_{group:05}", MODELS[group % 3], "standard", "global", "standard"): values(group, number)
            for group in range(groups)
        }
        office.at_work.view.accounts.post(Intake("usage", interval, {interval: cells}), office.clock())
    office.at_work.families(office.clock())  # all of it is on show, at 0
    return office


def values(group: int, day: int) -> tuple[int, ...]:
    return (*((group + 1) * (place + 1) * (day + 1) * 1_000_003 for place in range(len(TOKEN_TYPES))), 0)


OFFERED = ("workspace_id", "model", "service_tier", "inference_geo", "speed")


def sizes(requests):
    return [
        sum(len(getattr(metric, metric.WhichOneof("data")).data_points) for metric in metrics([request]))
        for request in requests
    ]


@BOTH
@SIZES
def test_a_cumulative_push_is_what_is_pulled_in_messages_of_bounded_size(office, pushing, groups, protocol):
    filled(office, groups)
    office.clock.now += 600  # no series is held at 0 any more
    pushed = pushing(office, protocol)
    told = []
    for _ in range(2):
        pulled = pushed.pull()
        begun = time.perf_counter()
        assert pushed.push()
        seconds = time.perf_counter() - begun
        arrived = pushed.receiver.inbox.empty()
        assert still(samples(arrived)) == still(pulled)
        assert sum(sizes(arrived)) > 34 * groups
        assert max(sizes(arrived)) <= 5000
        told.append(starts(arrived))
        print(f"{protocol}: {sum(sizes(arrived))} points in {len(arrived)} messages, {seconds:.2f} s")  # noqa: T201 - figures
        pushed.restart()
    assert told[0] == told[1]


@BOTH
@SIZES
def test_deltas_add_up_to_what_is_shown_and_are_sent_once(office, pushing, groups, protocol):
    filled(office, groups)
    office.clock.now += 600
    pushed = pushing(office, protocol, temporality="delta")
    begun = time.perf_counter()
    assert pushed.push()
    seconds = time.perf_counter() - begun
    arrived = pushed.receiver.inbox.empty()
    shown = counters(pushed)
    assert added_up(arrived) == shown
    assert len(shown) >= 10 * groups
    assert max(sizes(arrived)) <= 5000
    print(f"{protocol}: {sum(sizes(arrived))} points in {len(arrived)} messages, {seconds:.2f} s")  # noqa: T201 - figures
    pushed.restart()
    assert pushed.push()
    assert added_up(pushed.receiver.inbox.empty()) == {}, "what has arrived is not sent again after a restart"


def starts(requests):
    return {
        (metric.name, str(point.attributes)): point.start_time_unix_nano
        for metric in metrics(requests)
        if metric.WhichOneof("data") == "sum" and not metric.name.startswith(("anthropic.exporter", "process"))
        for point in metric.sum.data_points
    }

from decimal import Decimal

import pytest

from anthropic_exporter.simulate.instants import DAY, HOUR, MINUTE
from anthropic_exporter.simulate.line import Seen
from anthropic_exporter.simulate.scripted import Cost, Event, ScriptedOrganization
from simulate.harness import NOW, line

AT = NOW - 3 * HOUR
NOW_SEEN = Seen(NOW, NOW, 0, revised=True)
SEARCH = line()


def read(organization, seen=NOW_SEEN):
    return organization.usage(AT - HOUR, AT + HOUR, seen).get(SEARCH, (0,) * 8)


def test_events_of_a_line_add_up():
    organization = ScriptedOrganization([Event(AT, SEARCH, uncached=5, requests=1), Event(AT + 90, SEARCH, uncached=7)])
    assert read(organization) == (12, 0, 0, 0, 0, 0, 1, 0)


def test_an_event_with_an_instant_of_its_own_is_late_by_that():
    organization = ScriptedOrganization([Event(AT, SEARCH, output=5, visible_at=AT + 600)])
    assert read(organization, Seen(AT + 599, AT + 599, 0, revised=True)) == (0,) * 8
    assert read(organization, Seen(AT + 600, AT, 0, revised=True))[4] == 5


def test_an_event_without_one_arrives_with_its_minute():
    organization = ScriptedOrganization([Event(AT, SEARCH, output=5)])
    ends = AT // MINUTE * MINUTE + MINUTE
    assert read(organization, Seen(NOW, ends - 1, 0, revised=True)) == (0,) * 8
    assert read(organization, Seen(NOW, ends, 0, revised=True))[4] == 5


def test_a_correction_lowers_a_minute_but_not_below_nothing():
    organization = ScriptedOrganization(
        [
            Event(AT, SEARCH, output=100),
            Event(AT, SEARCH, output=-30, visible_at=AT + HOUR),
            Event(AT + 10 * MINUTE, SEARCH, output=20),
            Event(AT + 10 * MINUTE, SEARCH, output=-50, visible_at=AT + HOUR),
        ]
    )
    assert read(organization, Seen(AT + HOUR - 1, NOW, 0, revised=True))[4] == 120
    assert read(organization)[4] == 70


def test_recording_is_seen_at_once_and_raises_the_revision():
    organization = ScriptedOrganization()
    before = organization.revision
    organization.record(Event(AT, SEARCH, output=1))
    assert organization.revision > before
    assert read(organization)[4] == 1


def test_cost_is_derived_day_by_day_from_the_list_price():
    organization = ScriptedOrganization(
        [Event(NOW - DAY, SEARCH, output=1_000_000), Event(NOW, SEARCH, output=500_000, web_searches=3)],
        discount=Decimal("0.9"),
    )
    charges = list(organization.charges(NOW - 2 * DAY, NOW + HOUR, Seen(NOW + HOUR, NOW + HOUR, 0, revised=True)))
    assert [(each.cost_type, each.amount, each.list_amount) for each in charges] == [
        ("tokens", 1800, 2000),
        ("tokens", 900, 1000),
        ("web_search", 3, 3),
    ]


@pytest.mark.parametrize(
    ("dimensions", "cents"),
    [
        pytest.param({}, "400", id="standard"),
        pytest.param({"service_tier": "batch"}, "200", id="batch is half"),
        pytest.param({"inference_geo": "us"}, "440", id="US inference is a tenth more"),
        pytest.param({"speed": "fast"}, "800", id="fast has prices of its own"),
        pytest.param({"service_tier": "priority"}, "0", id="priority is a commitment"),
        pytest.param({"model": "claude-unheard-of"}, "0", id="no price, no charge"),
        pytest.param({"model": "claude-haiku-5-5"}, "10", id="short prompts of Haiku"),
        pytest.param({"model": "claude-haiku-5-5", "long_prompt": True}, "50", id="long prompts of Haiku"),
        pytest.param({"kind": "subscription"}, "0", id="a subscription is not charged by token"),
    ],
)
def test_a_million_tokens_cost(dimensions, cents):
    organization = ScriptedOrganization([Event(AT, line(**dimensions), uncached=1_000_000)])
    charges = organization.charges(AT - HOUR, AT + HOUR, NOW_SEEN)
    assert sum(each.list_amount for each in charges) == Decimal(cents)


def test_a_price_changes_on_its_day():
    before, after = (
        ScriptedOrganization([Event(at, line("claude-sonnet-5-5"), cache_read=1_000_000)])
        for at in (1_791_244_800, 1_791_331_200)  # 6 and 7 October 2026
    )
    amounts = [
        [each.amount for each in organization.charges(1_791_158_400, 1_791_417_600, NOW_SEEN)]
        for organization in (before, after)
    ]
    assert amounts == [[20], [10]]


def test_cost_lines_can_be_written_down():
    paid = Cost(AT, SEARCH, Decimal("12.5"), Decimal(15), token_type="output_tokens")
    late = Cost(AT, SEARCH, Decimal("-2.5"), Decimal(-3), visible_at=NOW + 1)
    organization = ScriptedOrganization([Event(AT, SEARCH, output=9)], costs=[paid, late], derive_cost=False)
    assert [each.amount for each in organization.charges(AT, AT + MINUTE, NOW_SEEN)] == [Decimal("12.5")]
    later = Seen(NOW + 1, NOW, 0, revised=True)
    assert sum(each.amount for each in organization.charges(AT, AT + MINUTE, later)) == 10

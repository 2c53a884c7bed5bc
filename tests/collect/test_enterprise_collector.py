from decimal import Decimal

import pytest

from anthropic_exporter.collect.enterprise import COST, REQUESTS, TOKENS, EnterpriseCollector
from anthropic_exporter.collect.plan import Cadence
from anthropic_exporter.errors import NotSupported, Unavailable
from anthropic_exporter.records import (
    Bucket,
    CostRow,
    Engagement,
    GroupMonth,
    Intake,
    Reading,
    UsageRow,
    UserGroup,
)
from anthropic_exporter.utc import DAY, HOUR, floor, month_start
from collect.upstream import DictMemory

NOW = 1_790_000_000.0
MONTH = month_start(NOW)
EPOCH = MONTH - 3 * DAY
TODAY = floor(NOW, DAY)


class Api:
    """An Enterprise organization, of which parts may be missing."""

    def __init__(self, *missing):
        self.missing, self.asked, self.broken, self.repeats = set(missing), [], "", 1
        self.days = [Engagement(TODAY - 2 * DAY, 9, 1, ()), Engagement(TODAY - DAY, 10, 1, (("all", 1, 2, 3),))]

    def _answer(self, part, *more):
        self.asked.append((part, *more))
        if part == self.broken:
            raise Unavailable("503")
        if part in self.missing:
            raise NotSupported(f"no {part}")

    def analytics_usage(self, *, starting_at, ending_at, width, dimensions, default_workspace):
        assert default_workspace is None
        self._answer("usage", dimensions, starting_at, width)
        labels = ("claude_code", "claude-opus-5") if dimensions == ("product", "model") else ("rbac_group_1",)
        rows = [UsageRow(labels, (1, 2, 3, 4, 5), 6, 7)] * self.repeats
        return Reading([Bucket(starting_at, ending_at if width is None else starting_at + DAY, rows)], int(NOW))

    def analytics_cost(self, *, starting_at, ending_at, width, dimensions, fan_out, default_workspace):
        assert (fan_out, default_workspace) == (False, None)
        self._answer("cost", dimensions, starting_at, width)
        labels = ("claude_code", "claude-opus-5") if dimensions == ("product", "model") else ("rbac_group_1",)
        rows = [CostRow(labels, Decimal("1.5"), None)] * self.repeats
        return Reading([Bucket(starting_at, ending_at if width is None else starting_at + DAY, rows)], int(NOW))

    def summaries(self, since):
        self._answer("summaries", since)
        return self.days

    def user_groups(self):
        self._answer("groups")
        return [UserGroup("rbac_group_1", "Payments")]


def collector(api, memory=None):
    return EnterpriseCollector(
        api, 3600.0, Cadence(900.0, 21_600.0), lambda _: EPOCH, lambda _: 0, memory or DictMemory()
    )


def read(made, now=NOW):
    found = list(made.read(now))
    intakes = [each for each in found if isinstance(each, Intake)]
    return intakes, {each.kind: dict(each.objects) for each in found if not isinstance(each, Intake)}


def test_products_groups_and_the_newest_summary_are_read():
    made = collector(Api())
    intakes, lists = read(made)
    assert {intake.stream for intake in intakes} == {TOKENS, REQUESTS, COST}
    assert lists["engagement"] == {"newest": made.api.days[1]}
    assert lists["user_group"] == {"rbac_group_1": UserGroup("rbac_group_1", "Payments")}
    assert lists["group_month"] == {"rbac_group_1": GroupMonth(MONTH, "rbac_group_1", (1, 2, 3, 4, 5), Decimal("1.5"))}
    assert made.whole_streams() == [TOKENS, REQUESTS, COST]


def test_groups_are_never_counted_because_they_overlap():
    intakes, _ = read(collector(Api()))
    assert {labels for i in intakes for cells in i.buckets.values() for labels in cells} == {
        ("claude_code", "claude-opus-5")
    }


@pytest.mark.parametrize(
    ("missing", "streams"),
    [
        (("summaries",), [TOKENS, REQUESTS, COST]),
        (("usage", "groups"), [COST]),
        (("cost",), [TOKENS, REQUESTS]),
    ],
)
def test_what_is_not_offered_is_left_out(missing, streams):
    made = collector(Api(*missing))
    _, lists = read(made)
    assert made.whole_streams() == streams
    assert ("engagement" in lists) == ("summaries" not in missing)


@pytest.mark.parametrize(
    ("missing", "tokens", "usd"),
    [("usage", None, Decimal("1.5")), ("cost", (1, 2, 3, 4, 5), None)],
)
def test_what_a_group_used_is_not_known_where_it_is_not_told(missing, tokens, usd):
    _, lists = read(collector(Api(missing)))
    assert lists["group_month"] == {"rbac_group_1": GroupMonth(MONTH, "rbac_group_1", tokens, usd)}


def test_a_group_with_several_rows_has_their_sum():
    api = Api()
    api.repeats = 2
    _, lists = read(collector(api))
    assert lists["group_month"] == {"rbac_group_1": GroupMonth(MONTH, "rbac_group_1", (2, 4, 6, 8, 10), Decimal(3))}


def test_where_nothing_is_offered_the_collector_is_not_supported():
    with pytest.raises(NotSupported, match="no usage"):
        read(collector(Api("usage", "cost", "summaries", "groups")))


def test_a_part_that_was_refused_is_asked_for_after_an_hour():
    api = Api("summaries")
    made = collector(api)
    for now in (NOW, NOW + 1800, NOW + 3600):
        read(made, now)
    assert len([asked for asked in api.asked if asked[0] == "summaries"]) == 2


def test_after_a_restart_only_the_last_days_are_read():
    memory, api = DictMemory(), Api()
    read(collector(api, memory))
    api.asked.clear()
    read(collector(api, memory), NOW + 3600)
    starts = [start for part, *more in api.asked if part == "usage" for _, start, width in [more] if width]
    assert starts == [TODAY - 2 * DAY]


def test_a_cycle_that_fails_is_not_noted():
    memory, api = DictMemory(), Api()
    api.broken = "summaries"
    with pytest.raises(Unavailable):
        read(collector(api, memory))
    assert memory.kept == {}


def test_no_group_is_read_before_the_first_hour_of_a_month_is_over():
    _, lists = read(collector(Api()), MONTH + HOUR - 1.0)
    assert "group_month" not in lists


def test_summaries_are_not_asked_for_before_the_first_day_that_upstream_has():
    api = Api()
    made = EnterpriseCollector(
        api, 3600.0, Cadence(900.0, 21_600.0), lambda _: EPOCH, lambda _: TODAY - DAY, DictMemory()
    )
    read(made)
    assert ("summaries", TODAY - DAY) in api.asked

from threading import Event

import pytest

from anthropic_exporter.collect.base import Directory
from anthropic_exporter.collect.rate_limits import RateLimitsCollector, membership
from anthropic_exporter.collect.rounds import Rounds
from anthropic_exporter.errors import BadRequest, EmptyRange, NotSupported, Unavailable
from anthropic_exporter.records import Bucket, RateLimit, RateLimitGroup, Reading, UsageRow, Workspace
from collect.upstream import DictMemory, unasked

NOW = 1_790_000_030.0
UNTIL = 1_789_999_980 + 0  # the last full minute before
OPUS = RateLimitGroup("rlg_opus", "Opus", ("claude-opus-5", "claude-opus-5-5"))
HAIKU = RateLimitGroup("rlg_haiku", "Haiku", ("claude-haiku-4-5",))
BATCH = RateLimitGroup("rlg_batch", "batch", ())
LIMIT = RateLimit("none", "rlg_opus", "requests_per_minute", 5)


def row(model, *tokens):
    return UsageRow((model,), tokens, 0, None)


class Api:
    def __init__(self, minutes=(), fails=None):
        self.minutes, self.fails, self.asked = minutes, fails, []

    def rate_limits(self):
        return [OPUS, HAIKU, BATCH], [LIMIT]

    def workspace_rate_limits(self, workspace_id):
        return [RateLimit(workspace_id, "rlg_opus", "requests_per_minute", 2)]

    def usage_report(self, **asked):
        self.asked.append(asked)
        if self.fails:
            raise self.fails
        until = asked["ending_at"]
        starts = range(until - 60 * len(self.minutes), until + 60, 60)
        return Reading([Bucket(at, at + 60, rows) for at, rows in zip(starts, self.minutes, strict=False)], None)


def listings(api, *, minutes=True):
    rounds = Rounds(
        api.workspace_rate_limits,
        lambda: [Workspace("wrkspc_1", "one", False, 1, ())],
        Directory(DictMemory(), Event(), unasked),
        with_default=False,
    )
    return RateLimitsCollector(api, 600.0, rounds, minutes).read(NOW)


def read(api, *, minutes=True):
    return {listing.kind: listing.objects for listing in listings(api, minutes=minutes)}


def peaks(found):
    return {(peak.group_id, peak.token_type): peak.tokens for peak in found["peak_minute"].values()}


def test_limits_of_the_organization_and_of_workspaces_are_listed():
    found = read(Api())
    assert list(found["rate_limit"].values()) == [LIMIT]
    assert [limit.workspace_id for limit in found["workspace_rate_limit"].values()] == ["wrkspc_1"]


def test_the_last_sixty_closed_minutes_are_asked_for_by_model_alone():
    api = Api()
    read(api)
    [asked] = api.asked
    assert asked["ending_at"] - asked["starting_at"] == 3600
    assert asked["ending_at"] <= NOW
    assert asked["ending_at"] % 60 == 0
    assert (asked["width"], asked["dimensions"]) == ("1m", ("model",))


def test_the_peak_is_the_largest_minute_of_the_group_for_each_kind_by_itself():
    api = Api(
        [
            [row("claude-opus-5", 1, 2, 4, 100, 3), row("claude-opus-5-5", 10, 0, 0, 0, 1)],
            [row("claude-opus-5", 2, 0, 0, 0, 9)],
        ]
    )
    found = peaks(read(api))
    assert found["rlg_opus", "input_counted"] == 17
    assert found["rlg_opus", "input"] == 117
    assert found["rlg_opus", "output"] == 9


def test_a_group_of_models_that_used_nothing_has_a_peak_of_zero_and_a_resource_has_none():
    found = peaks(read(Api()))
    assert found["rlg_haiku", "output"] == 0
    assert ("rlg_batch", "output") not in found
    assert ("none", "output") not in found


def test_models_of_no_group_are_in_the_group_none():
    assert peaks(read(Api([[row("claude-lumen", 1, 0, 0, 0, 2)]])))["none", "output"] == 2


def test_a_dated_model_belongs_to_the_group_of_its_alias_and_is_named_there():
    found = read(Api([[row("claude-haiku-4-5-20251001", 1, 0, 0, 0, 2)]]))
    assert peaks(found)["rlg_haiku", "output"] == 2
    assert found["rate_limit_group"]["rlg_haiku"].models == ("claude-haiku-4-5", "claude-haiku-4-5-20251001")


def test_a_model_in_two_groups_counts_in_both():
    both = [OPUS, OPUS._replace(id="rlg_fast")]
    assert membership(both, {"claude-opus-5"}) == {"rlg_opus": {"claude-opus-5"}, "rlg_fast": {"claude-opus-5"}}


@pytest.mark.parametrize("failure", [NotSupported("404"), BadRequest("no minutes"), EmptyRange("empty")])
def test_limits_are_read_where_minutes_are_not_served(failure):
    found = read(Api(fails=failure))
    assert "peak_minute" not in found
    assert found["rate_limit"]


def test_minutes_are_not_asked_for_where_the_legacy_report_may_not_be_read():
    api = Api()
    assert "peak_minute" not in read(api, minutes=False)
    assert api.asked == []


def test_a_failure_to_read_minutes_loses_the_cycle_but_not_the_limits():
    found = []
    with pytest.raises(Unavailable):
        found.extend(listings(Api(fails=Unavailable("503"))))
    assert [listing.kind for listing in found] == ["rate_limit"]

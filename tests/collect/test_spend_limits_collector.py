from decimal import Decimal
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.collect.base import Directory
from anthropic_exporter.collect.spend_limits import SpendLimitsCollector, believed, period_start
from anthropic_exporter.errors import NotSupported
from anthropic_exporter.records import SpendLimit, SpendRequest
from anthropic_exporter.utc import DAY
from collect.upstream import DictMemory, unasked

NOW = 1_790_000_000.0  # 2026-09-21, a Monday
USER = SpendLimit("user", "user_1", "monthly", Decimal(500), Decimal(12), 0)
CAP = SpendLimit("workspace", "wrkspc_default", "monthly", Decimal(2500), None, 0)


class Api:
    def __init__(self, caps=None, effective=None, requests=None):
        self.answers = {"caps": caps, "effective": effective, "requests": requests}
        self.asked = []

    def _answer(self, part):
        self.asked.append(part)
        if self.answers[part] is None:
            raise NotSupported(f"no {part}")
        return self.answers[part]

    def spend_limits(self):
        return self._answer("caps")

    def effective_spend_limits(self):
        return self._answer("effective")

    def spend_limit_increase_requests(self):
        return self._answer("requests")


def collector(api, known=()):
    memory = DictMemory({"default_workspace": "wrkspc_default"})
    return SpendLimitsCollector(api, 600.0, Directory(memory, Event(), unasked), lambda: known)


def read(api, known=(), now=NOW):
    return {listing.kind: listing.objects for listing in collector(api, known).read(now)}


def test_caps_and_what_members_have_spent_are_one_list():
    found = read(Api([CAP, USER._replace(spent=None, usd=Decimal(900))], [USER], [SpendRequest("slir_1", 5)]))
    assert found["spend_limit"]["workspace/default/monthly"].usd == 2500
    both = found["spend_limit"]["user/user_1/monthly"]
    assert (both.usd, both.spent) == (500, 12)
    assert found["spend_request"] == {"slir_1": SpendRequest("slir_1", 5)}


def test_what_an_organization_does_not_have_is_left_out_and_asked_for_after_an_hour():
    api = Api(caps=[CAP])
    reader = collector(api)
    assert [listing.kind for listing in reader.read(NOW)] == ["spend_limit"]
    list(reader.read(NOW + 600))
    list(reader.read(NOW + 3600))
    assert api.asked == ["caps", "effective", "requests", "caps", "caps", "effective", "requests"]


def test_an_organization_that_has_none_of_it_is_not_supported():
    with pytest.raises(NotSupported, match="no caps"):
        read(Api())


def test_a_zero_after_more_in_the_same_period_means_nothing():
    before = USER._replace(period_start=period_start("monthly", NOW))
    [limit] = read(Api(effective=[USER._replace(spent=Decimal(0))]), [before])["spend_limit"].values()
    assert limit.spent == 12


def test_a_zero_in_the_next_period_is_a_zero_where_the_answer_tells_of_any_spend():
    before = USER._replace(period_start=period_start("monthly", NOW))
    other = USER._replace(scope_id="user_2", spent=Decimal(3))
    later = NOW + 31 * DAY
    found = read(Api(effective=[USER._replace(spent=Decimal(0)), other]), [before], later)["spend_limit"]
    assert found["user/user_1/monthly"].spent == 0
    alone = read(Api(effective=[USER._replace(spent=Decimal(0))]), [before], later)["spend_limit"]
    assert alone["user/user_1/monthly"].spent is None


def test_zeros_alone_are_not_taken_for_spend_and_one_that_was_believed_stays():
    nothing = USER._replace(spent=Decimal(0))
    [limit] = read(Api(effective=[nothing]))["spend_limit"].values()
    assert (limit.usd, limit.spent) == (500, None)
    [limit] = read(Api(effective=[nothing]), [nothing._replace(period_start=period_start("monthly", NOW))])[
        "spend_limit"
    ].values()
    assert limit.spent == 0


@given(
    st.lists(st.tuples(st.integers(0, 20 * DAY), st.integers(0, 3)), max_size=20),
    st.sampled_from(["daily", "weekly", "monthly", "hourly"]),
)
def test_within_a_period_spend_that_was_known_is_never_shown_as_nothing(steps, period):
    shown, now = None, NOW
    for wait, spent in steps:
        before, begun = shown, period_start(period, now)
        now += wait
        limit = SpendLimit("user", "user_1", period, None, Decimal(spent), 0)
        shown = believed(limit, before, now, told=spent > 0)
        if before and before.spent and period_start(period, now) == begun:
            assert shown.spent
        assert shown.spent in {Decimal(spent) if spent else None, before.spent if before else None}


@pytest.mark.parametrize(
    ("period", "start"),
    [("daily", 1_789_948_800), ("weekly", 1_789_948_800), ("monthly", 1_788_220_800), ("yearly", 0)],
)
def test_periods_begin_at_utc_midnights(period, start):
    assert period_start(period, NOW) == start
    assert period_start(period, float(start)) == start or start == 0

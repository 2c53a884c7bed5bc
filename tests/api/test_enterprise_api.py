import pytest

from anthropic_exporter import errors
from anthropic_exporter.records import Engagement, UserGroup
from anthropic_exporter.utc import DAY
from api.harness import Upstream, answers, ok

DAY_OF_TEST = 20_600 * DAY  # 2026-05-27


def summary(day="2026-05-27", following="2026-05-28", **more):
    return {
        "starting_at": f"{day}T00:00:00Z",
        "ending_at": f"{following}T00:00:00Z",
        "daily_active_user_count": 212,
        "weekly_active_user_count": 348,
        "monthly_active_user_count": 401,
        "assigned_seat_count": 450,
        "pending_invite_count": 7,
        "daily_adoption_rate": 47.11,
        "weekly_adoption_rate": 77.33,
        "monthly_adoption_rate": 89.11,
        "cowork_daily_active_user_count": 31,
        "cowork_weekly_active_user_count": 60,
        "cowork_monthly_active_user_count": 88,
    } | more


def test_days_are_read_ascending_with_the_products_that_are_told():
    chat = {f"chat_{window}_active_user_count": n for window, n in (("daily", 1), ("weekly", 2), ("monthly", 3))}
    told = [summary("2026-05-28", "2026-05-29", assigned_seat_count=None), summary(**chat)]
    upstream = Upstream(answers(ok({"data": told, "next_page": None})))
    assert upstream.api.summaries(DAY_OF_TEST) == [
        Engagement(DAY_OF_TEST, 450, 7, (("all", 212, 348, 401), ("cowork", 31, 60, 88), ("chat", 1, 2, 3))),
        Engagement(DAY_OF_TEST + DAY, None, 7, (("all", 212, 348, 401), ("cowork", 31, 60, 88))),
    ]
    assert dict(upstream.sent[0].url.params) == {"starting_date": "2026-05-27"}
    assert upstream.seen.drifts == []


@pytest.mark.parametrize(
    "told",
    [summary(following="2026-05-29"), summary("yesterday"), summary(daily_active_user_count=None)],
)
def test_a_summary_of_something_else_than_a_day_is_refused(told):
    with pytest.raises(errors.SchemaError):
        Upstream(answers(ok({"data": [told], "next_page": None}))).api.summaries(DAY_OF_TEST)


@pytest.mark.parametrize("seats", [450, None])
def test_a_day_that_came_twice_is_refused(seats):
    told = [summary(), summary(assigned_seat_count=seats)]
    with pytest.raises(errors.SchemaError, match="twice"):
        Upstream(answers(ok({"data": told, "next_page": None}))).api.summaries(DAY_OF_TEST)


def test_groups_are_read_over_all_pages():
    def group(name):
        return {
            "id": f"rbac_group_{name}",
            "type": "rbac_group",
            "name": name,
            "source_type": "scim",
            "created_at": "2026-03-01T00:00:00Z",
            "updated_at": "2026-03-01T00:00:00Z",
        }

    upstream = Upstream(
        answers(ok({"data": [group("a")], "next_page": "page_2"}), ok({"data": [group("b")], "next_page": None}))
    )
    assert upstream.api.user_groups() == [UserGroup("rbac_group_a", "a"), UserGroup("rbac_group_b", "b")]
    assert upstream.seen.drifts == []


def test_what_is_new_is_counted():
    upstream = Upstream(answers(ok({"data": [summary(robot_daily_active_user_count=1)], "next_page": None})))
    upstream.api.summaries(DAY_OF_TEST)
    assert upstream.seen.kinds == [("unknown_field", "robot_daily_active_user_count")]

import pytest

from anthropic_exporter import errors
from anthropic_exporter.records import Activity, ActivityPage
from api.harness import Upstream, answers, error, ok


def activity(name, **more):
    return {
        "id": f"activity_{name}",
        "created_at": "2026-02-11T08:30:00Z",
        "organization_id": None,
        "organization_uuid": None,
        "actor": {"type": "unauthenticated_user_actor", "unauthenticated_email_address": "robin@example.com"},
        "type": "sso_login_initiated",
        "any_field_of_this_type": {"x": 1},
    } | more


def page(*data, more=False):
    return ok({"data": list(data), "has_more": more, "first_id": None, "last_id": None})


def test_a_page_tells_what_when_and_whether_there_is_more():
    upstream = Upstream(answers(page(activity("2"), activity("1"), more=True)))
    assert upstream.api.activities(since=1770768000, older_than="activity_3") == ActivityPage(
        [Activity(f"activity_{n}", 1770798600, "sso_login_initiated") for n in (2, 1)], True
    )
    sent = upstream.sent[0].url
    assert sent.path == "/v1/compliance/activities"
    assert dict(sent.params) == {
        "limit": "5000",
        "created_at.gte": "2026-02-11T00:00:00Z",
        "after_id": "activity_3",
    }


def test_newer_activities_are_asked_for_by_before_id():
    upstream = Upstream(answers(page()))
    assert upstream.api.activities(newer_than="activity_3") == ActivityPage([], False)
    assert dict(upstream.sent[0].url.params) == {"limit": "5000", "before_id": "activity_3"}


def test_fields_of_single_types_are_no_news():
    upstream = Upstream(answers(page(activity("1"))))
    upstream.api.activities()
    assert upstream.seen.drifts == []


def test_a_missing_field_is_counted_and_refused():
    told = activity("1")
    del told["type"]
    upstream = Upstream(answers(page(told)))
    with pytest.raises(errors.SchemaError, match="type"):
        upstream.api.activities()
    assert upstream.seen.drifts == [("/v1/compliance/activities", "missing_field", "type")]


def test_a_field_of_the_page_that_is_new_is_counted():
    upstream = Upstream(answers(ok({"data": [], "has_more": False, "first_id": None, "last_id": None, "total": 0})))
    upstream.api.activities()
    assert upstream.seen.kinds == [("unknown_field", "total")]


@pytest.mark.parametrize("more", [{"created_at": "yesterday"}, {"id": 5}, {"id": ""}])
def test_an_activity_that_cannot_be_placed_is_refused(more):
    with pytest.raises(errors.SchemaError):
        Upstream(answers(page(activity("1", **more)))).api.activities()


def test_an_activity_that_is_on_a_page_twice_is_one():
    upstream = Upstream(answers(page(activity("2"), activity("1"), activity("2"))))
    assert [each.id for each in upstream.api.activities().activities] == ["activity_2", "activity_1"]


def test_a_type_that_is_empty_is_none():
    assert Upstream(answers(page(activity("1", type="")))).api.activities().activities[0].type == "none"


def test_a_key_without_the_scope_is_not_supported():
    with pytest.raises(errors.NotSupported):
        Upstream(answers(error(403, "permission_error", "Missing required scopes"))).api.activities()

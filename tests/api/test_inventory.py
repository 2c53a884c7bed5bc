import pytest

from anthropic_exporter import errors
from anthropic_exporter.records import ApiKey, Invite, Member, Organization, Workspace, WorkspaceMember
from api.harness import Upstream, answers, error, id_page, me, ok

CREATED = "2026-02-11T08:30:00Z"
CREATED_AT = 1770798600


def workspace(name, **more):
    return {
        "id": f"wrkspc_{name}",
        "type": "workspace",
        "name": name,
        "display_color": "#000000",
        "created_at": CREATED,
        "archived_at": None,
        "compartment_id": "cmpt_1",
        "data_residency": {"workspace_geo": "us", "allowed_inference_geos": "unrestricted"},
        "external_key_id": None,
        "tags": {},
        "user_profile_id": None,
    } | more


def key(name, **more):
    return {
        "id": f"apikey_{name}",
        "type": "api_key",
        "name": name,
        "status": "active",
        "created_at": CREATED,
        "expires_at": None,
        "created_by": None,
        "partial_key_hint": "sk-ant-api03-R2D...igAA",
        "principal": None,
        "scope": {"type": "workspace", "workspace_id": "wrkspc_1"},
    } | more


def test_the_organization_is_read_with_its_name():
    upstream = Upstream(answers(ok(me())))
    assert upstream.api.organization() == Organization("7c1f6a52-0000-4b0e-8c1f-2f3f5b8a9d10", "Harbour Tools")
    assert upstream.seen.drifts == []


@pytest.mark.parametrize("body", [{"name": "x"}, {"id": None}, {"id": ""}, {"id": 5}, []])
def test_an_organization_without_an_id_is_none(body):
    with pytest.raises(errors.SchemaError):
        Upstream(answers(ok(body))).api.organization()


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("workspaces", workspace("one", id="")),
        ("members", {"id": "", "role": "user"}),
        ("invites", {"id": "", "status": "pending", "role": "user", "expires_at": CREATED}),
    ],
)
def test_a_thing_without_an_id_is_refused(method, body):
    """Those without one would become one, under a label that Prometheus takes for absent."""
    with pytest.raises(errors.SchemaError, match="length >= 1"):
        getattr(Upstream(lambda _: ok(id_page([body]))).api, method)()


def workspaces(with_default, without):
    upstream = Upstream(answers(ok(id_page(with_default)), ok(id_page(without))))
    return *upstream.api.workspaces(), upstream


def test_the_default_workspace_is_the_one_listed_only_on_request():
    one = workspace("one", tags={"team": "b", "env": "a"}, archived_at=CREATED)
    found, default, upstream = workspaces([one, workspace("dflt")], [one])
    assert default == "wrkspc_dflt"
    assert found == [
        Workspace("wrkspc_one", "one", True, CREATED_AT, (("env", "a"), ("team", "b"))),
        Workspace("default", "dflt", False, CREATED_AT, ()),
    ]
    assert upstream.seen.drifts == []
    assert [dict(request.url.params) for request in upstream.sent] == [
        {"limit": "1000", "include_archived": "true", "include_default": "true"},
        {"limit": "1000", "include_archived": "true"},
    ]


@pytest.mark.parametrize(
    ("with_default", "without"),
    [
        pytest.param(["one"], ["one"], id="the flag is ignored"),
        pytest.param([], [], id="nothing"),
        pytest.param(["one", "two", "three"], ["one"], id="two more"),
    ],
)
def test_otherwise_the_default_workspace_is_not_known(with_default, without):
    found, default, _ = workspaces([workspace(name) for name in with_default], [workspace(name) for name in without])
    assert default is None
    assert [one.id for one in found] == [f"wrkspc_{name}" for name in with_default]


def test_a_workspace_made_between_the_lists_is_not_the_default():
    _, default, _ = workspaces([workspace("dflt")], [workspace("new")])
    assert default == "wrkspc_dflt"


def test_an_upstream_that_does_not_know_the_flag_is_asked_without_it():
    upstream = Upstream(answers(error(400, message="unknown parameter"), ok(id_page([workspace("one")]))))
    found, default = upstream.api.workspaces()
    assert [one.id for one in found] == ["wrkspc_one"]
    assert default is None
    assert "include_default" not in upstream.sent[1].url.params


@pytest.mark.parametrize("status", [401, 402, 403])
def test_other_refusals_are_not_about_the_flag(status):
    with pytest.raises(errors.PollError) as caught:
        Upstream(answers(error(status))).api.workspaces()
    assert caught.value.status == status


def test_an_odd_tag_costs_only_itself():
    found, _, upstream = workspaces([workspace("one", tags={"a": "b", "n": 5})], [])
    assert found[0].tags == (("a", "b"),)
    assert ("unknown_value", "tags: a value that is not a string") in upstream.seen.kinds


def test_a_time_that_is_none_is_refused():
    with pytest.raises(errors.SchemaError, match="RFC 3339"):
        workspaces([workspace("one", created_at="soon")], [])


def test_all_pages_are_listed_and_a_thing_on_two_pages_once():
    pages = [id_page([key("one"), key("two")], True), id_page([key("two"), key("three")])]
    upstream = Upstream(answers(*map(ok, pages)))
    found, _ = upstream.api.api_keys(None)
    assert [one.id for one in found] == ["apikey_one", "apikey_two", "apikey_three"]
    assert [request.url.params.get("after_id") for request in upstream.sent] == [None, "apikey_two"]


def keys(*listed, default=None):
    upstream = Upstream(answers(ok(id_page(list(listed)))))
    return *upstream.api.api_keys(default), upstream


def test_a_key_becomes_a_record():
    found, default, upstream = keys(
        key("one", expires_at="2027-02-11T08:30:00Z", created_by={"id": "user_1", "type": "user"})
    )
    assert found == [
        ApiKey("apikey_one", "one", "wrkspc_1", "active", "user", "user_1", CREATED_AT, CREATED_AT + 365 * 86400)
    ]
    assert default is None
    assert upstream.seen.drifts == []


SCOPED = {"type": "workspace", "workspace_id": "wrkspc_1"}


@pytest.mark.parametrize(
    ("fields", "default", "workspace_id", "revealed"),
    [
        pytest.param({"scope": SCOPED}, None, "wrkspc_1", None, id="newer version"),
        pytest.param({"scope": SCOPED}, "wrkspc_1", "default", None, id="newer version, default"),
        pytest.param({"scope": SCOPED, "workspace_id": "wrkspc_1"}, None, "wrkspc_1", None, id="older version"),
        pytest.param({"scope": SCOPED, "workspace_id": None}, None, "default", "wrkspc_1", id="revealed"),
        pytest.param({"scope": {"type": "organization"}, "workspace_id": None}, None, "none", None, id="organization"),
        pytest.param({"scope": {"type": "organization"}}, "wrkspc_1", "none", None, id="organization, newer"),
        pytest.param({"scope": None, "workspace_id": None}, None, "default", None, id="no scope, null"),
        pytest.param({"scope": None, "workspace_id": "wrkspc_2"}, None, "wrkspc_2", None, id="no scope"),
        pytest.param({"scope": None}, None, "none", None, id="nothing"),
    ],
)
def test_where_a_key_belongs(fields, default, workspace_id, revealed):
    found, told, _ = keys(key("one", **fields), default=default)
    assert found[0].workspace_id == workspace_id
    assert told == revealed


def test_keys_that_contradict_each_other_reveal_nothing():
    other = {"type": "workspace", "workspace_id": "wrkspc_2"}
    _, told, _ = keys(key("one", workspace_id=None), key("two", workspace_id=None, scope=other))
    assert told is None


@pytest.mark.parametrize(
    ("fields", "owner"),
    [
        ({}, ("none", "none")),
        ({"created_by": {"id": "user_1", "type": "user"}}, ("user", "user_1")),
        ({"created_by": {"id": "svac_1", "type": "service_account"}}, ("service_account", "svac_1")),
        ({"principal": {"type": "user_actor", "user_id": "user_2"}}, ("user", "user_2")),
        (
            {
                "principal": {"type": "service_account_actor", "service_account_id": "svac_2"},
                "created_by": {"id": "user_1", "type": "user"},
            },
            ("service_account", "svac_2"),
        ),
    ],
    ids=["none", "creator", "creator account", "principal", "principal first"],
)
def test_whom_to_ask_about_a_key(fields, owner):
    found, _, upstream = keys(key("one", **fields))
    assert (found[0].owner_type, found[0].owner_id) == owner
    assert upstream.seen.drifts == []


def test_a_status_that_is_new_is_passed_on_and_counted_once():
    found, _, upstream = keys(key("one", status="frozen"), key("two", status="frozen"))
    assert [one.status for one in found] == ["frozen", "frozen"]
    assert upstream.seen.kinds == [("unknown_value", "status of a key=frozen")]


def test_members_are_read_with_their_roles():
    item = {"id": "user_1", "type": "user", "email": "a@b.c", "name": "A", "role": "developer", "added_at": CREATED}
    upstream = Upstream(answers(ok(id_page([item]))))
    assert upstream.api.members() == [Member("user_1", "developer")]
    assert upstream.seen.drifts == []


def test_members_of_a_workspace_are_read_by_its_id():
    item = {
        "type": "workspace_member",
        "user_id": "user_1",
        "workspace_id": "wrkspc_1",
        "workspace_role": "workspace_user",
    }
    upstream = Upstream(answers(ok(id_page([item]))))
    assert upstream.api.workspace_members("wrkspc_1") == [WorkspaceMember("wrkspc_1", "user_1", "workspace_user")]
    assert upstream.sent[0].url.path == "/v1/organizations/workspaces/wrkspc_1/members"
    assert upstream.seen.requests == [("/v1/organizations/workspaces/{id}/members", "200")]
    assert upstream.seen.drifts == []


def test_invites_are_read_with_status_role_and_expiry():
    item = {
        "id": "invite_1",
        "type": "invite",
        "email": "a@b.c",
        "role": "user",
        "status": "pending",
        "invited_at": CREATED,
        "expires_at": CREATED,
        "accepted_at": None,
        "rbac_group_ids": [],
    }
    upstream = Upstream(answers(ok(id_page([item]))))
    assert upstream.api.invites() == [Invite("invite_1", "pending", "user", CREATED_AT)]
    assert upstream.seen.drifts == []


@pytest.mark.parametrize("method", ["members", "invites"])
def test_people_are_not_kept(method):
    item = {
        "id": "x_1",
        "email": "mira@example.com",
        "name": "Mira",
        "role": "user",
        "status": "pending",
        "expires_at": CREATED,
    }
    found = getattr(Upstream(answers(ok(id_page([item])))).api, method)()
    assert "mira" not in repr(found).lower()


def test_the_hint_of_a_key_is_not_kept():
    assert "R2D" not in repr(keys(key("one"))[0])

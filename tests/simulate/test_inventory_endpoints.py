import pytest

from anthropic_exporter.simulate.inventory import Inventory, User
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, ScriptedOrganization
from simulate import shapes
from simulate.harness import HEADERS, NOW
from simulate.shapes import listed, mismatch, tokened

LISTS = {
    "api_keys": listed(shapes.API_KEY),
    "workspaces": listed(shapes.WORKSPACE),
    "users": listed(shapes.USER),
    "invites": listed(shapes.INVITE),
    "rate_limits": tokened(shapes.RATE_LIMIT),
    "spend_limits": tokened(shapes.SPEND_LIMIT),
}
NEW_VERSION = HEADERS | {"anthropic-version": "2026-10-21"}
OAUTH = HEADERS | {"x-api-key": "sk-ant-oat01-canary-token"}


@pytest.fixture
def full(fake, company):
    fake.serve(company)
    return fake


def forward(fake, path, **params):
    """Walk a list that is paged by ID."""
    while True:
        answer = fake.ask(path, **params)
        yield from answer["data"]
        if not answer["has_more"]:
            return
        params["after_id"] = answer["last_id"]


def test_me_is_the_organization(full, company):
    answer = full.ask("me")
    assert mismatch(answer, shapes.ORGANIZATION) == ""
    assert answer["id"] == company.profile.id


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_the_documented_shape(full, path):
    answer = full.ask(path)
    assert answer["data"]
    assert mismatch(answer, LISTS[path]) == ""


@pytest.mark.parametrize("path", ["api_keys", "workspaces", "users", "invites", "spend_limits"])
def test_a_single_object_is_the_one_of_the_list(full, path):
    first = full.ask(path)["data"][0]
    assert full.ask(f"{path}/{first['id']}") == first
    assert full.refusal(f"{path}/nothing_01A")[0] == 404


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_pages_by_id_hold_the_whole_list(full, company, size):
    found = [each["id"] for each in forward(full, "api_keys", limit=size)]
    assert sorted(found) == sorted(key.id for key in company.inventory(NOW).api_keys)
    assert len(full.ask("api_keys")["data"]) == 20


def test_pages_can_be_walked_backwards(full):
    ids = [each["id"] for each in forward(full, "api_keys", limit=1000)]
    before = full.ask("api_keys", before_id=ids[10], limit=4)
    assert [each["id"] for each in before["data"]] == ids[6:10]
    assert before["has_more"] is True
    assert full.ask("api_keys", before_id=before["first_id"], limit=6)["has_more"] is False


@pytest.mark.parametrize(
    "params",
    [{"after_id": "apikey_nobody"}, {"limit": 0}, {"limit": 1001}, {"after_id": "a", "before_id": "b"}, {"page": "x"}],
)
def test_a_wrong_page_is_refused(full, params):
    assert full.refusal("api_keys", **params)[0] == 400


def test_keys_are_filtered(full, company):
    inventory = company.inventory(NOW)
    marketing = next(each.id for each in inventory.workspaces if each.name == "marketing")
    assert {key["name"] for key in full.ask("api_keys", workspace_id=marketing)["data"]} == {
        "marketing-production-copy",
        "marketing-staging-copy",
        "marketing-production-campaigns",
    }
    inactive = [key["name"] for key in full.ask("api_keys", status="inactive")["data"]]
    assert inactive == ["marketing-staging-copy", "pilot-production-demo"]
    assert full.refusal("api_keys", status="asleep")[0] == 400
    creator = full.ask("api_keys", status="inactive")["data"][0]["created_by"]["id"]
    assert len(full.ask("api_keys", created_by_user_id=creator)["data"]) == 5


def test_the_old_version_has_the_workspace_of_a_key_twice(full, company):
    default = company.inventory(NOW).default_workspace_id
    old = full.ask("api_keys", limit=1000)["data"]
    new = full.client.get("api_keys", params={"limit": 1000}, headers=NEW_VERSION).json()["data"]
    assert all("workspace_id" not in key for key in new)
    for key in old:
        real = key["scope"].get("workspace_id")
        assert key["workspace_id"] == (None if real == default else real)
    assert [key["name"] for key in old if key["scope"] == {"type": "organization"}] == ["platform-production-gateway"]


def test_archived_and_default_workspaces_are_listed_on_request_only(full):
    def names(**params):
        return {each["name"] for each in full.ask("workspaces", **params)["data"]}

    plain = names()
    assert names(include_default="true") - plain == {"Default"}
    assert names(include_archived="true") - plain == {"pilot-2025"}
    assert full.refusal("workspaces", include_default="yes")[0] == 400


def test_workspaces_are_filtered_by_id(full):
    ids = [each["id"] for each in full.ask("workspaces")["data"]]
    assert [each["id"] for each in full.ask("workspaces", ids__=[ids[1], "wrkspc_nobody"])["data"]] == [ids[1]]
    assert full.refusal("workspaces", ids__=["x"] * 101)[0] == 400


def test_members_belong_to_their_workspace(full):
    seen = set()
    for workspace in full.ask("workspaces")["data"]:
        answer = full.ask(f"workspaces/{workspace['id']}/members", limit=1)
        assert mismatch(answer, listed(shapes.MEMBER)) == ""
        seen |= {each["workspace_role"] for each in forward(full, f"workspaces/{workspace['id']}/members", limit=2)}
        first = answer["data"][0]
        assert full.ask(f"workspaces/{workspace['id']}/members/{first['user_id']}") == first
    assert len(seen) == 5
    assert full.refusal("workspaces/wrkspc_nobody/members")[0] == 404


def test_users_are_filtered(full):
    assert {each["role"] for each in full.ask("users")["data"]} == {
        "admin",
        "billing",
        "claude_code_user",
        "developer",
        "user",
    }
    assert len(full.ask("users", roles__=["admin", "billing"])["data"]) == 3
    (found,) = full.ask("users", email=" Mira.Okonedo@HALCYON-freight.example")["data"]
    assert found["name"] == "Mira Okonedo"


def test_deleted_invites_are_never_listed(full, company):
    assert "deleted" in {invite.status for invite in company.inventory(NOW).invites}
    assert {each["status"] for each in full.ask("invites")["data"]} == {"pending", "accepted", "expired"}
    assert {each["status"] for each in full.ask("invites", statuses__="pending")["data"]} == {"pending"}
    assert full.refusal("invites", statuses__="deleted")[0] == 400


def test_rate_limits_name_their_models(full):
    (sonnet,) = full.ask("rate_limits", model="claude-sonnet-5-5")["data"]
    assert "claude-sonnet-5-5" in sonnet["models"]
    assert full.refusal("rate_limits", model="claude-unheard-of")[0] == 404
    assert [each["group"]["type"] for each in full.ask("rate_limits", group_type="batch")["data"]] == ["batch"]
    assert len(list(full.walk("rate_limits", limit=2))) == len(full.ask("rate_limits")["data"]) > 8


def test_only_the_old_version_repeats_the_group_type(full):
    assert all("group_type" in each for each in full.ask("rate_limits")["data"])
    new = full.client.get("rate_limits", headers=NEW_VERSION).json()["data"]
    assert all("group_type" not in each for each in new)


def test_a_workspace_lists_its_overrides_and_the_rest_on_request(full, company):
    marketing = next(each.id for each in company.inventory(NOW).workspaces if each.name == "marketing")
    path = f"workspaces/{marketing}/rate_limits"
    answer = full.ask(path)
    assert mismatch(answer, tokened(shapes.WORKSPACE_RATE_LIMIT)) == ""
    ((requests, output),) = (each["limits"] for each in answer["data"])
    assert (requests["value"], requests["org_limit"], requests["source"]) == (200, 8000, {"type": "workspace"})
    assert output["type"] == "output_tokens_per_minute"
    inherited = full.ask(path, include_inherited="true")["data"]
    assert len(inherited) == len(full.ask("rate_limits")["data"])
    assert {limit["source"]["type"] for each in inherited for limit in each["limits"]} == {"workspace", "organization"}


def test_limits_can_be_missing(full):
    full.simulator.switch(rate_limits=False, spend_limits=False)
    assert full.refusal("rate_limits")[0] == 404
    response = full.get("spend_limits")
    assert response.status_code == 400
    assert response.json()["error"]["details"] == {"error_code": "organization_not_enrolled_in_beta"}


def test_spend_limits_need_their_beta_header(full):
    assert full.client.get("spend_limits", headers=HEADERS | {"anthropic-beta": ""}).status_code == 400
    assert full.refusal("spend_limits", scope_type__="seat_tier")[0] == 400
    assert [each["scope"]["type"] for each in full.ask("spend_limits", scope_type__="usage_tier")["data"]] == [
        "usage_tier"
    ]


def test_service_accounts_take_a_token_only(full):
    assert full.refusal("service_accounts")[0] == 403
    answer = full.client.get("service_accounts", headers=OAUTH).json()
    assert mismatch(answer, tokened(shapes.SERVICE_ACCOUNT)) == ""
    assert {each["name"] for each in answer["data"]} == {"ci-review", "gateway"}
    archived = full.client.get("service_accounts", params={"include_archived": "true"}, headers=OAUTH).json()["data"]
    assert {each["name"] for each in archived} == {"ci-review", "gateway", "pilot-bot"}
    one = full.client.get(f"service_accounts/{archived[0]['id']}", headers=OAUTH).json()
    assert one == archived[0]


def test_inventory_of_a_script_can_be_replaced(fake):
    organization = ScriptedOrganization()
    fake.serve(organization)
    assert fake.ask("users")["data"] == []
    user = User("user_01A", "A", "a@example.com", "admin", NOW)
    organization.replace_inventory(Inventory((DEFAULT_WORKSPACE,), users=(user,)))
    assert [each["id"] for each in fake.ask("users")["data"]] == ["user_01A"]

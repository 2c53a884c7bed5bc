"""The dialect of gateways, as it is described: nothing of the documented API, flat rows, and no cursor."""

from dataclasses import replace

import pytest

from anthropic_exporter.simulate.instants import HOUR, floor, rfc3339
from anthropic_exporter.simulate.inventory import Inventory, Profile
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, PROFILE, WORKSPACE, Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import Switches
from simulate.harness import NOW, line

SWITCHES = Switches(visibility_delay=0, generation="org-scoped")
CHILD = Profile("org_01Child", "Child", 1_735_689_600)
OLD = replace(WORKSPACE, id="wrkspc_old", name="old", archived_at=1)
LAST = floor(NOW, HOUR)
WINDOW = {"starting_at": rfc3339(LAST - 5 * HOUR), "ending_at": rfc3339(LAST), "bucket_width": "1h"}


@pytest.fixture
def gateway(fake):
    events = [
        Event(LAST - HOUR, line(service_tier="batch"), uncached=1, cache_5m=2, cache_1h=3, cache_read=4, output=5),
        Event(LAST - HOUR, line(workspace=DEFAULT_WORKSPACE.id), uncached=10, web_searches=3),
        Event(LAST - 2 * HOUR, line("claude-haiku-5"), uncached=7),
        Event(LAST - HOUR, line(child=CHILD.id), uncached=100),
        Event(LAST - HOUR, line("claude-haiku-5", api_key_id="apikey_1"), web_searches=1),
    ]
    inventory = Inventory(workspaces=(DEFAULT_WORKSPACE, WORKSPACE, OLD), children=(CHILD,))
    fake.serve(ScriptedOrganization(events, inventory=inventory), SWITCHES)
    return fake


def report(gateway, organization=PROFILE.id, **more):
    return gateway.ask(f"{organization}/usage_report/messages", **{**WINDOW, **more})


def test_the_organizations_of_the_key_are_listed(gateway):
    listed = gateway.ask(f"{gateway.simulator.base_url}/v1/organizations")
    assert [each["id"] for each in listed["data"]] == [PROFILE.id, CHILD.id]
    assert set(listed) == {"data"}


def test_live_workspaces_have_an_id_and_a_name(gateway):
    listed = gateway.ask(f"{PROFILE.id}/workspaces")["data"]
    assert listed == [{"id": each.id, "name": each.name} for each in (DEFAULT_WORKSPACE, WORKSPACE)]
    assert gateway.ask(f"{CHILD.id}/workspaces")["data"] == []


def test_rows_carry_model_workspace_and_tier_and_flat_counts(gateway):
    answer = report(gateway)
    assert (answer["has_more"], set(answer)) == (False, {"data", "has_more"})
    assert len(answer["data"]) == 5
    assert answer["data"][-1]["results"] == [
        {
            "model": "claude-opus-5-5",
            "workspace_id": DEFAULT_WORKSPACE.id,
            "service_tier": "standard",
            "input_tokens": 10,
            "output_tokens": 0,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        },
        {
            "model": "claude-opus-5-5",
            "workspace_id": WORKSPACE.id,
            "service_tier": "batch",
            "input_tokens": 1,
            "output_tokens": 5,
            "cache_creation_input_tokens": 5,
            "cache_read_input_tokens": 4,
        },
    ]


def test_a_child_has_its_own(gateway):
    found = report(gateway, CHILD.id)["data"]
    assert [row["input_tokens"] for each in found for row in each["results"]] == [100]


def test_models_and_workspaces_can_be_filtered(gateway):
    def sums(**more):
        return sum(row["input_tokens"] for each in report(gateway, **more)["data"] for row in each["results"])

    assert (sums(), sums(models__=["claude-haiku-5"]), sums(workspace_ids__=[DEFAULT_WORKSPACE.id])) == (18, 7, 10)


def test_a_short_page_does_not_say_that_it_is_short(gateway):
    gateway.simulator.switch(page_cap=2)
    answer = report(gateway)
    assert (len(answer["data"]), answer["has_more"]) == (2, False)


@pytest.mark.parametrize("path", ["me", "workspaces", "usage_report/messages", "analytics/usage", "api_keys", "users"])
def test_nothing_of_the_documented_api_is_there(gateway, path):
    assert gateway.refusal(path)[0] == 404


def test_what_it_does_not_take(gateway):
    path = f"{PROFILE.id}/usage_report/messages"
    assert gateway.refusal(path, **{**WINDOW, "bucket_width": "1m"})[0] == 400
    assert gateway.refusal(path, **WINDOW, group_by__=["model"])[0] == 400
    assert gateway.refusal(path, **WINDOW, limit=3)[0] == 400
    assert gateway.refusal("org_nobody/workspaces") == (404, "Organization not found")


def test_an_official_organization_has_none_of_it(gateway):
    gateway.simulator.switch(generation="both")
    assert gateway.refusal(f"{gateway.simulator.base_url}/v1/organizations")[0] == 404
    assert gateway.refusal(f"{PROFILE.id}/workspaces")[0] == 404


def test_a_parents_analytics_report_is_of_all_its_children_unless_one_is_named(gateway):
    gateway.simulator.switch(generation="both", refresh_step=1)
    window = {"starting_at": rfc3339(LAST - 5 * HOUR), "ending_at": rfc3339(LAST), "group_by__": ["organization_id"]}

    def read(**more):
        rows = gateway.ask("analytics/usage", **window, **more)["data"]
        return {row["group"]["organization_id"]: row["usage"]["uncached_input_tokens"] for row in rows}

    assert read() == {PROFILE.id: 18, CHILD.id: 100}
    assert read(organization_ids__=[CHILD.id]) == {CHILD.id: 100}
    own = gateway.ask("usage_report/messages", **WINDOW)["data"]
    assert sum(row["uncached_input_tokens"] for each in own for row in each["results"]) == 18

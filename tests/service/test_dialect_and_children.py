"""Organizations behind a gateway, and children that are read with their parent's key."""

from dataclasses import replace
from datetime import date

import pytest

from anthropic_exporter.expose.text import Renderer
from anthropic_exporter.simulate.instants import DAY
from anthropic_exporter.simulate.inventory import Inventory, Profile
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, PROFILE, WORKSPACE, Event, ScriptedOrganization
from reviewed import assert_reviewed
from service.office import FIRST, NOW, acme
from simulate.harness import line

CHILD = Profile("11111111-2d43-4f6a-9e18-0c6f1d2b3a47", "Child", 1_735_689_600)
SIBLING = Profile("22222222-2d43-4f6a-9e18-0c6f1d2b3a47", "Sibling", 1_735_689_600)
CHILDREN = Inventory(workspaces=(DEFAULT_WORKSPACE, WORKSPACE), children=(CHILD, SIBLING))


def family():
    """Make a parent that used 1000 tokens, and its children 200 and 30."""
    used = {None: 1000, CHILD.id: 200, SIBLING.id: 30}
    events = [
        Event(at, line(child=child), uncached=tokens, requests=1)
        for child, tokens in used.items()
        for at in (NOW - DAY, NOW - 7200)
    ]
    return ScriptedOrganization(events, inventory=CHILDREN)


def sums(office, name, **labels):
    """Add up what is shown of a family."""
    found = {}
    for shown in office.at_work.families(office.clock.now):
        for values, value in shown.samples:
            if shown.family.name == name:
                told = dict(zip(shown.family.labels, values, strict=True))
                if labels.items() <= told.items():
                    found[told["organization_id"]] = found.get(told["organization_id"], 0) + value
    return found


@pytest.mark.parametrize("source", ["auto", "org-scoped"])
def test_a_gateway_is_found_out_and_shown_like_any_other(office, source):
    office.source = source
    office.serve(acme(), generation="org-scoped")
    office.restart()
    office.cycle()
    assert office.at_work.ready
    assert office.at_work.up() is True
    assert office.tokens() == {PROFILE.id: 1000}
    shown = office.shown()
    assert ("anthropic_organization_info", PROFILE.id, PROFILE.name) in shown
    assert ("anthropic_workspace_info", PROFILE.id, WORKSPACE.id, WORKSPACE.name, "active") in shown
    labels = (WORKSPACE.id, "claude-opus-5-5", "standard", "none", "none", "uncached_input")
    assert shown["anthropic_usage_tokens_total", PROFILE.id, *labels] == 1000
    assert shown["anthropic_estimated_cost_usd_total", PROFILE.id, *labels] > 0
    assert not [key for key in shown if "requests" in key[0] or "web_search" in key[0]]
    sources = {found.name: found.source for found in office.at_work.status().collectors}
    assert sources["organization"] == "/v1/organizations"
    assert sources["workspaces"] == "/v1/organizations/{id}/workspaces"
    assert sources["usage"] == "/v1/organizations/{id}/usage_report/messages"
    unsupported = {name for name, state in office.states().items() if state == "not supported"}
    assert unsupported == set(office.states()) - {"organization", "workspaces", "usage"}


def test_a_gateway_is_known_after_a_restart_without_being_sought_again(office):
    office.serve(acme(), generation="org-scoped")
    office.cycle(*FIRST)
    shown = office.shown()
    office.restart()
    assert office.shown() == shown
    office.simulator.world.log.clear()
    office.cycle("usage")
    assert [request.path for request in office.simulator.world.log] == [
        "/v1/organizations/me",
        "/v1/organizations",
        *[f"/v1/organizations/{PROFILE.id}/usage_report/messages"] * (len(office.simulator.world.log) - 2),
    ]


def test_a_history_longer_than_the_dialect_serves_does_not_hide_the_dialect(office):
    old = replace(office.settings.counters, since=date(2024, 1, 1))
    office.settings = replace(office.settings, counters=old)
    office.serve(acme(), generation="org-scoped")
    office.restart()
    office.cycle(*FIRST)
    assert office.tokens() == {PROFILE.id: 1000}


def test_a_parent_is_counted_with_its_children_where_its_report_adds_them_up(office):
    office.source = "analytics"
    office.serve(family(), refresh_step=60.0)
    office.restart()
    office.cycle(*FIRST)
    assert office.tokens() == {PROFILE.id: 2460}


@pytest.mark.parametrize("source", ["auto", "analytics"])
def test_a_child_is_read_with_its_parents_key_and_has_its_own_numbers(office, source):
    office.source, office.organization_id = source, CHILD.id
    office.serve(family(), refresh_step=60.0)
    office.restart()
    office.cycle()
    assert office.at_work.ready
    assert office.tokens() == {CHILD.id: 400}
    assert sums(office, "anthropic_usage_requests_total") == {CHILD.id: 2}
    assert set(sums(office, "anthropic_cost_usd_total")) == {CHILD.id}
    assert office.at_work.up() is True
    assert not {"api_keys", "members", "rate_limits", "claude_code"} & set(office.states())
    asked = {request.path for request in office.simulator.world.log}
    assert asked <= {"/v1/organizations/me", "/v1/organizations/analytics/usage", "/v1/organizations/analytics/cost"}


def test_another_child_under_the_same_alias_begins_anew(office, caplog):
    office.source, office.organization_id = "analytics", CHILD.id
    office.serve(family(), refresh_step=60.0)
    office.restart()
    office.cycle()
    office.organization_id = SIBLING.id
    office.restart()
    assert "the settings name another organization now" in caplog.text
    assert office.shown() == {}
    office.cycle()
    assert office.tokens() == {SIBLING.id: 60}


def test_one_of_several_organizations_of_a_gateway(office):
    office.serve(family(), generation="org-scoped")
    office.restart()
    office.cycle()
    assert not office.at_work.ready
    assert office.states()["organization"] == "failing"
    status = next(found for found in office.at_work.status().collectors if found.name == "organization")
    assert CHILD.id in status.advice
    office.organization_id = CHILD.id
    office.restart()
    office.cycle()
    assert office.tokens() == {CHILD.id: 400}


def test_the_exposition_of_a_gateway_was_reviewed_and_needs_many_pages(office):
    """Scripted and short: what each of its rows becomes can be read in the golden file."""
    events = [
        Event(
            NOW - 7200, line(service_tier="batch"), uncached=1, cache_5m=20, cache_1h=300, cache_read=4000, output=50000
        ),
        Event(NOW - 7200, line("claude-haiku-5-5", workspace=DEFAULT_WORKSPACE.id, speed="fast"), output=7),
        Event(NOW - 40 * DAY, line(api_key_id="apikey_1"), uncached=9, web_searches=3),
    ]
    office.serve(ScriptedOrganization(events), generation="org-scoped", page_cap=2)
    office.restart()
    office.cycle()
    shown = Renderer().render(office.at_work.families(office.clock.now)).body().decode()
    assert_reviewed("org_scoped.prom", shown)
    report = f"/v1/organizations/{PROFILE.id}/usage_report/messages"
    asked = [request.query for request in office.simulator.world.log if request.path == report]
    assert sum("bucket_width=1d" in query for query in asked) > 50

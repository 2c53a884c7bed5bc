"""The official client reads from the fake exactly what the fake holds."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import anthropic
import pytest

from anthropic_exporter.simulate.instants import DAY, HOUR, floor, rfc3339
from anthropic_exporter.simulate.line import REQUESTS, Seen
from simulate.harness import KEY, NOW

TODAY = floor(NOW, DAY)
FROM, TO = rfc3339(TODAY - 2 * DAY), rfc3339(TODAY)
HELD = Seen(floor(NOW, 4 * HOUR), floor(NOW, 4 * HOUR), 0, revised=False)


@pytest.fixture
def sdk(fake, company):
    """A client whose pages are short: the server gives at most three items."""
    fake.serve(company)
    fake.simulator.switch(page_cap=3)
    with anthropic.Anthropic(api_key=KEY, base_url=fake.simulator.base_url, max_retries=0) as client:
        yield client


@pytest.fixture
def inventory(company):
    return company.inventory(NOW)


def test_the_client_reads_who_the_organization_is(sdk, company):
    me = sdk.organization.retrieve()
    assert (me.id, me.name, me.type) == (company.profile.id, company.profile.name, "organization")


def test_the_client_reads_all_api_keys(sdk, inventory):
    held = {key.id: key for key in inventory.api_keys}
    read = {key.id: key for key in sdk.organization.api_keys.list(limit=7)}
    assert read.keys() == held.keys()
    for key in read.values():
        assert (key.name, key.status) == (held[key.id].name, held[key.id].status)
        assert key.created_at.timestamp() == held[key.id].created_at
        assert getattr(key.scope, "workspace_id", None) == held[key.id].workspace_id
        assert (key.expires_at and key.expires_at.timestamp()) == held[key.id].expires_at
        assert (key.principal is None) == (held[key.id].principal is None)
    first = next(iter(read.values()))
    assert sdk.organization.api_keys.retrieve(first.id) == first


def test_the_client_reads_workspaces_and_their_members(sdk, inventory):
    read = list(sdk.organization.workspaces.list(include_archived=True, include_default=True))
    assert {each.id for each in read} == {each.id for each in inventory.workspaces}
    assert {each.id: each.tags for each in read} == {each.id: dict(each.tags) for each in inventory.workspaces}
    members = {
        (member.workspace_id, member.user_id, member.workspace_role)
        for workspace in read
        for member in sdk.organization.workspaces.members.list(workspace.id)
    }
    assert members == {(each.workspace_id, each.user_id, each.role) for each in inventory.memberships}
    assert sdk.organization.workspaces.retrieve(read[0].id) == read[0]
    workspace, user, role = next(iter(members))
    assert sdk.organization.workspaces.members.retrieve(user, workspace_id=workspace).workspace_role == role


def test_the_client_reads_users_and_invites(sdk, inventory):
    users = list(sdk.organization.users.list())
    assert {(each.id, each.email, each.role) for each in users} == {
        (each.id, each.email, each.role) for each in inventory.users
    }
    assert sdk.organization.users.retrieve(users[0].id) == users[0]
    invites = list(sdk.organization.invites.list())
    assert {each.id for each in invites} == {each.id for each in inventory.invites if each.status != "deleted"}
    assert sdk.organization.invites.retrieve(invites[0].id) == invites[0]


def test_the_client_reads_rate_limits(sdk, inventory):
    read = list(sdk.organization.rate_limits.list(limit=2))
    assert {each.id: {limit.type: limit.value for limit in each.limits} for each in read} == {
        each.id: dict(each.limits) for each in inventory.rate_limits
    }
    workspace = next(each for each in inventory.workspaces if each.name == "marketing")
    overrides = list(sdk.organization.workspaces.rate_limits.list(workspace.id))
    assert [len(each.limits) for each in overrides] == [2]


def test_the_client_reads_spend_limits(sdk, inventory):
    read = list(sdk.beta.organization.spend_limits.list(betas=["spend-limit-reads-2026-09-26"]))
    assert {(each.id, each.amount) for each in read} == {(each.id, str(each.amount)) for each in inventory.spend_limits}


def test_the_client_reads_service_accounts_with_a_token_only(sdk, inventory):
    with pytest.raises(anthropic.PermissionDeniedError):
        list(sdk.organization.service_accounts.list())
    with sdk.with_options(auth_token="sk-ant-oat01-canary-token", api_key=None) as token:
        read = list(token.organization.service_accounts.list(include_archived=True))
    assert {each.id for each in read} == {each.id for each in inventory.service_accounts}


def test_the_client_adds_up_to_the_usage_of_the_company(sdk, company):
    read = Counter()
    rows = sdk.beta.organization.analytics.usage.list(
        starting_at=FROM,
        ending_at=datetime.fromtimestamp(TODAY, UTC),
        time_bucket_width="1d",
        group_by=["model", "workspace_id", "api_key_id"],
        betas=["analytics-usage-cost-2026-08-24"],
    )
    for row in rows:
        key = (row.group.model, row.group.workspace_id, row.group.api_key_id)
        read[key, "requests"] += row.usage.requests
        read[key, "output"] += row.usage.output_tokens
        read[key, "5m"] += row.usage.cache_creation.ephemeral_5m_input_tokens
    held = Counter()
    for line, counts in company.usage(TODAY - 2 * DAY, TODAY, HELD).items():
        if line.kind in ("messages", "code_execution"):
            key = (line.model, line.workspace_id, line.api_key_id)
            held[key, "requests"] += counts[REQUESTS]
            held[key, "output"] += counts[4]
            held[key, "5m"] += counts[1]
    assert read == held


def test_the_client_adds_up_to_the_cost_of_the_company(sdk, company):
    read: Counter[tuple[str | None, ...]] = Counter()
    pages = 0
    page = sdk.beta.organization.analytics.cost.list(
        starting_at=FROM,
        ending_at=TO,
        group_by=["api_key_id", "cost_type", "token_type"],
        betas=["analytics-usage-cost-2026-08-24"],
    )
    for each in page.iter_pages():
        pages += 1
        assert each.data_refreshed_at is not None
        for row in each.data:
            read[row.group.api_key_id, row.group.cost_type, row.group.token_type] += Decimal(row.cost.amount)
    held: Counter[tuple[str | None, ...]] = Counter()
    for charge in company.charges(TODAY - 2 * DAY, TODAY, HELD):
        held[charge.line.api_key_id, charge.cost_type, charge.token_type] += charge.amount
    assert read == held
    assert pages > 3


def test_errors_are_those_that_the_client_knows(sdk, fake):
    with pytest.raises(anthropic.NotFoundError) as caught:
        sdk.organization.users.retrieve("user_nobody")
    assert caught.value.request_id.startswith("req_")
    with pytest.raises(anthropic.BadRequestError, match="not_supported"):
        list(sdk.organization.spend_limits.effective.list())
    for fault, error in (
        ("unauthorized", anthropic.AuthenticationError),
        ("rate_limited", anthropic.RateLimitError),
        ("internal_error", anthropic.InternalServerError),
        ("reset", anthropic.APIConnectionError),
    ):
        fake.simulator.switch(faults=[fault])
        with pytest.raises(error):
            sdk.organization.retrieve()


def test_the_client_reads_what_an_enterprise_organization_has(sdk, fake, inventory):
    fake.simulator.switch(enterprise=True)
    groups = list(sdk.organization.rbac_groups.list())
    assert [(group.id, group.name) for group in groups] == [(each.id, each.name) for each in inventory.groups]
    days = list(sdk.organization.analytics.summaries.list(starting_date=rfc3339(TODAY - 4 * DAY)[:10]))
    assert [day.starting_at.timestamp() for day in days] == [TODAY - 4 * DAY, TODAY - 3 * DAY, TODAY - 2 * DAY]
    assert all(day.daily_active_user_count <= (day.assigned_seat_count or 0) for day in days)
    members = list(sdk.organization.spend_limits.effective.list())
    assert {member.actor.user_id for member in members} == {user.id for user in inventory.users}
    assert sum(Decimal(member.period_to_date_spend) for member in members) > 0
    requests = list(sdk.organization.spend_limits.increase_requests.list())
    assert [request.status for request in requests] == ["pending", "denied"]
    assert len(list(sdk.organization.spend_limits.increase_requests.list(status=["pending"]))) == 1


def test_one_object_of_each_list_that_has_them(sdk, inventory):
    limit = inventory.spend_limits[0]
    read = sdk.beta.organization.spend_limits.retrieve(limit.id)
    assert (read.id, read.amount) == (limit.id, str(limit.amount))
    account = inventory.service_accounts[0]
    with sdk.with_options(auth_token="sk-ant-oat01-canary-token", api_key=None) as token:
        assert token.organization.service_accounts.retrieve(account.id).name == account.name


def test_lists_that_the_exporter_does_not_read_are_there_and_empty(sdk, fake):
    fake.simulator.switch(enterprise=True)
    engagement, reports = sdk.organization.analytics, sdk.beta.organization.analytics
    day, window = rfc3339(TODAY - 4 * DAY)[:10], {"starting_at": FROM, "ending_at": TO}
    lists = (
        *(
            getattr(engagement, name).list(date=day)
            for name in ("users", "skills", "connectors", "plugins", "artifacts")
        ),
        engagement.apps.chat.projects.list(date=day),
        *(
            getattr(reports, name).list(**window)
            for name in ("usage_report", "cost_report", "user_usage_report", "user_cost_report")
        ),
        sdk.organization.rbac_roles.list(),
    )
    assert [list(each) for each in lists] == [[]] * 11

"""What ``check`` asks: every endpoint that an enabled collector reads, each once."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from http import HTTPStatus

from anthropic_exporter.api.admin import AdminApi
from anthropic_exporter.collect import claude_code, compliance, cost, enterprise, inventory, people, usage
from anthropic_exporter.collect.base import Listing
from anthropic_exporter.collect.intake import amount_values, request_values, usage_values
from anthropic_exporter.commands.asked import Asked, by_place, listed, on_days, rows, since, whole_hour
from anthropic_exporter.commands.probes import Probe, Rows
from anthropic_exporter.commands.report_endpoints import cost_endpoints, usage_endpoints
from anthropic_exporter.errors import NotSupported, PollError
from anthropic_exporter.records import DEFAULT_WORKSPACE, Cells, Intake, Interval
from anthropic_exporter.utc import DAY


def probes(asked: Asked) -> Iterator[Probe]:
    """Yield a probe for each endpoint. Answers decide what comes next, so each has to be made before the next."""
    yield from _organization(asked)
    yield from _workspaces(asked)
    yield from usage_endpoints(asked)
    yield from cost_endpoints(asked)
    if asked.child:
        return
    yield from _people(asked)
    yield from _limits(asked)
    yield from _activity(asked)


def _organization(asked: Asked) -> Iterator[Probe]:
    api = asked.api

    def official() -> Rows:
        try:
            return listed("organization", [api.organization()])
        except NotSupported as error:
            asked.org_scoped = asked.source == "auto" and error.status == HTTPStatus.NOT_FOUND
            raise

    def scoped() -> Rows:
        try:
            return listed("organization", [api.scoped_organization()])
        except NotSupported:
            asked.org_scoped = False
            raise

    if asked.child and asked.source == "auto":
        asked.org_scoped = _is_me_unknown(api)
    if asked.official:
        yield Probe(
            "organization",
            inventory.ORGANIZATION,
            official,
            "organization_id is the ID of the response header, and there is no anthropic_organization_info",
            console=True,
        )
    if asked.scoped:
        yield Probe(
            "organization", inventory.SCOPED_ORGANIZATION, scoped, "organization_id is the alias", official=False
        )


def _workspaces(asked: Asked) -> Iterator[Probe]:
    loses = "workspaces have no names and are not counted"

    def official() -> Rows:
        found, asked.default_workspace = asked.api.workspaces()
        live = [each.id for each in found if not each.archived and each.id != DEFAULT_WORKSPACE]
        asked.workspace = next(iter(live), asked.default_workspace)
        return listed("workspace", found)

    def scoped() -> Rows:
        return listed("workspace", asked.api.scoped_workspaces())

    if not asked.settings.inventory.enabled:
        return
    if asked.scoped:
        yield Probe("workspaces", inventory.SCOPED_WORKSPACES, scoped, loses, official=False)
    elif asked.official:
        yield Probe("workspaces", inventory.WORKSPACES, official, loses, console=True)


def _is_me_unknown(api: AdminApi) -> bool:
    try:
        api.organization()
    except NotSupported as error:
        return error.status == HTTPStatus.NOT_FOUND
    except PollError:
        return False
    return False


def _people(asked: Asked) -> Iterator[Probe]:
    if not asked.settings.inventory.enabled:
        return
    api = asked.api
    yield Probe(
        "api_keys",
        "/v1/organizations/api_keys",
        lambda: listed("api_key", api.api_keys(asked.default_workspace)[0]),
        "keys have no names, ages or expiry dates",
        console=True,
    )
    yield Probe(
        "members", "/v1/organizations/users", lambda: listed("member", api.members()), "members are not counted"
    )
    workspace = asked.workspace
    if workspace:
        yield Probe(
            "members",
            "/v1/organizations/workspaces/{id}/members",
            lambda: Rows(len(api.workspace_members(workspace))),
            "members of workspaces are not counted",
            console=True,
        )
    for each in inventory.PLAIN_LISTS:
        yield Probe(each.collector, each.endpoint, partial(_plain, api, each), each.loses, console=each.console)


def _plain(api: AdminApi, asked: inventory.PlainList) -> Rows:
    return listed(asked.kind, asked.read(api))


def _limits(asked: Asked) -> Iterator[Probe]:
    if not asked.settings.limits.enabled:
        return
    api = asked.api

    def rate_limits() -> Rows:
        groups, limits = api.rate_limits()
        return Rows(
            len(limits),
            found=(
                Listing("rate_limit_group", {each.id: each for each in groups}),
                Listing("rate_limit", {f"{each.group_id}/{each.limiter}": each for each in limits}),
            ),
        )

    yield Probe(
        "rate_limits", "/v1/organizations/rate_limits", rate_limits, "there are no configured limits", console=True
    )
    workspace = asked.workspace
    if workspace:
        yield Probe(
            "rate_limits",
            "/v1/organizations/workspaces/{id}/rate_limits",
            lambda: Rows(len(api.workspace_rate_limits(workspace))),
            "limits of workspaces are not shown",
            console=True,
        )
    yield Probe(
        "spend_limits",
        "/v1/organizations/spend_limits",
        lambda: by_place("spend_limit", api.spend_limits()),
        "there are no caps on spending",
    )
    yield Probe(
        "spend_limits",
        "/v1/organizations/spend_limits/effective",
        lambda: by_place("spend_limit", api.effective_spend_limits()),
        "there are no limits and no spend of members",
    )
    yield Probe(
        "spend_limits",
        "/v1/organizations/spend_limit_increase_requests",
        lambda: listed("spend_request", api.spend_limit_increase_requests()),
        "pending requests are not counted",
    )


def _activity(asked: Asked) -> Iterator[Probe]:
    settings = asked.settings
    if settings.claude_code.enabled:
        yield Probe(
            "claude_code", claude_code.SOURCE, lambda: _claude_code(asked), "Claude Code is not shown", console=True
        )
    if settings.enterprise.enabled:
        yield from _enterprise(asked)
    if settings.compliance.enabled:
        yield Probe("compliance", compliance.SOURCE, lambda: _compliance(asked), "activities are not counted")


def _claude_code(asked: Asked) -> Rows:
    yesterday = asked.today - DAY
    records = asked.api.claude_code(yesterday)
    person = people.naming(asked.settings.privacy.emails, asked.memory) if asked.memory else None
    return Rows(len(records), found=tuple(claude_code.intakes(yesterday, records, person)))


def _compliance(asked: Asked) -> Rows:
    activities = asked.api.activities(since=asked.today - DAY).activities
    types = Counter(each.type for each in activities)
    day = Interval(asked.today, asked.today + DAY)
    cells: Cells = {(word,): (count,) for word, count in types.items()}
    return Rows(len(activities), found=(Intake(compliance.STREAM, day, {day: cells}),))


def _enterprise(asked: Asked) -> Iterator[Probe]:
    api = asked.api
    start, end = since(asked), whole_hour(asked)

    def used() -> Rows:
        found = api.analytics_usage(
            starting_at=start, ending_at=end, width=None, dimensions=enterprise.DIMENSIONS, default_workspace=None
        )
        return rows(
            found,
            on_days(enterprise.TOKENS, asked.days, found, usage_values),
            on_days(enterprise.REQUESTS, asked.days, found, request_values),
        )

    def paid() -> Rows:
        found = api.analytics_cost(
            starting_at=start,
            ending_at=end,
            width=None,
            dimensions=enterprise.DIMENSIONS,
            fan_out=False,
            default_workspace=None,
        )
        return rows(found, on_days(enterprise.COST, asked.days, found, amount_values))

    yield Probe("enterprise", usage.ANALYTICS, used, "usage by product and group is not shown")
    yield Probe("enterprise", cost.ANALYTICS, paid, "cost by product and group is not shown")
    yield Probe(
        "enterprise",
        "/v1/organizations/analytics/summaries",
        lambda: Rows(len(api.summaries(asked.today - enterprise.SUMMARY_DAYS * DAY))),
        "there are no seats and no active users",
    )
    yield Probe(
        "enterprise",
        "/v1/organizations/rbac_groups",
        lambda: listed("user_group", api.user_groups()),
        "groups of users have no names",
    )

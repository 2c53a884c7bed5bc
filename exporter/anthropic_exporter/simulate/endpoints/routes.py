"""Which path leads to which endpoint."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from anthropic_exporter.simulate.call import Answer, Call, Endpoint
from anthropic_exporter.simulate.refusal import Refusal, missing_scope, not_found

from . import compliance, engagement, inventory, limits, scoped, service_accounts, spending
from .analytics_cost import cost
from .analytics_usage import usage
from .claude_code import usage_report_claude_code
from .legacy_cost import cost_report
from .legacy_usage import usage_report_messages

PREFIX = "/v1/organizations"


@dataclass(frozen=True, slots=True)
class Route:
    """A path under ``PREFIX``, or a full one, with the names of its IDs in braces."""

    path: str
    endpoint: Endpoint
    generation: Literal["", "legacy", "analytics", "org-scoped"] = ""
    audience: Literal["", "console", "enterprise"] = ""  # which kind of organization has it; "": both
    scope: str = ""  # what a key of the other kind lacks; "": the organization is of the wrong type

    def answer(self, call: Call) -> Answer:
        """Run the endpoint, unless its generation of the API is switched off or the organization does not have it."""
        if (self.generation == "org-scoped") != (call.switches.generation == "org-scoped"):
            raise not_found(f"Not found: {call.path}")
        if self.generation and call.switches.generation not in ("both", self.generation):
            status = call.switches.generation_off_status
            raise not_found() if status == HTTPStatus.NOT_FOUND else Refusal(status, "Not available")
        if self.audience == "console" and not call.switches.console:
            raise missing_scope("api:admin", "read:analytics")
        if self.audience == "enterprise" and not call.switches.enterprise:
            raise self._refusal(call)
        return self.endpoint(call)

    def _refusal(self, call: Call) -> Refusal:
        if not self.scope:
            return Refusal(
                HTTPStatus.BAD_REQUEST,
                f"{call.path} is not available for this type of organization",
                code="organization_type_not_supported",
            )
        if call.switches.enterprise_status == HTTPStatus.FORBIDDEN:
            return missing_scope(self.scope)
        return Refusal(call.switches.enterprise_status, "Not found")


def _nothing(call: Call) -> Answer:
    """Answer an endpoint that the exporter does not read."""
    call.page_size(20, 1000)
    return {"data": [], "next_page": None}


def unknown(call: Call) -> Answer:
    """Answer a path that nothing serves."""
    if not call.path.startswith("/v1/"):
        raise not_found()
    raise not_found(f"Not found: {call.path}")


_UNREAD = ("users", "skills", "connectors", "plugins", "artifacts", "apps/chat/projects")
_ENTERPRISE_REPORTS = ("usage_report", "cost_report", "user_usage_report", "user_cost_report")


def _console(path: str, endpoint: Endpoint, generation: Literal["", "legacy"] = "") -> Route:
    return Route(f"{PREFIX}/{path}", endpoint, generation, "console")


def _enterprise(path: str, endpoint: Endpoint, scope: str = "") -> Route:
    return Route(f"{PREFIX}/{path}", endpoint, audience="enterprise", scope=scope)


ROUTES: tuple[Route, ...] = (
    _console("me", inventory.me),
    _console("usage_report/messages", usage_report_messages, "legacy"),
    _console("cost_report", cost_report, "legacy"),
    _console("usage_report/claude_code", usage_report_claude_code),
    Route(f"{PREFIX}/analytics/usage", usage, "analytics"),
    Route(f"{PREFIX}/analytics/cost", cost, "analytics"),
    _console("api_keys", inventory.api_keys),
    _console("api_keys/{api_key_id}", inventory.api_key),
    _console("workspaces", inventory.workspaces),
    _console("workspaces/{workspace_id}", inventory.workspace),
    _console("workspaces/{workspace_id}/members", inventory.workspace_members),
    _console("workspaces/{workspace_id}/members/{user_id}", inventory.workspace_member),
    _console("workspaces/{workspace_id}/rate_limits", limits.workspace_rate_limits),
    Route(f"{PREFIX}/users", inventory.users),
    Route(f"{PREFIX}/users/{{user_id}}", inventory.user),
    Route(f"{PREFIX}/invites", inventory.invites),
    Route(f"{PREFIX}/invites/{{invite_id}}", inventory.invite),
    _console("rate_limits", limits.rate_limits),
    _console("service_accounts", service_accounts.service_accounts),
    _console("service_accounts/{service_account_id}", service_accounts.service_account),
    Route(f"{PREFIX}/spend_limits", limits.spend_limits),
    _enterprise("spend_limits/effective", spending.effective),
    Route(f"{PREFIX}/spend_limits/{{spend_limit_id}}", limits.spend_limit),
    _enterprise("analytics/summaries", engagement.summaries, "read:analytics"),
    *(_enterprise(f"analytics/{name}", _nothing, "read:analytics") for name in _UNREAD),
    *(_enterprise(f"analytics/{name}", _nothing, "read:analytics") for name in _ENTERPRISE_REPORTS),
    _enterprise("rbac_groups", engagement.rbac_groups, "read:rbac_groups"),
    _enterprise("rbac_roles", _nothing),
    _enterprise("spend_limit_increase_requests", spending.increase_requests),
    Route("/v1/compliance/activities", compliance.activities),
    # Last: what stands above is no ID.
    Route(PREFIX, scoped.organizations, "org-scoped"),
    Route(f"{PREFIX}/{{organization_id}}/workspaces", scoped.workspaces, "org-scoped"),
    Route(f"{PREFIX}/{{organization_id}}/usage_report/messages", scoped.usage_report_messages, "org-scoped"),
)

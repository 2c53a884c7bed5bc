"""Which path leads to which endpoint."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from anthropic_exporter.simulate.call import Answer, Call, Endpoint
from anthropic_exporter.simulate.refusal import Refusal, invalid, missing_scope, not_found

from . import inventory, limits, service_accounts
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
    generation: Literal["", "legacy", "analytics"] = ""

    def answer(self, call: Call) -> Answer:
        """Run the endpoint, unless its generation of the API is switched off."""
        if self.generation and call.switches.generation not in ("both", self.generation):
            status = call.switches.generation_off_status
            raise not_found() if status == HTTPStatus.NOT_FOUND else Refusal(status, "Not available")
        return self.endpoint(call)


def _enterprise(scope: str) -> Callable[[Call], Answer]:
    """Refuse a Console organization's key."""

    def refuse(call: Call) -> Answer:
        if call.switches.enterprise_status == HTTPStatus.FORBIDDEN:
            raise missing_scope(scope)
        raise Refusal(call.switches.enterprise_status, "Not found")

    return refuse


def _not_for_console(call: Call) -> Answer:
    raise Refusal(
        HTTPStatus.BAD_REQUEST,
        f"{call.path} is not available for this type of organization",
        code="organization_type_not_supported",
    )


def unknown(call: Call) -> Answer:
    """Answer a path that nothing serves."""
    if not call.path.startswith("/v1/"):
        raise not_found()
    raise not_found(f"Not found: {call.path}")


def post(call: Call) -> Answer:
    """Answer anything but GET: the exporter must never send it."""
    raise invalid(f"{call.path}: the simulator is read-only")


_ENGAGEMENT = ("summaries", "users", "skills", "connectors", "plugins", "artifacts", "apps/chat/projects")
_ENTERPRISE_REPORTS = ("usage_report", "cost_report", "user_usage_report", "user_cost_report")

ROUTES: tuple[Route, ...] = (
    Route(f"{PREFIX}/me", inventory.me),
    Route(f"{PREFIX}/usage_report/messages", usage_report_messages, "legacy"),
    Route(f"{PREFIX}/cost_report", cost_report, "legacy"),
    Route(f"{PREFIX}/usage_report/claude_code", usage_report_claude_code),
    Route(f"{PREFIX}/analytics/usage", usage, "analytics"),
    Route(f"{PREFIX}/analytics/cost", cost, "analytics"),
    Route(f"{PREFIX}/api_keys", inventory.api_keys),
    Route(f"{PREFIX}/api_keys/{{api_key_id}}", inventory.api_key),
    Route(f"{PREFIX}/workspaces", inventory.workspaces),
    Route(f"{PREFIX}/workspaces/{{workspace_id}}", inventory.workspace),
    Route(f"{PREFIX}/workspaces/{{workspace_id}}/members", inventory.workspace_members),
    Route(f"{PREFIX}/workspaces/{{workspace_id}}/members/{{user_id}}", inventory.workspace_member),
    Route(f"{PREFIX}/workspaces/{{workspace_id}}/rate_limits", limits.workspace_rate_limits),
    Route(f"{PREFIX}/users", inventory.users),
    Route(f"{PREFIX}/users/{{user_id}}", inventory.user),
    Route(f"{PREFIX}/invites", inventory.invites),
    Route(f"{PREFIX}/invites/{{invite_id}}", inventory.invite),
    Route(f"{PREFIX}/rate_limits", limits.rate_limits),
    Route(f"{PREFIX}/service_accounts", service_accounts.service_accounts),
    Route(f"{PREFIX}/service_accounts/{{service_account_id}}", service_accounts.service_account),
    Route(f"{PREFIX}/spend_limits", limits.spend_limits),
    Route(f"{PREFIX}/spend_limits/effective", _not_for_console),
    Route(f"{PREFIX}/spend_limits/{{spend_limit_id}}", limits.spend_limit),
    *(Route(f"{PREFIX}/analytics/{name}", _enterprise("read:analytics")) for name in _ENGAGEMENT),
    *(Route(f"{PREFIX}/analytics/{name}", _enterprise("read:analytics")) for name in _ENTERPRISE_REPORTS),
    Route(f"{PREFIX}/rbac_groups", _enterprise("read:rbac_groups")),
    Route(f"{PREFIX}/rbac_roles", _not_for_console),
    Route(f"{PREFIX}/spend_limit_increase_requests", _not_for_console),
    Route("/v1/compliance/activities", _enterprise("read:compliance_activities")),
)

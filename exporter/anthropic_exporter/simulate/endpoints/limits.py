"""Configured rate limits and spend limits: what is allowed, not what is used."""

from typing import Any

from anthropic_exporter.simulate.call import OLD_VERSION, Answer, Call
from anthropic_exporter.simulate.instants import rfc3339
from anthropic_exporter.simulate.inventory import RateLimit, SpendLimit
from anthropic_exporter.simulate.refusal import Refusal, invalid, not_found

from .listing import TOKEN_PAGE, by_token

GROUP_TYPES = ("batch", "files", "model_group", "skills", "token_count", "web_search")
SPEND_BETA = "spend-limit-reads-2026-09-26"
SCOPE_TYPES = ("organization", "organization_service", "rbac_group", "seat_tier", "usage_tier", "user", "workspace")
CONSOLE_SCOPES = ("organization", "usage_tier", "workspace")
_ALL = 1000


def rate_limits(call: Call) -> Answer:
    """List the limits of the organization; without ``limit`` all of them on one page."""
    _require_rate_limits(call)
    call.expect(*TOKEN_PAGE, "group_type", "model")
    kind, model = call.query.choice("group_type", GROUP_TYPES), call.query.text("model")
    found = [
        entry
        for entry in call.inventory.rate_limits
        if (kind is None or entry.group_type == kind) and (model is None or model in (entry.models or ()))
    ]
    if model is not None and not found:
        raise not_found(f"No rate limits for model {model}")
    return by_token(call, [_rate_limit(call, entry) for entry in found], _ALL)


def workspace_rate_limits(call: Call) -> Answer:
    """List what a workspace overrides, and with ``include_inherited`` the rest as well."""
    _require_rate_limits(call)
    call.expect(*TOKEN_PAGE, "group_type", "include_inherited")
    workspace = call.ids["workspace_id"]
    if workspace not in {each.id for each in call.inventory.workspaces}:
        raise not_found("Workspace not found")
    kind, inherited = call.query.choice("group_type", GROUP_TYPES), call.query.flag("include_inherited")
    rows = []
    for entry in call.inventory.rate_limits:
        limits = [
            {
                "type": limiter,
                "value": entry.overrides.get((workspace, limiter), value),
                "org_limit": value,
                "source": {"type": "workspace" if (workspace, limiter) in entry.overrides else "organization"},
            }
            for limiter, value in entry.limits.items()
            if inherited or (workspace, limiter) in entry.overrides
        ]
        if limits and (kind is None or entry.group_type == kind):
            rows.append(
                {"rate_limit_id": entry.id, "workspace_id": workspace, "type": "workspace_rate_limit"}
                | _group(call, entry)
                | {"limits": limits}
            )
    return by_token(call, rows, _ALL)


def spend_limits(call: Call) -> Answer:
    """List the caps on spending, newest first."""
    if SPEND_BETA not in call.betas:
        raise Refusal(
            call.switches.missing_beta_status, f"This endpoint requires the anthropic-beta header: {SPEND_BETA}"
        )
    if not call.switches.spend_limits:
        raise Refusal(
            400, f"This organization is not enrolled in {SPEND_BETA}", code="organization_not_enrolled_in_beta"
        )
    call.expect(*TOKEN_PAGE, "scope_type[]", "workspace_id")
    scopes, workspace = call.query.choices("scope_type[]", SCOPE_TYPES), call.query.text("workspace_id")
    foreign = [scope for scope in scopes if scope not in CONSOLE_SCOPES]
    if foreign:
        raise invalid(f"scope_type[]: {foreign[0]} does not apply to this organization")
    found = [
        limit
        for limit in sorted(call.inventory.spend_limits, key=lambda each: (-each.created_at, each.id))
        if (not scopes or limit.scope["type"] in scopes)
        and (workspace is None or limit.scope.get("workspace_id") == workspace)
    ]
    return by_token(call, [_spend_limit(limit) for limit in found])


def spend_limit(call: Call) -> Answer:
    """Answer one cap."""
    for each in call.inventory.spend_limits:
        if each.id == call.ids["spend_limit_id"]:
            return _spend_limit(each)
    raise not_found("Spend limit not found")


def _require_rate_limits(call: Call) -> None:
    if not call.switches.rate_limits:
        raise not_found()


def _rate_limit(call: Call, entry: RateLimit) -> dict[str, Any]:
    limits = [{"type": limiter, "value": value} for limiter, value in entry.limits.items()]
    return {"id": entry.id, "type": "rate_limit"} | _group(call, entry) | {"limits": limits}


def _group(call: Call, entry: RateLimit) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": entry.group_id, "type": entry.group_type}
    if entry.display_name is not None:
        shown["display_name"] = entry.display_name
    group: dict[str, Any] = {"group": shown, "models": None if entry.models is None else list(entry.models)}
    return group | ({"group_type": entry.group_type} if call.version == OLD_VERSION else {})


def _spend_limit(limit: SpendLimit) -> dict[str, Any]:
    return {
        "id": limit.id,
        "type": "spend_limit",
        "amount": None if limit.amount is None else str(limit.amount),
        "currency": "USD",
        "period": limit.period,
        "scope": dict(limit.scope),
        "is_enabled": limit.enabled,
        "created_at": rfc3339(limit.created_at),
        "updated_at": rfc3339(limit.updated_at),
    }

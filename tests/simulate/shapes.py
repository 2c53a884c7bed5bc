"""The documented shape of every answer, written out as types: what a client may rely on, key by key.

A dict is an object with exactly these keys (``Optional`` ones may be absent), {str: …} a map, a list of one element
a list of such things, a tuple a choice, a pattern a string, a type anything of it, everything else itself.
"""

import re
from typing import Any

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
CENTS = re.compile(r"\d+(\.\d+)?")


class Optional(str):
    """A key that may be absent."""

    __slots__ = ()


def maybe(shape: Any) -> tuple[Any, ...]:
    """Allow null."""
    return (None, shape)


def mismatch(value: Any, shape: Any, where: str = "answer") -> str:
    """Tell the first place where a value is not of a shape; "" where it is."""
    if isinstance(shape, tuple):
        problems = [mismatch(value, each, where) for each in shape]
        return "" if "" in problems else problems[-1]
    if isinstance(shape, dict):
        return _object_mismatch(value, shape, where)
    if isinstance(shape, list) and isinstance(value, list):
        return next(filter(None, (mismatch(each, shape[0], f"{where}[{i}]") for i, each in enumerate(value))), "")
    return "" if _fits(value, shape) else f"{where}: {value!r} is not {shape}"


def _fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if isinstance(shape, type):
        return isinstance(value, shape) and not (shape is int and isinstance(value, bool))
    return bool(value == shape)


def _object_mismatch(value: Any, shape: dict[str, Any], where: str) -> str:
    if not isinstance(value, dict):
        return f"{where}: {value!r} is no object"
    if str in shape:  # a map
        return next(filter(None, (mismatch(each, shape[str], f"{where}.{key}") for key, each in value.items())), "")
    needed = {str(key) for key in shape if not isinstance(key, Optional)}
    if not needed <= set(value) <= set(shape):
        return f"{where}: keys {sorted(set(value) ^ needed)}"
    return next(filter(None, (mismatch(value[k], s, f"{where}.{k}") for k, s in shape.items() if k in value)), "")


def bucketed(row: Any) -> Any:
    """Wrap a row as the legacy reports do."""
    bucket = {"starting_at": INSTANT, "ending_at": INSTANT, "results": [row]}
    return {"data": [bucket], "has_more": bool, "next_page": maybe(str)}


def flat(row: Any) -> Any:
    """Wrap a row as the analytics reports do."""
    return {"data": [row], "has_more": bool, "next_page": maybe(str), "data_refreshed_at": maybe(INSTANT)}


def listed(item: Any) -> Any:
    """Wrap an item as the lists that are paged by ID."""
    return {"data": [item], "has_more": bool, "first_id": maybe(str), "last_id": maybe(str)}


def tokened(item: Any) -> Any:
    """Wrap an item as the lists that are paged by token."""
    return {"data": [item], "next_page": maybe(str)}


_CREATION = {"ephemeral_1h_input_tokens": int, "ephemeral_5m_input_tokens": int}
_TOKENS = {
    "uncached_input_tokens": int,
    "cache_creation": _CREATION,
    "cache_read_input_tokens": int,
    "output_tokens": int,
    "server_tool_use": {"web_search_requests": int},
}
_TOKEN_TYPE = (
    "uncached_input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
)
_COST_TYPE = ("tokens", "web_search", "code_execution", "session_usage")

USAGE_REPORT = bucketed(
    _TOKENS
    | {
        "account_id": maybe(re.compile("user_.+")),
        "api_key_id": maybe(re.compile("apikey_.+")),
        "context_window": (None, "0-200k", "200k-1M"),
        "inference_geo": (None, "global", "us", "not_available"),
        "model": maybe(str),
        "service_account_id": maybe(re.compile("svac_.+")),
        "service_tier": (None, "standard", "batch", "priority", "priority_on_demand", "flex", "flex_discount"),
        "workspace_id": maybe(re.compile("wrkspc_.+")),
        Optional("speed"): ("standard", "fast"),
    }
)
COST_REPORT = bucketed(
    {
        "amount": CENTS,
        "currency": "USD",
        "cost_type": (None, *_COST_TYPE),
        "description": maybe(str),
        "model": maybe(str),
        "service_tier": (None, "standard", "batch"),
        "context_window": (None, "0-200k", "200k-1M"),
        "inference_geo": (None, "global", "us", "not_available"),
        "token_type": (None, *_TOKEN_TYPE),
        "workspace_id": maybe(re.compile("wrkspc_.+")),
    }
)
CLAUDE_CODE = {
    "data": [
        {
            "date": re.compile(r"\d{4}-\d\d-\d\d(T00:00:00Z)?"),
            "actor": (
                {"type": "user_actor", "email_address": re.compile(".+@.+")},
                {"type": "api_actor", "api_key_name": str},
            ),
            "organization_id": str,
            "customer_type": ("api", "subscription"),
            Optional("subscription_type"): (None, "enterprise", "team"),
            "terminal_type": str,
            Optional("is_remote"): bool,
            "core_metrics": {
                "num_sessions": int,
                "lines_of_code": {"added": int, "removed": int},
                "commits_by_claude_code": int,
                "pull_requests_by_claude_code": int,
            },
            "tool_actions": {str: {"accepted": int, "rejected": int}},
            "model_breakdown": [
                {
                    "model": str,
                    "tokens": {"input": int, "output": int, "cache_read": int, "cache_creation": int},
                    "estimated_cost": {"currency": "USD", "amount": int},
                }
            ],
        }
    ],
    "has_more": bool,
    "next_page": maybe(str),
}
_GROUP = {
    "actor": (
        None,
        {"type": "user_actor", "user_id": str, "email_address": maybe(str), "name": maybe(str), "deleted": bool},
        {"type": "service_account_actor", "service_account_id": str},
        {"type": "api_actor", "api_key_id": str},
    ),
    "actor_type": (None, "user_actor", "service_account_actor", "api_actor"),
    "api_key_id": maybe(str),
    "context_window": (None, "0-200k", "200k-1M"),
    "inference_geo": (None, "global", "us"),
    "model": maybe(str),
    "organization_id": maybe(str),
    "product": maybe(str),
    "service_tier": maybe(str),
    "speed": (None, "standard", "fast"),
    "workspace_id": maybe(str),
} | dict.fromkeys(
    (
        "agent_id",
        "claude_tag_category",
        "claude_tag_user_id",
        "deployment_id",
        "environment_id",
        "rbac_group_id",
        "session_id",
        "slack_channel_id",
        "user_profile_id",
    )
)
ANALYTICS_USAGE = flat(
    {
        "starting_at": INSTANT,
        "ending_at": INSTANT,
        "group": _GROUP,
        "usage": _TOKENS | {"total_tokens": int, "requests": maybe(int)},
    }
)
ANALYTICS_COST = flat(
    {
        "starting_at": INSTANT,
        "ending_at": INSTANT,
        "group": _GROUP | {"cost_type": (None, *_COST_TYPE), "token_type": (None, *_TOKEN_TYPE)},
        "cost": {"amount": CENTS, "list_amount": CENTS, "currency": "USD", "requests": maybe(int)},
    }
)
ORGANIZATION = {"id": re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "type": "organization", "name": str}
API_KEY = {
    "id": re.compile("apikey_.+"),
    "type": "api_key",
    "name": str,
    "status": ("active", "inactive", "archived", "expired"),
    "created_at": INSTANT,
    "expires_at": maybe(INSTANT),
    "created_by": maybe({"id": str, "type": ("user", "service_account")}),
    "partial_key_hint": maybe(str),
    "principal": (
        None,
        {"type": "user_actor", "user_id": str},
        {"type": "service_account_actor", "service_account_id": str},
    ),
    "scope": ({"type": "workspace", "workspace_id": re.compile("wrkspc_.+")}, {"type": "organization"}),
    Optional("workspace_id"): maybe(re.compile("wrkspc_.+")),
}
WORKSPACE = {
    "id": re.compile("wrkspc_.+"),
    "type": "workspace",
    "name": str,
    "display_color": re.compile("#[0-9A-F]{6}"),
    "created_at": INSTANT,
    "archived_at": maybe(INSTANT),
    "compartment_id": str,
    "data_residency": {
        "workspace_geo": "us",
        "allowed_inference_geos": ("unrestricted", [("global", "us")]),
        "default_inference_geo": ("global", "us"),
    },
    "external_key_id": maybe(str),
    "tags": {str: str},
    "user_profile_id": maybe(str),
}
MEMBER = {
    "type": "workspace_member",
    "user_id": re.compile("user_.+"),
    "workspace_id": re.compile("wrkspc_.+"),
    "workspace_role": re.compile("workspace_(admin|billing|developer|restricted_developer|user)"),
}
USER = {
    "id": re.compile("user_.+"),
    "type": "user",
    "email": re.compile(".+@.+"),
    "name": str,
    "role": ("user", "developer", "billing", "admin", "claude_code_user"),
    "added_at": INSTANT,
}
INVITE = {
    "id": re.compile("invite_.+"),
    "type": "invite",
    "email": re.compile(".+@.+"),
    "role": str,
    "status": ("pending", "accepted", "expired", "deleted"),
    "invited_at": INSTANT,
    "expires_at": INSTANT,
    "accepted_at": maybe(INSTANT),
    "rbac_group_ids": [str],
}
_LIMIT_GROUP = {"id": re.compile("rlg_.+"), "type": str, Optional("display_name"): str}
RATE_LIMIT = {
    "id": str,
    "type": "rate_limit",
    "group": _LIMIT_GROUP,
    "models": maybe([str]),
    "limits": [{"type": str, "value": int}],
    Optional("group_type"): str,
}
WORKSPACE_RATE_LIMIT = {
    "rate_limit_id": str,
    "workspace_id": str,
    "type": "workspace_rate_limit",
    "group": _LIMIT_GROUP,
    "models": maybe([str]),
    "limits": [{"type": str, "value": int, "org_limit": maybe(int), "source": {"type": ("workspace", "organization")}}],
    Optional("group_type"): str,
}
SPEND_LIMIT = {
    "id": re.compile("spl_.+"),
    "type": "spend_limit",
    "amount": maybe(re.compile(r"\d+")),
    "currency": "USD",
    "period": ("daily", "weekly", "monthly"),
    "scope": ({"type": ("organization", "usage_tier")}, {"type": "workspace", "workspace_id": str}),
    "is_enabled": bool,
    "created_at": INSTANT,
    "updated_at": INSTANT,
}
SERVICE_ACCOUNT = {
    "id": re.compile("svac_.+"),
    "type": "service_account",
    "name": str,
    "description": maybe(str),
    "organization_role": ("admin", "developer"),
    "created_at": INSTANT,
    "updated_at": INSTANT,
    "archived_at": maybe(INSTANT),
    "created_by_actor_id": maybe(str),
    "updated_by_actor_id": maybe(str),
    "archived_by_actor_id": maybe(str),
}

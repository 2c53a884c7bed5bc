"""Families of Claude Enterprise: products, groups of users, seats and active users."""

from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.rows.labels import ORGANIZATION

_USAGE = " (GET /v1/organizations/analytics/usage, polled every 60m by default)."
_COST = " (GET /v1/organizations/analytics/cost, polled every 60m by default)."
_SUMMARY = " (GET /v1/organizations/analytics/summaries, polled every 60m by default)."
_GROUPS = " (GET /v1/organizations/rbac_groups, polled every 60m by default)."
_OVERLAP = "; groups overlap, so their sum means nothing"
_PRODUCT = (*ORGANIZATION, "product", "model")
_GROUP = (*ORGANIZATION, "rbac_group_id")

_WINDOWS = {"daily": "in one day", "weekly": "in 7 days", "monthly": "in a month of 28 or 30 days"}


def _summary(name: str, help_text: str, labels: tuple[str, ...] = ORGANIZATION, unit: str = "") -> Family:
    return Family(f"anthropic_enterprise_{name}", "gauge", unit, labels, "enterprise", help_text + _SUMMARY)


FAMILIES = (
    Family(
        "anthropic_enterprise_usage_tokens_total",
        "counter",
        "tokens",
        (*_PRODUCT, "token_type"),
        "enterprise",
        "Tokens since the epoch by product" + _USAGE,
    ),
    Family(
        "anthropic_enterprise_usage_requests_total",
        "counter",
        "",
        _PRODUCT,
        "enterprise",
        "Requests since the epoch by product" + _USAGE,
    ),
    Family(
        "anthropic_enterprise_cost_usd_total",
        "counter",
        "usd",
        _PRODUCT,
        "enterprise",
        "Billed cost in USD since the epoch by product, settled days only, after discounts and before credits" + _COST,
    ),
    Family(
        "anthropic_enterprise_group_month_to_date_tokens",
        "gauge",
        "tokens",
        (*_GROUP, "token_type"),
        "enterprise",
        "Tokens since the first of this month, UTC, of each group of users, none for people in no group"
        + _OVERLAP
        + _USAGE,
    ),
    Family(
        "anthropic_enterprise_group_cost_month_to_date_usd",
        "gauge",
        "usd",
        _GROUP,
        "enterprise",
        "Billed cost in USD since the first of this month, UTC, of each group of users" + _OVERLAP + _COST,
    ),
    Family(
        "anthropic_enterprise_group_info",
        "gauge",
        "",
        (*_GROUP, "rbac_group_name"),
        "enterprise",
        "Name of each group of users, always 1" + _GROUPS,
    ),
    _summary("seats", "Seats that are assigned"),
    _summary("pending_invites", "Invites that wait to be accepted"),
    *(_summary(f"{window}_active_users", f"People who used any product {words}") for window, words in _WINDOWS.items()),
    *(
        _summary(
            f"product_{window}_active_users",
            f"People who used a product {words}; one who used several counts for each",
            (*ORGANIZATION, "product"),
        )
        for window, words in _WINDOWS.items()
    ),
    _summary(
        "activity_timestamp_seconds",
        "End of the day that seats and active users are of, the newest that the API has",
        unit="seconds",
    ),
)

"""Families of configured limits, and of what is used of them."""

from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.rows.labels import ORGANIZATION

_RATE = " (GET /v1/organizations/rate_limits, polled every 10m by default)."
_OVERRIDES = " (GET /v1/organizations/rate_limits and /workspaces/{id}/rate_limits, polled every 10m by default)."
_MINUTES = " (GET /v1/organizations/usage_report/messages by the minute, polled every 10m by default)."
_CAPS = " (GET /v1/organizations/spend_limits and /spend_limits/effective, polled every 10m by default)."
_SPENT = " (GET /v1/organizations/spend_limits/effective, polled every 10m by default)."
_REQUESTS = " (GET /v1/organizations/spend_limit_increase_requests, polled every 10m by default)."
_SCOPE = (*ORGANIZATION, "scope", "scope_id", "period")

FAMILIES = (
    Family(
        "anthropic_rate_limit",
        "gauge",
        "",
        (*ORGANIZATION, "workspace_id", "rate_limit_group", "limiter"),
        "rate_limits",
        "Configured limit of each limiter, of the organization as workspace_id none; a workspace has those that it"
        " overrides" + _OVERRIDES,
    ),
    Family(
        "anthropic_rate_limit_group_info",
        "gauge",
        "",
        (*ORGANIZATION, "rate_limit_group", "rate_limit_group_name"),
        "rate_limits",
        "Name of each group that shares rate limits, always 1" + _RATE,
    ),
    Family(
        "anthropic_rate_limit_group_model_info",
        "gauge",
        "",
        (*ORGANIZATION, "rate_limit_group", "model"),
        "rate_limits",
        "Models and aliases of each group that shares rate limits, always 1" + _RATE,
    ),
    Family(
        "anthropic_usage_peak_minute_tokens",
        "gauge",
        "tokens",
        (*ORGANIZATION, "rate_limit_group", "token_type"),
        "rate_limits",
        "Tokens of the largest closed minute of the last 60 of each rate-limit group: input_counted without cache"
        " reads, input with them, output; models of no group are in the group none" + _MINUTES,
    ),
    Family(
        "anthropic_spend_limit_usd",
        "gauge",
        "usd",
        _SCOPE,
        "spend_limits",
        "Cap on spending in force for a scope and period, absent where there is no numeric cap" + _CAPS,
    ),
    Family(
        "anthropic_spend_limit_spent_usd",
        "gauge",
        "usd",
        _SCOPE,
        "spend_limits",
        "Spent of a spend limit in the running period, where the API tells; a 0 after more in the same period means"
        " that it is not to be had at the moment, and the last value stays; zeros alone say nothing" + _SPENT,
    ),
    Family(
        "anthropic_spend_limit_pending_increase_requests",
        "gauge",
        "",
        ORGANIZATION,
        "spend_limits",
        "Requests for a higher spend limit that wait for an answer" + _REQUESTS,
    ),
    Family(
        "anthropic_spend_limit_oldest_increase_request_age_seconds",
        "gauge",
        "seconds",
        ORGANIZATION,
        "spend_limits",
        "Age of the oldest request for a higher spend limit that waits for an answer, absent where none does"
        + _REQUESTS,
    ),
)

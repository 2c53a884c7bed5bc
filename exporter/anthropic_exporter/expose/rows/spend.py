"""Families of spend: what was spent, what it will be, whose it is, and what caching did to it."""

from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.rows import sources
from anthropic_exporter.expose.rows.labels import ORGANIZATION, WINDOWS, W

_BEST = "billed on settled days, estimated at list price elsewhere"
_BUDGET = (*ORGANIZATION, "budget", "period")

_SPENT = tuple(
    Family(
        f"anthropic_spend_{window}_usd",
        "gauge",
        "usd",
        W,
        "cost",
        f"Spend in USD {WINDOWS[window]}: {_BEST}; model none is what is not paid by the token{sources.SPEND}",
    )
    for window in ("today", "month_to_date", "previous_month")
)

_WHOSE = (
    Family(
        "anthropic_owner_spend_month_to_date_usd",
        "gauge",
        "usd",
        (*ORGANIZATION, "team", "environment", "cost_center"),
        "cost",
        f"Spend in USD since the first of this month, UTC, by the rules of ownership; team unowned is what no rule"
        f" matches{sources.SPEND}",
    ),
    Family(
        "anthropic_api_key_spend_month_to_date_usd",
        "gauge",
        "usd",
        (*ORGANIZATION, "api_key_id", "workspace_id"),
        "cost",
        "Spend in USD since the first of this month, UTC, by API key: as billed where the bill tells keys, elsewhere"
        f" the workspace split by estimates; api_key_id none is what no key claims{sources.SPEND}",
    ),
)

_FORECAST = tuple(
    Family(
        f"anthropic_spend_month_forecast{bound}_usd",
        "gauge",
        "usd",
        (*ORGANIZATION, "workspace_id"),
        "cost",
        f"{words} of this month, UTC, from the workspace's own weeks{sources.SPEND}",
    )
    for bound, words in {
        "": "Expected spend in USD",
        "_low": "Spend in USD that nine forecasts in ten reach, at the end",
        "_high": "Spend in USD that nine forecasts in ten stay below, at the end",
    }.items()
)

_BUDGETS = (
    Family(
        "anthropic_budget_usd",
        "gauge",
        "usd",
        _BUDGET,
        "cost",
        "Budget in USD per UTC day, week from Monday, or month, as configured; it is held against spend"
        + sources.SPEND,
    ),
    Family(
        "anthropic_budget_spent_usd",
        "gauge",
        "usd",
        _BUDGET,
        "cost",
        f"Spend in USD of the budget in its current period: {_BEST}{sources.SPEND}",
    ),
    Family(
        "anthropic_budget_forecast_usd",
        "gauge",
        "usd",
        _BUDGET,
        "cost",
        "Expected spend in USD of the budget at the end of its current period" + sources.SPEND,
    ),
    Family(
        "anthropic_budget_threshold_ratio",
        "gauge",
        "ratio",
        (*_BUDGET, "threshold"),
        "cost",
        "Share of the budget that somebody wants to hear of, as configured, to be held against spend" + sources.SPEND,
    ),
)

_POLICIES = (
    Family(
        "anthropic_policy_violation",
        "gauge",
        "",
        (*ORGANIZATION, "policy", "workspace_id", "model"),
        "usage",
        "1 for 24 hours after the newest usage of a model that the policy does not allow the workspace" + sources.USAGE,
    ),
)

_CACHING = (
    Family(
        "anthropic_cache_read_savings_usd_total",
        "counter",
        "usd",
        (*ORGANIZATION, "model"),
        "usage",
        "USD since the epoch that cache reads would have cost more as uncached input, at list price" + sources.USAGE,
    ),
    Family(
        "anthropic_cache_write_premium_usd_total",
        "counter",
        "usd",
        (*ORGANIZATION, "model", "token_type"),
        "usage",
        "USD since the epoch that cache writes cost more than uncached input, at list price" + sources.USAGE,
    ),
)

FAMILIES = (*_SPENT, *_WHOSE, *_FORECAST, *_BUDGETS, *_POLICIES, *_CACHING)

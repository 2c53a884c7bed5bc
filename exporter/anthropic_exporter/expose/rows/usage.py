"""Families of tokens, requests and web searches, and of their estimated cost."""

from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.rows import sources
from anthropic_exporter.expose.rows.labels import ORGANIZATION, WINDOWS, K, U, W

_ANALYTICS = " (GET /v1/organizations/analytics/usage, polled every 60s by default)."
_ANALYTICS_PER_KEY = " (GET /v1/organizations/analytics/usage per API key, polled every 5m by default)."
_ESTIMATE = (
    " Not the bill: no discounts, credits or commitments, and Haiku 5.5 at its price for prompts up to 100k"
    " tokens, which is a lower bound."
)
_PRICED = "list price of their day in USD"

_COUNTED = (
    Family(
        "anthropic_usage_tokens_total",
        "counter",
        "tokens",
        (*U, "token_type"),
        "usage",
        "Tokens used since the epoch, by disjoint token types" + sources.USAGE,
    ),
    Family(
        "anthropic_usage_requests_total",
        "counter",
        "",
        U,
        "usage",
        "Requests made since the epoch, where the API reports them" + _ANALYTICS,
    ),
    Family(
        "anthropic_usage_web_search_requests_total",
        "counter",
        "",
        U,
        "usage",
        "Web searches that models made since the epoch" + sources.USAGE,
    ),
    Family(
        "anthropic_api_key_usage_tokens_total",
        "counter",
        "tokens",
        (*K, "token_type"),
        "api_key_usage",
        "Tokens used since the epoch by each API key, the same tokens as anthropic_usage_tokens_total"
        + sources.KEY_USAGE,
    ),
    Family(
        "anthropic_api_key_usage_requests_total",
        "counter",
        "",
        K,
        "api_key_usage",
        "Requests made since the epoch by each API key, where the API reports them" + _ANALYTICS_PER_KEY,
    ),
)

_ESTIMATED = (
    Family(
        "anthropic_estimated_cost_usd_total",
        "counter",
        "usd",
        (*U, "token_type"),
        "usage",
        f"Tokens since the epoch at the {_PRICED}, web searches as token_type web_search{sources.USAGE}{_ESTIMATE}",
    ),
    Family(
        "anthropic_api_key_estimated_cost_usd_total",
        "counter",
        "usd",
        K,
        "api_key_usage",
        f"Tokens and web searches of each key since the epoch at the {_PRICED}{sources.KEY_USAGE}{_ESTIMATE}",
    ),
    Family(
        "anthropic_unpriced_tokens_total",
        "counter",
        "tokens",
        (*ORGANIZATION, "model", "token_type", "reason"),
        "usage",
        "Tokens since the epoch that are counted but in no estimate, and why" + sources.USAGE,
    ),
    Family(
        "anthropic_model_price_usd_per_million_tokens",
        "gauge",
        "usd_per_million_tokens",
        ("model", "service_tier", "inference_geo", "speed", "token_type"),
        "usage",
        "List price in force today, from the price list of the exporter and prices.file; Haiku 5.5 at its"
        " price for prompts up to 100k tokens, which is a lower bound. Applied to usage" + sources.USAGE,
    ),
    Family(
        "anthropic_model_price_upper_bound_ratio",
        "gauge",
        "ratio",
        ("model",),
        "usage",
        "What usage of the model can cost at most, over its estimate, where usage reports do not tell the dearer part"
        " (Haiku 5.5: prompts over 100k tokens); from the price list of the exporter and prices.file. Applied to usage"
        + sources.USAGE,
    ),
)

_WINDOWS = tuple(
    Family(
        f"anthropic_usage_{window}_tokens",
        "gauge",
        "tokens",
        (*W, "token_type"),
        "usage",
        f"Tokens used {words}, as known now{sources.USAGE}",
    )
    for window, words in WINDOWS.items()
) + tuple(
    Family(
        f"anthropic_estimated_cost_{window}_usd",
        "gauge",
        "usd",
        W,
        "usage",
        f"Tokens and web searches {words} at the {_PRICED}, as known now{sources.USAGE}{_ESTIMATE}",
    )
    for window, words in WINDOWS.items()
)

_FRESHNESS = (
    Family(
        "anthropic_usage_last_bucket_timestamp_seconds",
        "gauge",
        "seconds",
        ORGANIZATION,
        "usage",
        "End of the newest bucket with usage" + sources.USAGE,
    ),
    Family(
        "anthropic_usage_settled_timestamp_seconds",
        "gauge",
        "seconds",
        ORGANIZATION,
        "usage",
        "Until when usage is taken to be final" + sources.USAGE,
    ),
)

FAMILIES = (*_COUNTED, *_WINDOWS, *_FRESHNESS, *_ESTIMATED)

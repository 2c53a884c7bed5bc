"""Families of billed cost and list cost."""

from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.rows import sources
from anthropic_exporter.expose.rows.labels import ORGANIZATION, WINDOWS, W

_ANALYTICS = " (GET /v1/organizations/analytics/cost, polled every 10m by default)."
_LINE = (*W, "service_tier", "cost_type", "token_type")

_COUNTED = (
    Family(
        "anthropic_cost_usd_total",
        "counter",
        "usd",
        _LINE,
        "cost",
        "Billed cost in USD since the epoch, settled days only, after discounts and before credits" + sources.COST,
    ),
    Family(
        "anthropic_list_cost_usd_total",
        "counter",
        "usd",
        _LINE,
        "cost",
        "List cost in USD since the epoch, settled days only, before discounts, where the API reports it" + _ANALYTICS,
    ),
    Family(
        "anthropic_api_key_cost_usd_total",
        "counter",
        "usd",
        (*ORGANIZATION, "api_key_id", "model"),
        "cost",
        "Billed cost of each API key in USD since the epoch, settled days only, where the API reports it" + _ANALYTICS,
    ),
)

_WINDOWS = tuple(
    Family(
        f"anthropic_cost_{window}_usd",
        "gauge",
        "usd",
        (*W, "cost_type"),
        "cost",
        f"Billed cost in USD {words}, as known now, absent where the API has no figure yet{sources.COST}",
    )
    for window, words in WINDOWS.items()
)

_FRESHNESS = (
    Family(
        "anthropic_cost_last_bucket_timestamp_seconds",
        "gauge",
        "seconds",
        ORGANIZATION,
        "cost",
        "End of the newest bucket with billed cost" + sources.COST,
    ),
    Family(
        "anthropic_cost_settled_timestamp_seconds",
        "gauge",
        "seconds",
        ORGANIZATION,
        "cost",
        "End of the newest settled day of billed cost" + sources.COST,
    ),
    Family(
        "anthropic_estimate_error_ratio",
        "gauge",
        "ratio",
        W,
        "cost",
        "Estimated by billed cost, minus 1, over the settled days of the last 7; not an error of the bill"
        + sources.COST,
    ),
)

FAMILIES = (*_COUNTED, *_WINDOWS, *_FRESHNESS)

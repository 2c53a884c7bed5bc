"""Samples of configured limits, and of what is used of them."""

from collections.abc import Iterator

from anthropic_exporter.expose.family import Sample
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.records import PeakMinute, RateLimit, RateLimitGroup, SpendLimit, SpendRequest
from anthropic_exporter.utc import HOUR

Samples = Iterator[tuple[str, list[Sample]]]


def limits(inventory: Inventory, now: float) -> Samples:
    """Yield family names with their samples, labels without the organization's."""
    yield from _rates(inventory, now)
    caps = inventory.listed("spend_limit", SpendLimit)
    yield "anthropic_spend_limit_usd", [(_scope(cap), cap.usd) for cap in caps if cap.usd is not None]
    yield "anthropic_spend_limit_spent_usd", [(_scope(cap), cap.spent) for cap in caps if cap.spent is not None]
    if inventory.known("spend_request"):
        made = [request.created_at for request in inventory.listed("spend_request", SpendRequest)]
        yield "anthropic_spend_limit_pending_increase_requests", [((), len(made))]
        ages = [max(0, int(now) - min(made))] if made else []
        yield "anthropic_spend_limit_oldest_increase_request_age_seconds", [((), age) for age in ages]


def _rates(inventory: Inventory, now: float) -> Samples:
    found = [
        *inventory.listed("rate_limit", RateLimit),
        *inventory.listed("workspace_rate_limit", RateLimit),
    ]
    yield (
        "anthropic_rate_limit",
        [((limit.workspace_id, limit.group_id, limit.limiter), limit.value) for limit in found],
    )
    groups = inventory.listed("rate_limit_group", RateLimitGroup)
    names = {group.id: group.name for group in groups}
    # What describes the last hour says nothing once another has passed.
    peaks = [peak for peak in inventory.listed("peak_minute", PeakMinute) if now - peak.until <= HOUR]
    names = {peak.group_id: peak.group_id for peak in peaks} | names
    yield "anthropic_rate_limit_group_info", [(item, 1) for item in names.items()]
    yield (
        "anthropic_rate_limit_group_model_info",
        [((group.id, model), 1) for group in groups for model in group.models],
    )
    yield (
        "anthropic_usage_peak_minute_tokens",
        [((peak.group_id, peak.token_type), peak.tokens) for peak in peaks],
    )


def _scope(cap: SpendLimit) -> tuple[str, str, str]:
    return cap.scope, cap.scope_id, cap.period

"""Samples of spend: windows, forecast, budgets, owners, keys and policies."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from anthropic_exporter.expose.family import Sample
from anthropic_exporter.ledger.windows import bounds
from anthropic_exporter.money.budgets import shortest
from anthropic_exporter.money.statement import Statement
from anthropic_exporter.utc import month_start

Samples = Iterator[tuple[str, list[Sample]]]


def spending(statement: Statement, last_used: Mapping[tuple[str, str], int]) -> Samples:
    """Yield family names with their samples, labels without the organization's.

    What the streams cannot support is left out: a window before usage was read in it, keys and owners before keys
    were, an error ratio before a day is billed.

    Args:
        last_used: by (workspace_id, model), the end of the newest bucket with usage.
    """
    for window in ("today", "month_to_date", "previous_month"):
        start, end = bounds(window, statement.now)
        if statement.coverage.since(statement.today if window == "today" else month_start(statement.now)):
            yield f"anthropic_spend_{window}_usd", _samples(statement.by_model(start, end))
    start, end = bounds("month_to_date", statement.now)
    if statement.coverage.keys_since(start):
        yield "anthropic_owner_spend_month_to_date_usd", _samples(statement.by_owner(start, end))
    if statement.coverage.keys_since(start) and statement.coverage.tells_keys:
        yield "anthropic_api_key_spend_month_to_date_usd", _samples(statement.by_home(start, end))
    yield "anthropic_estimate_error_ratio", _samples(statement.errors())
    yield from _forecasts(statement)
    yield from _budgets(statement)
    yield "anthropic_policy_violation", [(tuple(found), 1) for found in statement.violations(last_used)]


def _forecasts(statement: Statement) -> Samples:
    found = list(statement.forecasts())
    prefix = "anthropic_spend_month_forecast"
    yield f"{prefix}_usd", [((workspace_id,), forecast.expected) for workspace_id, forecast in found]
    yield f"{prefix}_low_usd", [((workspace_id,), forecast.low) for workspace_id, forecast in found]
    yield f"{prefix}_high_usd", [((workspace_id,), forecast.high) for workspace_id, forecast in found]


def _budgets(statement: Statement) -> Samples:
    found = [((state.name, state.period), state) for state in statement.budgets()]
    yield "anthropic_budget_usd", [(labels, state.usd) for labels, state in found]
    yield (
        "anthropic_budget_spent_usd",
        [(labels, state.spent) for labels, state in found if state.spent is not None],
    )
    yield (
        "anthropic_budget_forecast_usd",
        [(labels, state.forecast) for labels, state in found if state.forecast is not None],
    )
    yield (
        "anthropic_budget_threshold_ratio",
        [((*labels, shortest(threshold)), threshold) for labels, state in found for threshold in state.thresholds],
    )


def _samples(sums: Mapping[tuple[str, ...], Decimal]) -> list[Sample]:
    return [(tuple(labels), usd) for labels, usd in sums.items()]

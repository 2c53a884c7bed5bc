"""Spend as charges of FOCUS 1.2, the FinOps Open Cost and Usage Specification.

One row for each day, workspace, model and type of cost. A day that is not on the bill yet is told as estimated by
``x_CostBasis``, so that the rows add up to the spend that the metrics show.
"""

from decimal import Decimal

from anthropic_exporter.commands.amounts import instant
from anthropic_exporter.commands.columns import Cell, Column, Kind, Table
from anthropic_exporter.commands.grouping import workspace_name
from anthropic_exporter.commands.ledger_rows import listed, quantities
from anthropic_exporter.commands.reading import Reading
from anthropic_exporter.config import Settings
from anthropic_exporter.money.daybook import DayBook
from anthropic_exporter.money.spend import TOKENS, WEB_SEARCH, Line
from anthropic_exporter.records import NONE, Interval
from anthropic_exporter.utc import DAY, month_start, next_month_start

_ANTHROPIC = "Anthropic"
_UNITS = {TOKENS: (0, "Tokens"), WEB_SEARCH: (1, "Searches")}
_COLUMNS: dict[str, Kind] = {
    "BilledCost": "money",
    "BillingAccountId": "text",
    "BillingAccountName": "text",
    "BillingAccountType": "text",
    "BillingCurrency": "text",
    "BillingPeriodEnd": "text",
    "BillingPeriodStart": "text",
    "ChargeCategory": "text",
    "ChargeClass": "text",
    "ChargeDescription": "text",
    "ChargeFrequency": "text",
    "ChargePeriodEnd": "text",
    "ChargePeriodStart": "text",
    "ConsumedQuantity": "count",
    "ConsumedUnit": "text",
    "ContractedCost": "money",
    "EffectiveCost": "money",
    "InvoiceIssuerName": "text",
    "ListCost": "money",
    "PricingQuantity": "count",
    "PricingUnit": "text",
    "ProviderName": "text",
    "PublisherName": "text",
    "ResourceId": "text",
    "ResourceName": "text",
    "ResourceType": "text",
    "ServiceCategory": "text",
    "ServiceName": "text",
    "ServiceSubcategory": "text",
    "SkuId": "text",
    "SubAccountId": "text",
    "SubAccountName": "text",
    "SubAccountType": "text",
    "x_CostBasis": "text",
}
COLUMNS = tuple(Column(name, kind) for name, kind in _COLUMNS.items())

_Listed = dict[tuple[int, str, str, str], Decimal]


def focus(reading: Reading, settings: Settings, window: Interval) -> Table:
    """Return the charges of a window."""
    prices, counts = listed(reading, window), quantities(reading, settings, window)
    rows = []
    for day in reading.statement.between(*window):
        for line, usd in sorted(day.lines.items()):
            workspace_id, model, cost_type = line
            place, unit = _UNITS.get(cost_type, (0, ""))
            known = counts.get((day.day, workspace_id, model)) if cost_type == TOKENS else _searches(counts, day, line)
            quantity = known[place] if known and unit else None
            charge = {
                **_account(reading, workspace_id),
                **_when(day.day),
                **_what(model, cost_type),
                "BilledCost": usd,
                "ContractedCost": usd,
                "EffectiveCost": usd,
                "ListCost": _list_cost(day, line, usd, prices),
                "ConsumedQuantity": quantity,
                "ConsumedUnit": unit if quantity is not None else None,
                "PricingQuantity": quantity,
                "PricingUnit": unit if quantity is not None else None,
                "x_CostBasis": day.spend.basis,
            }
            rows.append([charge.get(column.name) for column in COLUMNS])
    return Table(COLUMNS, rows)


def _account(reading: Reading, workspace_id: str) -> dict[str, Cell]:
    return {
        "BillingAccountId": reading.id,
        "BillingAccountName": reading.name or reading.alias,
        "BillingAccountType": "Organization",
        "BillingCurrency": "USD",
        "SubAccountId": workspace_id,
        "SubAccountName": workspace_name(reading, workspace_id),
        "SubAccountType": "Workspace",
    }


def _when(day: int) -> dict[str, Cell]:
    return {
        "BillingPeriodStart": instant(month_start(day)),
        "BillingPeriodEnd": instant(next_month_start(day)),
        "ChargePeriodStart": instant(day),
        "ChargePeriodEnd": instant(day + DAY),
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Usage-Based",
    }


def _what(model: str, cost_type: str) -> dict[str, Cell]:
    named = None if model == NONE else model
    return {
        "ChargeDescription": f"{cost_type} of {model}" if named else cost_type,
        "InvoiceIssuerName": _ANTHROPIC,
        "ProviderName": _ANTHROPIC,
        "PublisherName": _ANTHROPIC,
        "ResourceId": named,
        "ResourceName": named,
        "ResourceType": "Model" if named else None,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Claude API",
        "ServiceSubcategory": "Generative AI",
        "SkuId": f"{model}/{cost_type}" if named else cost_type,
    }


def _list_cost(day: DayBook, line: Line, usd: Decimal, prices: _Listed) -> Decimal:
    """Return the cost before discounts; where nobody tells it, the estimate's, else what it cost."""
    if day.spend.basis == "estimated":
        return day.spend.estimated.get(line, usd)
    return prices.get((day.day, *line), usd)


def _searches(counts: dict[tuple[int, str, str], list[int]], day: DayBook, line: Line) -> list[int] | None:
    """Return the counts of a workspace's day over all models: a search is billed without one."""
    found = [values for (at, workspace_id, _), values in counts.items() if (at, workspace_id) == (day.day, line[0])]
    return [sum(column) for column in zip(*found, strict=True)] if found else None

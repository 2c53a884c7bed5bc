"""Spend as charges of FOCUS 1.2, the FinOps Open Cost and Usage Specification.

One row for each day, workspace, model, kind of cost, tier and token type. A day that is not on the bill yet is told as
estimated by ``x_CostBasis``, so that the rows add up to the spend that the metrics show. A discount is the difference
of ListCost and ContractedCost, as the specification has it for negotiated prices.

Empty: ``InvoiceId``, which no report tells, and ``CommitmentDiscountStatus``, since what was paid in advance is on no
bill; both are columns that validators ask for. A unit price is the cost over the quantity: where a row has several
prices (geographies, speeds), their mean.
"""

import json
from decimal import Context, Decimal
from typing import NamedTuple

from anthropic_exporter.commands.amounts import instant
from anthropic_exporter.commands.columns import Cell, Column, Kind, Table
from anthropic_exporter.commands.detail import Day, Detail, details, spread
from anthropic_exporter.commands.grouping import workspace_name
from anthropic_exporter.commands.reading import Reading
from anthropic_exporter.config import Settings
from anthropic_exporter.money.spend import TOKENS, WEB_SEARCH
from anthropic_exporter.records import NONE, Interval
from anthropic_exporter.utc import DAY, month_start, next_month_start

_ANTHROPIC = "Anthropic"
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
    "CommitmentDiscountStatus": "text",
    "ConsumedQuantity": "quantity",
    "ConsumedUnit": "text",
    "ContractedCost": "money",
    "ContractedUnitPrice": "money",
    "EffectiveCost": "money",
    "InvoiceId": "text",
    "InvoiceIssuerName": "text",
    "ListCost": "money",
    "ListUnitPrice": "money",
    "PricingCategory": "text",
    "PricingCurrency": "text",
    "PricingCurrencyContractedUnitPrice": "money",
    "PricingCurrencyEffectiveCost": "money",
    "PricingCurrencyListUnitPrice": "money",
    "PricingQuantity": "quantity",
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
    "SkuMeter": "text",
    "SkuPriceDetails": "text",
    "SkuPriceId": "text",
    "SubAccountId": "text",
    "SubAccountName": "text",
    "SubAccountType": "text",
    "Tags": "text",
    "x_CostBasis": "text",
}
COLUMNS = tuple(Column(name, kind) for name, kind in _COLUMNS.items())

_UNIT_PRICE = Context(prec=20)


class Meter(NamedTuple):
    """How one kind of cost is measured and priced.

    Args:
        unit: what is counted.
        priced_by: so many of them have one price on the price list.
        usd: that price, where the count is not in any report and follows from the list cost.
    """

    unit: str
    priced_by: int
    usd: Decimal | None = None


_METERS = {
    TOKENS: Meter("Tokens", 1_000_000),
    WEB_SEARCH: Meter("Searches", 1000),
    # Source: Anthropic pricing page. Hours that are free are on no bill; a charge is for those that are not.
    "code_execution": Meter("Hours", 1, Decimal("0.05")),
    "session_usage": Meter("Hours", 1, Decimal("0.08")),
}


def focus(reading: Reading, settings: Settings, window: Interval) -> Table:
    """Return the charges of a window."""
    known = details(reading, settings, window)
    rows = []
    for book in reading.statement.between(*window):
        day = known.get(book.day, Day())
        billed = book.spend.basis == "billed"
        for part, usd in sorted(spread(book.lines, day.billed if billed else day.estimated).items()):
            list_cost = day.listed.get(part, usd) if billed else day.estimated.get(part, usd)
            told = not billed or part in day.listed
            charge = {
                **_account(reading, part.workspace_id),
                **_when(book.day),
                **_what(part, usd),
                **_costs(usd, list_cost, _count(part, day, list_cost if told else None), part),
                "x_CostBasis": book.spend.basis,
            }
            rows.append([charge.get(column.name) for column in COLUMNS])
    return Table(COLUMNS, rows)


def _account(reading: Reading, workspace_id: str) -> dict[str, Cell]:
    return {
        "BillingAccountId": reading.id,
        "BillingAccountName": reading.name or reading.alias,
        "BillingAccountType": "Organization",
        "BillingCurrency": "USD",
        "PricingCurrency": "USD",
        "SubAccountId": workspace_id,
        "SubAccountName": workspace_name(reading, workspace_id),
        "SubAccountType": "Workspace",
        "Tags": json.dumps(dict(sorted(reading.entities.tags(workspace_id).items())), ensure_ascii=False),
    }


def _when(day: int) -> dict[str, Cell]:
    return {
        "BillingPeriodStart": instant(month_start(day)),
        "BillingPeriodEnd": instant(next_month_start(day)),
        "ChargePeriodStart": instant(day),
        "ChargePeriodEnd": instant(day + DAY),
    }


def _what(part: Detail, usd: Decimal) -> dict[str, Cell]:
    model = None if part.model == NONE else part.model
    kind = part.cost_type if part.token_type == NONE else part.token_type
    sku = f"{model}/{kind}" if model else kind
    credit = usd < 0
    words = [kind.replace("_", " "), *([f"of {model}"] if model else [])]
    tier = None if part.service_tier == NONE else part.service_tier
    return {
        # A negative amount gives money back. It has no quantity and no price.
        "ChargeCategory": "Credit" if credit else "Usage",
        "ChargeFrequency": "One-Time" if credit else "Usage-Based",
        "ChargeDescription": " ".join([*words, *([f"({tier})"] if tier else [])]),
        "InvoiceIssuerName": _ANTHROPIC,
        "PricingCategory": None if credit else "Standard",
        "ProviderName": _ANTHROPIC,
        "PublisherName": _ANTHROPIC,
        "ResourceId": model,
        "ResourceName": model,
        "ResourceType": "Model" if model else None,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "Claude API",
        "ServiceSubcategory": "Generative AI",
        "SkuId": sku,
        "SkuMeter": kind.replace("_", " ").title(),
        "SkuPriceDetails": json.dumps({"x_ServiceTier": tier}) if tier else None,
        "SkuPriceId": f"{sku}/{tier}" if tier else sku,
    }


def _count(part: Detail, day: Day, list_cost: Decimal | None) -> Decimal | None:
    """Return how much a charge is for; None where that is not known."""
    meter = _METERS.get(part.cost_type)
    if meter is None:
        return None
    if meter.usd is not None:
        return None if list_cost is None else _UNIT_PRICE.divide(list_cost, meter.usd)
    count = day.counts.get(part)
    return None if not count else Decimal(count)


def _costs(usd: Decimal, list_cost: Decimal, count: Decimal | None, part: Detail) -> dict[str, Cell]:
    found: dict[str, Cell] = {"BilledCost": usd, "ContractedCost": usd, "EffectiveCost": usd, "ListCost": list_cost}
    found["PricingCurrencyEffectiveCost"] = usd
    if count is None or usd < 0:
        return found
    meter = _METERS[part.cost_type]
    quantity = count / meter.priced_by
    unit_price, list_price = _UNIT_PRICE.divide(usd, quantity), _UNIT_PRICE.divide(list_cost, quantity)
    return {
        **found,
        "ConsumedQuantity": count,
        "ConsumedUnit": meter.unit,
        "PricingQuantity": quantity,
        "PricingUnit": meter.unit if meter.priced_by == 1 else f"{meter.priced_by} {meter.unit}",
        "ContractedUnitPrice": unit_price,
        "PricingCurrencyContractedUnitPrice": unit_price,
        "ListUnitPrice": list_price,
        "PricingCurrencyListUnitPrice": list_price,
    }

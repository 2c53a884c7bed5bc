"""FOCUS 1.2: the columns, what may be empty, and what has to add up, as the specification says.

The same files were held against the FinOps Foundation's validator (578 rules of 1.2): all rules that apply pass but
one, which wants the number of an invoice. No report tells it.
"""

import csv
import io
import json
from decimal import Decimal

import pytest

from anthropic_exporter.commands.reading import reading
from anthropic_exporter.config import load
from anthropic_exporter.simulate.inventory import Inventory, Workspace
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, Cost, Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import Switches
from commands.day_of_everything import DAY, MILLION, OPUS, a_day_of_everything
from commands.spending_company import LABS, NOW, column, rows_of
from ledger.instants import at
from simulate.harness import line

# Feature level of a column: mandatory, or conditional on what Anthropic has (price list, usage, workspaces, tags).
MANDATORY = {
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
    "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost",
    "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName",
    "ServiceCategory", "ServiceName",
}  # fmt: skip
CONDITIONAL = {
    "ConsumedQuantity", "ConsumedUnit", "ContractedUnitPrice", "ListUnitPrice", "PricingCategory", "SkuId", "SkuMeter",
    "SkuPriceDetails", "SkuPriceId", "SubAccountId", "SubAccountName", "Tags",
}  # fmt: skip
RECOMMENDED = {"ChargeFrequency", "InvoiceId", "ServiceSubcategory"}
NEVER_EMPTY = MANDATORY - {"ChargeClass", "PricingQuantity", "PricingUnit"}
OF_USAGE = (
    "ConsumedQuantity",
    "ConsumedUnit",
    "PricingQuantity",
    "PricingUnit",
    "ListUnitPrice",
    "ContractedUnitPrice",
)
GENERATIONS = pytest.mark.parametrize("generation", ["both", "legacy"])
TAGGED = Workspace(id=LABS.id, name="labs", created_at=LABS.created_at, tags=(("team", "z"), ("cost-center", "7")))


@pytest.fixture
def charges(company):
    def get(generation, organization=None):
        _, command = company(Switches(visibility_delay=0, generation=generation), organization=organization)
        status, out, err = command("export", "cost", "--from", "2026-06-01", "--format", "focus")
        assert status == 0, err
        return rows_of(out)

    return get


def no_hours(rows, generation):
    """The legacy bill does not tell list cost, so the hours that it charges for do not follow from it."""
    return [row for row in rows if generation == "legacy" and row["SkuId"] == "code_execution"]


@GENERATIONS
def test_the_columns_are_those_of_the_specification(charges, generation):
    [*rows] = charges(generation, a_day_of_everything())
    assert set(rows[0]) >= MANDATORY | CONDITIONAL | RECOMMENDED
    assert [name for name in rows[0] if name.startswith("x_")] == ["x_CostBasis"]
    assert all(name[0].isupper() and name.isalnum() for name in rows[0] if not name.startswith("x_"))
    unknown = no_hours(rows, generation)
    assert len(unknown) == (generation == "legacy")
    for row in rows:
        assert [name for name in NEVER_EMPTY if not row[name]] == []
        assert row["ChargeClass"] == row["InvoiceId"] == row["CommitmentDiscountStatus"] == ""
        assert bool(row["ConsumedQuantity"]) == (row not in unknown)
        assert len({bool(row[name]) for name in OF_USAGE}) == 1


@GENERATIONS
def test_quantity_times_unit_price_is_the_cost(charges, generation):
    rows = charges(generation, a_day_of_everything())
    known = [row for row in rows if row["PricingQuantity"]]
    assert len(known) > 8
    for row in known:
        quantity = Decimal(row["PricingQuantity"])
        for unit, whole in (("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost")):
            assert quantity * Decimal(row[unit]) == Decimal(row[whole])
            assert row[unit] == row[unit].lstrip("-")
        assert row["BilledCost"] == row["ContractedCost"] == row["EffectiveCost"] == row["PricingCurrencyEffectiveCost"]
        per = {"1000000 Tokens": MILLION, "1000 Searches": 1000, "Hours": 1}[row["PricingUnit"]]
        assert quantity * per == Decimal(row["ConsumedQuantity"])
        assert row["PricingUnit"].endswith(row["ConsumedUnit"])


def test_a_sku_has_the_price_of_the_price_list_and_the_discount_is_the_difference(charges):
    rows = {row["SkuPriceId"]: row for row in charges("both", a_day_of_everything()) if row["x_CostBasis"] == "billed"}
    output = rows[f"{OPUS}/output/standard"]
    assert (output["ListUnitPrice"], output["ContractedUnitPrice"]) == ("25.00", "22.50")
    assert rows[f"{OPUS}/output/batch"]["ListUnitPrice"] == "12.50"
    assert rows[f"{OPUS}/output/batch"]["SkuId"] == output["SkuId"] == f"{OPUS}/output"
    assert json.loads(output["SkuPriceDetails"]) == {"x_ServiceTier": "standard"}
    assert (output["SkuMeter"], output["ResourceId"]) == ("Output", OPUS)
    assert rows["web_search"]["ListUnitPrice"] == "10.00"
    hours = rows["code_execution"]
    assert (hours["ListUnitPrice"], hours["PricingQuantity"], hours["PricingUnit"]) == ("0.05", "60.00", "Hours")
    assert sum(column([row], "ListCost") - column([row], "ContractedCost") for row in rows.values()) == Decimal("9.30")


def test_periods_are_whole_days_of_whole_months(charges):
    for row in charges("both"):
        start, end = (row[f"ChargePeriod{name}"] for name in ("Start", "End"))
        assert at(end.removesuffix("Z")) - at(start.removesuffix("Z")) == 86_400
        assert row["BillingPeriodStart"] <= start < end <= row["BillingPeriodEnd"]
        assert row["BillingPeriodStart"][:7] == start[:7]
    assert {row["BillingPeriodStart"] for row in charges("both")} == {"2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"}


def test_the_values_are_those_that_the_specification_allows(charges):
    for row in charges("both", a_day_of_everything()):
        assert row["ChargeCategory"] in {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}
        assert row["ChargeFrequency"] in {"One-Time", "Recurring", "Usage-Based"}
        assert row["PricingCategory"] in {"Standard", "Dynamic", "Committed", "Other"}
        assert (row["ServiceCategory"], row["ServiceSubcategory"]) == ("AI and Machine Learning", "Generative AI")
        assert (row["BillingCurrency"], row["PricingCurrency"]) == ("USD", "USD")
        assert row["ProviderName"] == row["PublisherName"] == row["InvoiceIssuerName"] == "Anthropic"


def test_workspaces_are_sub_accounts_with_their_tags(charges):
    organization = ScriptedOrganization(
        [Event(DAY, line(OPUS, LABS.id), output=MILLION)],
        inventory=Inventory(workspaces=(DEFAULT_WORKSPACE, TAGGED)),
    )
    [row] = charges("both", organization)
    assert (row["SubAccountId"], row["SubAccountName"], row["SubAccountType"]) == (LABS.id, "labs", "Workspace")
    assert json.loads(row["Tags"]) == {"team": "z", "cost-center": "7"}


@GENERATIONS
def test_the_charges_add_up_to_the_spend_of_the_metrics(company, monkeypatch, generation):
    fake, command = company(Switches(visibility_delay=0, generation=generation))
    rows = rows_of(command("export", "cost", "--from", "2026-07-01", "--format", "focus")[1])
    environment = {"ANTHROPIC_ADMIN_KEY": fake.admin_key, "ANTHROPIC_BASE_URL": fake.base_url, "HOME": "/"}
    with reading(load({}, environment, now=NOW), NOW, since="month") as [one]:
        families = {found.family.name: found.samples for found in one.view.families(one.id, NOW)}
    spend = sum(usd for _, usd in families["anthropic_spend_month_to_date_usd"])
    tokens = sum(count for _, count in families["anthropic_usage_month_to_date_tokens"])
    for name in ("BilledCost", "EffectiveCost", "ContractedCost"):
        assert column(rows, name) == spend > 0
    assert {row["x_CostBasis"] for row in rows} == {"billed", "estimated"}
    assert column([row for row in rows if row["ConsumedUnit"] == "Tokens"], "ConsumedQuantity") == tokens
    assert column([row for row in rows if row["ConsumedUnit"] == "Searches"], "ConsumedQuantity") == 5


def test_money_given_back_is_a_credit_without_a_quantity(charges):
    refund = Cost(DAY, line(OPUS, LABS.id), Decimal(-5000), Decimal(-5000), token_type="output_tokens")
    used = Event(DAY, line(OPUS, LABS.id), output=MILLION)
    [row] = charges(
        "both", ScriptedOrganization([used], costs=[refund], inventory=Inventory((DEFAULT_WORKSPACE, LABS)))
    )
    assert (row["ChargeCategory"], row["ChargeFrequency"], row["BilledCost"]) == ("Credit", "One-Time", "-25.00")
    assert [row[name] for name in OF_USAGE] == [""] * len(OF_USAGE)


def test_the_file_is_plain_csv(company):
    _, command = company(organization=a_day_of_everything())
    out = command("export", "cost", "--from", "2026-07-01", "--format", "focus")[1]
    widths = {len(row) for row in csv.reader(io.StringIO(out))}
    assert len(widths) == 1
    assert "\r" not in out

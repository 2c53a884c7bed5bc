"""A day with every modifier at once. The table beside this file can be checked with a pocket calculator:
count / 1,000,000 x price x factor is the list price, less the discount is the bill. The sums below were made so.
"""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from anthropic_exporter.config.sections import OwnershipRule
from anthropic_exporter.records import TOKEN_TYPES
from anthropic_exporter.utc import DAY
from money.firm import Firm, api_key, at, match, settings, summed, total, workspace

DAY_1 = at("2026-11-18")
SETTLED = DAY_1 + 2 * DAY + 3600
ATLAS, BEAM, SCRATCH = "apikey_atlas-prod-ranker", "apikey_beam-dev-agent", "apikey_scratch"
OPUS, SONNET, FAST, HAIKU = "claude-opus-4-8", "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-4-5-20251001"
LUMEN = "claude-lumen-preview"
RULES = (
    OwnershipRule(match=match(api_key_name="(?P<team>[a-z]+)-(?P<environment>[a-z]+)-.*")),
    OwnershipRule(match=match(workspace_tag={"cost-center": "(?P<cost_center>.+)"})),
)


def usd(**amounts):
    return {name: Decimal(amount) for name, amount in amounts.items()}


@pytest.fixture(scope="module")
def table():
    with (Path(__file__).parent / "every_modifier.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(params=["bill by key", "bill by workspace"])
def firm(request, table):
    made = Firm(settings(ownership=RULES)).load(DAY_1)
    made.names(
        [workspace("search", **{"cost-center": "CC-100"}), workspace("labs", **{"cost-center": "CC-200"})],
        [
            api_key("atlas-prod-ranker", "wrkspc_search"),
            api_key("beam-dev-agent", "wrkspc_search"),
            api_key("scratch", "wrkspc_labs"),
        ],
    )
    for row in table:
        where = [row[name] for name in ("workspace", "model", "service_tier", "inference_geo", "speed")]
        if row["token_type"] == "web_search":
            made.use(DAY_1 + 60, *where, key=row["key"], searches=int(row["count"]))
        elif row["token_type"] in TOKEN_TYPES:
            made.use(DAY_1 + 60, *where, key=row["key"], **{row["token_type"]: int(row["count"])})
        if Decimal(row["billed_usd"]):
            of_tokens = row["token_type"] in TOKEN_TYPES
            made.bill(
                DAY_1,
                row["workspace"],
                row["model"] if of_tokens or request.param == "bill by key" else "none",
                row["billed_usd"],
                row["service_tier"] if of_tokens else "none",
                "tokens" if of_tokens else row["token_type"],
                row["token_type"] if of_tokens else "none",
                key=row["key"] if request.param == "bill by key" else None,
            )
    made.by_key = request.param == "bill by key"
    made.read(SETTLED, "usage", "api_key_usage", "cost", *(["cost.api_key"] if made.by_key else []))
    return made


def test_the_table_is_right(table):
    for row in table:
        listed = Decimal(row["count"]) / 1_000_000 * Decimal(row["list_usd_per_million"]) * Decimal(row["factor"])
        assert listed == Decimal(row["list_usd"]), row
        part = {"prepaid": 1, "10%": Decimal("0.1"), "0%": 0}[row["discount"]]
        assert listed * (1 - part) == Decimal(row["billed_usd"]), row


def test_the_estimate_is_what_has_a_list_price(firm):
    estimated = firm.shown(SETTLED)["anthropic_estimated_cost_usd_total"]
    assert total(estimated) == Decimal("88.20")
    assert {k: v for k, v in summed(estimated, 0).items() if v} == usd(
        wrkspc_search="68.20", wrkspc_labs="18.00", default="2.00"
    )
    assert {k: v for k, v in summed(estimated, 1).items() if v} == {
        OPUS: Decimal("60.50"),
        SONNET: Decimal("7.70"),
        FAST: Decimal("18.00"),
        HAIKU: Decimal("2.00"),
    }
    assert {k: v for k, v in summed(estimated, 2).items() if v} == usd(standard="78.20", batch="10.00")
    assert summed(estimated, 5) == usd(
        uncached_input="26.20",
        cache_creation_5m="2.50",
        cache_creation_1h="3.00",
        cache_read="5.00",
        output="46.50",
        web_search="5.00",
    )
    assert summed(firm.shown(SETTLED)["anthropic_api_key_estimated_cost_usd_total"], 0) == {
        ATLAS: Decimal("50.50"),
        BEAM: Decimal("17.70"),
        SCRATCH: Decimal("18.00"),
        "none": Decimal("2.00"),
    }


def test_what_has_no_price_is_counted_and_named(firm):
    unpriced = firm.shown(SETTLED)["anthropic_unpriced_tokens_total"]
    assert {labels: count for labels, count in unpriced.items() if count} == {
        ("claude-sonnet-5", "output", "commitment"): 700_000,
        (LUMEN, "output", "unknown_model"): 1_000_000,
    }


def test_the_bill_is_the_bill(firm):
    billed = firm.shown(SETTLED)["anthropic_cost_usd_total"]
    assert total(billed) == Decimal("93.68")
    assert summed(billed, 0) == usd(wrkspc_search="61.88", wrkspc_labs="27.00", default="4.80")
    assert summed(billed, 2) == usd(standard="76.68", batch="9.00", none="8.00")
    assert summed(billed, 3) == usd(tokens="85.68", web_search="5.00", code_execution="3.00")
    assert summed(billed, 4) == usd(
        uncached_input="23.58",
        cache_creation_5m="2.25",
        cache_creation_1h="2.70",
        cache_read="4.50",
        output="52.65",
        none="8.00",
    )


def test_spend_is_the_bill_once_settled_by_workspace_and_model(firm):
    spend = firm.shown(SETTLED)["anthropic_spend_month_to_date_usd"]
    assert {labels: value for labels, value in spend.items() if value} == {
        ("wrkspc_search", OPUS): Decimal("49.95"),
        ("wrkspc_search", SONNET): Decimal("6.93"),
        ("wrkspc_search", "none"): Decimal("5.00"),
        ("wrkspc_labs", FAST): Decimal("16.20"),
        ("wrkspc_labs", LUMEN): Decimal("10.80"),
        ("default", HAIKU): Decimal("1.80"),
        ("default", "none"): Decimal("3.00"),
    }


def test_spend_is_the_estimate_before(firm):
    evening = DAY_1 + DAY - 1
    early = Firm(firm.settings).load(evening)
    early.upstream = firm.upstream
    early.read(evening)
    assert early.shown(evening)["anthropic_spend_today_usd"] == {
        ("wrkspc_search", OPUS): Decimal("55.50"),
        ("wrkspc_search", SONNET): Decimal("7.70"),
        ("wrkspc_search", "none"): Decimal("5.00"),
        ("wrkspc_labs", FAST): Decimal("18.00"),
        ("default", HAIKU): Decimal("2.00"),
    }


def test_spend_by_key_adds_up_to_the_workspaces(firm):
    spend = firm.shown(SETTLED)["anthropic_api_key_spend_month_to_date_usd"]
    # A model without a price has no weights: only a bill by key can tell whose it was.
    unpriced = {} if firm.by_key else {("none", "wrkspc_labs"): Decimal("10.80")}
    assert spend == {
        (ATLAS, "wrkspc_search"): Decimal("45.95"),
        (BEAM, "wrkspc_search"): Decimal("15.93"),
        (SCRATCH, "wrkspc_labs"): Decimal("27.00") - total(unpriced),
        ("none", "default"): Decimal("4.80"),
        **unpriced,
    }


def test_spend_belongs_to_the_team_of_its_key_or_workspace(firm):
    assert firm.shown(SETTLED)["anthropic_owner_spend_month_to_date_usd"] == {
        ("atlas", "prod", "none"): Decimal("45.95"),
        ("beam", "dev", "none"): Decimal("15.93"),
        ("none", "none", "CC-200"): Decimal("27.00"),
        ("unowned", "none", "none"): Decimal("4.80"),
    }


def test_the_estimate_is_off_by_the_discount(firm):
    shown = firm.shown(SETTLED)["anthropic_estimate_error_ratio"]
    errors = {labels: round(error, 9) for labels, error in shown.items()}
    tenth = Decimal("0.111111111")  # 1 / 0.9 - 1
    assert errors == {
        ("wrkspc_search", OPUS): tenth,
        ("wrkspc_search", SONNET): tenth,
        ("wrkspc_search", "none"): 0,
        ("wrkspc_labs", FAST): tenth,
        ("default", HAIKU): tenth,
    }


def test_caching_saved_and_cost_what_the_price_list_says(firm):
    """Reads: 10 M at 5.00 - 0.50. Writes: 0.4 M at 6.25 - 5.00, and 0.3 M at 10 - 5."""
    shown = firm.shown(SETTLED)
    assert {k: v for k, v in shown["anthropic_cache_read_savings_usd_total"].items() if v} == {(OPUS,): 45}
    assert {k: v for k, v in shown["anthropic_cache_write_premium_usd_total"].items() if v} == {
        (OPUS, "cache_creation_5m"): Decimal("0.5"),
        (OPUS, "cache_creation_1h"): Decimal("1.5"),
    }

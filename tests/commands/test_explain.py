"""Why an estimate is not the bill: a day with every cause at once, each of which a pocket calculator can check."""

import json
from decimal import Decimal

import pytest

from anthropic_exporter.simulate.scripted import Cost, Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import Switches
from commands.day_of_everything import DAY, HAIKU, HOME, MILLION, OPUS, SONNET, a_day_of_everything
from commands.spending_company import column, rows_of
from simulate.harness import line

GENERATIONS = pytest.mark.parametrize("generation", ["both", "legacy", "analytics"])


@pytest.fixture
def explained(company):
    def run(generation, *arguments):
        switches = Switches(visibility_delay=0, generation=generation)
        _, command = company(switches, organization=a_day_of_everything())
        status, out, err = command("export", "cost", "--from", "2026-07-01", "--explain", *arguments)
        assert status == 0, err
        assert "not on the bill yet, and left out: " in err
        assert "2026-07-15" in err
        return out

    return run


EXPECTED = {
    "plain_usd": "69.25",  # 25 + 6.25, 10, 5, 2.50, 0.50, 15, searches 5
    "one_hour_writes_usd": "3.75",  # 10 - 6.25
    "fast_usd": "2.50",
    "geo_usd": "0.50",
    "batch_usd": "-5.00",
    "estimated_usd": "71.00",
    "unpriced_usd": "30.00",
    "not_in_usage_usd": "3.00",
    "long_prompts_usd": "2.00",
    "not_billed_usd": "-5.00",
    "other_usd": "0.00",
    "discount_usd": "-9.30",  # a tenth of 101.00 less what is not for tokens
    "billed_usd": "91.70",
    "unpriced_tokens": "1000000",
    "priority_tokens": "700000",
}
"""The same for every report: what a bill does not tell follows from what all its tokens have in common."""


@GENERATIONS
def test_every_cause_has_its_dollars(explained, generation):
    [row] = rows_of(explained(generation, "--by", "month"))
    assert {name: row[name] for name in EXPECTED} == EXPECTED
    assert row["list_usd"] == ("" if generation == "legacy" else "101.00")
    # 71 estimated against 91.70, less 27 without a price and 3 of code execution.
    assert Decimal(row["error_ratio"]) == round(71 / Decimal("61.70") - 1, 6)


def test_causes_are_named_in_words_the_largest_first(explained):
    [row] = rows_of(explained("both", "--by", "month"))
    assert row["causes"] == (
        "no known price +30.00; discount -9.30 (9.2% of list); batch -5.00; refused requests -5.00;"
        " 1h cache writes +3.75; code execution and sessions +3.00; fast +2.50; prompts over 100k +2.00; geo +0.50;"
        " priority: 700,000 tokens paid in advance"
    )


STEPS = ("plain", "one_hour_writes", "fast", "geo", "batch")
CAUSES = ("unpriced", "not_in_usage", "long_prompts", "not_billed", "other", "discount")


@GENERATIONS
@pytest.mark.parametrize("by", ["day,model", "workspace,model,day", "tier,token_type", "cost_type", "model"])
def test_every_row_adds_up_from_the_plain_price_to_the_bill(explained, generation, by):
    rows = rows_of(explained(generation, "--by", by))
    for row in rows:
        assert sum(Decimal(row[f"{name}_usd"]) for name in STEPS) == Decimal(row["estimated_usd"])
        by_cause = sum(Decimal(row[f"{name}_usd"]) for name in CAUSES)
        assert Decimal(row["estimated_usd"]) + by_cause == Decimal(row["billed_usd"])
    for name, usd in EXPECTED.items():
        assert column(rows, name) == Decimal(usd), name


def test_a_model_has_its_own_causes(explained):
    rows = {row["model"]: row for row in json.loads(explained("both", "--by", "model", "--format", "json"))}
    assert rows[OPUS]["causes"] == (
        "batch -5.00; discount -4.00 (10.0% of list); 1h cache writes +3.75; priority: 700,000 tokens paid in advance"
    )
    assert rows[HAIKU]["long_prompts_usd"] == "2.00"
    assert rows[SONNET]["not_billed_usd"] == "-5.00"
    assert rows["none"]["error_ratio"] == "0.00"  # the searches; code execution is in no estimate
    assert rows["claude-lumen-preview"]["error_ratio"] is None


def test_without_a_common_discount_the_difference_stays_unnamed(company):
    """Two models, each paid at another share: which of them is a discount nobody can say."""
    organization = ScriptedOrganization(
        [Event(DAY, line(OPUS, HOME), output=MILLION), Event(DAY, line(SONNET, HOME), output=MILLION)],
        derive_cost=False,
        costs=[
            Cost(DAY, line(OPUS, HOME), Decimal(1500), Decimal(2500), token_type="output_tokens"),
            Cost(DAY, line(SONNET, HOME), Decimal(2000), Decimal(2000), token_type="output_tokens"),
        ],
    )
    _, command = company(Switches(visibility_delay=0, generation="legacy"), organization=organization)
    rows = rows_of(command("export", "cost", "--from", "2026-07-08", "--by", "model", "--explain")[1])
    told = {row["model"]: (row["other_usd"], row["not_billed_usd"], row["discount_usd"]) for row in rows}
    assert told == {SONNET: ("5.00", "0.00", "0.00"), OPUS: ("-10.00", "0.00", "0.00")}


@pytest.mark.parametrize(("path", "missing"), [("usage", "usage is not offered"), ("cost", "cost is not offered")])
def test_there_is_nothing_to_explain_where_one_side_is_missing(company, path, missing):
    reports = {"usage": ("usage_report", "analytics/usage"), "cost": ("cost_report", "analytics/cost")}[path]
    paths = tuple(f"/v1/organizations/{report}" for report in reports)
    _, command = company(Switches(visibility_delay=0, faults=("forbidden",), fault_paths=paths))
    status, out, err = command("export", "cost", "--from", "2026-07-01", "--explain")
    assert (status, out) == (1, "")
    assert missing in err

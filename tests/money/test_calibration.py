"""Estimates against the bill, and what is made of it when the operator asks."""

from decimal import Decimal

from anthropic_exporter.money import calibration
from anthropic_exporter.utc import DAY, HOUR
from money.firm import Firm, at, settings

OPUS, SONNET, RATIO = "claude-opus-4-8", "claude-sonnet-5", "anthropic_estimate_error_ratio"
TODAY = at("2026-11-18")
NOW = TODAY + 12 * HOUR


def firm(days=10, **sections):
    """$25 of Opus at list price each day, of which 80 % is billed; today in another workspace too."""
    made = Firm(settings(**sections)).load(NOW)
    for ago in range(days, -1, -1):
        made.use(TODAY - ago * DAY + HOUR, "one", OPUS, output=1_000_000)
        if ago:
            made.bill(TODAY - ago * DAY, "one", OPUS, "20")
    made.use(TODAY + HOUR, "two", OPUS, output=1_000_000)
    made.use(TODAY + HOUR, "two", SONNET, output=1_000_000)
    return made


def test_the_error_is_what_the_estimate_is_above_the_bill():
    made = firm()
    made.read(NOW)
    assert made.shown(NOW)[RATIO] == {("one", OPUS): Decimal("0.25")}


def test_only_settled_days_of_the_last_seven_count():
    made = firm(days=3)
    for ago in range(20, 7, -1):
        made.use(TODAY - ago * DAY, "one", OPUS, output=1_000_000)
        made.bill(TODAY - ago * DAY, "one", OPUS, "1")
    early = TODAY + HOUR
    made.bill(TODAY - DAY, "one", OPUS, "-19")  # not settled before six in the morning
    made.read(early)
    assert made.shown(early)[RATIO] == {("one", OPUS): Decimal("0.25")}


def test_it_is_absent_before_a_day_is_settled_and_where_one_side_is_nothing():
    made = firm(days=0)
    made.bill(TODAY - DAY, "one", "claude-lumen-preview", "4")
    made.use(TODAY - DAY, "one", SONNET, "priority", output=5)
    made.read(NOW)
    assert RATIO not in made.shown(NOW)


def test_code_execution_is_no_error_of_an_estimate():
    made = firm()
    made.use(TODAY - 2 * DAY, "one", OPUS, searches=100)
    made.bill(TODAY - 2 * DAY, "one", "none", "1", "none", "web_search", "none")
    made.bill(TODAY - 2 * DAY, "one", "none", "9", "none", "code_execution", "none")
    made.read(NOW)
    assert made.shown(NOW)[RATIO]["one", "none"] == 0


def test_spend_is_calibrated_only_when_asked():
    spend = "anthropic_spend_today_usd"
    plain, asked = firm(), firm(cost={"calibrate": True})
    for made in (plain, asked):
        made.read(NOW)
    assert plain.shown(NOW)[spend] == {("one", OPUS): 25, ("two", OPUS): 25, ("two", SONNET): 10}
    # A workspace without settled days takes what the model has elsewhere; a model without any stays as it is.
    assert asked.shown(NOW)[spend] == {("one", OPUS): 20, ("two", OPUS): 20, ("two", SONNET): 10}


def test_billed_days_are_not_calibrated():
    made = firm(cost={"calibrate": True})
    made.read(NOW)
    spend = made.shown(NOW)["anthropic_spend_month_to_date_usd"]
    assert spend["one", OPUS] == 10 * 20 + 20
    assert made.shown(NOW)[RATIO] == {("one", OPUS): Decimal("0.25")}


def test_keys_and_budgets_follow_calibrated_spend():
    made = firm(cost={"calibrate": True})
    made.read(NOW)
    shown = made.shown(NOW)
    assert sum(shown["anthropic_api_key_spend_month_to_date_usd"].values()) == 250
    assert sum(shown["anthropic_owner_spend_month_to_date_usd"].values()) == 250


def test_a_factor_that_is_no_price_difference_is_cut():
    line = ("one", OPUS, "tokens")
    day = firm().statement(NOW).days[0].spend
    day = type(day)(0, "billed", {line: Decimal(1000)}, {line: Decimal(1)}, {line: Decimal(1000)}, frozenset())
    assert calibration.factors([day], [line]) == {line: 10}

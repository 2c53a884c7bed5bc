"""The seam between the estimate and the bill."""

from decimal import Decimal

import pytest

from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.money.spend import DayFacts, calibrated, spend
from anthropic_exporter.utc import DAY, HOUR
from money.firm import Firm, at, settings, summed, total

OPUS, SONNET = "claude-opus-4-8", "claude-sonnet-5"
D = at("2026-11-18")
_CHEAPER = """
prices:
- {model: claude-opus-4-8, input: "5", cache_write_5m: "6", cache_write_1h: "10", cache_read: "1", output: "20"}
"""
MTD, TODAY, BEFORE = (f"anthropic_spend_{window}_usd" for window in ("month_to_date", "today", "previous_month"))


@pytest.fixture
def firm():
    return Firm().load(D)


def spent(firm, now, family=MTD):
    return total(firm.shown(now).get(family, {}))


def test_a_day_is_estimated_until_it_is_settled_and_billed_from_then_on(firm):
    firm.use(D + HOUR, "default", OPUS, output=1_000_000)  # $25 at list price
    firm.bill(D, "default", OPUS, "22.50")
    for now, expected in (
        (D + 2 * HOUR, "25"),  # today
        (D + DAY + 1, "25"),  # over, not settled: the bill has a figure that may still move
        (D + DAY + 6 * HOUR - 1, "25"),
        (D + DAY + 6 * HOUR, "22.50"),
        (D + 9 * DAY, "22.50"),
    ):
        firm.read(now)
        assert spent(firm, now) == Decimal(expected), now - D


def test_each_day_counts_once_on_every_evening_of_a_month(firm):
    """Estimates are $1 a day, bills $10: the sum tells how many days of each are in it."""
    first = at("2026-11-01")
    for day in range(30):
        firm.use(first + day * DAY + HOUR, "default", OPUS, output=40_000)
        firm.bill(first + day * DAY, "default", OPUS, "10")
    for day in range(30):
        for hour, billed in ((2, max(day - 1, 0)), (7, day), (23, day)):
            now = first + day * DAY + hour * HOUR
            firm.read(now)
            assert spent(firm, now) == 10 * billed + (day + 1 - billed)


def test_a_day_that_no_reading_has_settled_stays_estimated(firm):
    firm.use(D + HOUR, "default", OPUS, output=1_000_000)
    firm.bill(D, "default", OPUS, "22.50")
    firm.read(D + 2 * HOUR)
    firm.read(D + 3 * DAY, "usage")
    assert spent(firm, D + 3 * DAY) == 25


def test_a_report_that_reaches_only_into_the_day_does_not_settle_it(firm):
    firm.use(D + HOUR, "default", OPUS, output=1_000_000)
    firm.bill(D, "default", OPUS, "3")
    firm.read(D + 2 * DAY, refreshed_at=D + 20 * HOUR)
    assert spent(firm, D + 2 * DAY) == 25
    firm.read(D + 2 * DAY + HOUR, refreshed_at=D + 30 * HOUR)
    assert spent(firm, D + 2 * DAY + HOUR) == 3


def test_an_empty_bill_is_believed_after_three_days(firm):
    """Upstream says that a bill can take two days; until then a settled day without any is not free."""
    firm.use(D + HOUR, "default", OPUS, output=1_000_000)
    for now, expected in ((D + 2 * DAY, 25), (D + 4 * DAY - 1, 25), (D + 4 * DAY, 0)):
        firm.read(now)
        assert spent(firm, now) == expected


def test_what_only_the_bill_knows_comes_with_it(firm):
    firm.use(D + HOUR, "wrkspc_a", OPUS, output=1_000_000, searches=100)
    firm.bill(D, "wrkspc_a", OPUS, "25")
    firm.bill(D, "wrkspc_a", "none", "1", "none", "web_search", "none")
    firm.bill(D, "wrkspc_a", "none", "4", "none", "code_execution", "none")
    firm.read(D + 2 * HOUR)
    assert firm.shown(D + 2 * HOUR)[MTD] == {("wrkspc_a", OPUS): 25, ("wrkspc_a", "none"): 1}
    firm.read(D + 2 * DAY)
    assert firm.shown(D + 2 * DAY)[MTD] == {("wrkspc_a", OPUS): 25, ("wrkspc_a", "none"): 5}


@pytest.mark.parametrize("model", [OPUS, "none"], ids=["model told", "model not told"])
def test_searches_do_not_change_their_line_when_a_day_settles(firm, model):
    """One report tells the model of a search, the other does not."""
    firm.use(D + HOUR, "default", OPUS, searches=100)
    firm.bill(D, "default", model, "1", "none", "web_search", "none")
    for now in (D + 2 * HOUR, D + 2 * DAY):
        firm.read(now)
        assert {labels: usd for labels, usd in firm.shown(now)[MTD].items() if usd} == {("default", "none"): 1}


def test_tokens_without_a_price_are_absent_until_billed_and_not_free(firm):
    firm.use(D + HOUR, "default", "claude-lumen-preview", output=1_000_000)
    firm.use(D + HOUR, "default", OPUS, "priority", output=1_000_000)
    firm.use(D + HOUR, "default", SONNET, output=100_000)
    firm.bill(D, "default", "claude-lumen-preview", "12")
    firm.bill(D, "default", SONNET, "1")
    firm.read(D + 2 * HOUR)
    assert firm.shown(D + 2 * HOUR)[TODAY] == {("default", SONNET): 1}
    firm.read(D + 2 * DAY)
    shown = firm.shown(D + 2 * DAY)[MTD]
    assert shown == {("default", "claude-lumen-preview"): 12, ("default", SONNET): 1}


def test_a_model_billed_before_is_not_zero_on_a_day_without_a_price(firm):
    for day in (D, D + 3 * DAY):
        firm.use(day + HOUR, "default", "claude-lumen-preview", output=1_000_000)
    firm.bill(D, "default", "claude-lumen-preview", "12")
    firm.use(D + HOUR, "default", OPUS, output=1_000_000)
    firm.bill(D, "default", OPUS, "25")
    now = D + 3 * DAY + 2 * HOUR
    firm.read(now)
    assert firm.shown(now)[TODAY] == {("default", OPUS): 0}
    assert firm.shown(now)[MTD] == {("default", OPUS): 25, ("default", "claude-lumen-preview"): 12}


def test_after_midnight_today_is_absent_until_usage_was_read(firm):
    firm.use(D + HOUR, "default", OPUS, output=1_000_000)
    firm.read(D + DAY - 1)
    assert spent(firm, D + DAY - 1, TODAY) == 25
    assert TODAY not in firm.shown(D + DAY)
    assert spent(firm, D + DAY) == 25  # the month has not changed
    firm.read(D + DAY + 60)
    assert spent(firm, D + DAY + 60, TODAY) == 0


def test_after_the_month_nothing_is_shown_until_usage_was_read_and_then_nothing_is_lost(firm):
    last, first = at("2026-11-30"), at("2026-12-01")
    firm.use(last + 23 * HOUR, "default", OPUS, output=1_000_000)
    firm.bill(last, "default", OPUS, "20")
    firm.read(first - 1)
    shown = firm.shown(first)
    assert {MTD, TODAY, BEFORE}.isdisjoint(shown)
    firm.use(first, "default", OPUS, output=40_000)
    firm.read(first + HOUR)
    assert (spent(firm, first + HOUR), spent(firm, first + HOUR, BEFORE)) == (1, 25)
    firm.read(first + 7 * HOUR)
    assert (spent(firm, first + 7 * HOUR), spent(firm, first + 7 * HOUR, BEFORE)) == (1, 20)


def test_without_a_bill_all_of_it_is_estimated(firm):
    firm.use(D + HOUR, "default", OPUS, output=1_000_000)
    firm.read(D + 5 * DAY, "usage", "api_key_usage")
    assert spent(firm, D + 5 * DAY) == 25


def test_without_usage_it_is_the_bill_as_known():
    firm = Firm(settings(usage={"enabled": False})).load(D)
    firm.bill(D, "default", OPUS, "22.50")
    firm.read(D + DAY + HOUR, "cost")
    assert spent(firm, D + DAY + HOUR) == Decimal("22.50")


def test_a_corrected_bill_and_late_usage_move_spend_at_once(firm):
    firm.use(D + HOUR, "default", OPUS, output=1_000_000)
    firm.bill(D, "default", OPUS, "22.50")
    firm.read(D + 2 * DAY)
    firm.bill(D, "default", OPUS, "-2.50")
    firm.read(D + 3 * DAY)
    assert spent(firm, D + 3 * DAY) == 20
    firm.use(D + 3 * DAY, "default", OPUS, output=40_000)
    firm.read(D + 3 * DAY + 60)
    assert spent(firm, D + 3 * DAY + 60) == 21


def test_another_price_list_moves_estimates_and_no_bill(firm, tmp_path):
    firm.use(D + HOUR, "default", OPUS, output=1_000_000)
    firm.use(D + DAY + HOUR, "default", OPUS, output=1_000_000)
    firm.bill(D, "default", OPUS, "22.50")
    now = D + DAY + 7 * HOUR
    firm.read(now)
    assert spent(firm, now) == Decimal("47.50")
    file = tmp_path / "prices.yml"
    file.write_text(_CHEAPER)
    again = Firm(prices=PriceList.load(file), store=firm.store).load(now)
    assert spent(again, now) == Decimal("42.50")


def test_a_restart_shows_the_same(firm):
    firm.use(D + HOUR, "default", OPUS, output=1_000_000, searches=7)
    firm.use(D + DAY, "wrkspc_a", SONNET, key="apikey_1", output=123_457)
    firm.bill(D, "default", OPUS, "22.50")
    now = D + 2 * DAY
    firm.read(now)
    again = Firm(store=firm.store).load(now)
    for family in (MTD, TODAY, BEFORE, "anthropic_estimate_error_ratio"):
        assert firm.shown(now).get(family) == again.shown(now).get(family)
    assert summed(again.shown(now)[MTD], 0)["wrkspc_a"] == Decimal("1.23457")


def test_calibration_moves_estimated_lines_and_no_billed_ones():
    facts = DayFacts(
        D, {("w", "m"): (1, 0, 0, 0, 0)}, {("w", "m"): (Decimal(8), Decimal(1))}, {("w", "m", "tokens"): (6,)}, True
    )
    factors = {("w", "m", "tokens"): Decimal("0.75")}
    billed = spend(facts, D + DAY)
    assert calibrated(billed, factors) is billed
    open_day = spend(DayFacts(D, facts.usage, facts.estimate, facts.bill, False), D + DAY)
    assert calibrated(open_day, factors).lines == {("w", "m", "tokens"): 6, ("w", "none", "web_search"): 1}
    assert open_day.lines == calibrated(open_day, factors).estimated

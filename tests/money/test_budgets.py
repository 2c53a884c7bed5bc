"""Budgets: what counts towards them, in which period, and what is known of it when."""

from decimal import Decimal

import pytest

from anthropic_exporter.config.sections import Budget, OwnershipRule
from anthropic_exporter.money.budgets import period_bounds, shortest
from anthropic_exporter.utc import DAY, HOUR
from money.firm import Firm, api_key, at, match, settings, total, workspace

OPUS, SONNET = "claude-opus-4-8", "claude-sonnet-5"
NOW = at("2026-11-18T12:00")  # a Wednesday
USAGE = ("usage", "api_key_usage")  # no bill: all of it is estimated
RULES = (OwnershipRule(match=match(api_key_name="(?P<team>[a-z]+)-.*")),)


def budget(name, period="month", **patterns):
    about = {"match": match(**patterns)} if patterns else {}
    return Budget(name=name, usd=Decimal(100), period=period, **about)


@pytest.fixture
def firm():
    """$1 in search by atlas, $2 in search by nobody's key, $4 in labs by beam, each day of November."""
    budgets = (
        budget("everything"),
        budget("this week", "week"),
        budget("today", "day"),
        budget("search", workspace_name="search"),
        budget("tagged", workspace_tag={"cost-center": "CC-2"}),
        budget("one key", api_key_name="beam-.*"),
        budget("team", team="atlas"),
        budget("unowned", team="unowned"),
        budget("sonnet of beam", model="claude-sonnet-.*", team="beam"),
        budget("nothing", workspace_name="nowhere"),
    )
    made = Firm(settings(budgets=budgets, ownership=RULES)).load(NOW)
    made.names(
        [workspace("search"), workspace("labs", **{"cost-center": "CC-2"})],
        [api_key("atlas-x", "wrkspc_search"), api_key("scratch", "wrkspc_search"), api_key("beam-x", "wrkspc_labs")],
    )
    for day in range(18):
        when = at("2026-11-01") + day * DAY + HOUR
        made.use(when, "wrkspc_search", OPUS, key="apikey_atlas-x", output=40_000)
        made.use(when, "wrkspc_search", OPUS, key="apikey_scratch", output=80_000)
        made.use(when, "wrkspc_labs", OPUS, key="apikey_beam-x", output=120_000)
        made.use(when, "wrkspc_labs", SONNET, key="apikey_beam-x", output=100_000)
    return made


def spent(firm, now=NOW):
    return {name: value for (name, _), value in firm.shown(now).get("anthropic_budget_spent_usd", {}).items()}


def test_a_budget_counts_what_it_is_about(firm):
    firm.read(NOW, *USAGE)
    assert spent(firm) == {
        "everything": 126,
        "this week": 21,
        "today": 7,
        "search": 54,
        "tagged": 72,
        "one key": 72,
        "team": 18,
        "unowned": 36,
        "sonnet of beam": 18,
        "nothing": 0,
    }


def test_there_is_a_series_per_threshold_whose_value_is_its_label(firm):
    firm.read(NOW, *USAGE)
    shown = firm.shown(NOW)["anthropic_budget_threshold_ratio"]
    assert {labels[2]: value for labels, value in shown.items() if labels[0] == "this week"} == {
        "0.5": Decimal("0.5"),
        "0.8": Decimal("0.8"),
        "0.95": Decimal("0.95"),
        "1": 1,
    }
    assert {labels[:2] for labels in shown} == set(firm.shown(NOW)["anthropic_budget_usd"])


def test_the_limit_is_shown_before_anything_is_known(firm):
    shown = firm.shown(NOW)
    assert shown["anthropic_budget_usd"]["everything", "month"] == 100
    assert "anthropic_budget_spent_usd" not in shown
    assert "anthropic_budget_forecast_usd" not in shown


def test_a_period_that_has_begun_unread_is_not_known_and_the_others_stay(firm):
    firm.read(NOW, *USAGE)
    midnight = at("2026-11-19")
    assert spent(firm, midnight).keys() == spent(firm).keys() - {"today"}
    assert "anthropic_budget_forecast_usd" not in firm.shown(midnight)
    monday = at("2026-11-23")
    assert spent(firm, monday).keys() == spent(firm).keys() - {"today", "this week"}
    assert spent(firm, at("2026-12-01")) == {}


def test_a_budget_of_keys_is_not_known_without_usage_by_key(firm):
    firm.read(NOW, "usage")
    known = spent(firm)
    assert "one key" not in known
    # Without keys nothing can be told of them, but whole workspaces have owners too.
    assert (known["everything"], known["team"], known["unowned"]) == (126, 0, 126)


def test_the_forecast_of_everything_is_that_of_the_workspaces(firm):
    firm.read(NOW, *USAGE)
    shown = firm.shown(NOW)
    forecasts = shown["anthropic_budget_forecast_usd"]
    month = total(shown["anthropic_spend_month_forecast_usd"])
    assert forecasts["everything", "month"] == pytest.approx(float(month))
    assert forecasts["everything", "month"] == pytest.approx(210, rel=0.1)
    assert forecasts["this week", "week"] == pytest.approx(49, rel=0.15)
    assert forecasts["team", "month"] == pytest.approx(30, rel=0.1)
    assert forecasts["nothing", "month"] == 0


def test_no_forecast_lies_below_what_is_spent(firm):
    for hour in range(0, 24, 5):
        now = at("2026-11-18") + hour * HOUR
        firm.read(now, *USAGE)
        shown = firm.shown(now)
        for labels, value in shown["anthropic_budget_forecast_usd"].items():
            assert value >= float(shown["anthropic_budget_spent_usd"][labels])


@pytest.mark.parametrize(
    ("period", "now", "start", "end"),
    [
        ("day", "2026-11-18T12:00", "2026-11-18", "2026-11-19"),
        ("week", "2026-11-18T12:00", "2026-11-16", "2026-11-23"),
        ("week", "2026-11-16", "2026-11-16", "2026-11-23"),
        ("week", "2026-11-15T23:59", "2026-11-09", "2026-11-16"),
        ("month", "2026-12-31T23:59", "2026-12-01", "2027-01-01"),
    ],
)
def test_periods_are_those_of_utc_and_weeks_begin_on_monday(period, now, start, end):
    assert period_bounds(period, at(now)) == (at(start), at(end))


@pytest.mark.parametrize(("number", "text"), [("0.80", "0.8"), ("1.0", "1"), ("10", "10"), ("0.95", "0.95")])
def test_a_threshold_is_spelled_as_the_shortest_decimal(number, text):
    assert shortest(Decimal(number)) == text

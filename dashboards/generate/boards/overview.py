"""What did we spend today and this month, will we stay inside the budget, who spends it, is the data fresh."""

from typing import Any

from . import budgets, config, variables
from .bill import provisional
from .config import COST, EXPORTER, SEL, USAGE, WORKSPACE, WS
from .page import Line, Section, page, to_board
from .panels import (
    MARKS,
    Override,
    Panel,
    Query,
    Text,
    bars,
    daily,
    day_bars,
    lines,
    models,
    override,
    rated,
    stat,
    states,
    steps_of,
    token_types,
    words,
    words_from,
)
from .promql import by_model, gained, of_day, rate, sorted_top, with_workspace

_AGE = f"max(time() - max by (organization_id) (anthropic_usage_last_bucket_timestamp_seconds{{{SEL}}}))"
_BILL_AGE = f"max(time() - max by (organization_id) (anthropic_cost_settled_timestamp_seconds{{{SEL}}}))"
_SPENT = "billed on the days whose bill is settled, estimated at list price on the others"


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    description = (
        "What is spent with Anthropic, whether it stays inside the budgets, who and which model spends it, and how "
        "fresh the numbers are. Days and months are UTC."
    )
    return page(config.OVERVIEW, description, (variables.workspace(), variables.model()), _sections())


def _sections() -> list[Section]:
    return [
        Section("", [Line(4, _answers()), Line(8, _who())]),
        Section("How it goes", [Line(9, [(_days(), 18), (_collectors(), 6)]), Line(8, _streams())]),
    ]


def _answers() -> list[tuple[Panel, int]]:
    today = stat(
        Text("Spent today", f"Spend since midnight UTC: {_SPENT}. Today is always an estimate.", "not known yet"),
        config.USD,
        Query(f"sum(anthropic_spend_today_usd{{{SEL}, {WS}}})"),
        steps=config.CALM,
        decimals=2,
    )
    month = stat(
        Text("Spent this month", f"Spend since the first of the month, UTC: {_SPENT}.", "not known yet"),
        config.USD,
        Query(f"sum(anthropic_spend_month_to_date_usd{{{SEL}, {WS}}})"),
        steps=config.CALM,
        decimals=2,
    )
    forecast = stat(
        Text(
            "Expected this month",
            "What the month will have cost when it ends, from the weeks of each workspace. Of all models.",
            "not known yet",
        ),
        config.USD,
        Query(f"sum(anthropic_spend_month_forecast_usd{{{SEL}, {WORKSPACE}}})"),
        steps=config.CALM,
        decimals=2,
    )
    before = stat(
        Text("Last month", f"Spend of the whole previous month, UTC: {_SPENT}.", "not known"),
        config.USD,
        Query(f"sum(anthropic_spend_previous_month_usd{{{SEL}, {WS}}})"),
        decimals=2,
    )
    verdict = stat(
        Text(
            "Inside budget?",
            "How many budgets are spent, or will be before their period ends if it goes on like this.",
            budgets.NO_BUDGET,
        ),
        config.COUNT,
        Query(budgets.AT_RISK),
        steps=config.NONE_ALLOWED,
        decimals=0,
        mappings=[
            *words({"0": ("yes", "green"), **{f"{count}": (f"{count} at risk", "red") for count in range(1, 10)}}),
            *words_from(10, "many at risk", "red"),
        ],
    )
    age = stat(
        Text(
            "Age of the data",
            "Usage: how long ago the newest was; 5 to 10 minutes is usual. Bill: how long ago the newest day ended "
            "whose bill is settled; 6 to 30 hours is usual.",
            "no data: is it up?",
        ),
        config.SECONDS,
        Query(_AGE, "usage"),
        Query(_BILL_AGE, "bill"),
        steps=config.AGE,
        decimals=0,
        names=True,
    )
    age = override(age, Override("bill", {"thresholds": {"mode": "absolute", "steps": steps_of(config.BILL_AGE)}}))
    return [
        (to_board(today, COST), 3),
        (to_board(month, COST), 4),
        (to_board(provisional(), COST), 3),
        (to_board(forecast, COST), 4),
        (to_board(verdict, COST), 3),
        (to_board(before, COST), 3),
        (to_board(age, EXPORTER), 4),
    ]


def _who() -> list[tuple[Panel, int]]:
    by_workspace = with_workspace(
        f"sum by (organization_id, workspace_id) (anthropic_spend_month_to_date_usd{{{SEL}, {WS}}})"
    )
    workspaces = bars(
        Text("This month by workspace", f"Spend since the first of the month, UTC: {_SPENT}.", "not known yet"),
        config.USD,
        Query(sorted_top(config.BARS, by_workspace), "{{workspace_name}}"),
    )
    by_models = bars(
        Text(
            "This month by model",
            f"Spend since the first of the month, UTC: {_SPENT}. Not by token: web searches, for one.",
            "not known yet",
        ),
        config.USD,
        Query(
            sorted_top(config.BARS, by_model("anthropic_spend_month_to_date_usd", f"{SEL}, {WS}")),
            "{{shown}}",
        ),
    )
    return [
        (to_board(budgets.budgets("Budgets", compact=True), COST), 11),
        (to_board(workspaces, COST), 6),
        (to_board(by_models, COST), 7),
    ]


def _days() -> Panel:
    panel = day_bars(
        Text(
            "Spend per day",
            "Bars: tokens at list price by model, known minutes after their use. Points: what was billed for the day, "
            "as known at noon of the next; a day without a point has no bill yet.",
        ),
        config.USD,
        daily(of_day("anthropic_estimated_cost_usd_total", f"{SEL}, {WS}", "model") + " > 0", "{{model}}"),
        daily(f"sum(anthropic_cost_yesterday_usd{{{SEL}, {WS}}} {config.BILL_SHIFT})", "billed"),
    )
    return to_board(override(models(panel), Override("billed", MARKS)), COST)


def _collectors() -> Panel:
    panel = states(
        Text("Reading from Anthropic", "Whether the last cycle of each collector succeeded.", "no data: is it up?"),
        "none",
        Query(
            f"min by (collector) (anthropic_exporter_collector_success{{{SEL}}})",
            "{{collector}}",
            config.RATE_STEP,
        ),
        words({"1": ("succeeded", "green"), "0": ("failed", "red")}),
    )
    return to_board(panel, EXPORTER)


def _streams() -> list[tuple[Panel, int]]:
    spend = models(
        lines(
            Text("Spend per hour by model", "Tokens at list price, when their data arrived."),
            config.USD,
            rated(
                rate("anthropic_estimated_cost_usd_total", f"{SEL}, {WS}", "model", per=3600, lag=False) + " > 0",
                "{{model}}",
            ),
            stacked=True,
        )
    )
    tokens = token_types(
        lines(
            Text("Tokens per minute by type", "Cached tokens are many and cheap, output is little and dear."),
            config.COUNT,
            rated(
                rate("anthropic_usage_tokens_total", f"{SEL}, {WS}", "token_type", per=60, lag=False), "{{token_type}}"
            ),
            stacked=True,
        )
    )
    cache = lines(
        Text("Input read from cache", "Share of the input tokens that came from the prompt cache, over 24 hours."),
        config.SHARE,
        Query(
            gained("anthropic_usage_tokens_total", f'{SEL}, {WS}, token_type="cache_read"', "", config.DAY)
            + "\n/\n"
            + gained("anthropic_usage_tokens_total", f'{SEL}, {WS}, token_type!="output"', "", config.DAY),
            "cache reads",
            config.RATE_STEP,
        ),
        most=1,
        legend=False,
    )
    return [(to_board(spend, COST), 10), (to_board(tokens, USAGE), 9), (to_board(cache, USAGE), 5)]

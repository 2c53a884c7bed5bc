"""What is spent, what of it is final, by whom, against which budget, and how far the estimate is from the bill."""

from typing import Any

from . import budgets, config, variables
from .bill import bill_lines, provisional
from .config import KEYS, SEL, USD, WORKSPACE, WS
from .page import Line, Section, page, to_board
from .panels import MARKS, Override, Panel, Query, Text, bars, daily, day_bars, lines, models, override, rated, stat
from .promql import by_model, of_day, rate, sorted_top, with_workspace
from .tables import Column, table

_SPEND = f"anthropic_spend_month_to_date_usd{{{SEL}, {WS}}}"
_BEFORE = f"anthropic_spend_previous_month_usd{{{SEL}, {WS}}}"
_BILLED = f"anthropic_cost_month_to_date_usd{{{SEL}, {WS}}}"
_GONE = "scalar(clamp_min((day_of_month() - 1 + hour() / 24) / days_in_month(), 0.02))"


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    description = (
        "Spend is the best knowledge of each day: billed where the bill is settled, estimated at list price elsewhere. "
        "Days and months are UTC."
    )
    chosen = (variables.workspace(), variables.model(), variables.lag())
    return page(config.COST, description, chosen, _sections())


def _sections() -> list[Section]:
    return [
        Section("", [Line(4, _tiles())]),
        Section("Budgets", [Line(7, [(budgets.budgets("Budgets", compact=False), 24)]), Line(8, _courses())]),
        Section("Who spends it", [Line(8, _shares()), Line(9, [(_pairs(), 24)])]),
        Section("Over time", [Line(9, [(_days(), 12), (_hours(), 12)])]),
        Section("Prices, caches and the bill", bill_lines()),
    ]


def _tiles() -> list[tuple[Panel, int]]:
    spent = stat(
        Text(
            "Spent this month", "Billed where the bill is settled, estimated at list price elsewhere.", "not known yet"
        ),
        USD,
        Query(f"sum({_SPEND})"),
        steps=config.CALM,
        decimals=2,
    )
    until = stat(
        Text(
            "Bill is final until",
            "Days up to then are settled: read again after their end plus cost.settle_delay. UTC.",
            "no day is settled yet",
        ),
        "time:D MMM, HH:mm",
        Query(f"1000 * min(max by (organization_id) (anthropic_cost_settled_timestamp_seconds{{{SEL}}}))"),
    )
    expected = stat(
        Text(
            "Expected this month",
            "What the month will have cost when it ends. Low: nine forecasts in ten reach it; high: nine in ten stay "
            "below. Of all models; the sum over workspaces makes the band a little too wide.",
            "not known yet",
        ),
        USD,
        *(
            Query(f"sum(anthropic_spend_month_forecast{end}_usd{{{SEL}, {WORKSPACE}}})", name)
            for end, name in (("_low", "low"), ("", "expected"), ("_high", "high"))
        ),
        decimals=2,
        names=True,
    )
    pace = stat(
        Text(
            "Against last month's pace",
            "Spend of this month by the same share of the previous month, minus 1. Below zero: slower.",
            "not known yet",
        ),
        config.SHARE,
        Query(f"sum({_SPEND})\n/\n(sum({_BEFORE}) * {_GONE})\n- 1"),
        steps=((None, "green"), (0.1, "yellow"), (0.25, "orange")),
        decimals=1,
    )
    before = stat(
        Text("Last month", "Spend of the whole previous month.", "not known"),
        USD,
        Query(f"sum({_BEFORE})"),
        decimals=2,
    )
    return [(spent, 4), (provisional(), 3), (until, 4), (expected, 6), (pace, 4), (before, 3)]


def _courses() -> list[tuple[Panel, int]]:
    used = lines(
        Text("Used of each budget", "Spend by limit. It begins at 0 with each period.", budgets.NO_BUDGET),
        config.SHARE,
        Query(budgets.USED, "{{budget}}", config.RATE_STEP),
        steps=config.BUDGET_LINES,
        most=1.1,
        side=False,
    )
    names = {"high": "nine in ten stay below", "low": "nine in ten reach", "": "expected"}
    forecast = lines(
        Text(
            "Expected at the end of the month",
            "The forecast as it was made at each time, with its band. It narrows as the month goes on. Of all models.",
            "not known yet",
        ),
        USD,
        *(
            Query(
                f"sum(anthropic_spend_month_forecast{end and '_' + end}_usd{{{SEL}, {WORKSPACE}}})",
                name,
                config.RATE_STEP,
            )
            for end, name in names.items()
        ),
        least=None,
    )
    band = {"custom.lineWidth": 0, "color": {"fixedColor": "blue", "mode": "fixed"}}
    forecast = override(
        forecast,
        Override(names["high"], band | {"custom.fillBelowTo": names["low"], "custom.fillOpacity": 18}),
        Override(names["low"], band | {"custom.fillOpacity": 0}),
        Override(names[""], {"color": {"fixedColor": "blue", "mode": "fixed"}, "custom.fillOpacity": 0}),
    )
    return [(used, 12), (forecast, 12)]


def _shares() -> list[tuple[Panel, int]]:
    text = "Spend since the first of the month."
    workspace = bars(
        Text("This month by workspace", text, "not known yet"),
        USD,
        Query(
            sorted_top(config.BARS, with_workspace(f"sum by (organization_id, workspace_id) ({_SPEND})")),
            "{{workspace_name}}",
        ),
    )
    model = bars(
        Text("This month by model", f"{text} Not by token: web searches, for one.", "not known yet"),
        USD,
        Query(sorted_top(config.BARS, by_model("anthropic_spend_month_to_date_usd", f"{SEL}, {WS}")), "{{shown}}"),
    )
    team = bars(
        Text("This month by team", f"{text} Teams are what the rules of ownership say.", "no rules of ownership"),
        USD,
        Query(
            sorted_top(config.BARS, f"sum by (team) (anthropic_owner_spend_month_to_date_usd{{{SEL}}}) > 0"), "{{team}}"
        ),
    )
    kind = bars(
        Text("Billed this month by type", "What the bill has so far, by type of cost.", "no bill yet"),
        USD,
        Query(sorted_top(config.BARS, f"sum by (cost_type) ({_BILLED}) > 0"), "{{cost_type}}"),
    )
    return [(workspace, 6), (model, 6), (to_board(team, KEYS), 6), (kind, 6)]


def _pairs() -> Panel:
    by = "organization_id, workspace_id, model"
    spend = f"(sum by ({by}) ({_SPEND}) > 0)"
    billed = f"(sum by ({by}) ({_BILLED}) > 0)"
    before = f"sum by ({by}) ({_BEFORE}) and on ({by}) {spend}"
    error = f"max by ({by}) (anthropic_estimate_error_ratio{{{SEL}, {WS}}}) and on ({by}) {spend}"
    return table(
        Text(
            "Workspaces and models",
            "Spend of this month, what its bill says so far, the previous month, and how far the estimate was from the "
            "bill on the settled days of the last 7.",
            "not known yet",
        ),
        [
            Column("Workspace", label="workspace_name", width=220),
            Column("Model", label="model", width=260),
            Column("This month", with_workspace(spend), unit=USD, width=130),
            Column("Bill so far", f"{billed} and on ({by}) {spend}", unit=USD, width=130),
            Column(
                "Share",
                f"{spend}\n/ ignoring ({by}) group_left ()\nsum({_SPEND})",
                unit=config.SHARE,
                cell="gauge",
                steps=config.CALM,
                most=0.5,
                decimals=1,
            ),
            Column("Last month", before, unit=USD, width=130),
            Column(
                "Estimate against bill",
                error,
                unit=config.SHARE,
                cell="text",
                steps=config.ESTIMATE_ERROR,
                decimals=1,
                width=170,
            ),
        ],
        hidden=["organization_id", "workspace_id"],
        sort="This month",
    )


def _days() -> Panel:
    by_day = of_day("anthropic_estimated_cost_usd_total", f"{SEL}, {WS}", "organization_id, workspace_id")
    panel = day_bars(
        Text(
            "Spend per day by workspace",
            "Bars: tokens at list price, known minutes after their use. Points: what was billed for the day, as known "
            "at noon of the next; a day without a point has no bill yet.",
        ),
        USD,
        daily(with_workspace(f"({by_day} > 0)", of_days=True), "{{workspace_name}}"),
        daily(f"sum(anthropic_cost_yesterday_usd{{{SEL}, {WS}}} {config.BILL_SHIFT})", "billed"),
    )
    return override(panel, Override("billed", MARKS))


def _hours() -> Panel:
    by_hour = rate("anthropic_estimated_cost_usd_total", f"{SEL}, {WS}", "model", per=3600)
    return models(
        lines(
            Text("Spend per hour by model", "Tokens at list price, when their data arrived."),
            USD,
            rated(f"{by_hour} > 0", "{{model}}"),
            stacked=True,
        )
    )

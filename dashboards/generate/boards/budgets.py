"""Queries about budgets, for the dashboards that show them."""

from .config import BUDGET, FORECAST, SEL, SHARE, USD
from .panels import Panel, Text
from .tables import Column, table

BY = "organization_id, budget, period"
SPENT = f"max by ({BY}) (anthropic_budget_spent_usd{{{SEL}}})"
LIMIT = f"max by ({BY}) (anthropic_budget_usd{{{SEL}}})"
EXPECTED = f"max by ({BY}) (anthropic_budget_forecast_usd{{{SEL}}})"
USED = f"{SPENT}\n/ on ({BY})\n{LIMIT}"
EXPECTED_SHARE = f"{EXPECTED}\n/ on ({BY})\n{LIMIT}"
NO_BUDGET = "no budgets are configured"

# Spent already, or expected to be. A budget without a forecast yet is judged by what is spent.
AT_RISK = f"count(\n({EXPECTED_SHARE} > 1)\nor on ({BY})\n({USED} > 1)\n)\nor\n0 * count({LIMIT})"


def budgets(title: str, *, compact: bool) -> Panel:
    """Return the table of all budgets; compact where there is little room."""
    wide = [] if compact else [Column("Period", label="period", width=90)]
    left = Column("Left", f"{LIMIT}\n- on ({BY})\n{SPENT}", unit=USD, width=105)
    columns = [
        Column("Budget", label="budget", width=130 if compact else 220),
        *wide,
        Column("Spent", SPENT, unit=USD, width=95),
        Column("Limit", LIMIT, unit=USD, width=90),
        *([] if compact else [left]),
        Column("Used", USED, unit=SHARE, cell="gauge", steps=BUDGET, decimals=0, width=None),
        Column("Expected", EXPECTED, unit=USD, width=100),
        Column("Of limit", EXPECTED_SHARE, unit=SHARE, cell="text", steps=FORECAST, decimals=0, width=90),
    ]
    text = Text(
        title,
        "Spend of each budget in its running period (billed where the bill is settled, estimated elsewhere), and what "
        "is expected when the period ends, also as a share of the limit. Red: over the limit, or expected to be.",
        NO_BUDGET,
    )
    return table(text, columns, hidden=["organization_id", *(["period"] if compact else [])], sort="Of limit")

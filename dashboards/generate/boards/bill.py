"""What tokens cost, what caches save, and how the bill differs from list prices and from the estimate."""

from . import config
from .config import SEL, USD, WS
from .page import Line
from .panels import Panel, Query, Text, bars, lines, models, stat
from .promql import gained, short_model, sorted_top
from .tables import Column, table

_LIST = "anthropic_list_cost_usd_total"
_BILL = "anthropic_cost_usd_total"


def provisional() -> Panel:
    """Return how much of this month's spend the bill has not settled: today, and yesterday until its bill is final."""
    settled = f"min(max by (organization_id) (anthropic_cost_settled_timestamp_seconds{{{SEL}}}))"
    midnight = "(vector(time()) - vector(time()) % 86400)"
    yesterday = (
        f"sum(anthropic_estimated_cost_yesterday_usd{{{SEL}, {WS}}})\n"
        f"* on () ({settled} < bool on () {midnight})\n* on () (day_of_month() > bool 1)"
    )
    open_days = (
        f"(sum(anthropic_spend_today_usd{{{SEL}, {WS}}})\n+ on ()\n({yesterday}))\n"
        f"and on ()\n({settled} >= on () ({midnight} - 86400))"
    )
    # Without a bill everything is an estimate.
    whole = f"sum(anthropic_spend_month_to_date_usd{{{SEL}, {WS}}})\nunless on ()\n{settled}"
    return stat(
        Text(
            "Still an estimate",
            "The part of this month that may still move by a few percent: today, and yesterday until its bill is "
            "settled. The days before are billed.",
            "the bill is late",
        ),
        USD,
        Query(f"{open_days}\nor on ()\n{whole}"),
        decimals=2,
    )


def bill_lines() -> list[Line]:
    """Return the panels."""
    return [Line(8, _prices()), Line(8, _bill())]


def _prices() -> list[tuple[Panel, int]]:
    cost = gained("anthropic_estimated_cost_usd_total", f"{SEL}, {WS}", "model", config.DAY)
    output = gained("anthropic_usage_tokens_total", f'{SEL}, {WS}, token_type="output"', "model", config.DAY)
    price = lines(
        Text(
            "Price of a million output tokens",
            "All cost of a model at list price over 24 hours, by its output tokens: what an answer really costs with "
            "its prompt.",
        ),
        USD,
        Query(f"1e6 * {cost}\n/\n({output} > 0)", "{{model}}", config.RATE_STEP),
    )
    matchers = f"{SEL}, {config.MODEL}"
    saved = gained("anthropic_cache_read_savings_usd_total", matchers, "", config.BILLED)
    paid = gained("anthropic_cache_write_premium_usd_total", matchers, "", config.BILLED)
    caches = stat(
        Text(
            "Prompt caches, 7 days",
            "Saved: what cache reads would have cost more as plain input. Paid: what writing the caches cost more than "
            "plain input. At list price, of all workspaces.",
            "no cache was used",
        ),
        USD,
        Query(saved, "saved by reads"),
        Query(paid, "paid for writes"),
        Query(f"{saved}\n-\n{paid}", "net"),
        decimals=2,
        names=True,
        horizontal=True,
    )
    tier = bars(
        Text("Last 24 hours by service tier", "Tokens at list price. Priority is a commitment and has no list price."),
        USD,
        Query(
            sorted_top(
                config.BARS,
                gained("anthropic_estimated_cost_usd_total", f"{SEL}, {WS}", "service_tier", config.DAY) + " > 0",
            ),
            "{{service_tier}}",
        ),
    )
    return [(models(price), 12), (caches, 6), (tier, 6)]


def _bill() -> list[tuple[Panel, int]]:
    billed = gained(_BILL, f"{SEL}, {WS}", "model", config.BILLED)
    listed = gained(_LIST, f"{SEL}, {WS}", "model", config.BILLED)
    discount = bars(
        Text(
            "Discount on the bill, 7 days",
            "1 minus billed by list cost, of the settled days, where the API reports both.",
            "the API reports no list cost",
        ),
        config.SHARE,
        Query(sorted_top(config.BARS, short_model(f"1 - {billed} / ({listed} > 0)")), "{{shown}}"),
        most=0.5,
        decimals=1,
    )
    error = bars(
        Text(
            "Estimate against bill, 7 days",
            "How far the estimate is from the bill on settled days, either way: discounts, long prompts and committed "
            "tiers are why. Not an error of the bill.",
            "no day is settled yet",
        ),
        config.SHARE,
        Query(
            sorted_top(
                config.BARS,
                short_model(f"max by (model) (abs(anthropic_estimate_error_ratio{{{SEL}, {WS}}}))"),
            ),
            "{{shown}}",
        ),
        most=0.5,
        decimals=1,
    )
    unpriced = table(
        Text(
            "Tokens without a price, 7 days",
            "They are counted, but in no estimate: models or tiers without a public price, and commitments.",
            "every token has a price",
        ),
        [
            Column("Model", label="model"),
            Column(
                "Why",
                label="reason",
                width=130,
                words=(
                    ("unknown_model", "unknown model", "orange"),
                    ("unknown_tier", "unknown tier", "orange"),
                    ("unknown_speed", "unknown speed", "orange"),
                    ("commitment", "commitment", ""),
                ),
            ),
            Column(
                "Tokens",
                gained("anthropic_unpriced_tokens_total", f"{SEL}, {config.MODEL}", "model, reason", config.BILLED)
                + " > 0",
                unit=config.COUNT,
                width=90,
                decimals=1,
            ),
        ],
        sort="Tokens",
    )
    return [(discount, 8), (error, 8), (unpriced, 8)]

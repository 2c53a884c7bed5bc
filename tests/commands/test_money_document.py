"""The example of docs/money.md, followed through by the exporter itself."""

import re
import time
from decimal import Decimal
from pathlib import Path

import pytest

from anthropic_exporter.commands.reading import reading
from anthropic_exporter.config import load
from anthropic_exporter.simulate.inventory import ApiKey, Inventory, Workspace
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import Switches
from anthropic_exporter.utc import DAY, HOUR
from commands.spending_company import rows_of
from ledger.instants import at
from simulate.harness import line

DOCUMENT = (Path(__file__).parents[2] / "docs" / "money.md").read_text()
EXAMPLE = DOCUMENT.split("## One example, followed through")[1].split("\n## ")[0]
THE_DAY = at("2026-11-18")
EVENING, SETTLED = THE_DAY + 20 * HOUR, THE_DAY + 2 * DAY
OPUS = "claude-opus-4-8"
SEARCH = Workspace(id="wrkspc_01Search", name="search", created_at=0)
ATLAS, BEAM = (
    ApiKey("apikey_01", "atlas-prod-ranker", SEARCH.id, 0),
    ApiKey("apikey_02", "beam-dev-agent", SEARCH.id, 0),
)
FIELDS = {
    "uncached input": "uncached",
    "5-minute cache writes": "cache_5m",
    "1-hour cache writes": "cache_1h",
    "cache reads": "cache_read",
    "output": "output",
    "web searches": "web_searches",
}


def table():
    """Return the rows of the example: what, how many, at which price, and what it costs at list price."""
    rows = [[cell.strip() for cell in text.strip("|").split("|")] for text in EXAMPLE.splitlines() if text[:2] == "| "]
    return [row for row in rows if row[0] in FIELDS]


def number(text):
    return Decimal(re.sub(r"[^0-9.]", "", text))


def a_day(midnight):
    atlas = {FIELDS[what]: int(number(count)) for what, count, _, _ in table()}
    batch = [
        number(text) for text in re.search(r"half the price: ([0-9,]+) uncached .* and ([0-9,]+)\n?", EXAMPLE).groups()
    ]
    return [
        Event(midnight + 9 * HOUR, line(OPUS, SEARCH.id, api_key_id=ATLAS.id), **atlas),
        Event(
            midnight + 10 * HOUR,
            line(OPUS, SEARCH.id, api_key_id=BEAM.id, service_tier="batch"),
            uncached=int(batch[0]),
            output=int(batch[1]),
        ),
    ]


@pytest.fixture
def example(company):
    """Return what starts the firm of the example at a moment, and gives commands and metrics."""

    def start(now, days=(THE_DAY,), generation="both"):
        organization = ScriptedOrganization(
            [event for day in days for event in a_day(day)],
            inventory=Inventory((DEFAULT_WORKSPACE, SEARCH), (ATLAS, BEAM)),
            discount=Decimal("0.9"),
        )
        switches = Switches(visibility_delay=0, generation=generation, refresh_step=60.0)
        fake, command = company(switches, organization=organization, now=now)
        environment = {"ANTHROPIC_ADMIN_KEY": fake.admin_key, "ANTHROPIC_BASE_URL": fake.base_url, "HOME": "/"}
        with reading(load({}, environment, now=time.time()), now, since="month") as [one]:
            families = one.view.families(one.id, now)
        return command, {found.family.name: {labels[1:]: usd for labels, usd in found.samples} for found in families}

    return start


def says(bullet):
    """Return a bullet of the example as one line, with the signs of a keyboard."""
    [found] = re.findall(rf"^\* \*\*{bullet}\*\*(.*?)(?=^\* |^The same day)", EXAMPLE, re.DOTALL | re.MULTILINE)
    return " ".join(found.split()).replace("\N{MULTIPLICATION SIGN}", "x").replace("\N{MINUS SIGN}", "-")


def total(samples):
    return sum(samples.values(), Decimal(0))


def test_the_table_can_be_checked_by_hand():
    for what, count, price, usd in table():
        per = 1 if what == "web searches" else 1_000_000
        assert number(count) * number(price) / per == number(usd), what
    assert sum(number(usd) for *_, usd in table()) == Decimal("50.50")


def test_the_estimate_is_there_the_same_evening(example):
    _, shown = example(EVENING, generation="legacy")
    assert total(shown["anthropic_estimated_cost_today_usd"]) == Decimal("60.50")
    assert total(shown["anthropic_spend_today_usd"]) == Decimal("60.50")
    assert "anthropic_cost_today_usd" not in shown
    assert says("Estimated") == ", the same evening: $45.50 + $10.00 + $5.00 = **$60.50**."
    assert says("Spend").startswith("on the 18th: $60.50. From the settlement on")


def test_list_bill_and_spend_once_the_day_is_settled(example):
    command, shown = example(SETTLED)
    assert total(shown["anthropic_list_cost_usd_total"]) == Decimal("60.50")
    assert says("List") == ", once the API reports it: **$60.50**."
    assert total(shown["anthropic_cost_usd_total"]) == Decimal("54.95")
    assert says("Billed") == ": tokens less 10 %, searches in full: $55.50 x 0.9 + $5.00 = **$54.95**."
    assert shown["anthropic_spend_month_to_date_usd"] == {
        (SEARCH.id, OPUS): Decimal("49.95"),
        (SEARCH.id, "none"): Decimal("5.00"),
    }
    assert says("Spend").endswith('**$54.95**, of which $49.95 has `model="claude-opus-4-8"` and $5.00 `model="none"`.')
    ratio = shown["anthropic_estimate_error_ratio"]
    assert {labels: round(error, 3) for labels, error in ratio.items()} == {
        (SEARCH.id, OPUS): Decimal("0.111"),
        (SEARCH.id, "none"): 0,
    }
    assert "55.50 / 49.95 - 1 = **+0.111**" in says("Error ratio")
    rows = rows_of(command("export", "cost", "--from", "2026-11-18", "--to", "2026-11-18", "--by", "key")[1])
    assert {row["api_key_name"]: row["spend_usd"] for row in rows} == {ATLAS.name: "45.95", BEAM.name: "9.00"}
    assert says("By key") == (
        ": $40.95 + $5.00 = $45.95 for `atlas-prod-ranker` and $9.00 for `beam-dev-agent`; together $54.95."
    )


@pytest.mark.parametrize("generation", ["both", "legacy"])
def test_the_difference_is_explained(example, generation):
    command, _ = example(SETTLED, generation=generation)
    rows = rows_of(command("export", "cost", "--from", "2026-11-18", "--by", "day,model", "--explain")[1])
    [opus] = [row for row in rows if row["model"] == OPUS]
    names = ("plain", "one_hour_writes", "batch", "estimated", "discount", "billed")
    assert [opus[f"{name}_usd"] for name in names] == ["64.375", "1.125", "-10.00", "55.50", "-5.55", "49.95"]
    assert says("Explained") == (
        "(below): plain $64.375, 1-hour writes +$1.125, batch -$10.00 = $55.50 estimated; discount -$5.55 ="
        " **$49.95** billed."
    )


def test_caching_saved_and_cost(example):
    _, shown = example(SETTLED)
    assert total(shown["anthropic_cache_read_savings_usd_total"]) == 45
    assert total(shown["anthropic_cache_write_premium_usd_total"]) == 2
    saved = says("Caching")
    assert "10 M x ($5.00 - $0.50) = $45.00" in saved
    assert "0.4 M x $1.25 + 0.3 M x $5.00 = $2.00" in saved


def test_the_forecast_of_a_month_of_such_days(example):
    now = at("2026-11-20T12:00")
    _, shown = example(now, days=range(at("2026-10-01"), now, DAY))
    [expected] = shown["anthropic_spend_month_forecast_usd"].values()
    [low] = shown["anthropic_spend_month_forecast_low_usd"].values()
    [high] = shown["anthropic_spend_month_forecast_high_usd"].values()
    assert "30 x $54.95 = $1,648.50" in says("Forecast")
    assert 30 * Decimal("54.95") == Decimal("1648.50")
    # Two days are estimates still, at list price, and so is what they lead to expect.
    assert float(expected) == pytest.approx(1648.5, rel=0.02)
    assert high - low < 0.1 * expected


def test_the_columns_of_the_explanation_are_the_documented_ones(example):
    command, _ = example(SETTLED)
    header = command("export", "cost", "--from", "2026-11-18", "--by", "day", "--explain")[1].splitlines()[0].split(",")
    section = DOCUMENT.split("## Why the estimate is not the bill")[1].split("\n## ")[0]
    told = set(re.findall(r"`([a-z_]+)`", section))
    for name in header[2:]:
        assert name in told or name.removesuffix("_usd") in told, name

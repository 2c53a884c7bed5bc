"""Days and answers at the edge: the first of a month and a year, reports that are missing or late, money given back."""

import json
from decimal import Decimal

import pytest

from anthropic_exporter.simulate.scripted import Cost, Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import Switches
from anthropic_exporter.utc import DAY, HOUR
from commands.spending_company import INVENTORY, LABS, NEW_KEY, NOW, column, rows_of
from ledger.instants import at
from simulate.harness import line

LEGACY = Switches(visibility_delay=0, generation="legacy")
GENERATIONS = pytest.mark.parametrize("generation", ["both", "legacy", "analytics"])
FIRSTS = pytest.mark.parametrize("first", ["2026-08-01", "2027-01-01"], ids=["month", "year"])


def organization(*events, **more):
    return ScriptedOrganization(events, inventory=INVENTORY, discount=Decimal("0.9"), **more)


def opus(**more):
    return line("claude-opus-4-8", LABS.id, api_key_id=NEW_KEY.id, **more)


@FIRSTS
@GENERATIONS
def test_the_first_of_a_month_begins_at_what_was_spent_in_it(company, generation, first):
    """The legacy bill refuses to be asked for it: it has completed days only, and there is none."""
    midnight = at(first)
    made = organization(
        Event(midnight - 2 * DAY, opus(), output=1_000_000),  # 22.50, on the bill
        Event(midnight - HOUR, opus(), output=400_000),  # 10 by estimate: its bill is not settled
        Event(midnight + 60, opus(), output=40_000),  # 1
    )
    # The analytics reports lag by hours: this export was just made.
    switches = Switches(visibility_delay=0, generation=generation, refresh_step=60.0)
    _, command = company(switches, organization=made, now=midnight + 600)
    status, out, err = command("budget", "--limit-usd", "1.01")
    assert (status, err) == (0, "")
    assert out.startswith("limit: 1.00 of 1.01 USD spent this month")
    assert command("budget", "--limit-usd", "1")[0] == 1
    [report] = json.loads(command("report", "--format", "json")[1])["organizations"]
    assert (report["spend_usd"], report["before_spend_usd"]) == ("1.00", "32.50")
    rows = rows_of(command("export", "cost", "--from", "2026-07-01", "--by", "month")[1])
    told = {row["month"]: (row["spend_usd"], row["basis"]) for row in rows}
    assert told.pop(first[:7]) == ("1.00", "estimated")
    assert told == {rows[-2]["month"]: ("32.50", "billed+estimated")}


@pytest.mark.parametrize("source", ["analytics", "legacy"])
def test_one_generation_of_the_reports_is_enough(company, source):
    made = organization(Event(NOW - 3 * DAY, opus(), output=1_000_000), Event(NOW - 5 * HOUR, opus(), output=40_000))
    settings = f"organizations: [{{alias: main, admin_key_env: ANTHROPIC_ADMIN_KEY, source: {source}}}]\n"
    _, command = company(Switches(visibility_delay=0, generation=source), settings, organization=made)
    status, out, err = command("budget", "--limit-usd", "24")
    assert (status, err) == (0, "")
    assert out.startswith("limit: 23.50 of 24.00 USD spent this month")
    rows = rows_of(command("export", "cost", "--from", "2026-07-10", "--by", "key,day")[1])
    assert [(row["api_key_id"], row["spend_usd"], row["billed_usd"]) for row in rows if row["day"] < "2026-07-15"] == [
        (NEW_KEY.id, "22.50", "22.50")
    ]


def test_a_day_that_is_not_on_the_bill_has_no_billed_amount(company):
    made = organization(Event(NOW - 3 * DAY, opus(), output=1_000_000), Event(NOW - HOUR, opus(), output=40_000))
    _, command = company(LEGACY, organization=made)
    rows = rows_of(command("export", "cost", "--from", "2026-07-01", "--by", "day")[1])
    assert [(row["day"], row["billed_usd"], row["basis"]) for row in rows] == [
        ("2026-07-12", "22.50", "billed"),
        ("2026-07-15", "", "estimated"),
    ]


def test_money_given_back_is_spend_below_nothing_and_a_credit(company):
    """A refund larger than the day's usage, for one workspace."""
    refund = Cost(NOW - 3 * DAY, opus(), Decimal(-5000), Decimal(-5000), token_type="output_tokens")
    made = organization(Event(NOW - 3 * DAY, opus(), output=1_000_000), costs=[refund])
    for switches in (None, LEGACY):
        _, command = company(switches, organization=made)
        assert command("budget", "--limit-usd", "1")[:2] == (
            0,
            "limit: -27.50 of 1.00 USD spent this month (-2750.0 %), forecast -27.50 USD: below\n",
        )
        rows = rows_of(command("export", "cost", "--from", "2026-07-01", "--by", "key,team")[1])
        assert [(row["api_key_id"], row["spend_usd"]) for row in rows] == [(NEW_KEY.id, "-27.50")]
        [charge] = rows_of(command("export", "cost", "--from", "2026-07-01", "--format", "focus")[1])
        assert (charge["ChargeCategory"], charge["BilledCost"]) == ("Credit", "-27.50")
        assert charge["ConsumedQuantity"] == charge["ContractedUnitPrice"] == charge["PricingUnit"] == ""
        [row] = rows_of(command("export", "cost", "--from", "2026-07-01", "--by", "month", "--explain")[1])
        assert (row["estimated_usd"], row["billed_usd"], row["error_ratio"]) == ("25.00", "-27.50", "")


def test_a_budget_that_nothing_matches_is_told_from_one_that_nothing_was_spent_of(company):
    settings = """
budgets:
  - {name: typo, usd: 5, match: {workspace_name: lab}}
  - {name: labs, usd: 500, match: {workspace_name: =lab.*}}
"""
    _, command = company(settings=settings)
    status, out, err = command("budget")
    assert status == 0
    assert out.startswith("typo: 0.00 of 5.00 USD spent this month")
    assert err == "warning: typo: no spend of this or last month is of it; is its match right?\n"


@pytest.mark.parametrize(("behind", "status"), [(20 * HOUR, 0), (30 * HOUR, 3)])
def test_the_gate_is_closed_where_upstream_tells_nothing_new(company, behind, status):
    """The export that the analytics reports are made from can stand still; what was spent since nobody knows."""
    made = organization(Event(NOW - 3 * DAY, opus(), output=1_000_000))
    switches = Switches(visibility_delay=0, generation="analytics", refresh_step=60.0, refresh_lag=float(behind))
    _, command = company(switches, organization=made)
    found, out, err = command("budget", "--limit-usd", "100")
    assert found == status
    assert out.endswith(": below\n" if status == 0 else ": NOT KNOWN\n")
    assert ("main: spend is known until 2026-07-14T06:17:00Z only" in err) == (status == 3)
    assert command("budget", "--limit-usd", "10")[0] == 1  # what is over stays over


@pytest.mark.parametrize(
    "arguments", [("budget", "--limit-usd", "5"), ("report",), ("export", "cost", "--from", "2026-07-01")]
)
def test_a_price_file_that_cannot_be_used_exits_2(company, tmp_path, arguments):
    file = tmp_path / "prices.yml"
    file.write_text("prices: 5")
    _, command = company(settings=f"prices: {{file: {file}}}")
    status, out, err = command(*arguments)
    assert (status, out) == (2, "")
    assert "prices.yml: prices: expected a list, found 5" in err


def test_negotiated_prices_are_estimates_of_their_own(company, tmp_path):
    file = tmp_path / "prices.yml"
    file.write_text("""
prices:
  - {model: claude-opus-4-8, valid_from: 2026-07-12, valid_to: 2026-07-13, source: our contract,
     input: "4", cache_write_5m: "5", cache_write_1h: "8", cache_read: "0.4", output: "20"}
""")
    days = [Event(NOW - back * DAY, opus(), output=1_000_000) for back in (4, 3, 2)]
    _, command = company(settings=f"prices: {{file: {file}}}", organization=organization(*days))
    rows = rows_of(command("export", "usage", "--from", "2026-07-11", "--by", "day")[1])
    assert [(row["day"], row["estimated_usd"]) for row in rows] == [
        ("2026-07-11", "25.00"),
        ("2026-07-12", "20.00"),
        ("2026-07-13", "25.00"),
    ]
    assert column(rows, "unpriced_tokens") == 0


def test_what_counts_nothing_is_named_until_it_is_billed_and_what_was_paid_in_advance_is_not(company):
    made = organization(
        Event(NOW - 3 * DAY, line("claude-lumen-preview", LABS.id), output=1_000_000),  # billed since
        Event(NOW - HOUR, line("claude-lumen-preview", LABS.id), output=1_000_000),
        Event(NOW - HOUR, opus(service_tier="flex"), output=1_000_000),
        Event(NOW - HOUR, line("claude-sonnet-4-6", LABS.id, service_tier="priority"), output=1_000_000),
    )
    _, command = company(organization=made)
    _, out, err = command("budget", "--limit-usd", "100")
    assert out.startswith("limit: 27.00 of 100.00 USD")
    models = "claude-lumen-preview, claude-opus-4-8"
    assert err == f"warning: tokens without a known price count nothing until they are billed: {models}\n"
    last = command("report")[1].splitlines()[-1]
    assert last == f"Tokens of these models have no known price and are in no sum until they are billed: {models}"
    made = organization(Event(NOW - 3 * DAY, line("claude-lumen-preview", LABS.id), output=1_000_000))
    _, command = company(organization=made)
    assert command("budget", "--limit-usd", "100")[2] == ""

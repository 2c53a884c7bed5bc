import dataclasses
from decimal import Decimal

import pytest

from anthropic_exporter.commands.amounts import spent_cents
from anthropic_exporter.simulate.switches import Switches
from commands.spending_company import column, rows_of

LEGACY = Switches(visibility_delay=0, generation="legacy")
BUDGETS = """
budgets:
  - {name: everything, usd: 1000}
  - {name: labs, usd: 2.5, match: {api_key_name: labs-.*}}
  - {name: daily, usd: 100, period: day}
"""


def spent(command):
    """Return the spend of this month by another command."""
    status, out, _ = command("export", "cost", "--from", "2026-07-01")
    assert status == 0
    return column(rows_of(out), "spend_usd")


def test_below_and_over_a_limit(company):
    _, command = company()
    usd = spent(command)
    assert usd > 10
    assert command("budget", "--limit-usd", "1000")[0] == 0
    status, out, err = command("budget", "--limit-usd", "10")
    assert status == 1
    assert out.startswith(f"limit: {spent_cents(usd, Decimal(10))} of 10.00 USD spent this month (")
    assert out.endswith(": OVER\n")
    assert "\x1b" not in out + err


def test_what_is_below_a_limit_does_not_read_as_if_it_had_reached_it():
    limit = Decimal(1000)
    told = [spent_cents(Decimal(spent), limit) for spent in ("999.994", "999.996", "1000", "1000.006")]
    assert told == ["999.99", "999.99", "1,000.00", "1,000.01"]


def test_a_budget_is_over_from_the_very_cent_and_not_before(company):
    _, command = company()
    usd = spent(command)
    smallest = Decimal(1).scaleb(usd.as_tuple().exponent)
    assert command("budget", "--limit-usd", f"{usd:f}")[0] == 1
    assert command("budget", "--limit-usd", f"{usd + smallest:f}")[0] == 0
    assert command("budget", "--limit-usd", f"{usd * 2:f}", "--fail-at", "0.5")[0] == 1
    assert command("budget", "--limit-usd", f"{usd * 2:f}", "--fail-at", "0.51")[0] == 0


def test_every_budget_of_the_settings_has_a_line_and_one_that_is_over_decides(company):
    _, command = company(settings=BUDGETS)
    status, out, _ = command("budget")
    assert status == 1
    words = {text.split(":")[0]: text.rsplit(": ", 1)[1] for text in out.splitlines()}
    assert words == {"everything": "below", "labs": "OVER", "daily": "below"}
    assert "this day" in out.splitlines()[2]


def test_one_budget_by_its_name_and_with_another_limit(company):
    _, command = company(settings=BUDGETS)
    assert command("budget", "--name", "everything")[0] == 0
    status, out, _ = command("budget", "--name", "labs", "--limit-usd", "500")
    assert status == 0
    assert len(out.splitlines()) == 1
    assert "of 500.00 USD" in out


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--name", "nobody"], "no budget is called nobody"),
        (["--limit-usd", "-1"], "expected a number above 0, found -1"),
        (["--limit-usd", "NaN"], "expected a number above 0, found NaN"),
        (["--fail-at", "much"], "expected a number above 0, found much"),
        (["--fail-at", "80"], "expected a share such as 0.8, which is 80 %, found 80"),
        ([], "there is no budget in the settings"),
    ],
)
def test_what_is_asked_wrongly_exits_2(company, arguments, why):
    _, command = company()
    status, out, err = command("budget", *arguments)
    assert (status, out) == (2, "")
    assert why in err


def test_bad_settings_exit_2(company):
    _, command = company(settings="budgets: [{name: a, usd: -3}]")
    assert command("budget")[0] == 2


@pytest.mark.parametrize("path", ["me", "workspaces", "api_keys", "usage_report", "cost_report"])
def test_the_gate_is_closed_when_anything_of_spend_cannot_be_read(company, path):
    failing = dataclasses.replace(LEGACY, faults=("truncated",), fault_paths=(f"/v1/organizations/{path}",))
    _, command = company(failing)
    status, out, err = command("budget", "--limit-usd", "1000000")
    assert (status, out) == (3, "")
    assert err.startswith("error: the spend is not known: ")
    assert "could not be read" in err


def test_a_refused_key_closes_the_gate_and_says_why(company):
    fake, command = company()
    fake.switch(accepted_keys=["sk-ant-admin01-other"])
    status, out, err = command("budget", "--limit-usd", "1000000")
    assert (status, out) == (3, "")
    assert "Admin key" in err


def test_the_gate_is_closed_where_neither_usage_nor_cost_is_offered(company):
    reports = ("usage_report", "cost_report", "analytics")
    paths = tuple(f"/v1/organizations/{path}" for path in reports)
    _, command = company(Switches(faults=("forbidden",), fault_paths=paths))
    status, out, err = command("budget", "--limit-usd", "1000000")
    assert (status, out) == (3, "")
    assert "neither usage nor cost is offered" in err


def test_a_bill_that_is_not_offered_leaves_the_estimate(company):
    _, command = company(dataclasses.replace(LEGACY, faults=("forbidden",), fault_paths=("/v1/organizations/cost",)))
    status, out, _ = command("budget", "--limit-usd", "10")
    assert status == 1
    assert out.endswith(": OVER\n")


def test_without_usage_it_is_said_what_the_bill_leaves_out(company):
    reports = ("usage_report", "analytics/usage")
    paths = tuple(f"/v1/organizations/{path}" for path in reports)
    _, command = company(Switches(visibility_delay=0, faults=("forbidden",), fault_paths=paths))
    status, _, err = command("budget", "--limit-usd", "1000")
    assert status == 0
    assert "days that are not billed yet count nothing" in err


def test_each_organization_is_held_against_the_budget_and_one_that_fails_closes_the_gate(company, monkeypatch):
    key = "admin_key_env: ANTHROPIC_ADMIN_KEY"
    both = f"organizations: [{{alias: main, {key}}}, {{alias: other, admin_key_env: OTHER_KEY}}]\n"
    fake, command = company(settings=both)
    monkeypatch.setenv("OTHER_KEY", "sk-ant-admin01-canary-of-another")
    status, out, _ = command("budget", "--limit-usd", "10")
    assert status == 1
    assert [text.split(":")[0] for text in out.splitlines()] == ["main limit", "other limit"]
    fake.switch(accepted_keys=[fake.admin_key])
    status, out, err = command("budget", "--limit-usd", "1000")
    assert (status, out) == (3, "")
    assert "not known: other: organization could not be read" in err
    assert "canary" not in err


BOTH = """
organizations:
  - {alias: main, admin_key_env: ANTHROPIC_ADMIN_KEY}
  - {alias: other, admin_key_env: ANTHROPIC_ADMIN_KEY}
budgets:
  - {name: everywhere, usd: 1000}
  - {name: ours, usd: 5, match: {organization: main}}
  - {name: theirs, usd: 900, match: {organization: oth.*, workspace_name: =lab.*}}
"""


def test_a_budget_can_be_about_one_organization_of_several(company):
    _, command = company(settings=BOTH)
    status, out, _ = command("budget")
    assert status == 1
    words = {text.split(":")[0]: text.rsplit(": ", 1)[1] for text in out.splitlines()}
    assert words == {
        "main everywhere": "below",
        "main ours": "OVER",
        "other everywhere": "below",
        "other theirs": "below",
    }
    assert command("budget", "--name", "theirs")[0] == 0


def test_a_budget_about_an_organization_that_is_not_there_is_refused(company):
    """It would be about nothing, and the gate would be open for ever."""
    _, command = company(settings=BOTH.replace("organization: main", "organization: mian"))
    status, out, err = command("budget")
    assert (status, out) == (2, "")
    assert 'budgets[1].match.organization: expected a pattern of an alias (main or other), found "mian"' in err

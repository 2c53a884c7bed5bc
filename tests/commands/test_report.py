import json
from decimal import Decimal

import pytest

from anthropic_exporter.simulate.switches import Switches
from commands.spending_company import LABS, MONTH, NEW_KEY, OLD_KEY, TOMORROW, column, rows_of

LEGACY = Switches(visibility_delay=0, generation="legacy")
BUDGETS = "budgets: [{name: everything, usd: 1000}]\n"


@pytest.mark.parametrize("switches", [None, LEGACY], ids=["both", "legacy"])
def test_the_month_has_the_sums_of_the_export_and_of_the_budget(company, switches):
    _, command = company(switches, BUDGETS)
    status, out, _ = command("report", "--format", "json")
    assert status == 0
    [found] = json.loads(out)["organizations"]
    rows = rows_of(command("export", "cost", "--from", "2026-06-01")[1])
    this = [row for row in rows if row["day"] >= "2026-07-01"]
    before = [row for row in rows if row["day"] < "2026-07-01"]
    assert Decimal(found["spend_usd"]) == column(this, "spend_usd") > 0
    assert Decimal(found["before_spend_usd"]) == column(before, "spend_usd") > 0
    for shares in ("workspaces", "models", "keys"):
        assert column(found[shares], "spend_usd") == column(this, "spend_usd")
        assert column(found[shares], "before_spend_usd") == column(before, "spend_usd")
    assert [budget["spent_usd"] for budget in found["budgets"]] == [found["spend_usd"]]


def test_tokens_are_those_of_the_simulator(company):
    fake, command = company(LEGACY)
    [found] = json.loads(command("report", "--format", "json")[1])["organizations"]
    published = fake.totals(MONTH, TOMORROW)["published"]["tokens"]
    assert sum(found["tokens"].values()) == sum(row["tokens"] for row in published) > 0
    assert sum(model["tokens"] for model in found["models"]) == sum(row["tokens"] for row in published)


def test_keys_that_are_older_than_90_days_are_to_rotate(company):
    _, command = company()
    [found] = json.loads(command("report", "--format", "json")[1])["organizations"]
    assert [(key["id"], key["age_days"], key["last_used"]) for key in found["keys_to_rotate"]] == [
        (OLD_KEY.id, 195, "2026-07-15")
    ]
    assert {key["name"] for key in found["keys"]} == {OLD_KEY.name, NEW_KEY.name, "(no key)"}


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_a_period_for_people_is_plain_lines(company, period):
    _, command = company(settings=BUDGETS)
    status, out, _ = command("report", "--period", period)
    assert status == 0
    assert "\x1b" not in out
    for title in ("Spend and tokens", "Top workspaces", "Top models", "Top keys", "Budgets", "Keys to rotate"):
        assert f"\n{title}" in out
    assert f"this {period}" in out


def test_names_cannot_break_a_markdown_table(company):
    _, command = company(settings=BUDGETS)
    status, out, _ = command("report", "--format", "markdown")
    assert status == 0
    assert LABS.name.replace("|", "\\|") in out
    tables = [text for text in out.replace("\\|", "").split("\n\n") if text.startswith("|")]
    assert len(tables) == 6
    for table in tables:
        assert len({text.count("|") for text in table.splitlines()}) == 1


def test_a_failing_upstream_exits_1_and_prints_nothing(company):
    _, command = company(Switches(faults=("internal_error",), fault_paths=("/v1/organizations/workspaces",)))
    status, out, err = command("report")
    assert (status, out) == (1, "")
    assert "workspaces could not be read" in err


def test_an_unknown_period_exits_2(company):
    _, command = company()
    assert command("report", "--period", "year")[0] == 2

import csv
import io
import json
import sys
from decimal import Decimal

import pytest

from anthropic_exporter.commands.columns import Column, Table
from anthropic_exporter.commands.formats import to_csv, to_parquet
from anthropic_exporter.commands.reading import reading
from anthropic_exporter.config import load
from anthropic_exporter.simulate.scripted import Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import Switches
from anthropic_exporter.utc import DAY
from commands.spending_company import (
    BEFORE,
    CENT,
    INVENTORY,
    LABS,
    MONTH,
    NOW,
    OLD_KEY,
    TOMORROW,
    column,
    rows_of,
)
from ledger.instants import at
from simulate.harness import line

LEGACY = Switches(visibility_delay=0, generation="legacy")
TYPES = {
    "uncached_input_tokens": "uncached_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens": "cache_creation_5m_tokens",
    "cache_creation.ephemeral_1h_input_tokens": "cache_creation_1h_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "output_tokens": "output_tokens",
}
TYPES_OF = {name.removesuffix("_tokens"): upstream for upstream, name in TYPES.items()}


def shown(environment):
    """Return the sums of the metrics of the same reading, by family."""
    settings = load({}, environment, now=NOW)
    with reading(settings, NOW, since="month") as [one]:
        families = one.view.families(one.id, NOW)
        return {found.family.name: sum(Decimal(value) for _, value in found.samples) for found in families}


@pytest.fixture
def environment():
    def get(fake):
        return {"ANTHROPIC_ADMIN_KEY": fake.admin_key, "ANTHROPIC_BASE_URL": fake.base_url, "HOME": "/"}

    return get


def exported(command, *arguments):
    status, out, err = command("export", *arguments)
    assert status == 0, err
    return rows_of(out)


@pytest.mark.parametrize("switches", [None, LEGACY], ids=["both", "legacy"])
def test_the_sums_are_those_of_the_metrics(company, environment, switches):
    fake, command = company(switches)
    metrics = shown(environment(fake))
    for first, last, window in [
        ("2026-07-01", "2026-07-15", "month_to_date"),
        ("2026-06-01", "2026-06-30", "previous_month"),
    ]:
        rows = exported(command, "cost", "--from", first, "--to", last)
        assert column(rows, "spend_usd") == metrics[f"anthropic_spend_{window}_usd"] > 0
        assert column(rows, "billed_usd") == metrics[f"anthropic_cost_{window}_usd"] > 0
        assert column(rows, "estimated_usd") == metrics[f"anthropic_estimated_cost_{window}_usd"] > 0
        used = exported(command, "usage", "--from", first, "--to", last)
        assert column(used, "estimated_usd") == metrics[f"anthropic_estimated_cost_{window}_usd"]
        assert sum(column(used, name) for name in TYPES.values()) == metrics[f"anthropic_usage_{window}_tokens"]
    keys = exported(command, "keys", "--from", "2026-07-01")
    assert column(keys, "spend_usd") == metrics["anthropic_api_key_spend_month_to_date_usd"]


def test_the_sums_are_those_of_the_simulator(company):
    fake, command = company(LEGACY)
    published = fake.totals(BEFORE, TOMORROW)["published"]
    used = exported(command, "usage", "--from", "2026-06-01")
    for token_type, name in TYPES.items():
        assert column(used, name) == sum(r["tokens"] for r in published["tokens"] if r["token_type"] == token_type) > 0
    assert column(used, "web_searches") == sum(row["web_searches"] for row in published["web_searches"]) == 5
    keys = exported(command, "keys", "--from", "2026-06-01")
    assert column(keys, "output_tokens") == column(used, "output_tokens")
    billed = fake.totals(BEFORE, TOMORROW, width="1d")["published"]["cost"]
    rows = exported(command, "cost", "--from", "2026-06-01")
    assert column(rows, "billed_usd") == sum(Decimal(row["billed"]) for row in billed) * CENT


def test_the_list_price_is_told_where_upstream_tells_it(company):
    fake, command = company()
    rows = exported(command, "cost", "--from", "2026-06-01", "--by", "cost_type")
    told = fake.totals(BEFORE, TOMORROW, "analytics", "1d")["published"]["cost"]
    assert column(rows, "list_usd") == sum(Decimal(row["list"]) for row in told) * CENT > column(rows, "billed_usd")
    _, command = company(LEGACY)
    assert {row["list_usd"] for row in exported(command, "cost", "--from", "2026-06-01")} == {""}


def test_any_grouping_has_the_same_total(company):
    _, command = company()
    total = column(exported(command, "cost", "--from", "2026-06-01"), "spend_usd")
    for by in ("day", "workspace", "model,cost_type", "cost_type,day,workspace,model"):
        assert column(exported(command, "cost", "--from", "2026-06-01", "--by", by), "spend_usd") == total
    for by in ("api_key", "workspace,api_key", "model", "day,workspace"):
        assert column(exported(command, "keys", "--from", "2026-06-01", "--by", by), "spend_usd") == total


def test_names_are_joined_and_no_spreadsheet_runs_them(company):
    _, command = company()
    names = {row["workspace_name"] for row in exported(command, "usage", "--from", "2026-07-01")}
    assert names == {"Default", f"'{LABS.name}"}
    keys = exported(command, "keys", "--from", "2026-07-01", "--by", "api_key")
    assert [row["api_key_name"] for row in keys if row["api_key_id"] == OLD_KEY.id] == [f"'{OLD_KEY.name}"]


def test_only_texts_are_guarded_and_money_keeps_its_digits():
    columns = [Column("name", "text"), Column("usd", "money"), Column("count", "count")]
    rows = [["-1+1", Decimal("-0.123456789012345678"), -5], ["\t=a", Decimal("1E+3"), None]]
    text = to_csv(Table(columns, rows)).decode()
    assert list(csv.reader(io.StringIO(text)))[1:] == [
        ["'-1+1", "-0.123456789012345678", "-5"],
        ["'\t=a", "1000.00", ""],
    ]


def test_json_holds_the_rows_of_the_csv(company):
    _, command = company()
    asked = ["cost", "--from", "2026-06-01"]
    status, out, _ = command("export", *asked, "--format", "json")
    assert status == 0
    rows, found = exported(command, *asked), json.loads(out)
    assert len(found) == len(rows)
    assert column(found, "spend_usd") == column(rows, "spend_usd")
    assert {row["workspace_name"] for row in found} == {"Default", LABS.name}


def test_a_file_is_written(company, tmp_path):
    _, command = company()
    file = tmp_path / "cost.csv"
    status, out, _ = command("export", "cost", "--from", "2026-07-01", "-o", str(file))
    assert (status, out) == (0, "")
    assert column(rows_of(file.read_text()), "spend_usd") > 0


def test_to_is_the_last_day_and_included(company):
    _, command = company()
    days = {row["day"] for row in exported(command, "usage", "--from", "2026-07-08", "--to", "2026-07-09")}
    assert days == {"2026-07-08", "2026-07-09"}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["cost", "--from", "2025-12-31"], "the reports reach back to 2026-01-01, found 2025-12-31 (source: legacy"),
        (["keys", "--from", "2025-12-31"], "the reports reach back to 2026-01-01"),
        (["usage", "--from", "2025-12-31"], "the reports reach back to 2026-01-01"),
        (["usage", "--from", "2026-07-16"], "2026-07-16 has not begun"),
        (["usage", "--from", "2026-07-10", "--to", "2026-07-09"], "2026-07-09 lies before --from 2026-07-10"),
        (["usage", "--from", "yesterday"], "'--from': expected a date such as 2026-01-31, found yesterday"),
        (["usage"], "--from"),
        (["cost", "--from", "2026-07-01", "--by", "purpose"], "found purpose"),
        (["cost", "--from", "2026-07-01", "--by", "team,tier"], "no report tells team and service_tier of the same"),
        (["cost", "--from", "2026-07-01", "--by", "team", "--explain"], "found team"),
        (["usage", "--from", "2026-07-01", "--explain"], "it is about cost"),
        (["cost", "--from", "2026-07-01", "--explain", "--format", "focus"], "it is about cost, as csv"),
        (["usage", "--from", "2026-07-01", "--format", "focus"], "export cost and not usage"),
        (["cost", "--from", "2026-07-01", "--format", "focus", "--by", "day"], "rows of FOCUS are given"),
        (["cost", "--from", "2026-07-01", "-o", "/nowhere/at/all.csv"], "there is no directory /nowhere/at"),
        (["members", "--from", "2026-07-01"], "members"),
    ],
)
def test_what_is_asked_wrongly_exits_2_and_reads_nothing(company, arguments, why):
    _, command = company(Switches(faults=("internal_error",)))
    status, out, err = command("export", *arguments)
    assert (status, out) == (2, "")
    assert why in err


def test_a_failing_upstream_exits_1_and_writes_nothing(company, tmp_path):
    _, command = company(Switches(faults=("internal_error",), fault_paths=("/v1/organizations/analytics/cost",)))
    file = tmp_path / "cost.csv"
    status, _, err = command("export", "cost", "--from", "2026-07-01", "-o", str(file))
    assert status == 1
    assert "cost could not be read" in err
    assert not file.exists()


@pytest.mark.parametrize("what", ["usage", "keys"])
def test_what_is_not_offered_is_no_empty_table(company, what):
    paths = ("/v1/organizations/usage_report", "/v1/organizations/analytics/usage")
    _, command = company(Switches(visibility_delay=0, faults=("forbidden",), fault_paths=paths))
    status, out, err = command("export", what, "--from", "2026-07-01")
    assert (status, out) == (1, "")
    assert "usage is not offered" in err
    assert column(exported(command, "cost", "--from", "2026-07-01"), "billed_usd") > 0


def test_parquet_without_pyarrow_says_what_to_install(company, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as if it were not installed
    _, command = company(Switches(faults=("internal_error",)))
    status, _, err = command("export", "cost", "--from", "2026-07-01", "--format", "parquet")
    assert status == 2
    assert "pip install 'anthropic-exporter[parquet]'" in err


@pytest.mark.parametrize("arguments", [(), ("--explain",), ("--by", "team,month")], ids=["cost", "explained", "teams"])
def test_a_parquet_file_holds_the_rows_of_the_csv(company, tmp_path, arguments):
    parquet = pytest.importorskip("pyarrow.parquet")
    _, command = company(settings=OWNERSHIP)
    asked = ["cost", "--from", "2026-06-01", *arguments]
    file = tmp_path / "cost.parquet"
    assert command("export", *asked, "--format", "parquet", "-o", str(file))[0] == 0
    found, rows = parquet.read_table(file).to_pylist(), exported(command, *asked)
    assert list(found[0]) == list(rows[0])
    for stored, row in zip(found, rows, strict=True):
        for name, cell in stored.items():
            if isinstance(cell, Decimal):
                assert cell == Decimal(row[name])
            else:
                assert str("" if cell is None else cell) == row[name].removeprefix("'")
    assert sum(row["billed_usd"] for row in found) == column(rows, "billed_usd") > 0


def test_parquet_holds_the_rows_with_their_types():
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = [Column("name", "text"), Column("usd", "money"), Column("count", "count")]
    rows = [["=a", Decimal("0.123456789012345678"), 5], [None, None, None]]
    found = parquet.read_table(io.BytesIO(to_parquet(Table(columns, rows)))).to_pylist()
    assert found == [dict(zip(["name", "usd", "count"], row, strict=True)) for row in rows]
    assert parquet.read_table(io.BytesIO(to_parquet(Table(columns, [])))).column_names == ["name", "usd", "count"]


def test_months_are_told_apart(company):
    _, command = company()
    rows = exported(command, "cost", "--from", "2026-06-01", "--by", "month")
    assert [row["month"] for row in rows] == ["2026-06", "2026-07"]
    by_day = exported(command, "cost", "--from", "2026-06-01", "--by", "day")
    for row in rows:
        days = [each for each in by_day if each["day"].startswith(row["month"])]
        assert column([row], "spend_usd") == column(days, "spend_usd") > 0


OWNERSHIP = """
ownership:
  - {match: {api_key_name: "(?P<team>@search|labs)-(?P<environment>[a-z]+)"}, cost_center: "7"}
"""
MEASURES = ("spend_usd", "billed_usd", "list_usd", "estimated_usd", "estimated_max_usd")


@pytest.mark.parametrize("switches", [None, LEGACY], ids=["both", "legacy"])
def test_cost_adds_up_by_whatever_it_is_told_apart(company, switches):
    """Also between the view of the bill (tier, token type) and the view of keys and owners."""
    _, command = company(switches, OWNERSHIP)
    asked = ["cost", "--from", "2026-06-01", "--by"]
    whole = {name: column(exported(command, *asked, "month"), name) for name in MEASURES}
    assert whole["spend_usd"] > 0
    for by in (
        "tier",
        "token_type,model",
        "workspace,cost_type,tier,token_type,day",
        "key",
        "team,environment,cost_center",
        "day,workspace,model,key,team",
    ):
        rows = exported(command, *asked, by)
        assert {name: column(rows, name) for name in MEASURES} == whole, by
    teams = {row["team"] for row in exported(command, *asked, "team")}
    assert teams == {"'@search", "labs", "unowned"}


def test_cost_by_tier_and_token_type_is_that_of_the_bill(company):
    fake, command = company()
    billed = fake.totals(BEFORE, MONTH, "analytics", "1d")["published"]["cost"]
    rows = exported(command, "cost", "--from", "2026-06-01", "--to", "2026-06-30", "--by", "tier,token_type")
    told = {(row["service_tier"], TYPES_OF[row["token_type"]]): column([row], "spend_usd") for row in rows}
    assert told == {
        (row["service_tier"], row["token_type"]): Decimal(row["billed"]) * CENT for row in billed if row["token_type"]
    }


def test_the_spend_of_a_team_is_that_of_its_metric(company, environment):
    fake, command = company(settings=OWNERSHIP)
    rows = exported(command, "keys", "--from", "2026-07-01", "--by", "team,environment,cost_center")
    assert column(rows, "spend_usd") == shown(environment(fake))["anthropic_owner_spend_month_to_date_usd"]
    assert "output_tokens" not in rows[0]


LONG_AGO = at("2026-02-10T10:00")


@pytest.mark.parametrize("generation", ["both", "legacy", "analytics"])
def test_a_day_long_ago_is_billed_and_told_by_key_and_day(company, generation):
    """The metrics keep two months; an export reads as far back as the reports go."""
    old = line("claude-opus-4-8", LABS.id, api_key_id=OLD_KEY.id)
    events = [
        Event(LONG_AGO, old, output=1_000_000),
        Event(LONG_AGO + DAY, line("claude-opus-4-8", LABS.id), output=200_000, web_searches=100),
        Event(at("2026-07-14T10:00"), old, output=40_000),
    ]
    organization = ScriptedOrganization(events, inventory=INVENTORY, discount=Decimal("0.9"))
    switches = Switches(visibility_delay=0, generation=generation)
    _, command = company(switches, organization=organization)
    asked = ["--from", "2026-02-01", "--by", "day,key"]
    rows = exported(command, "keys", *asked)
    # 25 and 5 USD at list price, and a search is a cent.
    assert {
        (row["day"], row["api_key_id"]): column([row], "spend_usd") for row in rows if column([row], "spend_usd")
    } == {
        ("2026-02-10", OLD_KEY.id): Decimal("22.5"),
        ("2026-02-11", "none"): Decimal("5.5"),
        ("2026-07-14", OLD_KEY.id): Decimal("0.9"),
    }
    cost = exported(command, "cost", "--from", "2026-02-10", "--to", "2026-02-11", "--by", "day")
    assert [(row["day"], row["basis"], row["billed_usd"]) for row in cost] == [
        ("2026-02-10", "billed", "22.50"),
        ("2026-02-11", "billed", "5.50"),
    ]


def test_the_legacy_reports_alone_name_no_first_day(company):
    _, command = company(LEGACY, "organizations: [{alias: main, admin_key_env: ANTHROPIC_ADMIN_KEY, source: legacy}]")
    rows = exported(command, "cost", "--from", "2025-11-01", "--by", "month")
    assert [row["month"] for row in rows] == ["2026-06", "2026-07"]
    status, _, err = command("export", "cost", "--from", "2022-12-31")
    assert status == 2
    assert "--from: the reports reach back to 2023-01-01, found 2022-12-31\n" in err


def test_an_estimate_with_a_bound_says_so(company):
    """Haiku 5.5 costs five times as much for prompts over 100k tokens, and no usage report tells them apart."""
    long = line("claude-haiku-5-5", LABS.id, long_prompt=True)
    organization = ScriptedOrganization([Event(NOW - DAY, long, output=1_000_000)], inventory=INVENTORY)
    _, command = company(organization=organization)
    [row] = exported(command, "cost", "--from", "2026-07-14", "--to", "2026-07-14")
    assert (row["estimated_usd"], row["billed_usd"], row["estimated_max_usd"]) == ("0.50", "2.50", "2.50")
    [row] = exported(command, "usage", "--from", "2026-07-14", "--to", "2026-07-14")
    assert (row["estimated_usd"], row["estimated_max_usd"]) == ("0.50", "2.50")

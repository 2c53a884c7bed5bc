"""A simulated quarter: the metrics, the export, the report and the budget gate show the same money, and it is true."""

import json
import os
import random
import time
from decimal import Decimal

import pytest
from prometheus_client.parser import text_string_to_metric_families

from anthropic_exporter.commands.reading import reading
from anthropic_exporter.config import load
from anthropic_exporter.expose.text import Renderer
from anthropic_exporter.simulate.inventory import ApiKey, Inventory, Workspace
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import Switches
from anthropic_exporter.utc import DAY, HOUR, month_start, previous_month_start
from commands.spending_company import CENT, column, rows_of
from ledger.instants import at
from simulate.harness import line

START, END = at("2026-04-01"), at("2026-07-21")
MONTHS = ("2026-04", "2026-05", "2026-06")
MOMENTS = tuple(at(f"2026-{month}-20T12:17") for month in ("05", "06", "07"))
SEARCH = Workspace(id="wrkspc_01Search", name="search", created_at=START, tags=(("cost-center", "CC-1"),))
LABS = Workspace(id="wrkspc_02Labs", name="labs", created_at=START)
KEYS = (
    ApiKey("apikey_01", "atlas-prod-ranker", SEARCH.id, START),
    ApiKey("apikey_02", "beam-dev-agent", SEARCH.id, START),
    ApiKey("apikey_03", "scratch", LABS.id, START),
)
WAYS = (
    {},
    {"service_tier": "batch"},
    {"inference_geo": "us"},
    {"model": "claude-opus-5", "speed": "fast"},
    {"model": "claude-sonnet-4-6"},
    {"model": "claude-haiku-4-5-20251001"},
)
SETTINGS = """
ownership:
  - {match: {api_key_name: "(?P<team>[a-z]+)-(?P<environment>[a-z]+)-.*"}}
budgets:
  - {name: all, usd: 1000}
  - {name: search, usd: 500, match: {workspace_name: search}}
  - {name: atlas, usd: 300, match: {team: atlas}}
  - {name: scratch, usd: 20, match: {api_key_name: scratch}}
  - {name: week, usd: 100, period: week}
  - {name: day, usd: 10, period: day}
"""


def a_quarter():
    """Use something of everything every day; all of it was told by the evening."""
    chance, events = random.Random(11), []
    homes = [(key.workspace_id, key.id) for key in KEYS] + [(DEFAULT_WORKSPACE.id, None)]
    for day in range(START, END, DAY):
        for home, key in homes:
            way = {"model": "claude-opus-4-8", **chance.choice(WAYS)}
            counts = {name: chance.randrange(40_000) for name in ("uncached", "output", "cache_read", "cache_1h")}
            searches = chance.choice((0, 0, 3))
            used = line(way.pop("model"), home, api_key_id=key, **way)
            events.append(Event(day + chance.randrange(11) * HOUR, used, web_searches=searches, **counts))
    inventory = Inventory(workspaces=(DEFAULT_WORKSPACE, SEARCH, LABS), api_keys=KEYS)
    return ScriptedOrganization(events, inventory=inventory, discount=Decimal("0.93"))


def scraped():
    """Return the samples of /metrics, by name and labels without the organization's."""
    settings = load({"config.file": os.environ["SAME_CENTS"]}, os.environ, now=time.time())
    with reading(settings, time.time(), since="month") as [one]:
        text = Renderer().render(one.view.families(one.id, one.now)).body().decode()
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(value for name, value in sample.labels.items() if name != "organization_id")
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def cents(usd):
    return Decimal(usd).quantize(CENT)


def by(samples, *places):
    """Add up samples to the cent by some labels."""
    sums = {}
    for labels, usd in samples.items():
        key = tuple(labels[place] for place in places)
        sums[key] = sums.get(key, Decimal(0)) + Decimal(repr(usd))
    return {key: cents(usd) for key, usd in sums.items() if usd}


def exported(command, first, last, names):
    rows = rows_of(command("export", "cost", "--from", first, "--to", last, "--by", names)[1])
    ids = [{"workspace": "workspace_id", "key": "api_key_id"}.get(name, name) for name in names.split(",")]
    return {tuple(row[name] for name in ids): cents(row["spend_usd"]) for row in rows if Decimal(row["spend_usd"])}


def told(command, *arguments):
    """Return spend by budget as the gate prints it."""
    lines = command("budget", *arguments)[1].splitlines()
    return {text.split(": ")[0]: cents(text.split(": ")[1].split(" of ")[0]) for text in lines}


@pytest.mark.parametrize("generation", ["both", pytest.param("legacy", marks=pytest.mark.long)])
def test_every_door_shows_the_same_cents(company, monkeypatch, tmp_path, generation):
    monkeypatch.setenv("SAME_CENTS", str(tmp_path / "exporter.yml"))
    months = {}
    for now in MOMENTS:
        fake, command = company(
            Switches(visibility_delay=0, generation=generation), SETTINGS, organization=a_quarter(), now=now
        )
        shown = scraped()
        today = time.strftime("%Y-%m-%d", time.gmtime(now))
        first = f"{today[:7]}-01"
        spend = shown["anthropic_spend_month_to_date_usd"]
        # /metrics against the export, by every view of it.
        assert by(spend, 0) == exported(command, first, today, "workspace")
        assert by(spend, 1) == exported(command, first, today, "model")
        assert by(shown["anthropic_api_key_spend_month_to_date_usd"], 0) == exported(command, first, today, "key")
        owned = by(shown["anthropic_owner_spend_month_to_date_usd"], 0, 1)
        assert owned == exported(command, first, today, "team,environment")
        whole = cents(sum(by(spend, 0).values()))
        for parts in (by(spend, 1), by(shown["anthropic_api_key_spend_month_to_date_usd"], 0), owned):
            assert abs(sum(parts.values()) - whole) < 5 * CENT  # each part was rounded by itself
        # /metrics against the report and the gate.
        [report] = json.loads(command("report", "--format", "json")[1])["organizations"]
        exact = sum(Decimal(repr(usd)) for usd in spend.values())
        before = shown["anthropic_spend_previous_month_usd"]
        assert cents(report["spend_usd"]) == cents(exact)
        assert cents(report["before_spend_usd"]) == cents(sum(Decimal(repr(usd)) for usd in before.values()))
        assert {(row["id"],): cents(row["spend_usd"]) for row in report["workspaces"]} == by(spend, 0)
        budgets = by(shown["anthropic_budget_spent_usd"], 0)
        assert {(name,): usd for name, usd in told(command).items()} == budgets
        assert {(row["name"],): cents(row["spent_usd"]) for row in report["budgets"]} == budgets
        assert budgets[("all",)] == cents(exact)
        assert budgets[("search",)] == by(spend, 0)[(SEARCH.id,)]
        assert budgets[("scratch",)] == by(shown["anthropic_api_key_spend_month_to_date_usd"], 0)[("apikey_03",)]
        # The month that is over is settled, and true.
        final = fake.totals(previous_month_start(now), month_start(now), width="1d")["final"]["cost"]
        truth = {}
        for row in final:
            place = "default" if row["workspace_id"] == DEFAULT_WORKSPACE.id else row["workspace_id"]
            truth[(place,)] = truth.get((place,), Decimal(0)) + Decimal(row["billed"]) * CENT
        assert by(before, 0) == {place: cents(usd) for place, usd in truth.items()}
        months[time.strftime("%Y-%m", time.gmtime(previous_month_start(now)))] = sum(truth.values())
    # And the quarter, long after: month by month what the metrics said of each, by team and by key what the sum is.
    assert exported(command, "2026-04-01", "2026-06-30", "month") == {
        (month,): cents(months[month]) for month in MONTHS
    }
    rows = rows_of(command("export", "cost", "--from", "2026-04-01", "--to", "2026-06-30", "--by", "team")[1])
    again = rows_of(command("export", "keys", "--from", "2026-04-01", "--to", "2026-06-30", "--by", "key")[1])
    assert column(rows, "spend_usd") == column(again, "spend_usd") == sum(months.values())

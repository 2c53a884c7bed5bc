"""A company behind the simulator whose every number is written down, and commands that are run against it."""

import csv
import io
from decimal import Decimal

from anthropic_exporter.simulate.inventory import ApiKey, Inventory, Workspace
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, Event, ScriptedOrganization
from anthropic_exporter.utc import DAY, HOUR
from ledger.instants import at
from simulate.harness import line

NOW = at("2026-07-15T12:17")
MONTH, BEFORE, TOMORROW = at("2026-07-01"), at("2026-06-01"), at("2026-07-16")
CENT = Decimal("0.01")

LABS = Workspace(id="wrkspc_01LabsOfTheCommandTests", name="=labs|1", created_at=at("2025-01-01"))
OLD_KEY = ApiKey("apikey_01Old", "@search-prod", DEFAULT_WORKSPACE.id, at("2026-01-01"))
NEW_KEY = ApiKey("apikey_02New", "labs-dev", LABS.id, at("2026-07-01"))
INVENTORY = Inventory(workspaces=(DEFAULT_WORKSPACE, LABS), api_keys=(OLD_KEY, NEW_KEY))


def spending_company() -> ScriptedOrganization:
    """Make an organization that spent in both months: late June, last week, yesterday and an hour ago."""
    old = line("claude-opus-4-8", DEFAULT_WORKSPACE.id, api_key_id=OLD_KEY.id)
    new = line("claude-haiku-4-5-20251001", LABS.id, api_key_id=NEW_KEY.id)
    batch = line("claude-sonnet-4-6", LABS.id, service_tier="batch")
    events = [
        Event(at("2026-06-20T10:00"), old, uncached=1_000_001, output=300_003, requests=7),
        Event(at("2026-07-08T09:30"), old, uncached=2_000_003, cache_5m=70_007, cache_read=9_000_001, web_searches=3),
        Event(at("2026-07-08T11:30"), new, uncached=500_009, output=100_001),
        Event(at("2026-07-09T11:30"), batch, uncached=123_457, output=7_919),
        Event(NOW - DAY, new, uncached=400_007, output=900_001),
        Event(NOW - HOUR, old, uncached=31_337, output=4_242, web_searches=2),
        Event(NOW - HOUR, batch, cache_1h=17_171, output=1_717),
    ]
    return ScriptedOrganization(events, inventory=INVENTORY, discount=Decimal("0.9"))


def rows_of(text: str) -> list[dict[str, str]]:
    """Read CSV."""
    return list(csv.DictReader(io.StringIO(text)))


def column(rows: list[dict[str, str]], name: str) -> Decimal:
    """Add up a column."""
    return sum((Decimal(row[name]) for row in rows if row[name]), Decimal(0))

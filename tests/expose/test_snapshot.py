"""What one small organization shows, from the ledger to the exposition."""

from dataclasses import replace
from decimal import Decimal

import pytest

from anthropic_exporter.config.sections import CountersSettings
from anthropic_exporter.config.settings import Settings
from anthropic_exporter.expose import catalogue
from anthropic_exporter.expose.folding import Folding
from anthropic_exporter.expose.snapshot import OrganizationView
from anthropic_exporter.expose.text import Renderer
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import ApiKey, Invite, Member, Organization, Workspace, WorkspaceMember
from anthropic_exporter.utc import DAY, HOUR, MINUTE
from collect.upstream import Event, Upstream
from ledger.instants import at
from money.bench import HOLD, Bench
from reviewed import assert_reviewed

ID = "7c1d0a52-90f4-4f7e-8d5e-6a4b3c2d1e0f"
NOON = at("2026-07-15T12:17")
MONTHLY = Settings(counters=CountersSettings(since="month"))
TODAY = Event(NOON - HOUR, tokens=1000, output=10, usd=Decimal("0.01"), workspace_id="wrkspc_search")
YESTERDAY = Event(NOON - DAY, tokens=500, searches=2, usd=Decimal("0.25"))
JUNE = Event(NOON - 30 * DAY, tokens=40, model="claude-of-tomorrow", workspace_id="wrkspc_gone")

KEY = ApiKey("apikey_1", "one", "wrkspc_search", "active", "user", "user_1", NOON - 100 * DAY, NOON + DAY)
INVENTORY = {
    "organization": [Organization(ID, "Acme")],
    "workspace": [
        Workspace("default", "Default", archived=False, created_at=1, tags=()),
        Workspace("wrkspc_search", "search", archived=False, created_at=2, tags=()),
        Workspace("wrkspc_old", "old", archived=True, created_at=3, tags=()),
    ],
    "api_key": [
        KEY,
        KEY._replace(id="apikey_2", name="two", status="inactive", workspace_id="none", expires_at=None),
        KEY._replace(id="apikey_3", name="three", status="archived", workspace_id="wrkspc_old"),
        KEY._replace(id="apikey_4", name="four", status="expired", workspace_id="wrkspc_far"),
    ],
    "member": [Member("user_1", "admin"), Member("user_2", "developer"), Member("user_3", "developer")],
    "workspace_member": [WorkspaceMember("wrkspc_search", "user_1", "workspace_admin")],
    "invite": [Invite("invite_1", "pending", "user", NOON + DAY)],
}


class Office:
    """An organization as it is shown."""

    def __init__(self, *events, settings=MONTHLY, inventory=INVENTORY):
        self.bench = Bench(Upstream(list(events)), settings).start(NOON)
        self.inventory = Inventory(self.bench.store, "main")
        for kind, objects in inventory.items():
            self.list(kind, objects)
        self.look()

    def look(self):
        accounts = self.bench.accounts
        streams = {family: name for name, a in accounts._accounts.items() for family in a.families}
        used = {"apikey_1": NOON - HOUR}
        folding = Folding(self.bench.settings.series.max_per_family)
        self.view = OrganizationView(
            accounts, self.inventory, catalogue.family, streams, last_used=used, folding=folding
        )

    def list(self, kind, objects):
        ids = {"/".join(found[:2]) if kind == "workspace_member" else found.id: found for found in objects}
        self.inventory.take(kind, ids, NOON)

    def families(self, now=NOON):
        self.bench.accounts.turn(now)
        return self.view.families(ID, now)

    def shown(self, now=NOON):
        return {
            found.family.name: {labels[1:]: value for labels, value in found.samples} for found in self.families(now)
        }


def test_a_tiny_organization_is_shown_as_reviewed():
    office = Office(TODAY, YESTERDAY, JUNE)
    office.bench.poll(NOON)
    body = Renderer().render(office.families()).body().decode()
    # The words of HELP are reviewed elsewhere.
    text = "".join(row for row in body.splitlines(keepends=True) if "# HELP" not in row)
    assert_reviewed("tiny_organization.prom", text)


def test_every_series_carries_the_organization_and_its_family():
    office = Office(TODAY, YESTERDAY, JUNE)
    office.bench.poll(NOON)
    for found in office.families():
        assert found.family == catalogue.family(found.family.name)
        for labels, _ in found.samples:
            assert labels[0] == ID
            assert len(labels) == len(found.family.labels)


def ids(families, label):
    """Return the values of a label over all families, and those that have an info series."""
    info = f"anthropic_{label.removesuffix('_id')}_info"
    carried, named = set(), set()
    for found in families:
        if label in found.family.labels:
            values = {labels[found.family.labels.index(label)] for labels, _ in found.samples}
            carried |= values
            if found.family.name == info:
                named |= values
    return carried, named


@pytest.mark.parametrize("label", ["workspace_id", "api_key_id"])
@pytest.mark.parametrize(
    "inventory", [INVENTORY, {}, {"api_key": INVENTORY["api_key"]}], ids=["all listed", "nothing listed", "keys listed"]
)
def test_every_id_that_a_series_carries_has_a_name(label, inventory):
    small = replace(MONTHLY, series=replace(MONTHLY.series, max_per_family=3))
    office = Office(TODAY, YESTERDAY, JUNE, replace(TODAY, workspace_id="none"), settings=small, inventory=inventory)
    office.bench.poll(NOON)
    carried, named = ids(office.families(NOON + HOLD), label)
    assert carried == named
    if label == "workspace_id":
        assert {"__other__", "default", "wrkspc_gone"} <= named


def test_words_and_unknown_ids_are_named_by_themselves():
    office = Office(TODAY, YESTERDAY, replace(JUNE, at=NOON - 2 * DAY), inventory={"api_key": [KEY]})
    office.bench.poll(NOON)
    assert office.shown()["anthropic_workspace_info"] == {
        ("default", "default", "active"): 1,
        ("wrkspc_search", "wrkspc_search", "unknown"): 1,
        ("wrkspc_gone", "wrkspc_gone", "unknown"): 1,
    }


def test_what_is_no_longer_listed_keeps_its_name_and_is_counted_no_more():
    office = Office()
    office.list("workspace", INVENTORY["workspace"][:1])
    office.list("api_key", [])
    shown = office.shown()
    assert shown["anthropic_workspaces"] == {("active",): 1, ("archived",): 0}
    assert ("wrkspc_search", "search", "archived") in shown["anthropic_workspace_info"]
    assert ("apikey_1", "one", "wrkspc_search", "archived", "user") in shown["anthropic_api_key_info"]
    assert "anthropic_api_keys" not in shown
    again = Inventory(office.bench.store, "main")
    again.load()
    assert {key.id for key in again.api_keys(gone=True)} == {key.id for key in INVENTORY["api_key"]}
    assert [workspace.id for workspace in again.workspaces()] == ["default"]


def test_archived_and_expired_keys_have_no_dates_but_a_name_and_a_count():
    shown = Office().shown()
    dated = {("apikey_1", "wrkspc_search"), ("apikey_2", "none")}
    assert set(shown["anthropic_api_key_age_seconds"]) == dated
    assert set(shown["anthropic_api_key_created_timestamp_seconds"]) == dated
    assert shown["anthropic_api_key_expires_timestamp_seconds"] == {("apikey_1", "wrkspc_search"): NOON + DAY}
    assert shown["anthropic_api_key_last_used_timestamp_seconds"] == {("apikey_1", "wrkspc_search"): NOON - HOUR}
    assert {labels[0] for labels in shown["anthropic_api_key_info"]} >= {f"apikey_{n}" for n in (1, 2, 3, 4)}
    assert sum(shown["anthropic_api_keys"].values()) == 4


def test_what_was_never_listed_is_absent_and_not_zero():
    shown = Office(inventory={}).shown()
    assert not [name for name in shown if not name.endswith("_info")]
    assert "anthropic_organization_info" not in shown


WINDOW = "anthropic_usage_{}_tokens"


def windows(office, now):
    """Return which windows of usage are shown."""
    shown = office.shown(now)
    return [w for w in ("today", "yesterday", "month_to_date", "previous_month") if WINDOW.format(w) in shown]


def test_a_window_vanishes_when_it_is_over_until_the_new_one_was_read():
    midnight = at("2026-07-16")
    office = Office(TODAY, YESTERDAY)
    office.bench.poll(midnight - MINUTE)
    assert windows(office, midnight - 1) == ["today", "yesterday", "month_to_date", "previous_month"]
    assert windows(office, midnight) == ["month_to_date", "previous_month"]
    office.bench.poll(midnight + MINUTE)
    assert windows(office, midnight + MINUTE) == ["today", "yesterday", "month_to_date", "previous_month"]
    today = office.shown(midnight + MINUTE)[WINDOW.format("today")]
    assert today["wrkspc_search", "claude-opus-5", "uncached_input"] == 0


def test_no_window_outlives_its_month():
    month = at("2026-08-01")
    office = Office(TODAY, YESTERDAY)
    office.bench.poll(month - MINUTE)
    assert windows(office, month) == []
    office.bench.poll(month + MINUTE)
    assert windows(office, month + MINUTE) == ["today", "yesterday", "month_to_date", "previous_month"]


def test_a_cycle_that_was_cut_off_shows_no_new_window():
    """It may have read the days before yesterday and nothing since."""
    office = Office(TODAY, YESTERDAY)
    office.bench.poll(NOON)
    later = NOON + 3 * DAY
    asked = len(office.bench.upstream.calls)

    def fails(_):
        if len(office.bench.upstream.calls) > asked + 1:
            raise ConnectionError

    office.bench.upstream.fails = fails
    with pytest.raises(ConnectionError):
        office.bench.poll(later)
    assert windows(office, later) == ["month_to_date", "previous_month"]


def test_windows_are_there_at_once_after_a_restart():
    office = Office(TODAY, YESTERDAY)
    office.bench.poll(NOON)
    shown = office.shown()
    office.bench.start(NOON + 60)
    office.look()
    assert office.shown(NOON) == shown


def test_nothing_of_a_stream_is_shown_before_it_was_read_whole():
    shown = Office(TODAY).shown()
    assert not [name for name in shown if "usage" in name or "cost" in name or "estimate" in name]


def test_the_sums_of_a_window_are_not_rounded():
    """The default context of decimal has 28 digits."""
    large, small = Decimal("123456.78"), Decimal("1E-25")
    office = Office(replace(YESTERDAY, usd=large), replace(YESTERDAY, at=NOON - 2 * DAY, usd=small))
    office.bench.poll(NOON)
    (shown,) = office.shown()["anthropic_cost_month_to_date_usd"].values()
    assert shown == Decimal("123456.7800000000000000000000001")


def test_freshness_says_how_far_usage_and_cost_are_known():
    office = Office(TODAY, YESTERDAY)
    office.bench.poll(NOON)
    shown = office.shown()
    assert shown["anthropic_usage_last_bucket_timestamp_seconds"] == {(): at("2026-07-15T12:00")}
    assert shown["anthropic_usage_settled_timestamp_seconds"] == {(): at("2026-07-13T12:00")}
    assert shown["anthropic_cost_settled_timestamp_seconds"] == {(): at("2026-07-15")}


def test_prices_are_those_of_the_day():
    office = Office()
    samples, bounds = office.view.prices(NOON)
    assert samples.family.name == "anthropic_model_price_usd_per_million_tokens"
    assert bounds.family.name == "anthropic_model_price_upper_bound_ratio"
    assert bounds.samples == [(("claude-haiku-5-5",), 5)]
    found = {labels: usd for labels, usd in samples.samples if labels[0] == "claude-opus-5" and labels[4] == "output"}
    assert found["claude-opus-5", "standard", "global", "standard", "output"] == 25


def test_two_organizations_in_one_store_keep_their_lists():
    store = Store(":memory:")
    one, other = Inventory(store, "one"), Inventory(store, "other")
    one.take("api_key", {KEY.id: KEY}, NOON)
    other.load()
    assert not other.known("api_key")
    one.load()
    assert one.api_keys() == [KEY]
    store.close()

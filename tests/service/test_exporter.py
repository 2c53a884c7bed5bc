import logging
import sys
import threading
import time
from dataclasses import replace

import pytest

from anthropic_exporter.config import OrganizationSettings, Settings
from anthropic_exporter.config.sections import (
    CostSettings,
    InventorySettings,
    LogSettings,
    PricesSettings,
    UpstreamSettings,
    UsageSettings,
)
from anthropic_exporter.errors import ConfigError
from anthropic_exporter.expose.atscrape import AtScrape
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.service.exporter import Exporter
from anthropic_exporter.service.site import LiveSite
from anthropic_exporter.simulate.scripted import PROFILE, Event, ScriptedOrganization
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from anthropic_exporter.simulate.world import World
from ledger.broken_disk import BrokenDisk, FullDisk
from service.office import OTHER_ID, PRICES, Key
from simulate.harness import line

FAST = Settings(
    usage=UsageSettings(interval=0.2, per_api_key_interval=0.2),
    cost=CostSettings(interval=0.2),
    inventory=InventorySettings(interval=0.2),
    upstream=UpstreamSettings(requests_per_minute=0),
)


def acme(tokens, name=PROFILE.id):
    return ScriptedOrganization(
        [Event(int(time.time()) - 7200, line(), uncached=tokens)], profile=replace(PROFILE, id=name)
    )


class Running:
    """The exporter in threads of this process, on a simulator of its own."""

    def __init__(self, simulator, store):
        self.simulator, self.store = simulator, store
        main = OrganizationSettings(alias="main", credential=Key(), base_url=simulator.base_url, source="auto")
        self.settings = replace(FAST, organizations=(main,))
        self.exporter = Exporter(self.settings, store, PRICES)
        self.site = LiveSite(
            telemetry_path="/metrics",
            lifecycle=True,
            store=store,
            metrics=self.exporter.metrics,
            reload=self.reload,
        )
        self.next = self.settings

    def reload(self):
        if isinstance(self.next, Exception):
            raise self.next
        self.exporter.reload(self.next, self.site)

    def serve(self, organization):
        fresh = World(organization, self.simulator.world.now, Switches(visibility_delay=0))
        for name in World.__slots__:
            setattr(self.simulator.world, name, getattr(fresh, name))

    def page(self):
        return self.site.exposition().body().decode()

    def tokens(self):
        """Return the tokens on the page, by organization."""
        found = {}
        for row in self.page().splitlines():
            if row.startswith("anthropic_usage_tokens_total{"):
                name = row.split('organization_id="')[1].split('"')[0]
                found[name] = found.get(name, 0) + float(row.rsplit(" ", 1)[1])
        return found


@pytest.fixture
def running():
    store = Store(":memory:")
    with Simulator(acme(1000), Switches(visibility_delay=0)) as simulator:
        made = Running(simulator, store)
        made.exporter.load(made.site)
        made.exporter.start()
        yield made
        made.site.stop()
        made.exporter.stop()
    store.close()


def test_an_alias_whose_key_becomes_another_organizations_begins_anew(running, wait_until):
    wait_until(lambda: running.tokens() == {PROFILE.id: 1000})
    running.serve(acme(7, OTHER_ID))
    seen = []

    def renewed():
        seen.append(running.tokens())
        return seen[-1] == {OTHER_ID: 7}

    wait_until(renewed)
    assert [found for found in seen if found not in ({PROFILE.id: 1000}, {}, {OTHER_ID: 7})] == []
    assert PROFILE.id not in running.page()
    labels = {s.labels.get("organization_id") for m in running.exporter.metrics.collect() for s in m.samples}
    assert labels <= {OTHER_ID, "main", None}
    assert PROFILE.id not in str(running.store._connection.execute("SELECT * FROM meta").fetchall())


def test_it_begins_anew_as_soon_as_the_disk_takes_it(running, wait_until, monkeypatch):
    monkeypatch.setattr(sys.modules[Exporter.__module__], "BEGIN_AGAIN", 0.1)
    wait_until(lambda: running.tokens() == {PROFILE.id: 1000})
    real = running.store._connection
    (old,) = running.exporter._organizations
    old.stop()
    running.store._connection = BrokenDisk(real, fails_at=1, gone=True)
    old._foreign(old)
    wait_until(running.store.take_write_failures)
    assert running.exporter._organizations == [old]
    running.store._connection = real
    wait_until(lambda: running.exporter._organizations != [old])
    wait_until(lambda: running.tokens() == {PROFILE.id: 1000})


def test_a_reload_goes_on_with_the_same_counters(running, wait_until):
    wait_until(lambda: running.tokens() == {PROFILE.id: 1000})
    (before,) = running.exporter._organizations
    assert running.site.reload() is None
    (after,) = running.exporter._organizations
    assert after is not before
    assert running.tokens() == {PROFILE.id: 1000}
    running.next = ConfigError("exporter.yml: usage: expected a map")
    assert running.site.reload() == "exporter.yml: usage: expected a map"
    assert running.exporter._organizations == [after]


CHEAPER = """
prices:
- {model: claude-opus-4-8, input: "1", cache_write_5m: "1", cache_write_1h: "1", cache_read: "1", output: "1"}
- {model: claude-new-9, input: "3", cache_write_5m: "3", cache_write_1h: "3", cache_read: "3", output: "3"}
"""


def test_a_reload_takes_the_price_file_anew_and_a_bad_one_changes_nothing(running, wait_until, tmp_path):
    """Prices are negotiated while exporters run: an override, a model of one's own, and a slip of the pen."""
    file = tmp_path / "prices.yml"
    running.next = replace(running.settings, prices=PricesSettings(file=str(file)))

    def usd(name, model):
        rows = [row for row in running.page().splitlines() if row.startswith(name) and f'model="{model}"' in row]
        return [float(row.rsplit(" ", 1)[1]) for row in rows if 'speed="fast"' not in row]

    def estimated():
        # Both months: the test may run in the first hours of one.
        return sum(usd(f"anthropic_estimated_cost_{w}_usd", model)[0] for w in ("month_to_date", "previous_month"))

    model, price = line().model, "anthropic_model_price_usd_per_million_tokens"
    wait_until(lambda: running.tokens() == {PROFILE.id: 1000})
    listed = estimated()
    file.write_text(CHEAPER.replace("claude-opus-4-8", model))
    assert running.site.reload() is None
    wait_until(lambda: estimated() == 0.001)
    assert listed > 0.001
    assert set(usd(price, model)) == {1.0, 1.1, 0.5, 0.55}  # as listed, in the US, by batch, both
    assert 3.0 in usd(price, "claude-new-9")
    file.write_text(CHEAPER.replace("input", "inputs"))
    assert "prices.yml: prices[0].inputs: expected one of the keys" in running.site.reload()
    assert (
        "anthropic_exporter_config_last_reload_successful 0"
        in AtScrape(running.exporter.metrics).render(openmetrics=False).decode()
    )
    assert estimated() == 0.001


def test_a_reload_that_the_disk_does_not_take_yet_is_finished_once_it_does(running, wait_until, tmp_path, monkeypatch):
    """It writes what other prices make of the counters. Nothing is polled meanwhile, and all is shown as it was."""
    monkeypatch.setattr(sys.modules[Exporter.__module__], "BEGIN_AGAIN", 0.1)
    wait_until(lambda: running.tokens() == {PROFILE.id: 1000})
    file = tmp_path / "prices.yml"
    file.write_text(CHEAPER.replace("claude-opus-4-8", line().model))
    running.next = replace(running.settings, prices=PricesSettings(file=str(file)))
    real = running.store._connection
    (before,) = running.exporter._organizations
    before.stop()
    running.store._connection = FullDisk(real)
    reloading = threading.Thread(target=running.site.reload)
    reloading.start()
    wait_until(running.store.take_write_failures)
    assert running.tokens() == {PROFILE.id: 1000}
    running.store._connection = real
    reloading.join(30)
    (after,) = running.exporter._organizations
    assert after is not before
    wait_until(after.up)
    assert running.tokens() == {PROFILE.id: 1000}


def test_a_refused_reload_leaves_the_log_as_it_was(running, tmp_path):
    file = tmp_path / "prices.yml"
    file.write_text("prices: [{model: x}]")
    quiet = replace(running.settings, log=LogSettings(level="error"))
    level = logging.getLogger().level
    running.next = replace(quiet, prices=PricesSettings(file=str(file)))
    assert "prices.yml" in running.site.reload()
    assert logging.getLogger().level == level
    running.next = quiet
    assert running.site.reload() is None
    assert logging.getLogger().level == logging.ERROR


@pytest.mark.parametrize(
    ("group_by", "missing"),
    [
        (("workspace_id", "model"), []),
        (("service_tier", "inference_geo", "speed", "context_window"), ["workspace_id"]),
        (("api_key_id", "model", "service_tier", "inference_geo", "speed"), ["workspace_id"]),
        (("api_key_id", "context_window", "service_tier", "inference_geo", "speed"), ["workspace_id, model"]),
    ],
)
def test_labels_that_leave_no_room_for_workspaces_or_models_are_warned_of(running, caplog, group_by, missing):
    running.next = replace(running.settings, usage=replace(running.settings.usage, group_by=group_by))
    caplog.clear()
    assert running.site.reload() is None
    assert [record.missing for record in caplog.records if "no room" in record.message] == missing


def test_a_child_beside_its_parent_is_warned_of_also_after_a_reload(running, caplog):
    (main,) = running.settings.organizations
    running.next = replace(
        running.settings, organizations=(main, replace(main, alias="child", organization_id=OTHER_ID))
    )
    caplog.clear()
    assert running.site.reload() is None
    assert [(r.parent, r.child) for r in caplog.records if "twice" in r.message] == [("main", "child")]


def test_a_collector_that_a_reload_switches_off_is_told_of_no_more(running, wait_until):
    def collectors():
        told = running.exporter.metrics._recorded["anthropic_exporter_collector_supported"]
        return {name for _, name in told.numbers}

    wait_until(lambda: {"usage", "cost"} <= collectors())
    running.next = replace(running.settings, cost=CostSettings(enabled=False))
    running.site.reload()
    assert "usage" in collectors()
    assert "cost" not in collectors()


def test_nothing_begins_again_once_it_was_stopped(running, wait_until):
    wait_until(lambda: running.tokens() == {PROFILE.id: 1000})
    (old,) = running.exporter._organizations
    running.exporter.stop()
    running.exporter.reload(running.settings, running.site)
    old._foreign(old)
    assert running.exporter._organizations == [old]
    assert not any(poller._thread.is_alive() for poller in old.pollers)


def test_two_aliases_of_one_organization_show_it_once(running, wait_until, caplog):
    wait_until(lambda: running.tokens() == {PROFILE.id: 1000})
    (main,) = running.settings.organizations
    running.next = replace(running.settings, organizations=(main, replace(main, alias="again")))
    running.site.reload()
    wait_until(lambda: all(organization.ready for organization in running.exporter._organizations))
    wait_until(lambda: "two aliases have keys of one organization" in caplog.text)
    assert [each.shown_as for each in running.site.status().organizations] == ["", "main"]
    assert running.tokens() == {PROFILE.id: 1000}


def test_an_organization_that_is_no_longer_configured_is_no_longer_shown(running, wait_until):
    wait_until(lambda: running.tokens() == {PROFILE.id: 1000})
    other = replace(running.settings.organizations[0], alias="other")
    running.next = replace(running.settings, organizations=(other,))
    running.site.reload()
    wait_until(lambda: running.tokens() == {PROFILE.id: 1000})
    aliases = {labels[0] for each in running.exporter.metrics._recorded.values() for labels in each.numbers if labels}
    assert "main" not in aliases


def test_what_was_ready_stays_ready(running, wait_until):
    """Whoever asks would unplug it: for an organization that was added, or a dead key that times out for once."""
    wait_until(lambda: running.site.status().ready)
    (main,) = running.settings.organizations
    with Simulator(acme(7, OTHER_ID), Switches(visibility_delay=0, faults=("unauthorized",))) as other:
        second = replace(main, alias="second", base_url=other.base_url)
        running.next = replace(running.settings, organizations=(main, second))
        assert running.site.reload() is None
        assert running.site.status().ready
        added = running.exporter._organizations[1]
        wait_until(lambda: added.refused)
        other.switch(faults=("internal_error",))
        wait_until(lambda: not added.refused)
        running.site.publish()
        assert running.site.status().ready


def test_families_that_a_reload_switches_off_have_no_series_any_more(running, wait_until):
    family, about = "anthropic_api_key_usage_tokens_total", ("series", "series_overflowed", "revision_overshoot_ratio")

    def told(name):
        own = {metric.name: metric for metric in running.exporter.metrics.collect()}
        return {s.labels["family"] for s in own[f"anthropic_exporter_{name}"].samples if s.labels}

    wait_until(lambda: running.site.status().ready and all(family in told(name) for name in about))
    running.next = replace(running.settings, usage=replace(running.settings.usage, per_api_key=False))
    running.site.reload()
    for name in about:
        assert family not in told(name)
        assert "anthropic_usage_tokens_total" in told(name)


def test_polling_begins_when_it_is_told_to_and_never_after_the_end():
    """A reload can come while the web server is not listening yet, and the end can."""
    store = Store(":memory:")
    with Simulator(acme(1000), Switches(visibility_delay=0)) as simulator:
        made = Running(simulator, store)

        def polling():
            return [p.collector.name for o in made.exporter._organizations for p in o.pollers if p._thread is not None]

        made.exporter.load(made.site)
        assert made.site.reload() is None
        assert polling() == []
        made.exporter.start()
        assert "usage" in polling()
        made.exporter.stop()
        made = Running(simulator, store)
        made.exporter.load(made.site)
        made.exporter.stop()
        made.exporter.start()
        assert polling() == []
        made.site.stop()
    store.close()

"""Every collector, through the whole exporter: what it shows, over many pages, over what odds, and after a restart."""

import logging
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from anthropic_exporter.expose.catalogue import COLLECTORS
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.simulate.faults import UNKNOWN_FIELD, UNKNOWN_WORD
from anthropic_exporter.simulate.instants import instant
from anthropic_exporter.simulate.seeded import SeededOrganization
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from reviewed import GOLDEN, assert_reviewed
from service.at_work import READY, TOKEN, Work, everything
from simulate.harness import Clock

NOW = instant("2026-01-07T10:17:23Z")
ORG = "/v1/organizations"


@dataclass(frozen=True)
class Case:
    """What is peculiar to a collector.

    Args:
        paths: prefixes of what it reads.
        pages: whether its lists have more than one page; /me and the newest summary have none.
        words: the closed lists in which an unknown word is noticed.
        missing: the field whose absence makes its answer useless.
        section: the settings that the others do without, because it takes long.
    """

    paths: tuple[str, ...]
    words: tuple[str, ...]
    missing: str
    pages: bool = True
    section: str = ""


CASES = {
    "organization": Case((f"{ORG}/me",), (), "id", pages=False),
    "workspaces": Case((f"{ORG}/workspaces",), (), "id"),
    "members": Case((f"{ORG}/users", f"{ORG}/workspaces/"), ("role", "workspace_role"), "id"),
    "invites": Case((f"{ORG}/invites",), ("status of an invite",), "id"),
    "api_keys": Case((f"{ORG}/api_keys",), ("status of a key",), "id"),
    "service_accounts": Case((f"{ORG}/service_accounts",), ("organization_role",), "id"),
    "usage": Case(
        (f"{ORG}/usage_report/messages", f"{ORG}/analytics/usage"),
        ("service_tier",),
        "output_tokens",
        section="usage",
    ),
    "api_key_usage": Case(
        (f"{ORG}/usage_report/messages", f"{ORG}/analytics/usage"),
        ("service_tier",),
        "output_tokens",
        section="usage",
    ),
    "cost": Case((f"{ORG}/cost_report", f"{ORG}/analytics/cost"), ("service_tier",), "amount", section="cost"),
    "rate_limits": Case((f"{ORG}/rate_limits", f"{ORG}/workspaces/"), ("group",), "limits"),
    "spend_limits": Case((f"{ORG}/spend_limit",), ("scope",), "amount"),
    "claude_code": Case((f"{ORG}/usage_report/claude_code",), ("customer_type",), "core_metrics"),
    "enterprise": Case((f"{ORG}/analytics/", f"{ORG}/rbac_groups"), ("product",), "output_tokens"),
    "compliance": Case(("/v1/compliance",), (), "id"),
}
each = pytest.mark.parametrize("name", CASES)
SWITCHES = Switches(visibility_delay=0.0, refresh_step=3600.0, enterprise=True, compliance=True, accepted_keys=(TOKEN,))


@pytest.fixture(scope="module")
def simulator() -> Iterator[tuple[Simulator, Clock]]:
    clock = Clock(NOW)
    with Simulator(SeededOrganization(7), SWITCHES, now=clock) as started:
        yield started, clock


@pytest.fixture
def upstream(simulator):
    started, clock = simulator
    clock.now = NOW
    started.world.set(SWITCHES)
    started.world.log.clear()
    return started


@pytest.fixture
def work(upstream, simulator):
    """Return what starts an exporter that has a collector and those that everything waits for."""
    running = []

    def start(name, path=":memory:", *, ready=True):
        _, clock = simulator
        off = {section: {"enabled": False} for section in {"usage", "cost"} - {CASES[name].section}}
        made = Work(upstream.base_url, Store(path, clock), clock, everything(privacy={"emails": "plain"}, **off))
        running.append(made)
        if ready:
            made.cycle(*(first for first in READY if first != name))
        return made

    yield start
    for started in running:
        started.stop()


def read(exporter, name):
    """Run one collector until it has no more to read; return its state."""
    exporter.cycle(name)
    return exporter.pollers[name].health.state


def drifts(exporter):
    """Return what was counted: {(endpoint, kind): number}."""
    return {
        (sample.labels["endpoint"], sample.labels["kind"]): sample.value
        for metric in exporter.metrics.collect()
        if metric.name == "anthropic_exporter_api_drift"
        for sample in metric.samples
    }


def logged(caplog):
    """Return the endpoint, kind and field of each line about a difference."""
    lines = [record for record in caplog.records if record.message == "the API differs from its documentation"]
    return [(line.endpoint, line.kind, line.field) for line in lines]


@pytest.fixture(scope="module")
def whole(simulator):
    """Return what everything is and shows that was read over pages of two, and what was asked for that."""
    started, clock = simulator
    clock.now = NOW
    started.world.set(SWITCHES.changed({"page_cap": 2}))
    started.world.log.clear()
    exporter = Work(started.base_url, Store(":memory:", clock), clock, everything(privacy={"emails": "plain"}))
    exporter.cycle()
    started.switch(page_cap=1)  # of these there are only two
    exporter.cycle("service_accounts")
    states = exporter.states()
    asked = list(started.world.log)
    shown = {name: exporter.text(name) for name in CASES}
    exporter.stop()
    return states, asked, shown


def test_all_collectors_are_in_the_table(whole):
    states, _, _ = whole
    assert states == dict.fromkeys(states, "ok")
    assert set(states) == set(CASES), "service/collectors.py makes others than CASES has"
    assert {*states, "exporter"} == set(COLLECTORS), "expose/rows has families of others than are made"


@each
def test_what_is_shown_was_reviewed(whole, name):
    assert_reviewed(f"collectors/{name}.prom", whole[2][name])


@each
def test_it_was_read_over_more_than_one_page(whole, name):
    asked = [request for request in whole[1] if request.path.startswith(CASES[name].paths)]
    assert asked
    later = [request for request in asked if "page=" in request.query or "after_id=" in request.query]
    assert bool(later) == CASES[name].pages


@pytest.mark.needs("promtool")
@each
def test_what_was_reviewed_passes_promtool(name):
    golden = (GOLDEN / "collectors" / f"{name}.prom").read_bytes()
    done = subprocess.run(["promtool", "check", "metrics"], input=golden, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("fault", ["forbidden", "not_found", "wrong_kind", "not_enrolled"])
@each
def test_what_is_not_offered_is_said_once_fails_nothing_and_is_asked_again(
    upstream, simulator, work, name, fault, caplog
):
    exporter = work(name)
    upstream.switch(faults=[fault], fault_paths=CASES[name].paths)
    caplog.set_level(logging.INFO)
    assert read(exporter, name) == "not supported"
    assert read(exporter, name) == "not supported"
    assert exporter.organization.up() is not False
    said = [record.message for record in caplog.records]
    assert said.count("not offered to this organization or credential; asking again every hour") == 1
    upstream.switch(faults=[])
    simulator[1].now += 3600
    assert read(exporter, name) == "ok"
    assert exporter.text(name)


@each
def test_a_new_field_is_counted_and_logged_once(upstream, work, name, caplog):
    exporter = work(name)
    upstream.switch(faults=["unknown_fields"], fault_paths=CASES[name].paths)
    caplog.set_level(logging.INFO)
    assert read(exporter, name) == "ok"
    before = drifts(exporter)
    assert read(exporter, name) == "ok"
    found = logged(caplog)
    assert found
    assert len(found) == len(set(found))
    assert {(kind, field) for _, kind, field in found} == {("unknown_field", UNKNOWN_FIELD)}
    assert {(endpoint, kind) for endpoint, kind, _ in found} == set(before)
    assert sum(drifts(exporter).values()) > sum(before.values())


@each
def test_a_new_word_is_counted_and_read_on(upstream, work, name, caplog):
    exporter = work(name)
    upstream.switch(faults=["unknown_values"], fault_paths=CASES[name].paths)
    caplog.set_level(logging.INFO)
    assert read(exporter, name) == "ok"
    found = {(kind, field) for _, kind, field in logged(caplog)}
    assert found == {("unknown_value", f"{word}={UNKNOWN_WORD}") for word in CASES[name].words}
    assert {kind for _, kind in drifts(exporter)} == {kind for kind, _ in found}


@each
def test_a_missing_field_loses_the_cycle_and_not_the_values(upstream, work, name, caplog):
    exporter = work(name)
    assert read(exporter, name) == "ok"
    shown = exporter.text(name)
    assert shown
    upstream.switch(faults=["missing_fields"], fault_paths=CASES[name].paths)
    caplog.set_level(logging.INFO)
    exporter.clock.now += 3600
    assert read(exporter, name) == "failing"
    exporter.clock.now -= 3600
    assert exporter.text(name) == shown
    ((endpoint, kind, field),) = logged(caplog)
    assert (kind, field) == ("missing_field", CASES[name].missing)
    assert drifts(exporter) == {(endpoint, "missing_field"): 1}


@each
def test_after_a_restart_the_last_values_are_there_while_nothing_can_be_read(upstream, work, tmp_path, name):
    path = str(tmp_path / "state.db")
    before = work(name, path)
    assert read(before, name) == "ok"
    shown = before.text(name)
    assert shown
    before.stop()
    upstream.switch(faults=["unauthorized"])
    after = work(name, path, ready=False)
    assert after.organization.ready
    assert after.text(name) == shown
    assert read(after, name) == "failing"
    assert after.text(name) == shown

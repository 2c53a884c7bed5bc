"""Every collector beside usage and cost, through the whole exporter: what it shows, and over which odds."""

import logging
import subprocess
from pathlib import Path

import pytest

from anthropic_exporter.ledger.store import Store
from anthropic_exporter.simulate.instants import DAY, instant
from anthropic_exporter.simulate.seeded import SeededOrganization
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from service.at_work import QUICK, READY, TOKEN, Work, everything

GOLDEN = Path(__file__).parent.parent / "golden"
NOW = instant("2026-01-07T10:17:23Z")
OTHERS = (
    "invites",
    "members",
    "service_accounts",
    "rate_limits",
    "spend_limits",
    "claude_code",
    "enterprise",
    "compliance",
)
PATHS = {
    "invites": "/v1/organizations/invites",
    "members": "/v1/organizations/users",
    "service_accounts": "/v1/organizations/service_accounts",
    "rate_limits": "/v1/organizations/rate_limits",
    "spend_limits": "/v1/organizations/spend_limit",
    "claude_code": "/v1/organizations/usage_report/claude_code",
    "enterprise": "/v1/organizations/",
    "compliance": "/v1/compliance",
}
SWITCHES = {
    "visibility_delay": 0.0,
    "refresh_step": 3600.0,
    "enterprise": True,
    "compliance": True,
    "accepted_keys": (TOKEN,),
}


@pytest.fixture(scope="module")
def company():
    return SeededOrganization(7)


@pytest.fixture
def clock():
    return Clock()


class Clock:
    now = float(NOW)

    def __call__(self):
        return self.now


@pytest.fixture
def upstream(company, clock):
    with Simulator(company, Switches(**SWITCHES), now=clock) as simulator:
        yield simulator


@pytest.fixture
def work(upstream, clock):
    running = []

    def start(path=":memory:", **sections):
        made = Work(upstream.base_url, Store(path, clock), clock, everything(**{**QUICK, **sections}))
        running.append(made)
        return made

    yield start
    for each in running:
        each.stop()


def test_every_collector_shows_what_was_reviewed_however_short_the_pages_are(upstream, work):
    upstream.switch(page_cap=3)
    exporter = work(privacy={"emails": "plain"}, usage={"enabled": True}, cost={"enabled": True})
    exporter.cycle()
    assert set(exporter.states().values()) == {"ok"}
    shown = exporter.text(*OTHERS, "api_keys")
    assert shown == (GOLDEN / "other_collectors.prom").read_text()


@pytest.mark.needs("promtool")
def test_the_reviewed_exposition_passes_promtool():
    golden = (GOLDEN / "other_collectors.prom").read_bytes()
    done = subprocess.run(["promtool", "check", "metrics"], input=golden, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("fault", ["forbidden", "not_found"])
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_offered_is_said_once_and_fails_nothing(upstream, work, name, fault, caplog):
    exporter = work()
    exporter.cycle(*READY)
    upstream.switch(faults=[fault], fault_paths=[PATHS[name]])
    caplog.set_level(logging.INFO)
    exporter.cycle(name)
    exporter.cycle(name)
    assert exporter.pollers[name].health.state == "not supported"
    assert exporter.organization.up() is not False
    assert [r.message for r in caplog.records].count(
        "not offered to this organization or credential; asking again every hour"
    ) == 1
    upstream.switch(faults=[])
    exporter.clock.now += 3600
    exporter.cycle(name)
    assert exporter.pollers[name].health.state == "ok"
    exporter.clock.now -= 3600


@pytest.mark.parametrize("name", OTHERS)
def test_after_a_restart_the_last_values_are_there_while_upstream_is_away(upstream, work, tmp_path, name):
    path = str(tmp_path / "state.db")
    before = work(path)
    before.cycle(*READY, name)
    shown = before.text(name)
    assert shown
    before.stop()
    upstream.switch(faults=["forbidden"])
    after = work(path)
    assert after.organization.ready
    assert after.text(name) == shown
    after.cycle(name)
    assert after.pollers[name].health.state == "not supported"
    assert after.text(name) == shown


@pytest.mark.parametrize("name", [name for name in OTHERS if name != "compliance"])
def test_fields_that_are_new_are_counted_and_logged_once_each(upstream, work, name, caplog):
    exporter = work()
    upstream.switch(faults=["unknown_fields"], fault_paths=[PATHS[name]])
    caplog.set_level(logging.INFO)
    exporter.cycle(name)
    exporter.cycle(name)
    assert exporter.pollers[name].health.state == "ok"
    lines = [r for r in caplog.records if r.message == "the API differs from its documentation"]
    seen = [(r.endpoint, r.kind, r.field) for r in lines]
    assert seen
    assert len(seen) == len(set(seen))
    counted = [
        sample.value
        for metric in exporter.metrics.collect()
        if metric.name == "anthropic_exporter_api_drift"
        for sample in metric.samples
    ]
    assert sum(counted) > len(seen)


def test_spend_that_is_not_to_be_had_for_the_moment_keeps_its_last_value(upstream, work):
    exporter = work()
    exporter.cycle(*READY, "spend_limits")
    spent = lines(exporter.text("spend_limits"), "anthropic_spend_limit_spent_usd")
    assert any(not line.endswith(" 0") for line in spent)
    upstream.switch(spend_unavailable=True)
    exporter.cycle("spend_limits")
    assert lines(exporter.text("spend_limits"), "anthropic_spend_limit_spent_usd") == spent


def test_counters_of_claude_code_are_shown_when_the_history_is_whole(work):
    exporter = work(upstream={"requests_per_minute": 1e9})  # a limit: the history takes more than one cycle
    exporter.cycle(*READY)
    exporter.pollers["claude_code"].cycle()
    assert exporter.pollers["claude_code"].collector.resume_after() is not None
    shown = exporter.text("claude_code")
    assert "anthropic_claude_code_active_users" in shown
    assert "_total" not in shown
    exporter.cycle("claude_code")
    assert "anthropic_claude_code_sessions_total" in exporter.text("claude_code")


def test_gauges_of_a_day_or_an_hour_are_gone_when_it_is(work, clock):
    exporter = work()
    exporter.cycle(*READY, "claude_code", "rate_limits")
    shown = exporter.text("claude_code", "rate_limits")
    assert "anthropic_claude_code_active_users" in shown
    assert "anthropic_usage_peak_minute_tokens" in shown
    clock.now += DAY
    later = exporter.text("claude_code", "rate_limits")
    assert "anthropic_claude_code_active_users" not in later
    assert "anthropic_usage_peak_minute_tokens" not in later
    assert "anthropic_rate_limit{" in later
    clock.now -= DAY


def test_people_are_not_shown_and_not_kept_once_nobody_asks_for_them(work, tmp_path):
    path = str(tmp_path / "state.db")
    plain = work(path, privacy={"emails": "plain"})
    plain.cycle(*READY, "claude_code")
    assert "@halcyon-freight.example" in plain.text("claude_code")
    plain.stop()
    exporter = work(path)
    exporter.cycle("claude_code")
    assert "anthropic_claude_code_user_" not in exporter.text("claude_code")
    held = "".join(exporter.store._connection.iterdump())
    assert "halcyon-freight.example" not in held


def test_a_collector_that_is_switched_off_shows_nothing_of_what_it_left(work, tmp_path):
    path = str(tmp_path / "state.db")
    on = work(path)
    on.cycle(*READY, *OTHERS)
    on.stop()
    off = {name: {"enabled": False} for name in ("limits", "claude_code", "enterprise", "compliance")}
    exporter = work(path, **off)
    assert exporter.organization.ready
    assert exporter.text("rate_limits", "spend_limits", "claude_code", "enterprise", "compliance") == ""


def test_activities_since_the_last_cycle_are_added(work, clock):
    exporter = work()
    exporter.cycle(*READY, "compliance")
    before = lines(exporter.text("compliance"), "anthropic_compliance_activities_total")
    clock.now += 7200
    exporter.cycle("compliance")
    after = lines(exporter.text("compliance"), "anthropic_compliance_activities_total")
    assert count(after) == count(before) + 24
    clock.now -= 7200


def lines(text, name):
    return sorted(line for line in text.splitlines() if line.startswith(name + "{"))


def count(found):
    return sum(float(line.rsplit(" ", 1)[1]) for line in found)

"""What is peculiar to single collectors, through the whole exporter; what all share is in test_every_collector."""

import pytest

from anthropic_exporter.ledger.store import Store
from anthropic_exporter.simulate.instants import DAY, instant
from anthropic_exporter.simulate.seeded import SeededOrganization
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from service.at_work import QUICK, READY, TOKEN, Work, everything

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


def test_the_unstable_hour_of_claude_code_never_makes_a_counter_jump_twice(upstream, work, clock):
    """What is served too early is taken back and comes again: the counter waits for it, and counts it once."""
    upstream.switch(claude_code_delay=0.0)
    exporter = work()
    exporter.cycle(*READY, "claude_code")
    first = counters(exporter.text("claude_code"))
    upstream.switch(claude_code_delay=3600.0)
    clock.now += 1800
    assert counters(shown_anew(work)) != first  # half an hour of it is not told any more
    exporter.cycle("claude_code")
    assert counters(exporter.text("claude_code")) == first
    clock.now += 1800
    exporter.cycle("claude_code")
    assert counters(exporter.text("claude_code")) == first == counters(shown_anew(work))
    clock.now += 3600
    exporter.cycle("claude_code")
    assert counters(exporter.text("claude_code")) == counters(shown_anew(work)) != first
    clock.now -= 7200


def shown_anew(work):
    exporter = work()
    exporter.cycle(*READY, "claude_code")
    return exporter.text("claude_code")


def counters(text):
    return sorted(line for line in text.splitlines() if "_total{" in line)


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

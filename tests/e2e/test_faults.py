"""Whatever goes wrong upstream: the last values stay, the failing collector is named, and it heals by itself."""

import time

import pytest

from e2e.parts import OFTEN, organization_samples, select
from e2e.script import Script
from e2e.truth import Truth, reports
from e2e.witness import Witness, in_a_scrape

COST = "/v1/organizations/analytics/cost"
"""The path of one collector alone."""

FAULTS = (
    ("rate_limited", "rate_limited_reset", "rate_limited_bare"),
    ("internal_error", "overloaded", "html_ok"),
    ("truncated", "empty", "reset"),
    ("broken_off", "html", "slow_loris"),
)


def successes(exporter):
    """Return by collector whether its last cycle succeeded, of those that are supported."""
    return {
        dict(pairs)["collector"]: value
        for (name, pairs), value in exporter.scrape().items()
        if name == "anthropic_exporter_collector_success"
    }


def enabled(exporter):
    name = "anthropic_exporter_collector_interval_seconds"
    return {dict(pairs)["collector"] for (metric, pairs) in exporter.scrape() if metric == name}


@pytest.fixture
def faulty(simulate, exporter, wait_until):
    """Return a working exporter, its simulator, and the script behind them."""
    script = Script(time.time(), seed=5)
    simulator = simulate(script.organization, slow_seconds=60.0, retry_after=0.2)
    served = exporter(simulator, upstream={"timeout": "1s"}, **OFTEN)
    wait_until(served.has_run, 60)
    witness = Witness(in_a_scrape(served), Truth(simulator, *reports("both", open_bucket=True)), wait_until)
    witness.settles()
    return served, simulator, script, witness


@pytest.mark.parametrize("faults", FAULTS, ids="-".join)
def test_a_fault_of_one_path_names_its_collector_and_changes_no_value(faulty, wait_until, faults):
    served, simulator, script, witness = faulty
    assert set(successes(served).values()) == {1}
    for fault in faults:
        before = organization_samples(served.scrape())
        simulator.switch(faults=[fault], fault_paths=[COST])
        wait_until(lambda: successes(served)["cost"] == 0, 90)
        wait_until(lambda: served.value("anthropic_up") == 0)
        assert {name for name, ok in successes(served).items() if not ok} == {"cost"}, fault
        assert organization_samples(served.scrape()) == before, fault
        assert served.value("anthropic_exporter_credential_valid") == 1

        script.arrive()
        simulator.switch(faults=[])
        wait_until(lambda: served.value("anthropic_up") == 1, 90)
        witness.settles()


@pytest.mark.parametrize("faults", FAULTS, ids="-".join)
def test_a_fault_of_everything_changes_no_value_and_heals(faulty, wait_until, faults):
    served, simulator, script, witness = faulty
    for fault in faults:
        before = organization_samples(served.scrape())
        assert select(before, "anthropic_usage_tokens_total")
        simulator.switch(faults=[fault])
        wait_until(lambda: not any(successes(served).values()), 90)
        wait_until(lambda: served.value("anthropic_up") == 0)
        assert organization_samples(served.scrape()) == before, fault
        assert served.is_ready()

        script.arrive()
        simulator.switch(faults=[])
        wait_until(lambda: all(successes(served).values()), 90)
        wait_until(lambda: served.value("anthropic_up") == 1)
        witness.settles()


def test_an_outage_at_the_start_ends_in_the_truth(simulate, exporter, wait_until):
    script = Script(time.time(), seed=6)
    simulator = simulate(script.organization, faults=("unavailable",))
    served = exporter(simulator)
    wait_until(lambda: served.value("anthropic_up") == 0, 90)
    answer = served.get("/-/ready")
    assert answer.status_code == 503
    assert organization_samples(served.scrape()) == {}
    simulator.switch(faults=[])
    wait_until(served.is_ready, 90)
    Witness(in_a_scrape(served), Truth(simulator, *reports("both", open_bucket=True)), wait_until).settles()


def test_a_flaky_upstream_costs_nothing(simulate, exporter, wait_until):
    """One answer in six is one fault or another, for the whole first reading and a change after it."""
    script = Script(time.time(), seed=7)
    faults = ("internal_error", "rate_limited_bare", "truncated", "reset", "broken_off", "expired_cursor")
    simulator = simulate(script.organization, faults=faults, fault_rate=0.16, fault_seed=3, page_cap=20)
    served = exporter(simulator)
    wait_until(served.is_ready, 60)
    script.arrive()
    simulator.switch(faults=[])
    Witness(in_a_scrape(served), Truth(simulator, *reports("both", open_bucket=True)), wait_until).settles()

"""An exporter that is killed counts on as if nothing had been, with its state or without."""

import random
import signal
import time
from itertools import repeat

import pytest

from e2e.script import Script
from e2e.truth import Truth, reports
from e2e.witness import Witness, fallen, in_prometheus

pytestmark = pytest.mark.needs("prometheus")


def kill_again_and_again(exporter, wait_until, seed, acts, between=lambda: None):
    """Kill and start the exporter at instants that fall into its start, its first reading or its usual polls."""
    instants = random.Random(seed)
    for number, act in enumerate(acts):
        act()
        if number % 2:
            wait_until(exporter.is_ready, 90)
        # The instant is what is drawn here; there is nothing to wait for.
        time.sleep(instants.uniform(0.1, 2.0))
        assert exporter.process.stop(signal.SIGKILL) == -signal.SIGKILL
        between()
        exporter.start()


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_or_counted_twice_by_a_kill(simulate, exporter, prometheus, wait_until, seed):
    script = Script(time.time(), seed)
    simulator = simulate(script.organization, page_cap=11)
    served = exporter(simulator)
    scraping = prometheus(served)
    kill_again_and_again(
        served, wait_until, seed, [script.arrive, script.change, script.arrive, script.grow, script.arrive]
    )
    witness = Witness(in_prometheus(scraping), Truth(simulator, *reports("both", open_bucket=True)), wait_until)
    witness.settles()
    assert fallen(scraping) == []


@pytest.mark.parametrize("generation", ["legacy", "both"])
def test_a_lost_state_brings_the_same_counters_back(simulate, exporter, prometheus, wait_until, generation):
    script = Script(time.time(), seed=3)
    simulator = simulate(script.organization, generation=generation)
    served = exporter(simulator)
    scraping = prometheus(served)
    witness = Witness(in_prometheus(scraping), Truth(simulator, *reports(generation, open_bucket=True)), wait_until)
    witness.settles()
    kill_again_and_again(served, wait_until, 3, repeat(script.arrive, 3), between=served.remove_state)
    witness.settles()
    assert fallen(scraping) == []
    assert list(served.state.parent.glob("*.db")), "the state was kept where it was removed from"

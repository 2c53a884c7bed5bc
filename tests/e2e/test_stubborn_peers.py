"""Upstreams that do not answer, cursors that lead nowhere, scrapers that do not read: nobody holds up anybody."""

import contextlib
import signal
import socket
import time

import pytest

from e2e.parts import OFTEN, organization_samples
from e2e.script import Script
from e2e.test_faults import successes
from e2e.truth import Truth, reports
from e2e.witness import Witness, in_a_scrape

READY = 60
STOPPED_WITHIN = 30.0
"""Far more than it takes, and less than an upstream that does not answer would hold it up."""

SCRAPERS = 40


def test_a_stop_during_a_poll_is_a_clean_one(simulate, exporter, wait_until):
    script = Script(time.time(), seed=41)
    simulator = simulate(script.organization, slow_seconds=60.0)
    served = exporter(simulator, **OFTEN)
    wait_until(served.is_ready, READY)
    simulator.switch(faults=["slow"])
    time.sleep(1.5)  # every collector asks within half a second, and then waits for its answer
    begun = time.monotonic()
    assert served.process.stop(signal.SIGTERM, timeout=READY) == 0
    assert time.monotonic() - begun < STOPPED_WITHIN
    assert "Traceback" not in served.process.stderr

    simulator.switch(faults=[])
    script.arrive()
    served.start()
    wait_until(served.is_ready, READY)
    Witness(in_a_scrape(served), Truth(simulator, *reports("both", open_bucket=True)), wait_until).settles()


def test_a_stop_before_the_first_answer_is_a_clean_one(simulate, exporter, wait_until):
    simulator = simulate(Script(time.time(), seed=41).organization, faults=("slow",), slow_seconds=60.0)
    served = exporter(simulator)
    wait_until(lambda: served.get("/-/healthy"), READY)
    assert served.process.stop(signal.SIGTERM, timeout=STOPPED_WITHIN) == 0


@pytest.mark.parametrize("fault", ["expired_cursor", "looping_cursor"])
def test_a_cursor_that_leads_nowhere_changes_no_value_and_heals(simulate, exporter, wait_until, fault):
    script = Script(time.time(), seed=42)
    simulator = simulate(script.organization, page_cap=5)
    served = exporter(simulator)
    wait_until(served.has_run, READY)
    witness = Witness(in_a_scrape(served), Truth(simulator, *reports("both", open_bucket=True)), wait_until)
    witness.settles()
    before = organization_samples(served.scrape())
    simulator.switch(faults=[fault])
    wait_until(lambda: 0 in successes(served).values(), READY)
    assert organization_samples(served.scrape()) == before
    script.arrive()
    simulator.switch(faults=[])
    wait_until(lambda: served.value("anthropic_up") == 1, READY)
    witness.settles()


def test_scrapers_that_never_read_hold_up_nobody(simulate, exporter, wait_until):
    script = Script(time.time(), seed=43)
    simulator = simulate(script.organization)
    served = exporter(simulator)
    wait_until(served.is_ready, READY)
    witness = Witness(in_a_scrape(served), Truth(simulator, *reports("both", open_bucket=True)), wait_until)
    with contextlib.ExitStack() as deaf:
        for _ in range(SCRAPERS):
            scraper = deaf.enter_context(socket.socket())
            scraper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            scraper.connect(("127.0.0.1", served.port))
            scraper.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        script.arrive()
        witness.settles()
        begun = time.monotonic()
        assert served.process.stop(signal.SIGTERM, timeout=READY) == 0
        assert time.monotonic() - begun < STOPPED_WITHIN

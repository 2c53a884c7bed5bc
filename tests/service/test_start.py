"""How much is asked before an organization is ready, on the day of the year with the most to read."""

import threading

import pytest

from anthropic_exporter.api.pacing import Pacer
from anthropic_exporter.config import Settings
from anthropic_exporter.simulate.scripted import Event, ScriptedOrganization
from ledger.instants import at
from service.office import FIRST
from simulate.harness import line

READY_WITHIN = 40.0
FOR_UPSTREAM = 15.0
"""Seconds of those that are left for upstream to answer in, at least."""


class Waits(threading.Event):
    """Lets the clock run instead of waiting."""

    now = 0.0

    def wait(self, timeout=None):
        self.now += timeout or 0.0
        return False


def paced(requests, per_minute):
    """Return the seconds until so many requests may have been sent."""
    waits = Waits()
    pacer = Pacer(per_minute, clock=lambda: waits.now)
    for _ in range(requests):
        pacer.acquire(waits)
    return waits.now


@pytest.mark.parametrize("open_bucket", [True, False])
@pytest.mark.parametrize("day", ["2026-12-31T23:30", "2027-01-01T00:10", "2026-07-15T12:17"])
def test_a_small_organization_is_ready_in_time_whatever_the_season(office, day, open_bucket):
    office.clock.now = at(day)
    used = [Event(int(office.clock.now) - hours * 3600, line(), uncached=10) for hours in (1, 1000, 3000)]
    office.serve(ScriptedOrganization(used), open_bucket=open_bucket)
    office.restart()
    office.cycle(*FIRST)
    assert office.at_work.ready
    requests = len(office.simulator.world.log)
    assert paced(requests, Settings().upstream.requests_per_minute) <= READY_WITHIN - FOR_UPSTREAM, requests

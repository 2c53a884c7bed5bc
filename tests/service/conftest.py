"""One simulator for all tests of the service."""

from collections.abc import Iterator

import pytest

from anthropic_exporter.simulate.scripted import ScriptedOrganization
from anthropic_exporter.simulate.server import Simulator
from service.office import NOW, Office, acme
from simulate.harness import Clock


@pytest.fixture(scope="session")
def _simulator() -> Iterator[tuple[Simulator, Clock]]:
    clock = Clock(NOW)
    with Simulator(ScriptedOrganization(), now=clock) as simulator:
        yield simulator, clock


@pytest.fixture
def office(_simulator) -> Iterator[Office]:
    """An organization that used 1000 tokens, and nothing read of it yet."""
    simulator, clock = _simulator
    clock.now = NOW
    made = Office(simulator, clock)
    made.serve(acme())
    made.open()
    yield made
    made.at_work.stop()
    made.at_work.join(5)
    made.store.close()

"""One server for all tests of the simulator."""

from collections.abc import Iterator

import pytest

from anthropic_exporter.simulate.scripted import ScriptedOrganization
from anthropic_exporter.simulate.seeded import SeededOrganization
from anthropic_exporter.simulate.server import Simulator
from simulate.harness import Clock, Fake


@pytest.fixture(scope="session")
def _running() -> Iterator[Fake]:
    clock = Clock()
    with Simulator(ScriptedOrganization(), now=clock) as simulator:
        fake = Fake(simulator, clock)
        yield fake
        fake.client.close()


@pytest.fixture
def fake(_running: Fake) -> Fake:
    """The server with nothing behind it yet."""
    _running.serve(ScriptedOrganization())
    return _running


@pytest.fixture(scope="session")
def company() -> SeededOrganization:
    """The seeded company; it never changes, so its caches may as well be shared."""
    return SeededOrganization(7)

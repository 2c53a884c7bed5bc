from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from anthropic_exporter.simulate.scripted import ScriptedOrganization
from anthropic_exporter.simulate.server import Simulator
from otlp.pushed import Pushed
from otlp.receivers import RECEIVERS
from service.office import NOW, Office
from simulate.harness import Clock


@pytest.fixture(scope="session")
def _simulator() -> Iterator[tuple[Simulator, Clock]]:
    clock = Clock(NOW)
    with Simulator(ScriptedOrganization(), now=clock) as simulator:
        yield simulator, clock


@pytest.fixture
def office(_simulator) -> Iterator[Office]:
    """An office that nothing is known of yet."""
    simulator, clock = _simulator
    clock.now = NOW
    made = Office(simulator, clock)
    yield made
    if hasattr(made, "at_work"):
        made.at_work.stop()
        made.at_work.join(5)
    made.store.close()


@pytest.fixture
def receive() -> Iterator[Callable]:
    """Start receivers of OTLP."""
    with ExitStack() as running:

        def start(protocol: str = "http/protobuf"):
            made = RECEIVERS[protocol]()
            running.callback(made.close)
            return made

        yield start


@pytest.fixture
def pushing(receive) -> Iterator[Callable[..., Pushed]]:
    """Push what an office shows."""
    with ExitStack() as running:

        def start(office: Office, protocol: str = "http/protobuf", **options) -> Pushed:
            made = Pushed(office, receive(protocol), protocol, **options)
            running.callback(made.close)
            return made

        yield start

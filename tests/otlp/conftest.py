from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from otlp.pushed import Pushed
from otlp.receivers import RECEIVERS
from service.office import Office


@pytest.fixture(scope="session")
def _building():
    with Office.building() as move_in:
        yield move_in


@pytest.fixture
def office(_building) -> Iterator[Office]:
    """An office that nothing is known of yet."""
    with _building() as made:
        yield made


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

"""One simulator for all tests of the service."""

from collections.abc import Iterator

import pytest

from service.office import Office, acme


@pytest.fixture(scope="session")
def _building():
    with Office.building() as move_in:
        yield move_in


@pytest.fixture
def office(_building) -> Iterator[Office]:
    """An organization that used 1000 tokens, and nothing read of it yet."""
    with _building() as made:
        made.serve(acme())
        made.open()
        yield made

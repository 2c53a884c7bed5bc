"""``anthropic-exporter simulate``: the fake Admin API as a process."""

import signal
import threading
from typing import Any

import click

from .options import add_options, read_options
from .organization import Organization
from .server import EXAMPLE_KEY, Simulator
from .switches import Switches


@click.command()
@add_options
def simulate(*, listen: tuple[str, int], **options: Any) -> None:  # noqa: ANN401 - the flags have several types
    """Serve a fake Admin API with an invented organization behind it.

    Everything can be changed while it runs: POST a JSON object to /_simulate/switches. GET /_simulate/totals
    accounts for any interval exactly, GET /_simulate/requests shows what was asked.
    """
    organization, switches = read_options(**options)
    serve_forever(organization, switches, host=listen[0], port=listen[1])


def serve_forever(organization: Organization, switches: Switches, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then return. Only the main thread can do this.

    Raises:
        click.ClickException: the address cannot be used.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    simulator = Simulator(organization, switches, host=host, port=port)
    try:
        base_url = simulator.start()
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    click.echo(f"fake Admin API on {base_url} - use it with {environment(base_url, switches)}")
    try:
        stop.wait()
    finally:
        simulator.stop()


def environment(base_url: str, switches: Switches) -> str:
    """Say which variables point the exporter at the fake."""
    key = EXAMPLE_KEY if switches.accepted_keys is None else "(a key of --admin-key-file)"
    return f"ANTHROPIC_BASE_URL={base_url} ANTHROPIC_ADMIN_API_KEY={key}"

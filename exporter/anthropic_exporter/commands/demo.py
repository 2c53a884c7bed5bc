"""``demo``: the exporter on an invented organization, with nothing to set and nothing left behind."""

import dataclasses
import os
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from anthropic_exporter.commands import serve
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.signals import normal_end
from anthropic_exporter.config import ListenAddress, OrganizationSettings, Settings, load
from anthropic_exporter.config.flags import FLAGS

_ADDRESS = ListenAddress("127.0.0.1", 10114)
_COMPANY = Path(__file__).parents[1] / "simulate" / "company.yml"
_ENVIRONMENT = {flag.name: flag.environment for flag in FLAGS}


@click.command()
@settings_flags
def demo(**given: object) -> None:
    """Run the exporter on an invented organization: no key, no network, nothing kept.

    Takes the flags of serve. Without an address it listens on 127.0.0.1 only, without a file it has budgets, owners
    and a policy of its own.
    """
    flags = by_flag(given)
    if not _chosen("config.file", flags):
        flags = {**flags, "config.file": str(_COMPANY)}
    with normal_end(), tempfile.TemporaryDirectory() as folder:
        _run(flags, Path(folder))


def _run(flags: Mapping[str, object], folder: Path) -> None:
    addresses = _addresses(load(flags, os.environ, now=time.time(), need_key=False), flags)
    from anthropic_exporter.commands.findings import announce  # noqa: PLC0415 - a wrong setting need not wait for it
    from anthropic_exporter.simulate.server import Simulator  # noqa: PLC0415 - as above
    from anthropic_exporter.simulate.switches import EVERYTHING  # noqa: PLC0415 - as above

    with Simulator(switches=EVERYTHING) as fake:
        organization = OrganizationSettings(
            alias="demo", credential=_InventedKey(), base_url=fake.base_url, source="auto"
        )
        serve.start(_reload(flags, organization, addresses, folder), announce)


class _InventedKey:
    """What the fake Admin API takes: a token, since only that opens the list of service accounts."""

    def __str__(self) -> str:
        return "the demo"

    def value(self) -> str:
        """Return the key."""
        return "sk-ant-oat01-simulated"

    def refresh(self) -> bool:
        """Return False: it never changes."""
        return False


def _reload(
    flags: Mapping[str, object],
    organization: OrganizationSettings,
    addresses: tuple[ListenAddress, ...],
    folder: Path,
) -> Callable[[], Settings]:
    """Return what gives the settings of the demo, also after a reload."""

    def reload() -> Settings:
        settings = load(flags, os.environ, now=time.time(), need_key=False)
        # Its lines on standard output are what a demo is about; the log is for those who ask for it.
        level = settings.log.level if _chosen("log.level", flags) else "warn"
        return dataclasses.replace(
            settings,
            organizations=(organization,),
            state=dataclasses.replace(settings.state, path=str(folder / "state.db")),
            web=dataclasses.replace(settings.web, listen_address=addresses),
            log=dataclasses.replace(settings.log, level=level),
            # The fake has everything and no limit, so there is no reason to leave anything out or to wait.
            enterprise=dataclasses.replace(settings.enterprise, enabled=True),
            compliance=dataclasses.replace(settings.compliance, enabled=True),
            upstream=dataclasses.replace(settings.upstream, requests_per_minute=0.0),
        )

    return reload


def _addresses(settings: Settings, flags: Mapping[str, object]) -> tuple[ListenAddress, ...]:
    """Return where to listen: where it was asked for, else on loopback and wherever there is a free port."""
    chosen = settings.web.listen_address
    if _chosen("web.listen-address", flags) or chosen != type(settings.web)().listen_address:
        return chosen
    return (_ADDRESS if _is_free(_ADDRESS) else dataclasses.replace(_ADDRESS, port=0),)


def _chosen(flag: str, flags: Mapping[str, object]) -> bool:
    return bool(flags.get(flag) or os.environ.get(_ENVIRONMENT[flag], "").strip())


def _is_free(address: ListenAddress) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server does; else a demo that ended a moment ago would still hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError:
            return False
        return True

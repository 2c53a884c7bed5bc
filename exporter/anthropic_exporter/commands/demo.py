"""``demo``: the exporter before an invented organization, with nothing to set and nothing left behind."""

import contextlib
import dataclasses
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from anthropic_exporter.commands import serve
from anthropic_exporter.commands.findings import announce
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.config import ListenAddress, OrganizationSettings, Settings, load
from anthropic_exporter.config.flags import FLAGS

_DEFAULT_ADDRESS = ListenAddress("127.0.0.1", 10114)
_ENVIRONMENT = {flag.name: flag.environment for flag in FLAGS}


@click.command()
@settings_flags
def demo(**given: object) -> int:
    """Run the exporter on an invented organization: no key, no network, nothing kept.

    Takes the flags of serve. Without an address it listens on 127.0.0.1 only.
    """
    with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory() as folder:
        return _run(by_flag(given), Path(folder))
    return 0


def _run(flags: Mapping[str, object], folder: Path) -> int:
    from anthropic_exporter.simulate.server import Simulator  # noqa: PLC0415 - a wrong setting need not wait for it

    settings = load(flags, os.environ, now=time.time(), need_key=False)
    addresses = _addresses(settings, flags)
    simulator = Simulator()
    organization = OrganizationSettings(
        alias="demo", credential=_InventedKey(simulator.admin_key), base_url=simulator.start(), source="auto"
    )
    stopped = threading.Event()
    threading.Thread(target=announce, args=(settings, addresses[0], stopped), daemon=True).start()
    try:
        return serve.start(_reload(flags, organization, addresses, folder))
    finally:
        stopped.set()
        simulator.stop()


@dataclasses.dataclass(frozen=True)
class _InventedKey:
    """The key that the fake Admin API takes."""

    key: str = dataclasses.field(repr=False)

    def __str__(self) -> str:
        return "the demo"

    def value(self) -> str:
        """Return the key."""
        return self.key

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
        )

    return reload


def _addresses(settings: Settings, flags: Mapping[str, object]) -> tuple[ListenAddress, ...]:
    """Return where to listen: with known ports, and on loopback unless something else was chosen."""
    chosen = settings.web.listen_address
    if not _chosen("web.listen-address", flags) and chosen == type(settings.web)().listen_address:
        return (_DEFAULT_ADDRESS if _is_free(_DEFAULT_ADDRESS) else _with_port(_DEFAULT_ADDRESS),)
    return tuple(address if address.port else _with_port(address) for address in chosen)


def _chosen(flag: str, flags: Mapping[str, object]) -> bool:
    return bool(flags.get(flag) or os.environ.get(_ENVIRONMENT[flag], "").strip())


def _is_free(address: ListenAddress) -> bool:
    try:
        _bind(address)
    except OSError:
        return False
    return True


def _with_port(address: ListenAddress) -> ListenAddress:
    """Return the address with a port that is free now."""
    return dataclasses.replace(address, port=_bind(dataclasses.replace(address, port=0)))


def _bind(address: ListenAddress) -> int:
    """Return the port that could be bound."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the server does; else a demo that ended a moment ago would still hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address.host, address.port))
        port: int = probe.getsockname()[1]
        return port

"""The flags of ``simulate``, and how they become switches."""

import ipaddress
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from .organization import Organization
from .seeded import SeededOrganization
from .switches import LIVELY, Fault, Generation, InvalidSwitch, Switches

Command = TypeVar("Command", bound=Callable[..., Any])
DEFAULT_LISTEN = "127.0.0.1:10115"
_HIGHEST_PORT = 65_535


def _loopback(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, int]:
    """Split ``HOST:PORT``. Only hosts of this machine: what takes any key is not for the network."""
    host, colon, port = value.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.strip("[]")
    if not colon or not port.isdigit() or int(port) > _HIGHEST_PORT:
        raise click.BadParameter(f"expected HOST:PORT, found {value!r}", ctx, param)
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise click.BadParameter(f"expected a loopback address such as 127.0.0.1, found {host!r}", ctx, param)
    return host, int(port)


def _keys(ctx: click.Context, param: click.Parameter, value: Path | None) -> tuple[str, ...] | None:
    """Read the accepted keys, one on a line."""
    if value is None:
        return None
    try:
        keys = tuple(line.strip() for line in value.read_text().splitlines() if line.strip())
    except OSError as error:
        raise click.BadParameter(f"cannot be read: {error.strerror}", ctx, param) from None
    except UnicodeDecodeError:
        raise click.BadParameter("holds no text", ctx, param) from None
    if not keys:
        raise click.BadParameter("holds no key", ctx, param)
    return keys


def _assignments(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, Any]:
    """Read ``NAME=VALUE``, the value as JSON or, where it is none, as a word."""
    values: dict[str, Any] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals:
            raise click.BadParameter(f"expected NAME=VALUE, found {each!r}", ctx, param)
        if name == "accepted_keys":
            raise click.BadParameter("a key is never a flag; use --admin-key-file", ctx, param)
        try:
            values[name] = json.loads(value)
        except ValueError:
            values[name] = value
    try:
        Switches().changed(values)
    except InvalidSwitch as error:
        raise click.BadParameter(str(error), ctx, param) from None
    return values


_SECONDS = click.FloatRange(min=0)

OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--listen",
        callback=_loopback,
        metavar="HOST:PORT",
        default=DEFAULT_LISTEN,
        show_default=True,
        help="Where; port 0 is a free one.",
    ),
    click.option("--seed", type=int, default=1, show_default=True, help="Which company: its IDs and its luck."),
    click.option(
        "--generation",
        type=click.Choice(get_args(Generation)),
        default="both",
        show_default=True,
        help="Which reports exist; the others answer 404. org-scoped: the dialect of gateways, and nothing else.",
    ),
    click.option(
        "--open-bucket/--no-open-bucket",
        default=True,
        show_default=True,
        help="Serve the bucket that is still running.",
    ),
    click.option(
        "--visibility-delay", type=_SECONDS, default=300.0, show_default=True, help="Seconds until usage appears."
    ),
    click.option(
        "--lateness",
        type=_SECONDS,
        default=LIVELY.lateness,
        show_default=True,
        help="Seconds that the latest straggler comes after its hour; 0: none.",
    ),
    click.option(
        "--revisions/--no-revisions",
        default=LIVELY.revisions,
        show_default=True,
        help="Take some usage back hours after its day.",
    ),
    click.option(
        "--refresh-step",
        type=click.FloatRange(min=0, min_open=True),
        default=14_400.0,
        show_default=True,
        help="Seconds between two exports of the analytics reports.",
    ),
    click.option(
        "--cost-today/--no-cost-today", default=False, show_default=True, help="cost_report has a figure for today."
    ),
    click.option("--page-cap", type=click.IntRange(min=0), default=0, help="Largest page; 0: as documented."),
    click.option(
        "--requests-per-minute", type=click.IntRange(min=0), default=0, help="429 for what is above; 0: no limit."
    ),
    click.option(
        "--fault", "faults", type=click.Choice(get_args(Fault)), multiple=True, help="What goes wrong (repeatable)."
    ),
    click.option(
        "--fault-rate", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="Share of requests hit."
    ),
    click.option("--fault-path", "fault_paths", multiple=True, help="Only paths with this prefix (repeatable)."),
    click.option("--fault-limit", type=click.IntRange(min=0), default=0, help="Only so many requests; 0: no end."),
    click.option(
        "--retry-after", type=_SECONDS, default=1.0, show_default=True, help="Seconds that a 429 tells to wait."
    ),
    click.option("--slow-seconds", type=_SECONDS, default=5.0, show_default=True, help="How slow the slow faults are."),
    click.option(
        "--admin-key-file",
        "accepted_keys",
        type=click.Path(path_type=Path, dir_okay=False),
        callback=_keys,
        help="Accepted keys, one on a line. Without it: every key that begins with sk-ant-admin01-.",
    ),
    click.option(
        "--switch",
        "assignments",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_assignments,
        help="Any other switch of GET /_simulate/switches (repeatable), such as speed_needs_beta=true.",
    ),
)


def add_options(command: Command) -> Command:
    """Attach the flags of the simulator to a command function."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def read_options(
    *,
    seed: int,
    open_bucket: bool,
    cost_today: bool,
    assignments: Mapping[str, Any],
    **switches: Any,  # noqa: ANN401 - switches have several types
) -> tuple[Organization, Switches]:
    """Turn the values of the flags, but for ``listen``, into an organization and its switches."""
    chosen = Switches(
        open_bucket=open_bucket,
        analytics_open_bucket=open_bucket,
        cost_completed_days_only=not cost_today,
        **switches,
    )
    return SeededOrganization(seed), chosen.changed(assignments)

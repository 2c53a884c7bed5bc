"""The flags that every command takes that reads the organization."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from anthropic_exporter.config.flags import FLAGS, Flag

F = TypeVar("F", bound=Callable[..., Any])


def settings_flags(command: F) -> F:
    """Add the flags of the settings; the command receives them as keyword arguments for ``by_flag``."""
    for flag in reversed(FLAGS):
        command = _option(flag)(command)
    return command


def by_flag(given: Mapping[str, object]) -> dict[str, object]:
    """Return click's keyword arguments by the name of their flag, as ``config.load`` takes them."""
    return {flag.name: given[_parameter(flag)] for flag in FLAGS}


def _option(flag: Flag) -> Callable[[F], F]:
    text = f"{flag.help} [{flag.environment}]"
    if flag.kind == "switch":
        return click.option(f"--{flag.name}/--no-{flag.name}", _parameter(flag), default=None, help=text)
    multiple = flag.kind == "list"
    return click.option(f"--{flag.name}", _parameter(flag), metavar=flag.metavar, multiple=multiple, help=text)


def _parameter(flag: Flag) -> str:
    return flag.name.replace(".", "_").replace("-", "_")

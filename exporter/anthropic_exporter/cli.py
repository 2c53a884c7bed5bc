"""The command line: which commands there are, and what an error looks like.

Each command is imported when it is run: `version` must not wait for an HTTP client.
"""

import difflib
import importlib
import sys
from collections.abc import Sequence
from typing import NamedTuple

import click

from anthropic_exporter.errors import ConfigError, ExporterError
from anthropic_exporter.secrets import mask


class Lazy(NamedTuple):
    """A command that is imported when it is needed."""

    module: str
    attribute: str
    help: str


COMMANDS = {
    "serve": Lazy("anthropic_exporter.commands.serve", "serve", "Run the exporter (also with no command)."),
    "demo": Lazy("anthropic_exporter.commands.demo", "demo", "Run the exporter on an invented organization."),
    "simulate": Lazy("anthropic_exporter.simulate.command", "simulate", "Run the fake Admin API."),
    "check": Lazy("anthropic_exporter.commands.check", "check", "Call each enabled endpoint once."),
    "backfill": Lazy("anthropic_exporter.commands.backfill", "backfill", "Write history for Prometheus."),
    "export": Lazy("anthropic_exporter.commands.export", "export", "Print usage, cost or keys as a table."),
    "report": Lazy("anthropic_exporter.commands.report", "report", "Sum up a day, week or month."),
    "budget": Lazy("anthropic_exporter.commands.budget", "budget", "Fail when a budget is spent."),
    "verify": Lazy("anthropic_exporter.commands.verify", "verify", "Compare a Prometheus with the Admin API."),
    "metrics": Lazy("anthropic_exporter.commands.metrics", "metrics", "List every metric."),
    "version": Lazy("anthropic_exporter.commands.version", "version", "Print version, revision and Python."),
}
_DEFAULT = "serve"


class LazyGroup(click.Group):
    """A group that imports a command only to run it, and runs ``serve`` when none is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        lazy = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(lazy.module), lazy.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{lazy.module}.{lazy.attribute} is no command")
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take flags without a command as those of ``serve``, and ``--version`` as everybody writes it."""
        if args == ["--version"]:
            args = ["version"]
        if args[:1] == ["help"]:
            args = [*args[1:2], "--help"]
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, and say which ones there are where it is none of them."""
        if args[0] not in COMMANDS:
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"no such command: {args[0]}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.help) for name, lazy in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    epilog="'anthropic-exporter COMMAND --help' lists the flags of a command.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def cli() -> None:
    """Prometheus exporter for the Anthropic Admin API."""


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status: 2 where flags or settings are wrong."""
    try:
        status = cli.main(list(arguments), prog_name="anthropic-exporter", standalone_mode=False)
    except click.ClickException as error:
        # Somebody may have put a key where a flag or a command belongs.
        return _fail(error.format_message(), error.exit_code)
    except click.Abort:
        return _fail("interrupted", 130)
    except ConfigError as error:
        return _fail(str(error), 2)
    except ExporterError as error:
        return _fail(str(error), 1)
    return status if isinstance(status, int) else 0


def _fail(message: str, status: int) -> int:
    for line in mask(message).splitlines():
        click.echo(f"error: {line}", err=True)
    return status


def main() -> None:
    """Run the command of this process."""
    sys.exit(run(sys.argv[1:]))

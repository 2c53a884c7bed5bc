"""``metrics``: every metric there is, from the catalogue that the exposition is made from."""

import json
import os
import time
from collections.abc import Sequence

import click

from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.table import print_table
from anthropic_exporter.config import load
from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.otlp.names import instrument

_HEADER = ("name", "type", "unit", "labels", "collector", "help")


@click.command()
@settings_flags
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    show_default=True,
    help="How to print them.",
)
def metrics(form: str, **given: object) -> None:
    """List every metric: name, type, unit, labels, collector, help. No key is needed."""
    from anthropic_exporter.expose import catalogue  # noqa: PLC0415 - only this command pays for it

    settings = load(by_flag(given), os.environ, now=time.time(), need_key=False)
    families = sorted(catalogue.listed(settings.usage.group_by), key=lambda family: family.name)
    if form == "json":
        click.echo(json.dumps([_record(family) for family in families], indent=2))
    elif form == "markdown":
        click.echo(_markdown(families))
    else:
        print_table(_HEADER, [_row(family) for family in families])


def _record(family: Family) -> dict[str, object]:
    pushed = instrument(family.name, family.kind)
    return {
        "name": family.name,
        "type": family.kind,
        "unit": family.unit,
        "labels": list(family.labels),
        "collector": family.collector,
        "help": family.help,
        "otlp": {"name": pushed.name, "unit": pushed.unit},
    }


def _row(family: Family) -> tuple[str, ...]:
    return (family.name, family.kind, family.unit, ", ".join(family.labels), family.collector, family.help)


def _markdown(families: Sequence[Family]) -> str:
    lines = [f"| {' | '.join(_HEADER)} |", f"|{' --- |' * len(_HEADER)}"]
    for family in families:
        code = [
            f"`{family.name}`",
            family.kind,
            family.unit,
            ", ".join(f"`{label}`" for label in family.labels),
        ]
        lines.append(f"| {' | '.join([*code, family.collector, family.help.replace('|', chr(92) + '|')])} |")
    return "\n".join(lines)

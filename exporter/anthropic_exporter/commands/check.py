"""``check``: whether the settings, the key and each endpoint work, and how many series there will be."""

import os
import time
from typing import TYPE_CHECKING

import click

from anthropic_exporter import logs
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.table import print_table
from anthropic_exporter.config import Settings, load
from anthropic_exporter.config.organizations import counted_twice

if TYPE_CHECKING:
    from anthropic_exporter.commands.asking import Answer

_HEADER = ("collector", "endpoint", "status", "rows", "what to do")


@click.command()
@settings_flags
def check(**given: object) -> int:
    """Resolve settings and secrets, call each enabled endpoint once, print what works and how many series that makes.

    Exit status: 0 when everything is usable that the organization has, 1 when something is not, 2 when the settings
    are bad.
    """
    now = time.time()
    settings = load(by_flag(given), os.environ, now=now)
    logs.configure("error" if settings.log.level == "info" else settings.log.level, settings.log.format)
    from anthropic_exporter.commands.asking import ask  # noqa: PLC0415 - a wrong setting need not wait for it

    answers = [ask(settings, organization, now) for organization in settings.organizations]
    several = len(answers) > 1
    for number, (organization, answer) in enumerate(zip(settings.organizations, answers, strict=True)):
        if several:
            click.echo(f"{'' if number == 0 else chr(10)}organization {organization.alias}, {organization.base_url}\n")
        _print(settings, answer)
    for parent, child in counted_twice(settings.organizations):
        click.echo(f"\n{parent} has all of its children in it: sums over organization_id count {child} twice")
    return 0 if all(answer.good for answer in answers) else 1


def _print(settings: Settings, answer: "Answer") -> None:
    from anthropic_exporter.commands import asked, series  # noqa: PLC0415 - as above

    print_table(_HEADER, answer.rows)
    if answer.remark:
        click.echo(f"\n{answer.remark}")
    if answer.series:
        click.echo(f"\nseries, estimated from what the last {asked.DAYS} days used\n")
        print_table(series.HEADER, series.table(answer.series, settings.series.max_per_family))

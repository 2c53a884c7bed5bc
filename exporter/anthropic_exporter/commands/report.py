"""``report``: a day, week or month on one page."""

import os
import time

import click

from anthropic_exporter.commands import pages
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.reading import keep_quiet, reading
from anthropic_exporter.commands.summary import summary
from anthropic_exporter.config import load


@click.command()
@click.option(
    "--period",
    type=click.Choice(["day", "week", "month"]),
    default="month",
    show_default=True,
    help="The day, the week from Monday, or the month that runs now, in UTC.",
)
@click.option("--format", "form", type=click.Choice(list(pages.WRITERS)), default="text", show_default=True)
@settings_flags
def report(period: str, form: str, **given: object) -> int:
    """Sum up spend and tokens against the period before, who spent most, budgets, and keys to rotate.

    Exit status: 0, 1 when the Admin API could not be read, 2 when flags or settings are wrong.
    """
    now = time.time()
    settings = load(by_flag(given), os.environ, now=now)
    keep_quiet(settings)
    with reading(settings, now, since="month") as found:
        summaries = [summary(one, period) for one in found]
    pages.WRITERS[form](summaries)
    return 0

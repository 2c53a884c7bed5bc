"""``export``: the ledger as a table, for spreadsheets, warehouses and cost platforms."""

import datetime as dt
import os
import sys
import time
from pathlib import Path
from typing import Any

import click

from anthropic_exporter.commands import ledger_rows, question
from anthropic_exporter.commands.amounts import date
from anthropic_exporter.commands.columns import Table
from anthropic_exporter.commands.explain import explain, open_days
from anthropic_exporter.commands.focus import focus
from anthropic_exporter.commands.formats import WRITERS, require_parquet
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.question import Question
from anthropic_exporter.commands.reading import NotRead, Reading, keep_quiet, reading
from anthropic_exporter.config import Settings, load


class _Date(click.DateTime):
    """A day, refused in words that need no knowledge of strptime."""

    def __init__(self) -> None:
        super().__init__(formats=["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - as in click
        """Read a day."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"expected a date such as 2026-01-31, found {value}", param, ctx)


_DATE = _Date()


@click.command()
@click.argument("what", type=click.Choice(list(question.DEFAULT_BY)))
@click.option("--from", "first", type=_DATE, required=True, metavar="DATE", help="The first day, in UTC.")
@click.option("--to", "last", type=_DATE, metavar="DATE", help="The last day, which is included. [default: today]")
@click.option("--by", metavar="FIELDS", help="What rows are told apart by, as in workspace,model,day.")
@click.option("--explain", "explains", is_flag=True, help="With cost: why the estimate of billed days is not the bill.")
@click.option("--format", "form", type=click.Choice(list(WRITERS)), default="csv", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it there.")
@settings_flags
def export(
    what: str,
    first: dt.datetime,
    last: dt.datetime | None,
    by: str | None,
    explains: bool,
    form: str,
    output: Path | None,
    **given: object,
) -> int:
    """Print usage, cost or spend of keys by day, with names joined; the sums are those of the metrics.

    --by takes day, month, workspace, model, and: for usage the labels of usage.group_by; for cost cost_type, tier and
    token_type, or else key, team, environment and cost_center; for keys these four.

    Exit status: 0 when it is written, 1 when the Admin API could not be read, 2 when flags or settings are wrong.
    """
    now = time.time()
    settings = load(by_flag(given), os.environ, now=now)
    keep_quiet(settings)
    window = question.window(settings, what, first, last, now)
    fields = question.check(settings, what, by, form, explains=explains)
    asked = Question(what, window, fields, form, explains)
    _writable(form, output)
    with reading(settings, now, since=first.date(), days_since=window.starting_at) as found:
        for one in found:
            _require(one, asked)
        tables = [_answer(one, settings, asked) for one in found]
    whole = Table(tables[0].columns, [row for table in tables for row in table.rows])
    _write(WRITERS[form](whole), output)
    return 0


def _require(one: Reading, asked: Question) -> None:
    """Refuse to write an empty table where the report it is made from is not offered."""
    coverage = one.statement.coverage
    if asked.explains and (coverage.usage is None or coverage.cost is None):
        missing = "usage" if coverage.usage is None else "cost"
        raise NotRead(f"{one.alias}: nothing to explain: {missing} is not offered to this organization or credential")
    if (asked.what == "usage" and coverage.usage is None) or (asked.what == "keys" and coverage.keys is None):
        raise NotRead(
            f"{one.alias}: {asked.what} cannot be told: usage is not offered to this organization or credential"
        )
    if "api_key" in asked.by and coverage.keys is None:
        raise NotRead(f"{one.alias}: keys cannot be told: usage by key is switched off or not offered")


def _answer(one: Reading, settings: Settings, asked: Question) -> Table:
    if asked.form == "focus":
        return focus(one, settings, asked.window)
    if asked.explains:
        _warn_of_open_days(one, asked)
        return explain(one, settings, asked.by, asked.window)
    if asked.what == "usage":
        return ledger_rows.usage(one, settings, asked.by, asked.window)
    if asked.what == "cost":
        return ledger_rows.cost(one, settings, asked.by, asked.window)
    return ledger_rows.keys(one, asked.by, asked.window)


def _warn_of_open_days(one: Reading, asked: Question) -> None:
    left_out = [date(day) for day in open_days(one, asked.window)]
    if left_out:
        click.echo(f"warning: not on the bill yet, and left out: {', '.join(left_out)}", err=True)


def _writable(form: str, output: Path | None) -> None:
    """Refuse before anything is read what cannot be written."""
    if form == "parquet":
        require_parquet()
        if output is None and sys.stdout.isatty():
            raise click.UsageError("--format parquet: it is no text; name a file by -o")
    if output is not None and not output.absolute().parent.is_dir():
        raise click.UsageError(f"-o: there is no directory {output.absolute().parent}")


def _write(data: bytes, output: Path | None) -> None:
    if output is None:
        click.echo(data, nl=False)
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise click.ClickException(f"-o: {output} cannot be written: {error.strerror}") from None

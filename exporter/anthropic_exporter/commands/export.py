"""``export``: the ledger as a table, for spreadsheets, warehouses and cost platforms."""

import datetime as dt
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from anthropic_exporter.collect.plan import ANALYTICS_FIRST, base
from anthropic_exporter.commands import ledger_rows
from anthropic_exporter.commands.amounts import date, midnight
from anthropic_exporter.commands.columns import Table
from anthropic_exporter.commands.focus import focus
from anthropic_exporter.commands.formats import WRITERS, require_parquet
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.reading import NotRead, Reading, keep_quiet, reading
from anthropic_exporter.config import Settings, load
from anthropic_exporter.records import Interval
from anthropic_exporter.utc import DAY, epoch, floor, previous_month_start

_BY = {"usage": "workspace,model,day", "cost": "workspace,model,day", "keys": "api_key,model,day"}
_DATE = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("what", type=click.Choice(list(_BY)))
@click.option("--from", "first", type=_DATE, required=True, metavar="DATE", help="The first day, in UTC.")
@click.option("--to", "last", type=_DATE, metavar="DATE", help="The last day, which is included. [default: today]")
@click.option("--by", metavar="FIELDS", help="What rows are told apart by, as in workspace,model,day.")
@click.option("--format", "form", type=click.Choice(list(WRITERS)), default="csv", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write it there.")
@settings_flags
def export(
    what: str,
    first: dt.datetime,
    last: dt.datetime | None,
    by: str | None,
    form: str,
    output: Path | None,
    **given: object,
) -> int:
    """Print usage, cost or spend of keys by day, with names joined; the sums are those of the metrics.

    Exit status: 0 when it is written, 1 when the Admin API could not be read, 2 when flags or settings are wrong.
    """
    now = time.time()
    settings = load(by_flag(given), os.environ, now=now)
    keep_quiet(settings)
    window = _window(settings, what, first, last, now)
    fields = _fields(settings, what, by, form)
    _writable(form, output)
    make = _maker(settings, what, form, fields, window)
    # What spend is made from lies in these two months; only usage is asked for further back.
    with reading(settings, now, since=None if what == "usage" else "month") as found:
        for one in found:
            _require(one, what)
        tables = [make(one) for one in found]
    whole = Table(tables[0].columns, [row for table in tables for row in table.rows])
    _write(WRITERS[form](whole), output)
    return 0


def _window(settings: Settings, what: str, first: dt.datetime, last: dt.datetime | None, now: float) -> Interval:
    today = floor(now, DAY)
    starting_at = midnight(first)
    ending_at = (midnight(last) if last else today) + DAY
    known = _known_from(settings, what, now)
    if starting_at < known:
        why = " (counters.since says how far back usage is read)" if what == "usage" else ""
        raise click.UsageError(f"--from: the ledger of {what} begins on {date(known)}, found {date(starting_at)}{why}")
    if starting_at > today:
        raise click.UsageError(f"--from: {date(starting_at)} has not begun")
    if ending_at <= starting_at:
        raise click.UsageError(f"--to: {date(ending_at - DAY)} lies before --from {date(starting_at)}")
    return Interval(starting_at, ending_at)


def _known_from(settings: Settings, what: str, now: float) -> int:
    """Return the first day that can be told: spend reaches back to the start of the previous month."""
    if what != "usage":
        return previous_month_start(now)
    known = base(epoch(settings.counters.since, now), now)
    analytics = all(organization.source == "analytics" for organization in settings.organizations)
    return max(known, ANALYTICS_FIRST) if analytics else known


def _fields(settings: Settings, what: str, by: str | None, form: str) -> tuple[str, ...]:
    if form == "focus":
        if what != "cost":
            raise click.UsageError(f"--format focus: FOCUS tells charges, so export cost and not {what}")
        if by is not None:
            raise click.UsageError("--by: the rows of FOCUS are given: day, workspace, model and type of cost")
    if what == "usage" and not settings.usage.enabled:
        raise click.UsageError("usage: it is switched off by usage.enabled")
    if what == "keys" and not (settings.usage.enabled and settings.usage.per_api_key):
        raise click.UsageError("keys: usage by key is switched off by usage.per_api_key or usage.enabled")
    known = ledger_rows.fields(what, settings)
    wanted = tuple(dict.fromkeys(name.strip() for name in (by or _BY[what]).split(",")))
    if by is None:
        return tuple(name for name in wanted if name in known)
    for name in wanted:
        if name not in known:
            raise click.UsageError(f"--by: expected some of {', '.join(known)}, found {name}")
    return wanted


def _require(one: Reading, what: str) -> None:
    """Refuse to write an empty table where the report it is made from is not offered."""
    coverage = one.statement.coverage
    if (what == "usage" and coverage.usage is None) or (what == "keys" and coverage.keys is None):
        raise NotRead(f"{one.alias}: {what} cannot be told: usage is not offered to this organization or credential")


def _writable(form: str, output: Path | None) -> None:
    """Refuse before anything is read what cannot be written."""
    if form == "parquet":
        require_parquet()
        if output is None and sys.stdout.isatty():
            raise click.UsageError("--format parquet: it is no text; name a file by -o")
    if output is not None and not output.absolute().parent.is_dir():
        raise click.UsageError(f"-o: there is no directory {output.absolute().parent}")


def _maker(
    settings: Settings, what: str, form: str, by: tuple[str, ...], window: Interval
) -> Callable[[Reading], Table]:
    if form == "focus":
        return lambda one: focus(one, settings, window)
    if what == "usage":
        return lambda one: ledger_rows.usage(one, settings, by, window)
    rows = ledger_rows.cost if what == "cost" else ledger_rows.keys
    return lambda one: rows(one, by, window)


def _write(data: bytes, output: Path | None) -> None:
    if output is None:
        click.echo(data, nl=False)
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        raise click.ClickException(f"-o: {output} cannot be written: {error.strerror}") from None

"""``verify``: what a Prometheus holds against what the Admin API says."""

import dataclasses
import os
import time
from pathlib import Path

import click

from anthropic_exporter.commands.amounts import colour, instant
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.reading import Reading, keep_quiet, reading
from anthropic_exporter.commands.table import print_table
from anthropic_exporter.config import Settings, load
from anthropic_exporter.durations import format_duration, parse_duration
from anthropic_exporter.service.streams import usage_dimensions
from anthropic_exporter.utc import DAY, HOUR, floor
from anthropic_exporter.verify.compare import Allowed, Finding, Row, findings, rows
from anthropic_exporter.verify.held import Held, Window, held
from anthropic_exporter.verify.httpconfig import HttpConfig
from anthropic_exporter.verify.known import Known
from anthropic_exporter.verify.prometheus import Prometheus

MOST_ROWS = 50
"""Differences that are printed; the largest come first."""

_HOURS_BACK = 2
"""Days before today that are read by the hour; further back a window begins at midnight."""

_SCRAPE = 120.0
"""Seconds that a poll and a scrape may take on top of the settle delay."""


def _width(_: click.Context, parameter: click.Parameter, text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0.0
    if seconds <= 0:
        raise click.BadParameter(f"expected a duration such as 90m, 24h or 7d, found {text}", param=parameter)
    return seconds


def _share(_: click.Context, parameter: click.Parameter, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise click.BadParameter(f"expected a share from 0 to below 1, found {text}", param=parameter)
    return share


def _url(_: click.Context, parameter: click.Parameter, text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise click.BadParameter(f"expected an http:// or https:// URL, found {text}", param=parameter)
    if "@" in text.partition("//")[2].partition("/")[0]:
        raise click.BadParameter("expected no user in it; use --http.config.file", param=parameter)
    return text


@click.command()
@click.option("--prometheus", "url", required=True, callback=_url, metavar="URL", help="What has the query API.")
@click.option("--window", default="24h", show_default=True, callback=_width, metavar="DURATION", help="How far back.")
@click.option("--job", metavar="JOB", help="Only series of this job.")
@click.option("--instance", metavar="INSTANCE", help="Only series of this instance.")
@click.option(
    "--tolerance",
    default="0",
    show_default=True,
    callback=_share,
    metavar="SHARE",
    help="What may differ beside data under way, as a share: 0.001 is one in a thousand.",
)
@click.option(
    "--http.config.file",
    "http_config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Credentials and TLS for Prometheus, as promtool takes them; headers for a tenant.",
)
@settings_flags
def verify(
    url: str,
    window: float,
    job: str | None,
    instance: str | None,
    tolerance: float,
    http_config: Path | None,
    **given: object,
) -> int:
    """Compare the tokens that a Prometheus holds with what the Admin API says, by workspace, model and token type.

    Differences of samples are compared, not increase(), and data that is still under way is allowed for. What differs
    is printed with its likely cause: a gap in scraping, a double scrape, two instances, relabelling, late data.

    Exit status: 0 when nothing differs, 1 when something does or cannot be read, 2 when flags or settings are wrong.
    """
    now = time.time()
    settings = load(by_flag(given), os.environ, now=now)
    if not settings.usage.enabled:
        raise click.UsageError("usage.enabled: expected true, because tokens are what is compared, found false")
    config = HttpConfig.read(http_config) if http_config else HttpConfig()
    keep_quiet(settings)
    matchers = [f"{name}={_quoted(value)}" for name, value in (("job", job), ("instance", instance)) if value]
    # Nothing but tokens is compared, so nothing else is read.
    lean = dataclasses.replace(
        settings,
        usage=dataclasses.replace(settings.usage, per_api_key=False),
        cost=dataclasses.replace(settings.cost, enabled=False),
    )
    with Prometheus(url, config) as prometheus, reading(lean, now, settings.counters.since) as found:
        same = [_verify(prometheus, settings, one, window, matchers, tolerance) for one in found]
    return 0 if all(same) else 1


def _verify(
    prometheus: Prometheus, settings: Settings, one: Reading, width: float, matchers: list[str], tolerance: float
) -> bool:
    """Print how one organization compares, and return whether it is the same."""
    accounts = one.view.accounts
    epoch, _ = accounts.counts_from("usage")
    window = Window(_aligned(one.now - width, one.now), one.now, float(epoch))
    group_by = settings.usage.group_by
    there = held(prometheus, one.id, (*group_by, "token_type"), window, matchers)
    with accounts.guard:
        known = Known.of(accounts, usage_dimensions(group_by), there.compared)
    noted = list(findings(there, window))
    allowed = Allowed(settings.usage.settle_delay + settings.usage.interval + _SCRAPE, tolerance)
    differing = rows(there, known, window, allowed, noted)
    same = not differing and not any(finding.wrong for finding in noted)
    _print(one, there, known, window, noted, differing, same=same)
    if same and window.end - there.started_at <= allowed.delay:
        told = f"that proves little: data may take {format_duration(allowed.delay)}, and it holds no more than that"
        click.echo(click.style(told, fg="yellow"), color=colour())
    return same


def _aligned(start: float, now: float) -> float:
    """Return the start of the bucket that a window begins in: hours as far back as they are read, days before."""
    return floor(start, HOUR if start >= floor(now, DAY) - _HOURS_BACK * DAY else DAY)


def _print(
    one: Reading, there: Held, known: Known, window: Window, noted: list[Finding], differing: list[Row], *, same: bool
) -> None:
    name = f"{one.name} ({one.id})" if one.name else one.id
    click.echo(f"{name}: {instant(there.started_at)} to {instant(window.end)}")
    for finding in noted:
        word = click.style(finding.cause, fg="red" if finding.wrong else "yellow")
        click.echo(f"{word}: {finding.text}", color=colour())
    if differing:
        header = (*there.compared, "API", "Prometheus", "difference", "likely cause")
        print_table(header, [_cells(row) for row in differing[:MOST_ROWS]])
    if len(differing) > MOST_ROWS:
        click.echo(f"and {len(differing) - MOST_ROWS} more")
    groups = known.groups() | there.end.keys()
    if same:
        told = f"nothing differs in {len(groups)} combinations"
    elif differing:
        told = f"{len(differing)} of {len(groups)} combinations differ"
    else:
        told = "no sum differs, but the samples are not sound: see above"
    total = sum(there.increase(group) for group in groups | there.start.keys())
    summary = f"{told}; Prometheus holds {total:,.0f} tokens of this window"
    click.echo(click.style(summary, fg="green" if same else "red"), color=colour())


def _cells(row: Row) -> tuple[str, ...]:
    return (*row.group, f"{row.api:,}", f"{row.prometheus:,.0f}", f"{row.difference:+,.0f}", row.cause)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'"{escaped}"'

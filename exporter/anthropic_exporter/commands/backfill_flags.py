"""What ``backfill`` is asked to do, checked before anything is read."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click
import httpx

from anthropic_exporter.backfill.calendar import STEPS
from anthropic_exporter.backfill.openmetrics import SUFFIX
from anthropic_exporter.backfill.organization import written
from anthropic_exporter.collect.plan import analytics_earliest
from anthropic_exporter.commands.amounts import midnight
from anthropic_exporter.config import Settings
from anthropic_exporter.durations import format_duration, parse_duration
from anthropic_exporter.expose import catalogue
from anthropic_exporter.utc import day_text, epoch, floor

JOURNAL = ".journal.json"  # hidden: whoever loads every file of the folder means the history
HEADERS = "ANTHROPIC_EXPORTER_REMOTE_WRITE_HEADERS"

_PROMTOOL = "promtool tsdb create-blocks-from openmetrics --max-block-duration=486h"
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def date(flag: str, text: str) -> int:
    """Return the first second of a day.

    Raises:
        click.UsageError: it is no date.
    """
    try:
        return midnight(dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC))
    except ValueError:
        raise click.UsageError(f"{flag}: expected a date like 2026-01-31, found {text!r}") from None


def step(text: str) -> int:
    """Return the seconds between two samples.

    Raises:
        click.UsageError: it is none of ``STEPS``.
    """
    try:
        seconds = parse_duration(text)
    except ValueError:
        seconds = 0.0
    if seconds not in STEPS:
        raise click.UsageError(
            f"--step: expected one of {', '.join(format_duration(each) for each in STEPS)}, found {text!r}"
        )
    return int(seconds)


def labels(given: Iterable[str], settings: Settings) -> dict[str, str]:
    """Return the labels that Prometheus adds to the live series.

    Raises:
        click.UsageError: one is not NAME=VALUE, or a name that the series have already.
    """
    own = {label for family in catalogue.families(settings.usage.group_by) for label in family.labels}
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not value or not _NAME.fullmatch(name) or name.startswith("__"):
            raise click.UsageError(f"--label: expected NAME=VALUE as in job=anthropic, found {text!r}")
        if name in own:
            raise click.UsageError(f"--label: {name} is a label that the series have already")
        if name in found:
            raise click.UsageError(f"--label: {name} is given twice")
        found[name] = value
    return found


def target(output_dir: Path | None, remote_write: str | None) -> None:
    """Check where samples go.

    Raises:
        click.UsageError: nowhere, to two places, or to something that is no URL.
    """
    if (output_dir is None) == (remote_write is None):
        raise click.UsageError("expected one of --output-dir and --remote-write")
    if remote_write is None:
        return
    try:
        url = httpx.URL(remote_write)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise click.UsageError("--remote-write: expected a URL that begins with https:// or http://")
    if url.userinfo:
        raise click.UsageError(f"--remote-write: a credential is never a flag; {HEADERS} takes Authorization=…")


def headers(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of the backend: ``NAME=VALUE``, with commas between them.

    Raises:
        click.UsageError: they are not of that form; the message does not repeat them.
    """
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, environment.get(HEADERS, "").split(","))):
        name, equals, value = part.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z0-9-]+", name.strip()) or not value.isprintable():
            raise click.UsageError(f"{HEADERS}: expected NAME=VALUE,NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def window(settings: Settings, first: int, until: int, now: float) -> None:
    """Check from when to when.

    Raises:
        click.UsageError: there is nothing to write, or the API does not have it.
    """
    if first > floor(now, 86_400):
        raise click.UsageError(f"--from: {day_text(first)} has not begun")
    if until <= first:
        raise click.UsageError(f"--until: expected a day after --from {day_text(first)}, found {day_text(until)}")
    settled = now - settings.usage.settle_delay
    if until > settled:
        raise click.UsageError(
            f"--until: {day_text(until)} is not over and settled; the newest that can be told is today's"
        )
    if first < epoch(settings.counters.since, first):
        since = day_text(epoch(settings.counters.since, first))
        raise click.UsageError(f"--from: counters begin on {since} (counters.since), found {day_text(first)}")
    earliest = analytics_earliest(now)
    if first < earliest and all(organization.source == "analytics" for organization in settings.organizations):
        raise click.UsageError(
            f"--from: the analytics reports serve nothing before {day_text(earliest)}, found {day_text(first)}"
        )
    if not written(settings):
        raise click.UsageError("usage and cost are both switched off")


def folder(path: Path) -> Path:
    """Return the journal of an output directory, which is new, empty, or that of a run that broke.

    Raises:
        click.UsageError: it holds something else, or cannot be made.
    """
    journal = path / JOURNAL
    try:
        path.mkdir(parents=True, exist_ok=True)
        others = [each.name for each in path.iterdir()]
    except OSError as error:
        raise click.UsageError(f"--output-dir: {path} cannot be used: {error.strerror}") from None
    if not journal.exists() and not all(name.endswith(".part") for name in others):
        raise click.UsageError(
            f"--output-dir: expected an empty directory or one of an unfinished backfill, found {path} with {others[0]}"
        )
    return journal


def loading(path: Path, first: int) -> Sequence[str]:
    """Return what to do with the files, as lines."""
    files = f"{path}/*{SUFFIX}"
    return (
        f"Into Prometheus, whose --storage.tsdb.retention.time has to reach back to {day_text(first)}:",
        f'  for file in {files}; do {_PROMTOOL} "$file" DATA; done',
        "Into VictoriaMetrics, whose -retentionPeriod has to as well:",
        f'  for file in {files}; do curl -fsS -T "$file" http://localhost:8428/api/v1/import/prometheus; done',
    )

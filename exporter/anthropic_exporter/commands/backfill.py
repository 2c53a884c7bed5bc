"""``backfill``: the time before the exporter ran, as the series that it would have shown."""

import contextlib
import gc
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from anthropic_exporter.backfill.journal import Journal
from anthropic_exporter.backfill.known import Known, known
from anthropic_exporter.backfill.organization import (
    OrganizationHistory,
    organization_history,
    without_others,
    written,
)
from anthropic_exporter.backfill.remote_write import Refused, RemoteWrite
from anthropic_exporter.backfill.run import Plan, Sink, run
from anthropic_exporter.backfill.writer import Gone, Writer
from anthropic_exporter.commands import backfill_flags as flags
from anthropic_exporter.commands.backfill_watch import Watch, size
from anthropic_exporter.commands.options import by_flag, settings_flags
from anthropic_exporter.commands.reading import NotRead, held_still, keep_quiet, run_once
from anthropic_exporter.config import Settings, load
from anthropic_exporter.config.load import default_state_path
from anthropic_exporter.durations import format_duration
from anthropic_exporter.errors import PollError, StateError
from anthropic_exporter.ledger.statefile import MEMORY
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.utc import DAY, HOUR, day_text, epoch, floor

AUTO = "auto"

NEWEST = 3 * HOUR
"""What lies less far back is not written: Prometheus may not have made a block of those hours yet."""
_NAMES = ("organization", "workspaces", "api_keys")


@click.command()
@click.option("--from", "first", required=True, metavar="DATE", help="The first day, in UTC.")
@click.option(
    "--until",
    metavar="DATE|auto",
    help="Up to 00:00 UTC of that day; auto joins what the exporter of --state.path shows. Without it: auto where that"
    " state is, else up to the day that has begun last.",
)
@click.option(
    "--output-dir", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="OpenMetrics files."
)
@click.option("--remote-write", metavar="URL", help="Send it to a backend that takes old samples.")
@click.option(
    "--label", "given_labels", multiple=True, metavar="NAME=VALUE", help="As on the live series: job, instance."
)
@click.option("--step", default="1h", show_default=True, metavar="DURATION", help="Time between two samples.")
@settings_flags
def backfill(
    first: str,
    until: str | None,
    output_dir: Path | None,
    remote_write: str | None,
    given_labels: tuple[str, ...],
    step: str,
    **given: object,
) -> int:
    """Write the history of counters, of yesterday's gauges and of names, for a time that nobody scraped.

    Exit status: 0 when it is written, 1 when the Admin API could not be read or the samples not be written (run it
    again to go on), 2 when flags or settings are wrong.
    """
    now = time.time()
    starting_at = flags.date("--from", first)
    ending_at = None if until in {None, AUTO} else flags.date("--until", until or "")
    seconds = flags.step(step)
    flags.target(output_dir, remote_write)
    settings = load(by_flag(given), os.environ, now=now)
    keep_quiet(settings)
    labels = flags.labels(given_labels, settings)
    headers = flags.headers(os.environ) if remote_write else {}
    with contextlib.ExitStack() as stack:
        if until is None and not _has_state(settings):
            ending_at = floor(now - NEWEST, DAY)
            _note(
                f"no exporter has run with {settings.state.path}, so this ends at {_moment(ending_at)}; start one after"
                " it is loaded, or give the day on which another one began by --until"
            )
        states = _states(stack, settings, ending_at)
        ending_at = _joint(settings, states, ending_at, seconds)
        flags.window(settings, starting_at, ending_at, now)
        plan = Plan(starting_at, ending_at, seconds)
        prices = PriceList.load(settings.prices.file)
        journal = _journal(plan, settings, labels, prices, output_dir, remote_write)
        sink = _sink(stack, labels, output_dir, remote_write, headers, journal)
        _advise(labels)
        with _failures(output_dir), _few_collections():
            histories = _histories(stack, settings, prices, states, plan, now)
            begun = _begun(plan, settings, journal)
            with Watch(begun, ending_at) as watch:
                found = run(plan, lambda at: epoch(settings.counters.since, at), histories, sink, journal, watch)
    samples = sum(each.samples for each in found)
    click.echo(
        f"{samples:,} samples from {day_text(starting_at)} to {_moment(ending_at)}, {size(sum(e.size for e in found))}"
    )
    for line in flags.loading(output_dir, starting_at) if output_dir else ():
        click.echo(line)
    return 0


def _has_state(settings: Settings) -> bool:
    return settings.state.path != MEMORY and Path(settings.state.path).exists()


@contextlib.contextmanager
def _failures(output_dir: Path | None) -> Iterator[None]:
    """Say what can be done about a run that breaks.

    Raises:
        NotRead: the Admin API could not be read, or the samples not be written.
    """
    try:
        yield
    except OSError as error:
        raise NotRead(
            f"{error.filename or output_dir}: {error.strerror}; what is finished is kept, run it again to go on"
        ) from None
    except PollError as error:
        advice = f" ({error.advice})" if error.advice else ""
        raise NotRead(f"{error}{advice}; run it again to go on") from None
    except (Refused, Gone) as error:
        raise NotRead(f"{error}; run it again to go on") from None


@contextlib.contextmanager
def _few_collections() -> Iterator[None]:
    """Let Python look for cycles rarely: rows come and go by the million, and none is part of one."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _states(stack: contextlib.ExitStack, settings: Settings, until: int | None) -> Mapping[str, Known]:
    """Return by alias what the exporter's state says; it is needed only to join what that exporter shows.

    Raises:
        click.UsageError: it is needed, and not there.
    """
    path = settings.state.path
    try:
        state = Store(path, read_only=True) if path != MEMORY else None
    except StateError as error:
        if until is None:
            raise click.UsageError(f"--until auto: {error}; let the exporter run first, or give a date") from None
        state = None
    if state is None:
        if until is None:
            raise click.UsageError("--until auto: --state.path keeps no state; give a date")
        return {organization.alias: Known() for organization in settings.organizations}
    stack.callback(state.close)
    return {organization.alias: known(state, organization.alias) for organization in settings.organizations}


def _joint(settings: Settings, states: Mapping[str, Known], until: int | None, step: int) -> int:
    """Return the last moment: the one asked for, or the newest that was settled before the first exposition."""
    accounts = written(settings)
    exposed = {alias: state.first_exposed_at(accounts) for alias, state in states.items()}
    if until is None:
        for alias, at in exposed.items():
            if at is None:
                raise click.UsageError(
                    f"--until auto: {alias}: its exporter has shown nothing yet; wait, or give a date"
                )
        return floor(min(at for at in exposed.values() if at is not None) - settings.usage.settle_delay, step)
    for alias, at in exposed.items():
        if at is not None and until > at:
            _note(
                f"{alias}: the exporter showed its first values at {_moment(at)}; samples after that overlap with them"
            )
    return until


def _journal(
    plan: Plan,
    settings: Settings,
    labels: Mapping[str, str],
    prices: PriceList,
    output_dir: Path | None,
    remote_write: str | None,
) -> Journal:
    if output_dir is not None:
        journal = Journal(flags.folder(output_dir))
    else:
        state = default_state_path(os.environ) if settings.state.path == MEMORY else Path(settings.state.path)
        name = hashlib.sha256(f"{remote_write} {labels}".encode()).hexdigest()[:12]
        journal = Journal(state.parent / f"backfill-{name}.json")
    same = {
        "--from": day_text(plan.first),
        "--until": _moment(plan.until),
        "--step": format_duration(plan.step),
        "--label": ",".join(f"{name}={value}" for name, value in labels.items()) or "none",
        "organizations": ",".join(f"{each.alias} at {each.base_url}" for each in settings.organizations),
        "usage": f"{settings.usage.enabled} by {','.join(settings.usage.group_by)}, keys {settings.usage.per_api_key}",
        "cost": f"{settings.cost.enabled}, settled after {format_duration(settings.cost.settle_delay)}",
        "counters.since": str(settings.counters.since),
        "series": f"{settings.series.max_per_family}, idle after {format_duration(settings.series.idle_ttl)}",
        "prices": prices.fingerprint(),
    }
    try:
        journal.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        journal.open(same, str(output_dir or journal.path))
    except OSError as error:
        raise click.UsageError(f"{journal.path.parent} cannot be written to: {error.strerror}") from None
    return journal


def _sink(
    stack: contextlib.ExitStack,
    labels: Mapping[str, str],
    output_dir: Path | None,
    remote_write: str | None,
    headers: Mapping[str, str],
    journal: Journal,
) -> Sink:
    sink: Writer | RemoteWrite
    if output_dir is not None:
        sink = Writer(output_dir, labels)
    else:
        sink = RemoteWrite(
            str(remote_write),
            labels,
            headers,
            sent=journal.sent(),
            note_sent=journal.note_sent,
            note_waiting=_note,
        )
    stack.callback(sink.close)
    return sink


def _histories(
    stack: contextlib.ExitStack,
    settings: Settings,
    prices: PriceList,
    states: Mapping[str, Known],
    plan: Plan,
    now: float,
) -> list[OrganizationHistory]:
    """Ask each organization who it is and what it offers."""
    found: dict[str, OrganizationHistory] = {}
    for one in _opened(stack, settings, prices, states, plan, now):
        if one.id in found:
            _note(f"{one.alias} is the same organization as {found[one.id].alias}; it is written once")
            continue
        one.open(plan.first)
        found[one.id] = one
    return list(found.values())


def _opened(
    stack: contextlib.ExitStack,
    settings: Settings,
    prices: PriceList,
    states: Mapping[str, Known],
    plan: Plan,
    now: float,
) -> Iterator[OrganizationHistory]:
    quiet = without_others(settings)
    width = "1d" if plan.step == DAY else "1h"
    for organization in settings.organizations:
        state = states[organization.alias]
        store = stack.enter_context(contextlib.closing(Store(MEMORY)))
        state.copy_into(store, organization.alias)
        at_work = stack.enter_context(held_still(organization, quiet, store, prices, now))
        run_once([poller for name in _NAMES for poller in at_work.pollers if poller.collector.name == name])
        yield organization_history(organization, quiet, prices, at_work, state, now, width, _note)


def _begun(plan: Plan, settings: Settings, journal: Journal) -> int:
    """Return the moment that the run goes on from."""
    done = journal.done
    if not done:
        return plan.first
    slices = plan.slices(lambda at: epoch(settings.counters.since, at))
    if len(done) == len(slices):
        click.echo(f"nothing is left to do; {journal.path} says so")
        return plan.until
    click.echo(f"going on after {len(done)} of {len(slices)} slices")
    return slices[len(done)].moments[0]


def _advise(labels: Mapping[str, str]) -> None:
    missing = [name for name in ("job", "instance") if name not in labels]
    if missing:
        _note(f"without --label {' and --label '.join(f'{name}=…' for name in missing)} these are not the live series")


def _note(text: str) -> None:
    click.echo(f"note: {text}", err=True)


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))

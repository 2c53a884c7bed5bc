"""What an export is asked for, checked before anything is read."""

import datetime as dt
from dataclasses import dataclass

import click

from anthropic_exporter.collect.plan import analytics_earliest, base
from anthropic_exporter.commands import ledger_rows
from anthropic_exporter.commands.amounts import date, midnight
from anthropic_exporter.config import Settings
from anthropic_exporter.records import Interval
from anthropic_exporter.utc import DAY, epoch, floor, previous_month_start

DEFAULT_BY = {"usage": "workspace,model,day", "cost": "workspace,model,day", "keys": "api_key,model,day"}

LEGACY_FIRST = 1_672_531_200
"""2023-01-01T00:00:00Z: before Claude could be bought. The legacy reports name no first day of their own."""

_SHORT = {"key": "api_key", "tier": "service_tier", "geo": "inference_geo"}
"""Other words for what rows are told apart by."""


@dataclass(frozen=True, slots=True)
class Question:
    """A table of ``what`` (usage, cost, keys) over some days, told apart by some facts.

    ``explains``: not cost itself, but why its estimate is not the bill.
    """

    what: str
    window: Interval
    by: tuple[str, ...]
    form: str
    explains: bool


def window(settings: Settings, what: str, first: dt.datetime, last: dt.datetime | None, now: float) -> Interval:
    """Return the days that are asked for.

    Raises:
        click.UsageError: they are none, have not begun, or lie before what the reports tell.
    """
    today = floor(now, DAY)
    starting_at = midnight(first)
    ending_at = (midnight(last) if last else today) + DAY
    known = _known_from(settings, what, now)
    if starting_at < known:
        found = f"--from: the reports reach back to {date(known)}, found {date(starting_at)}"
        raise click.UsageError(f"{found}{_further(settings)}")
    if starting_at > today:
        raise click.UsageError(f"--from: {date(starting_at)} has not begun")
    if ending_at <= starting_at:
        raise click.UsageError(f"--to: {date(ending_at - DAY)} lies before --from {date(starting_at)}")
    return Interval(starting_at, ending_at)


def check(settings: Settings, what: str, by: str | None, form: str, *, explains: bool) -> tuple[str, ...]:
    """Return the facts that rows are told apart by.

    Raises:
        click.UsageError: the settings or the reports cannot tell that.
    """
    _check_what(settings, what)
    if explains:
        _check_explained(settings, what, form)
    if form == "focus":
        _check_focus(what, by)
    known = tuple(name for name in ledger_rows.fields(what, settings) if not (explains and name in ledger_rows.OWNED))
    names = (name.strip() for name in (by or DEFAULT_BY[what]).split(","))
    wanted = tuple(dict.fromkeys(_SHORT.get(name, name) for name in names))
    if by is None:
        return tuple(name for name in wanted if name in known)
    for name in wanted:
        if name not in known:
            raise click.UsageError(f"--by: expected some of {', '.join(known)}, found {name}")
    _check_together(what, wanted)
    return wanted


def _check_what(settings: Settings, what: str) -> None:
    if what == "usage" and not settings.usage.enabled:
        raise click.UsageError("usage: it is switched off by usage.enabled")
    if what == "keys" and not (settings.usage.enabled and settings.usage.per_api_key):
        raise click.UsageError("keys: usage by key is switched off by usage.per_api_key or usage.enabled")


def _check_explained(settings: Settings, what: str, form: str) -> None:
    if what != "cost" or form == "focus":
        raise click.UsageError("--explain: it is about cost, as csv, json or parquet")
    if not (settings.usage.enabled and settings.cost.enabled):
        raise click.UsageError("--explain: it needs usage and cost, of which one is switched off")


def _check_focus(what: str, by: str | None) -> None:
    if what != "cost":
        raise click.UsageError(f"--format focus: FOCUS tells charges, so export cost and not {what}")
    if by is not None:
        raise click.UsageError("--by: the rows of FOCUS are given: day, workspace, model, kind, tier and token type")


def _check_together(what: str, wanted: tuple[str, ...]) -> None:
    """Refuse what no report tells of the same amount."""
    by_key = [name for name in wanted if name in ledger_rows.OWNED]
    fine = [name for name in wanted if name in (*ledger_rows.FINE, "cost_type")]
    if what == "cost" and by_key and fine:
        raise click.UsageError(f"--by: no report tells {by_key[0]} and {fine[0]} of the same cost; ask for one of them")


def _known_from(settings: Settings, what: str, now: float) -> int:
    """Return the first day that every organization's reports can tell."""
    sources = {organization.source for organization in settings.organizations}
    if sources == {"legacy"}:
        return LEGACY_FIRST
    known = analytics_earliest(now)
    if "analytics" in sources:
        return known
    # Usage is the legacy report's where it answers, and the previous month is always read.
    return min(known, base(epoch(settings.counters.since, now), now) if what == "usage" else previous_month_start(now))


def _further(settings: Settings) -> str:
    if any(organization.source == "legacy" for organization in settings.organizations):
        return ""
    return " (source: legacy reads only the older reports, which name no first day)"

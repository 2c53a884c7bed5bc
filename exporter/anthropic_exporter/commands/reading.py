"""The organization read once, as the exporter reads it, for commands that print what it would show."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from anthropic_exporter import logs
from anthropic_exporter.commands.progress import progress
from anthropic_exporter.config import OrganizationSettings, Settings
from anthropic_exporter.errors import ExporterError
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.expose.snapshot import OrganizationView
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.entities import Entities
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.money.statement import Statement
from anthropic_exporter.service.organization import FIRST, OrganizationAtWork
from anthropic_exporter.service.poller import Poller
from anthropic_exporter.utc import Since, previous_month_start


class NotRead(ExporterError):  # noqa: N818 - it names what is so, as the other errors do
    """The organization could not be read whole, so no number of it can be told."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one organization at one moment."""

    alias: str
    id: str
    name: str
    view: OrganizationView
    statement: Statement
    entities: Entities
    now: float
    settings: Settings


def keep_quiet(settings: Settings) -> None:
    """Log errors only, unless everything is asked for: what the pipeline notes is meant for those who run it."""
    logs.configure("debug" if settings.log.level == "debug" else "error", settings.log.format)


@contextlib.contextmanager
def reading(settings: Settings, now: float, since: Since, days_since: float | None = None) -> Iterator[list[Reading]]:
    """Read every organization through the exporter's own pipeline, and keep what was read while the context lasts.

    Nothing of an exporter's state is touched: what is read is held in memory. One moment counts for all of it, so
    that a midnight in between cannot part usage from its bill.

    Args:
        since: from when to read. The previous month is always read.
        days_since: the first day to keep by itself, where that is not the first of the previous month.

    Raises:
        NotRead: a collector that spend is made from failed.
        ConfigError: the price file cannot be used.
    """
    settings = dataclasses.replace(settings, counters=dataclasses.replace(settings.counters, since=since))
    first = previous_month_start(now) if days_since is None else min(int(days_since), previous_month_start(now))
    prices = PriceList.load(settings.prices.file)
    several = len(settings.organizations) > 1
    with contextlib.ExitStack() as stack:
        found = []
        for organization in settings.organizations:
            try:
                found.append(_read(stack, settings, organization, prices, now, first))
            except NotRead as error:
                raise NotRead(f"{organization.alias}: {error}" if several else str(error)) from None
        yield found


def _read(
    stack: contextlib.ExitStack,
    settings: Settings,
    organization: OrganizationSettings,
    prices: PriceList,
    now: float,
    first: int,
) -> Reading:
    store = stack.enter_context(contextlib.closing(Store(":memory:")))
    at_work = stack.enter_context(held_still(organization, settings, store, prices, now, days_since=lambda _: first))
    run_once([poller for name in FIRST for poller in at_work.pollers if poller.collector.name == name])
    view = at_work.view
    with view.accounts.guard:
        statement = view.statement(now)
    if statement is None:
        raise NotRead("usage and cost are both switched off")
    if not statement.coverage.since(statement.today):
        raise NotRead("neither usage nor cost is offered to this organization or credential")
    listed = view.inventory.organizations()
    name = listed[0].name if listed else ""
    entities = Entities.of(view.inventory)
    return Reading(organization.alias, at_work.id, name, view, statement, entities, now, settings)


@contextlib.contextmanager
def held_still(
    organization: OrganizationSettings,
    settings: Settings,
    store: Store,
    prices: PriceList,
    now: float,
    days_since: Callable[[float], int] = previous_month_start,
) -> Iterator[OrganizationAtWork]:
    """Make what reads an organization at one moment, with nobody who looks on, and stop it afterwards."""
    at_work = OrganizationAtWork(
        organization,
        settings,
        store,
        prices,
        SelfMetrics(lambda alias: alias),
        lambda: None,
        lambda _: None,
        lambda: now,
        days_since=days_since,
    )
    try:
        yield at_work
    finally:
        at_work.stop()
        at_work.join(0.0)


def run_once(pollers: list[Poller]) -> None:
    """Run each once. The first that fails ends it: others wait for what it would have told them.

    Raises:
        NotRead: one failed.
    """
    try:
        for number, poller in enumerate(pollers, 1):
            progress(f"reading {poller.collector.name} ({number}/{len(pollers)})")
            poller.cycle()
            health = poller.health
            if health.state not in ("ok", "not supported"):
                advice = f" ({health.advice})" if health.advice else ""
                raise NotRead(f"{poller.collector.name} could not be read: {health.error or 'it was stopped'}{advice}")
    finally:
        progress("")

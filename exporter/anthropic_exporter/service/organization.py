"""One organization at work: its API, accounts, inventory and collectors, wired together."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from anthropic_exporter.api.admin import AdminApi
from anthropic_exporter.api.pacing import Pacer
from anthropic_exporter.collect.base import Collector, Directory, Listing, Streaming
from anthropic_exporter.collect.plan import base
from anthropic_exporter.config import OrganizationSettings, Settings
from anthropic_exporter.errors import StateError, Unavailable
from anthropic_exporter.expose import catalogue
from anthropic_exporter.expose.family import FamilySamples
from anthropic_exporter.expose.folding import Folding
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.expose.snapshot import OrganizationView
from anthropic_exporter.ledger.counters import Counters
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.accounts import Accounts
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import Intake
from anthropic_exporter.service import activity_streams, arrivals, streams
from anthropic_exporter.service.collectors import Wiring, collectors, listed_kinds
from anthropic_exporter.service.memory import StoreMemory
from anthropic_exporter.service.poller import Poller
from anthropic_exporter.status import CollectorStatus, OrganizationStatus
from anthropic_exporter.utc import epoch, previous_month_start

FIRST = ("organization", "workspaces", "api_keys", "usage", "api_key_usage", "cost")
"""The collectors whose whole first exposition makes the organization ready; the others wait for them."""

PATIENCE = 45.0
"""Seconds after which the other collectors begin all the same."""

log = logging.getLogger(__name__)


class OrganizationAtWork:
    """Everything that runs for one organization.

    Args:
        dirty: called when there may be something new to show.
        pacer: of the credential, where several organizations share one; else one of its own.
        foreign: called when the credential turns out to be another organization's. Nothing is read or taken any more;
            whoever is called puts another ``OrganizationAtWork`` in this one's place, over an emptied state.
        days_since: from when days are kept one by one, given the time.
    """

    def __init__(
        self,
        organization: OrganizationSettings,
        settings: Settings,
        store: Store,
        prices: PriceList,
        metrics: SelfMetrics,
        dirty: Callable[[], None],
        foreign: Callable[["OrganizationAtWork"], None],
        clock: Callable[[], float],
        pacer: Pacer | None = None,
        days_since: Callable[[float], int] = previous_month_start,
    ) -> None:
        self.alias = organization.alias
        self._child = bool(organization.organization_id)
        self._settings = settings
        self._store = store
        self._metrics = metrics
        self._dirty = dirty
        self._foreign = foreign
        self._clock = clock
        self._stop = threading.Event()
        self.retired = threading.Event()  # set when the credential is another organization's now
        self._others = threading.Event()
        self._patience = threading.Timer(PATIENCE, self._others.set)
        self._patience.daemon = True
        self._memory = StoreMemory(store, self.alias, self._stop)
        self._belong_to(organization.organization_id)
        self._epoch = partial(epoch, settings.counters.since)
        self._api = AdminApi(
            base_url=organization.base_url,
            credential=organization.credential,
            pacer=pacer or Pacer(settings.upstream.requests_per_minute),
            timeout=settings.upstream.timeout,
            observer=metrics.observer(self.alias),
            stop=self._stop,
            organization_id=organization.organization_id,
            org_scoped=organization.source == "org-scoped",
        )
        self._inventory = Inventory(store, self.alias)
        self._inventory.load(listed_kinds(settings))
        activity_streams.forget_people(store, self.alias, settings)
        accounts = streams.accounts(settings)
        self._arrivals = arrivals.Arrivals(
            self.alias,
            streams.usage_dimensions(settings.usage.group_by),
            metrics,
            self._whole,
        )
        self._accounts = Accounts(
            self.alias,
            store,
            accounts,
            Counters(
                birth_hold=settings.counters.birth_hold,
                idle_ttl=settings.series.idle_ttl,
                max_per_family=settings.series.max_per_family,
                kept=streams.kept_labels(accounts),
            ),
            prices,
            self._epoch,
            self._arrivals.changed,
            from_zero=settings.counters.on_state_loss == "zero",
            days_since=days_since,
        )
        self.view = OrganizationView(
            self._accounts,
            self._inventory,
            lambda name: catalogue.family(name, settings.usage.group_by),
            {family: account.stream.name for account in accounts for family in account.families},
            last_used=self._arrivals.keys,
            last_models=self._arrivals.models,
            money=streams.spending(settings, self._accounts, self.alias),
            folding=Folding(settings.series.max_per_family),
            history=lambda now: base(self._epoch(now), now),
        )
        self._ready = self._memory.get("ready") == "yes"
        self._id = self._memory.get("organization_id") or self.alias
        self._load()
        wiring = Wiring(
            settings,
            self._api,
            self._inventory,
            self._memory,
            Directory(self._memory, self._stop, self._api.workspaces),
            organization.source,
            self._epoch,
            child=self._child,
            days_since=days_since,
        )
        self.pollers = [self._poller(collector) for collector in collectors(wiring)]
        self._first = [poller for poller in self.pollers if poller.collector.name in FIRST]

    @property
    def ready(self) -> bool:
        """Whether the whole first exposition is there, or was loaded."""
        return self._ready

    @property
    def refused(self) -> bool:
        """Whether the credential was refused by the last answer to any collector."""
        return any(poller.health.refused for poller in self.pollers)

    @property
    def id(self) -> str:
        """The organization's ID; the alias before it is known for the first time."""
        return self._id

    def start(self) -> None:
        """Begin polling."""
        if self.ready or not self._first:
            self._others.set()
        else:
            self._patience.start()
        for poller in self.pollers:
            self._metrics.set(
                "anthropic_exporter_collector_interval_seconds",
                (self.alias, poller.collector.name),
                poller.collector.interval,
            )
            poller.start()

    def stop(self) -> None:
        """Ask all collectors to end. Nothing is taken from them any more once this returns."""
        with self._accounts.guard:
            self._stop.set()
        self._patience.cancel()
        self._others.set()

    def join(self, timeout: float) -> None:
        """Wait for the collectors to end, at most so many seconds for all of them, and close the connections."""
        deadline = time.monotonic() + timeout
        for poller in self.pollers:
            poller.join(max(0.0, deadline - time.monotonic()))
        self._api.close()

    def families(self, now: float) -> list[FamilySamples]:
        """Return what is shown now: nothing before the first exposition is whole."""
        if not self.ready:
            return []
        try:
            self._accounts.turn(now)
            self._accounts.reveal(now)
        except StateError as error:
            log.warning(
                "state not written; showing the last values", extra={"organization": self.alias, "why": str(error)}
            )
        return self.view.families(self.id, now)

    def preview(self, found: Iterable[Intake | Listing], now: float) -> list[FamilySamples]:
        """Return what would be shown if these readings were all there is. For a state that is thrown away."""
        streams = []
        self._accounts.turn(now)
        for each in found:
            if isinstance(each, Intake):
                self._accounts.post(each, now)
                streams.append(each.stream)
            else:
                self._inventory.take(each.kind, each.objects, now)
        self._accounts.completed(streams, now)
        return self.view.families(self.id, now)

    def up(self) -> bool | None:
        """Return whether the last cycle of every supported collector succeeded, of those that have run.

        None while that says nothing: as long as none has failed, and not all that the first exposition needs have run.
        """
        states = [poller.health.state for poller in self.pollers]
        if "failing" in states:
            return False
        begun = "starting" not in [poller.health.state for poller in self._first]
        return True if self.ready and begun and set(states) != {"starting"} else None

    def next_change(self, now: float) -> float | None:
        """Return when something changes by time alone."""
        with self._accounts.guard:
            return self._accounts.counters.next_change(now)

    def status(self) -> OrganizationStatus:
        """Return what a person wants to know."""
        organizations = self._inventory.organizations()
        return OrganizationStatus(
            alias=self.alias,
            id=self.id,
            name=organizations[0].name if organizations else "",
            up=self.up(),
            credential_valid=self._credential_valid(),
            newest_usage=self._newest("usage"),
            newest_cost=self._newest("cost"),
            collectors=(*(poller.status() for poller in self.pollers), *self._switched_off()),
        )

    def overshoots(self) -> Iterable[tuple[str, float]]:
        """Yield for each counter family by what share it exceeds the truth as known now."""
        with self._accounts.guard:
            for family in self._counted():
                ratio = self._accounts.counters.overshoot(family)
                if ratio is not None:
                    yield family, ratio

    def overflowed(self) -> Iterable[tuple[str, int]]:
        """Yield for each counter family how many label sets went into its overflow series."""
        with self._accounts.guard:
            for family in self._counted():
                yield family, self._accounts.counters.overflowed(family)
            yield from self.view.folding.overflowed().items()

    def epoch(self) -> int:
        """Return from when the counters count that are shown, or will be."""
        return self.view.epoch or self._accounts.epoch

    def _counted(self) -> list[str]:
        """Return the counter families that have series; the state may hold more, of what is switched off now."""
        return [family for family in self._accounts.counters.families() if family in self.view.streams]

    def _newest(self, stream: str) -> float | None:
        """Return how new a stream is; None before it was read whole, as history is read first."""
        return self._accounts.freshness(stream).newest if self._accounts.complete(stream) else None

    def _credential_valid(self) -> bool | None:
        """Return whether the credential is taken; None before upstream has answered."""
        if self.refused:
            return False
        return True if any(poller.health.done for poller in self.pollers) else None

    def _switched_off(self) -> Iterator[CollectorStatus]:
        """Yield the collectors that the settings leave out. Of a child most are left out, whatever the settings say."""
        if self._child:
            return
        run = {"exporter", *(poller.collector.name for poller in self.pollers)}
        for name in catalogue.COLLECTORS:
            if name not in run:
                yield CollectorStatus(name, "disabled", 0.0, None, None, error="", advice="", source="")

    def _belong_to(self, organization_id: str) -> None:
        """Take the ID that the settings give, and nothing of another organization's that went by the same alias."""
        known = self._memory.get("organization_id")
        if not organization_id or known == organization_id:
            return
        with self._store.transaction():
            if known is not None:
                log.warning(
                    "the settings name another organization now; the old state is dropped, reading anew",
                    extra={"organization": self.alias, "before": known, "now": organization_id},
                )
                self._store.forget_organization(self.alias)
            self._store.set_meta(self.alias, "organization_id", organization_id)

    def _load(self) -> None:
        now = self._clock()
        self._accounts.load(now)
        self._accounts.turn(now)
        for stream in arrivals.STREAMS:
            if self._accounts.has(stream):
                for labels, end in self._accounts.book(stream).newest_by_labels().items():
                    self._arrivals.used(stream, labels, min(end, int(now)))

    def _poller(self, collector: Collector) -> Poller:
        return Poller(
            collector=collector,
            take=self._take,
            complete=self._complete,
            finished=self._finished,
            stop=self._stop,
            organization=self.alias,
            wait_for=None if collector.name in FIRST else self._others,
            clock=self._clock,
        )

    def _take(self, found: Intake | Listing, now: float) -> None:
        with self._accounts.guard:
            if self._stop.is_set():
                raise Unavailable("stopping")
            self._commit(found, now)

    def _commit(self, found: Intake | Listing, now: float) -> None:
        header = self._api.organization_header
        if header:
            # It comes with every answer, so a key of another organization is noticed before any of its rows is taken.
            self._identify("organization_header", header)
        if isinstance(found, Intake):
            self._accounts.turn(now)
            self._accounts.post(found, now)
            return
        if found.kind == "organization":
            self._identify("organization_id", next(iter(found.objects)))
        self._inventory.take(found.kind, found.objects, now)

    def _identify(self, key: str, identity: str) -> None:
        """Note whose numbers these are; the key of another organization must not go on with them.

        Raises:
            Unavailable: they are another organization's.
        """
        known = self._memory.get(key)
        if known is not None and known != identity:
            log.warning(
                "the credential belongs to another organization now; the old state is dropped, reading anew",
                extra={"organization": self.alias, "before": known, "now": identity},
            )
            self._stop.set()
            self.retired.set()
            self._foreign(self)
            raise Unavailable("the credential belongs to another organization now")
        if known is None:
            self._memory.set(key, identity)
        if key == "organization_id":
            self._id = identity

    def _whole(self, stream: str) -> bool:
        return self._accounts.complete(stream)

    def _complete(self, collector: Collector, now: float) -> None:
        with self._accounts.guard:
            if self._stop.is_set():
                raise Unavailable("stopping")
            if isinstance(collector, Streaming):
                self._accounts.completed(collector.whole_streams(), now)

    def _finished(self, poller: Poller) -> None:
        if self._stop.is_set():
            return
        try:
            self._settle(poller)
        except (StateError, Unavailable) as error:
            log.warning("state not written; trying again", extra={"organization": self.alias, "why": str(error)})
        poller.tell(self._metrics)
        self._dirty()

    def _settle(self, poller: Poller) -> None:
        header = self._api.organization_header
        refused = poller.health.state == "not supported" and poller.collector.name == "organization"
        if refused and header and self._memory.get("organization_id") is None:
            self._identify("organization_id", header)
        if not self.ready and self._first_done():
            self._memory.set("ready", "yes")
            self._ready = True
            self._others.set()
            log.info("first exposition is whole", extra={"organization": self.alias, "id": self.id})

    def _first_done(self) -> bool:
        first = self._first or self.pollers
        return all(p.health.done for p in first) and any(p.health.success is not None for p in first)

"""What the web server shows: one exposition, made anew when something has changed, and swapped whole."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from prometheus_client import CollectorRegistry

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.expose import catalogue
from anthropic_exporter.expose.atscrape import AtScrape
from anthropic_exporter.expose.exposition import Exposition
from anthropic_exporter.expose.family import FamilySamples
from anthropic_exporter.expose.selfmetrics import SelfMetrics, make_registry
from anthropic_exporter.expose.text import Renderer
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import Labels
from anthropic_exporter.service.organization import OrganizationAtWork
from anthropic_exporter.status import OrganizationStatus, Status
from anthropic_exporter.utc import DAY, floor

LONGEST_WAIT = 30.0
"""Ages and freshness move by themselves, so the exposition is made anew this often at least."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is shown at one moment, and whose it is."""

    now: float
    organizations: list[OrganizationAtWork]
    families: list[FamilySamples]


class LiveSite:
    """The exposition and status of all organizations.

    Args:
        reload: reads the settings again and puts them in force; raises ConfigError.
    """

    def __init__(
        self,
        *,
        telemetry_path: str,
        lifecycle: bool,
        store: Store,
        metrics: SelfMetrics,
        reload: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.telemetry_path = telemetry_path
        self.lifecycle = lifecycle
        self._store = store
        self._metrics = metrics
        self._registry = make_registry(metrics)
        self._at_scrape = AtScrape(metrics)
        self._reload = reload
        self._clock = clock
        self._renderer = Renderer()
        self._started_at = clock()
        self._organizations: Sequence[OrganizationAtWork] = ()
        self._dirty = threading.Event()
        self._stop = threading.Event()
        self._rendering = threading.Lock()
        self._reloading = threading.Lock()
        self._doubled: set[str] = set()
        self._was_ready = threading.Event()
        self._exposition = self._renderer.render([])
        self._thread = threading.Thread(target=self._run, name="exposition", daemon=True)

    def show(self, organizations: Sequence[OrganizationAtWork]) -> None:
        """Show these organizations from now on."""
        with self._rendering:
            self._organizations = organizations
        self.publish()

    def start(self) -> None:
        """Begin to follow changes."""
        self._thread.start()

    def stop(self) -> None:
        """End following changes."""
        self._stop.set()
        self._dirty.set()
        self._thread.join(timeout=2)

    def changed(self) -> None:
        """Note that there may be something new."""
        self._dirty.set()

    def exposition(self) -> Exposition:
        """Return the newest exposition."""
        return self._exposition

    def status(self) -> Status:
        """Return the state of the process."""
        return Status(
            ready=self._was_ready.is_set(),
            started_at=self._started_at,
            organizations=tuple(self._statuses()),
        )

    @property
    def started_at(self) -> float:
        """When the process began to count."""
        return self._started_at

    def registry(self) -> CollectorRegistry:
        """Return everything about the exporter itself."""
        return self._registry

    def at_scrape(self, openmetrics: bool) -> bytes:
        """Render what is only known at the scrape, with the end of the exposition."""
        return self._at_scrape.render(openmetrics=openmetrics)

    def reload(self) -> str | None:
        """Read the settings again; a bad new file leaves the old ones in force and says so."""
        with self._reloading:
            try:
                self._reload()
            except ConfigError as error:
                log.error("reload refused; the old settings stay in force", extra={"why": str(error)})  # noqa: TRY400 - the message says all
                self._metrics.set("anthropic_exporter_config_last_reload_successful", (), 0)
                return str(error)
            self._metrics.set("anthropic_exporter_config_last_reload_successful", (), 1)
            self._metrics.set("anthropic_exporter_config_last_reload_success_timestamp_seconds", (), self._clock())
        return None

    def await_ready(self, stop: threading.Event | None = None) -> bool:
        """Wait for the first exposition and return True, or False when the process, or ``stop``, ends before."""
        while not self._stop.is_set() and not (stop and stop.is_set()):
            if self._was_ready.wait(0.2):
                return True
        return False

    def publish(self) -> None:
        """Make the exposition anew and swap it in whole."""
        with self._rendering:
            now, begun = self._clock(), time.perf_counter()
            shown, families = self._families(now)
            made = self._renderer.render(families)
            self._tell(made, time.perf_counter() - begun)
            # Right before the counters that it is about: a scrape has both of one year, but for one in between.
            epoch = max(organization.epoch() for organization in self._organizations)
            self._metrics.set("anthropic_exporter_epoch_timestamp_seconds", (), epoch)
            self._exposition = made
            # For good: an organization that a reload adds, or a dead key that times out for once, takes nothing back.
            if shown and all(o.ready or o.refused for o in self._organizations):
                self._was_ready.set()

    def snapshot(self) -> Snapshot | None:
        """Return what ``/metrics`` would show now, before it is text; None before there is anything."""
        with self._rendering:
            now = self._clock()
            shown, families = self._families(now)
            return Snapshot(now, shown, families) if shown else None

    def _statuses(self) -> Iterator[OrganizationStatus]:
        aliases: dict[str, str] = {}
        for organization in self._organizations:
            first = aliases.setdefault(organization.id, organization.alias)
            yield replace(organization.status(), shown_as="" if first == organization.alias else first)

    def _families(self, now: float) -> tuple[list[OrganizationAtWork], list[FamilySamples]]:
        shown = self._once([organization for organization in self._organizations if organization.ready])
        families = [found for organization in shown for found in organization.families(now)]
        if shown:
            families.extend(shown[0].view.prices(now))
        return shown, families

    def _once(self, organizations: Sequence[OrganizationAtWork]) -> list[OrganizationAtWork]:
        """Leave out an alias whose key is of an organization that another shows: Prometheus takes no series twice."""
        found: dict[str, OrganizationAtWork] = {}
        for organization in organizations:
            first = found.setdefault(organization.id, organization)
            if first is not organization and organization.alias not in self._doubled:
                self._doubled.add(organization.alias)
                log.error(
                    "two aliases have keys of one organization; the second is not shown",
                    extra={"organization": organization.id, "first": first.alias, "second": organization.alias},
                )
        return list(found.values())

    def _run(self) -> None:
        while not self._stop.is_set():
            self._dirty.wait(self._wait())
            self._dirty.clear()
            if self._stop.is_set():
                return
            try:
                self.publish()
            except Exception:
                log.exception("the exposition could not be made; the last one stays")
                self._stop.wait(1)

    def _wait(self) -> float:
        """Return the seconds until something changes by time alone: a hold ends, a day begins."""
        now = self._clock()
        moments = [now + LONGEST_WAIT, floor(now, DAY) + DAY]
        moments += [moment for o in self._organizations if (moment := o.next_change(now)) is not None]
        return max(0.0, min(moments) - now)

    def _tell(self, made: Exposition, seconds: float) -> None:
        own = self._metrics
        own.set("anthropic_exporter_render_duration_seconds", (), seconds)
        own.set("anthropic_exporter_exposition_size_bytes", (), made.size)
        known = (row.name for row in catalogue.families() if row.collector != "exporter")
        own.put("anthropic_exporter_series", {(name,): made.series[name] for name in known if name in made.series})
        overshoots: dict[Labels, float] = {}
        overflowed: dict[Labels, float] = {}
        for organization in self._organizations:
            for family, ratio in organization.overshoots():
                overshoots[organization.alias, family] = ratio
            for family, count in organization.overflowed():
                overflowed[(family,)] = overflowed.get((family,), 0) + count
            up = organization.up()
            if up is not None:
                own.set("anthropic_up", (organization.alias,), up)
        own.put("anthropic_exporter_revision_overshoot_ratio", overshoots)
        own.put("anthropic_exporter_series_overflowed", overflowed)
        own.set("anthropic_exporter_state_persistent", (), self._store.persistent)
        own.set("anthropic_exporter_state_size_bytes", (), self._store.size_bytes())
        if self._store.last_commit is not None:
            own.set("anthropic_exporter_state_last_commit_timestamp_seconds", (), self._store.last_commit)
        failures = self._store.take_write_failures()
        if failures:
            own.inc("anthropic_exporter_state_write_failures_total", (), failures)

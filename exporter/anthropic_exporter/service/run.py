"""The program: state, organizations, web server, signals, reload."""

import contextlib
import dataclasses
import functools
import gc
import logging
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from anthropic_exporter import __version__, logs
from anthropic_exporter.api.pacing import Pacer
from anthropic_exporter.api.ports import Credential
from anthropic_exporter.config import OrganizationSettings, Settings
from anthropic_exporter.errors import ConfigError, StateError
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.revision import revision
from anthropic_exporter.service import pushing, streams
from anthropic_exporter.service.organization import OrganizationAtWork
from anthropic_exporter.service.site import LiveSite
from anthropic_exporter.web.app import create_app
from anthropic_exporter.web.door import Door
from anthropic_exporter.web.server import WebServer

if TYPE_CHECKING:
    from anthropic_exporter.service.otlp import Receiver

STOP_WITHIN = 2.0
"""Seconds that collectors have to end, after the web server's; what they were reading is read again by the next."""

BEGIN_AGAIN = 10.0
"""Seconds until organizations are begun anew that could not be, because the state could not be written."""

_WEB_CONFIG = "anthropic_exporter_web_config_last_reload_successful"

log = logging.getLogger(__name__)


def run(
    settings: Settings,
    reload: Callable[[], Settings],
    hangup: threading.Event,
    on_ready: Callable[[str, LiveSite], None] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        settings: what to start with.
        reload: reads the settings again; raises ConfigError.
        hangup: set when they may have changed.
        on_ready: called once, in a thread, with the URL of the metrics when the first exposition is whole.

    Raises:
        ConfigError: it cannot start with these settings.
    """
    prices = _prices(settings)
    receiver = pushing.receiver(settings.otlp)
    door = Door(settings.web.config_file) if settings.web.config_file else None
    with WebServer([str(address) for address in settings.web.listen_address], door) as server:
        try:
            with contextlib.closing(Store(settings.state.path)) as store:
                _serve(settings, reload, hangup, server, door, store, prices, receiver, on_ready)
        except StateError as error:
            raise ConfigError(str(error)) from error


def _serve(
    settings: Settings,
    reload: Callable[[], Settings],
    hangup: threading.Event,
    server: WebServer,
    door: Door | None,
    store: Store,
    prices: PriceList,
    receiver: "Receiver | None",
    on_ready: Callable[[str, LiveSite], None] | None,
) -> None:
    # A scrape takes its turns between threads that poll and render; at the usual 5 ms each it would wait for them.
    sys.setswitchinterval(0.001)
    exporter = Exporter(settings, store, prices)
    if door:
        door.report_to(functools.partial(exporter.metrics.set, _WEB_CONFIG, ()))
    site = LiveSite(
        telemetry_path=settings.web.telemetry_path,
        lifecycle=settings.web.enable_lifecycle,
        store=store,
        metrics=exporter.metrics,
        reload=lambda: exporter.reload(reload(), site),
    )
    with _collector_of_cycles_resting():
        exporter.load(site)
    exporter.pushing.begin(settings.otlp, receiver, site, store, exporter.metrics)
    threading.Thread(target=_reload_on, args=(hangup, site), name="reload", daemon=True).start()

    def listening(urls: tuple[str, ...]) -> None:
        for url in urls:
            log.info("serving metrics", extra={"url": f"{url}{settings.web.telemetry_path}"})
        # What was loaded is served before anything is asked: both would take turns. And no answer waits for a reload.
        threading.Thread(target=exporter.start, name="start", daemon=True).start()
        if on_ready:
            threading.Thread(
                target=_await_ready, args=(site, f"{urls[0]}{settings.web.telemetry_path}", on_ready), daemon=True
            ).start()

    try:
        server.run(create_app(site), listening)
    finally:
        exporter.pushing.stop()
        site.stop()
        exporter.stop()
        exporter.pushing.join()
    log.info("stopped")


def _reload_on(hangup: threading.Event, site: LiveSite) -> None:
    while hangup.wait():
        hangup.clear()
        try:
            site.reload()
        except Exception:
            log.exception("reload failed unexpectedly")


@contextlib.contextmanager
def _collector_of_cycles_resting() -> Iterator[None]:
    """Make what stays: the collector of cycles does not look through it, now or later.

    The ledger is a million objects without a cycle. To look through all of them for one stops every thread for some
    100 ms; the young ones are still looked through, ten thousand at a time.
    """
    gc.set_threshold(10_000, 100, 1_000)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _await_ready(site: LiveSite, url: str, on_ready: Callable[[str, LiveSite], None]) -> None:
    if site.await_ready():
        on_ready(url, site)


class Exporter:
    """All organizations, under settings that can be replaced while running."""

    def __init__(self, settings: Settings, store: Store, prices: PriceList) -> None:
        self._settings = settings
        self._store = store
        self._prices = prices
        self._organizations: list[OrganizationAtWork] = []
        self._pacers: list[tuple[tuple[str, Credential, float], Pacer]] = []
        self._changing = threading.RLock()
        self._polling = False
        self._stopped = threading.Event()
        self.metrics = SelfMetrics(self._organization_id)
        self.pushing = pushing.Pushing()

    def load(self, site: LiveSite) -> None:
        """Take up the state, and begin showing it."""
        own = self.metrics
        own.set("anthropic_exporter_build_info", (__version__, revision(), platform.python_version()), 1)
        own.set("anthropic_exporter_config_last_reload_successful", (), 1)
        own.set("anthropic_exporter_config_last_reload_success_timestamp_seconds", (), time.time())
        self._begin(site)
        own.set("anthropic_exporter_state_loaded", (), any(o.ready for o in self._organizations))
        site.start()

    def start(self) -> None:
        """Begin polling."""
        with self._changing:
            if not self._stopped.is_set():
                self._polling = True
                for organization in self._organizations:
                    organization.start()

    def stop(self) -> None:
        """End polling, for good."""
        self._stopped.set()
        with self._changing:
            self._end()

    def _end(self) -> None:
        for organization in self._organizations:
            organization.stop()
        deadline = time.monotonic() + STOP_WITHIN
        for organization in self._organizations:
            organization.join(max(0.0, deadline - time.monotonic()))

    def reload(self, settings: Settings, site: LiveSite) -> None:
        """Put other settings in force. What needs a restart is told and left as it is.

        Raises:
            ConfigError: they cannot be used; nothing has changed.
        """
        with self._changing:
            self._replace(settings, site)

    def _replace(self, settings: Settings, site: LiveSite) -> None:
        if self._stopped.is_set():
            return
        prices = _prices(settings)
        elsewhere = settings.otlp != self._settings.otlp
        receiver = pushing.receiver(settings.otlp) if elsewhere else None
        for name in ("web", "state"):
            if getattr(settings, name) != getattr(self._settings, name):
                log.warning("this setting takes effect with the next start", extra={"setting": name})
        # Nothing refuses these settings any more.
        if settings.log != self._settings.log:
            logs.configure(settings.log.level, settings.log.format)
        self._end()
        self._settings = dataclasses.replace(settings, web=self._settings.web, state=self._settings.state)
        self._prices = prices
        if not self._begun(site):
            return
        if self._polling:
            for organization in self._organizations:
                organization.start()
        if elsewhere:
            self.pushing.begin(settings.otlp, receiver, site, self._store, self.metrics)
        log.info("settings reloaded")

    def _begun(self, site: LiveSite) -> bool:
        """Begin, again and again while the state cannot be written; return False where the program ends before."""
        while not self._stopped.is_set():
            try:
                self._begin(site)
            except StateError as error:
                log.warning("state not written; trying again", extra={"why": str(error)})
                self._stopped.wait(BEGIN_AGAIN)
            else:
                return True
        return False

    def _begin(self, site: LiveSite) -> None:
        _warn(self._settings)
        before = {organization.alias for organization in self._organizations}
        self._organizations = [self._at_work(organization, site) for organization in self._settings.organizations]
        for alias in before - {organization.alias for organization in self._organizations}:
            self.metrics.forget(alias)
        for organization in self._organizations:
            self.metrics.keep_collectors(organization.alias, {p.collector.name for p in organization.pollers})
        site.show(self._organizations)

    def _at_work(self, organization: OrganizationSettings, site: LiveSite) -> OrganizationAtWork:
        def foreign(old: OrganizationAtWork) -> None:
            threading.Thread(target=self._renew, args=(old, organization, site), name="renew", daemon=True).start()

        return OrganizationAtWork(
            organization,
            self._settings,
            self._store,
            self._prices,
            self.metrics,
            site.changed,
            foreign,
            time.time,
            self._pacer(organization),
        )

    def _pacer(self, organization: OrganizationSettings) -> Pacer:
        """Return the pacer of a credential: a parent and its children that share one share its limit, too."""
        rate = self._settings.upstream.requests_per_minute
        who = (organization.base_url, organization.credential, rate)
        for shared, pacer in self._pacers:
            if shared == who:
                return pacer
        self._pacers.append((who, Pacer(rate)))
        return self._pacers[-1][1]

    def _renew(self, old: OrganizationAtWork, settings: OrganizationSettings, site: LiveSite) -> None:
        """Begin an alias anew whose credential has become another organization's: their numbers never mix."""
        old.stop()
        old.join(STOP_WITHIN)
        while not self._stopped.is_set():
            with self._changing:
                if self._stopped.is_set() or old not in self._organizations:
                    return
                try:
                    with self._store.transaction():
                        self._store.forget_organization(old.alias)
                    new = self._at_work(settings, site)
                except StateError as error:
                    log.warning("state not written; trying again", extra={"organization": old.alias, "why": str(error)})
                else:
                    self.metrics.forget(old.alias)
                    self._organizations = [new if each is old else each for each in self._organizations]
                    site.show(self._organizations)
                    new.start()
                    return
            self._stopped.wait(BEGIN_AGAIN)

    def _organization_id(self, alias: str) -> str:
        return next((o.id for o in self._organizations if o.alias == alias), alias)


def _warn(settings: Settings) -> None:
    """Say what these settings make invisible."""
    missing = streams.untold(settings.usage.group_by) if settings.usage.enabled else ()
    if missing:
        log.warning(
            "usage.group_by has no room for this: until it is billed, spend is told without it, and budgets, owners,"
            " policies and prices that go by it miss that",
            extra={"missing": ", ".join(missing)},
        )


def _prices(settings: Settings) -> PriceList:
    return PriceList.load(settings.prices.file) if settings.prices.file else PriceList.load_bundled()

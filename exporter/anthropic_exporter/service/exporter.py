"""All organizations at work, and what a reload or another key puts in their place."""

import dataclasses
import logging
import platform
import threading
import time

from anthropic_exporter import __version__, logs
from anthropic_exporter.api.pacing import Pacer
from anthropic_exporter.api.ports import Credential
from anthropic_exporter.config import OrganizationSettings, Settings
from anthropic_exporter.config.organizations import counted_twice
from anthropic_exporter.errors import StateError
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.revision import revision
from anthropic_exporter.service import pushing, streams
from anthropic_exporter.service.organization import OrganizationAtWork
from anthropic_exporter.service.site import LiveSite

STOP_WITHIN = 2.0
"""Seconds that collectors have to end, after the web server's; what they were reading is read again by the next."""

BEGIN_AGAIN = 10.0
"""Seconds until organizations are begun anew that could not be, because the state could not be written."""

log = logging.getLogger(__name__)


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
        prices = PriceList.load(settings.prices.file)
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
    """Say what these settings make invisible, or twice as large."""
    for parent, child in counted_twice(settings.organizations):
        log.warning(
            "a parent and its child are both configured; sums over organization_id count the child twice",
            extra={"parent": parent, "child": child},
        )
    missing = streams.untold(settings.usage.group_by) if settings.usage.enabled else ()
    if missing:
        log.warning(
            "usage.group_by has no room for this: until it is billed, spend is told without it, and budgets, owners,"
            " policies and prices that go by it miss that",
            extra={"missing": ", ".join(missing)},
        )

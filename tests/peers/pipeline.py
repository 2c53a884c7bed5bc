"""The whole exporter but its threads and its web server, on a clock that the test owns.

The simulator is asked over loopback, with the same clock. Collectors take their turns in the order of time: a cycle
runs, the clock goes on to when the next one is due, and a month passes in seconds.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from anthropic_exporter.config import OrganizationSettings, Settings
from anthropic_exporter.expose.selfmetrics import SelfMetrics, make_registry
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.service.organization import OrganizationAtWork
from anthropic_exporter.service.site import LiveSite
from anthropic_exporter.simulate.instants import instant
from anthropic_exporter.simulate.inventory import Inventory
from anthropic_exporter.simulate.line import Line
from anthropic_exporter.simulate.organization import Organization
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, WORKSPACE, Event, ScriptedOrganization
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches

KEY = "sk-ant-admin01-canary-of-the-peers-tests"
NOW = instant("2026-11-19T12:30:00Z")
ON, OFF = {"enabled": True}, {"enabled": False}
Series = tuple[tuple[str, str], ...]
Scrape = dict[tuple[str, Series], float]


@dataclass
class Clock:
    """A clock that tests set."""

    now: float

    def __call__(self) -> float:
        return self.now


class Key:
    """A credential that is always the same."""

    def value(self) -> str:
        return KEY

    def refresh(self) -> bool:
        return False


@dataclass
class Pipeline:
    """One exporter on one simulator, between two instants of the clock."""

    simulator: Simulator
    clock: Clock
    organization: OrganizationAtWork
    site: LiveSite
    _registry: Any
    _due: dict[int, float] = field(default_factory=dict)

    def run(self, seconds: float, after_each: Callable[[str], None] = lambda _: None) -> None:
        """Let time pass, running every cycle that falls due; ``after_each`` gets the collector's name."""
        until = self.clock.now + seconds
        while True:
            number = min(range(len(self.organization.pollers)), key=lambda number: self._due.get(number, 0.0))
            at = self._due.get(number, self.clock.now)
            if at > until:
                break
            self.clock.now = max(self.clock.now, at)
            self.cycle(number)
            after_each(self.organization.pollers[number].collector.name)
        self.clock.now = until

    def cycle(self, number: int) -> None:
        """Run one cycle of one collector now."""
        begun = time.monotonic()
        wait = self.organization.pollers[number].cycle()
        self.organization._accounts.reveal(self.clock.now)  # as the site does after each cycle, without the rest
        # The cycle takes off the seconds that it took itself, but no time has passed here.
        self._due[number] = self.clock.now + round(wait + time.monotonic() - begun, 1)

    def poll(self, collector: str) -> None:
        """Run one cycle of a collector by its name, now."""
        names = [poller.collector.name for poller in self.organization.pollers]
        self.cycle(names.index(collector))

    def scrape(self) -> Scrape:
        """Return what /metrics shows now."""
        self.site.publish()
        whole = self.site.exposition().body(
            openmetrics=False, gzip=False, collectors=None, dynamic=generate_latest(self._registry)
        )
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(whole.decode())
            for sample in family.samples
        }

    def total(self, name: str, **labels: str) -> Decimal:
        """Sum a metric over the series that have these labels."""
        return total(self.scrape(), name, **labels)

    def calls(self, path: str = "") -> int:
        """Count the requests so far to paths that end like this."""
        return sum(1 for request in self.simulator.world.log if request.path.endswith(path))


def total(scrape: Scrape, name: str, **labels: str) -> Decimal:
    """Sum a metric over the series that have these labels."""
    found = [value for (metric, told), value in scrape.items() if metric == name and labels.items() <= set(told)]
    return sum((Decimal(repr(value)) for value in found), Decimal(0))


def series(scrape: Scrape, name: str) -> list[dict[str, str]]:
    """Return the labels of every series of a metric."""
    return [dict(told) for (metric, told) in scrape if metric == name]


@contextmanager
def running(
    organization: Organization,
    *,
    now: float = NOW,
    switches: dict[str, Any] | None = None,
    state: Path | str = ":memory:",
    source: str = "auto",
    **sections: dict[str, Any],
) -> Iterator[Pipeline]:
    """Start an exporter on an organization; ``sections`` change its settings from their defaults."""
    clock = Clock(now)
    chosen = Switches(**{"visibility_delay": 0.0, **(switches or {})})
    with (
        Simulator(organization, chosen, now=clock) as simulator,
        attached(simulator, clock, state=state, source=source, **sections) as pipeline,
    ):
        yield pipeline


@contextmanager
def attached(
    simulator: Simulator,
    clock: Clock,
    *,
    state: Path | str = ":memory:",
    source: str = "auto",
    **sections: dict[str, Any],
) -> Iterator[Pipeline]:
    """Start an exporter on a simulator that runs. Limits and Claude Code are read only where a section says so."""
    settings = Settings()
    sections = {"limits": OFF, "claude_code": OFF, **sections}
    sections["upstream"] = {"requests_per_minute": 0.0}
    for name, values in sections.items():
        settings = dataclasses.replace(settings, **{name: dataclasses.replace(getattr(settings, name), **values)})
    store = Store(str(state))
    found: list[OrganizationAtWork] = []
    metrics = SelfMetrics(lambda _: found[0].id)
    registry = make_registry(metrics)
    site = LiveSite(
        telemetry_path="/metrics",
        lifecycle=False,
        store=store,
        metrics=metrics,
        reload=lambda: None,
        clock=clock,
    )
    found.append(
        OrganizationAtWork(
            organization=OrganizationSettings(
                alias="main", credential=Key(), base_url=simulator.base_url, source=source
            ),
            settings=settings,
            store=store,
            prices=PriceList.load(),
            metrics=metrics,
            dirty=site.changed,
            foreign=lambda _: None,
            clock=clock,
        )
    )
    site.show(found)
    try:
        yield Pipeline(simulator, clock, found[0], site, registry)
    finally:
        found[0].stop()
        found[0].join(1)
        store.close()


def used(*events: Event, inventory: Inventory | None = None, **more: Any) -> ScriptedOrganization:
    """Return an organization that used this."""
    return ScriptedOrganization(events, inventory=inventory, **more)


def line(model: str = "claude-opus-4-8", key: str | None = None, workspace: str = WORKSPACE.id, **more: Any) -> Line:
    """Return a line of usage."""
    return Line(workspace, key, model, **more)


DEFAULT = DEFAULT_WORKSPACE.id

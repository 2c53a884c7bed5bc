"""Organizations at work against the simulator, one cycle at a time."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from anthropic_exporter.config import OrganizationSettings, Settings
from anthropic_exporter.config.sections import UpstreamSettings
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.service.organization import OrganizationAtWork
from anthropic_exporter.simulate.scripted import PROFILE, Event, ScriptedOrganization
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from anthropic_exporter.simulate.world import World
from ledger.instants import at
from simulate.harness import KEY, Clock, line

NOW = at("2026-07-15T12:17")
PROMPT = Switches(visibility_delay=0)
PRICES = PriceList.load()
FIRST = ("organization", "workspaces", "api_keys", "usage", "api_key_usage", "cost")
OTHER_ID = "99999999-2d43-4f6a-9e18-0c6f1d2b3a47"


@dataclass
class Key:
    """A credential."""

    key: str = KEY

    def value(self) -> str:
        return self.key

    def refresh(self) -> bool:
        return False


def acme(tokens: int = 1000, *, id: str = PROFILE.id) -> ScriptedOrganization:  # noqa: A002 - as the API calls it
    """Make an organization that used some tokens an hour ago."""
    return ScriptedOrganization([Event(NOW - 3600, line(), uncached=tokens)], profile=replace(PROFILE, id=id))


@dataclass
class Office:
    """The simulator, a state and what works on them."""

    simulator: Simulator
    clock: Clock
    store: Store = field(default_factory=lambda: Store(":memory:"))
    settings: Settings = field(default_factory=lambda: Settings(upstream=UpstreamSettings(requests_per_minute=0)))
    source: str = "auto"
    organization_id: str = ""
    foreign: list[OrganizationAtWork] = field(default_factory=list)
    dirty: int = 0

    @classmethod
    @contextmanager
    def building(cls) -> Iterator[Callable[[], AbstractContextManager["Office"]]]:
        """Start one simulator, and give what makes offices that use it, one after the other."""
        clock = Clock(NOW)
        with Simulator(ScriptedOrganization(), now=clock) as simulator:

            @contextmanager
            def move_in() -> Iterator[Office]:
                clock.now = NOW
                with closing(cls(simulator, clock)) as office:
                    yield office

            yield move_in

    def serve(self, organization: ScriptedOrganization, **switches: Any) -> None:
        """Put another organization behind the credential."""
        fresh = World(organization, self.clock, replace(PROMPT, **switches))
        for name in World.__slots__:
            setattr(self.simulator.world, name, getattr(fresh, name))

    def open(self) -> OrganizationAtWork:
        """Begin a process over the state that there is; nothing runs by itself."""
        self.metrics = SelfMetrics(lambda alias: self.at_work.id if alias == "main" else alias)
        self.at_work = OrganizationAtWork(
            self.organization,
            self.settings,
            self.store,
            PRICES,
            self.metrics,
            self._mark,
            self.foreign.append,
            self.clock,
        )
        return self.at_work

    def restart(self) -> OrganizationAtWork:
        """End the process and begin another."""
        self.at_work.stop()
        self.at_work.join(5)
        return self.open()

    def close(self) -> None:
        """End the process, if there is one, and forget its state."""
        if hasattr(self, "at_work"):
            self.at_work.stop()
            self.at_work.join(5)
        self.store.close()

    @property
    def organization(self) -> OrganizationSettings:
        """Return its settings."""
        return OrganizationSettings(
            alias="main",
            credential=Key(),
            base_url=self.simulator.base_url,
            source=self.source,
            organization_id=self.organization_id,
        )

    def cycle(self, *names: str, seconds: float = 60.0) -> None:
        """Run one cycle of some collectors, or of all, a minute later."""
        self.clock.now += seconds
        pollers = {poller.collector.name: poller for poller in self.at_work.pollers}
        for name in names or pollers:
            pollers[name].cycle()
        self.at_work._accounts.reveal(self.clock.now)  # as the site does after each cycle, without the rest

    def states(self) -> dict[str, str]:
        """Return how each collector is."""
        return {poller.collector.name: poller.health.state for poller in self.at_work.pollers}

    def shown(self) -> dict[tuple[str, ...], object]:
        """Return every sample that is shown, by family and labels."""
        return {
            (found.family.name, *labels): value
            for found in self.at_work.families(self.clock.now)
            for labels, value in found.samples
        }

    def tokens(self) -> dict[str, object]:
        """Return the tokens shown, by organization."""
        found: dict[str, Any] = {}
        for key, value in self.shown().items():
            if key[0] == "anthropic_usage_tokens_total":
                found[key[1]] = found.get(key[1], 0) + value
        return found

    def own(self, name: str, *labels: str) -> float | None:
        """Return one of the exporter's own metrics."""
        for metric in self.metrics.collect():
            for sample in metric.samples:
                if sample.name == name and tuple(sample.labels.values())[1:] == labels:
                    return float(sample.value)
        return None

    def _mark(self) -> None:
        self.dirty += 1

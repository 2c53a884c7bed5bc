"""One organization at work on a simulated Admin API, cycle by cycle, on a clock that only the test moves."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from anthropic_exporter.config import OrganizationSettings, Settings
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.expose.text import Renderer
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.service.organization import OrganizationAtWork

TOKEN = "sk-ant-oat01-canary-of-the-service-tests"
READY = ("organization", "workspaces", "api_keys", "usage", "api_key_usage", "cost")


class Key:
    """The credential; a token, so that service accounts can be read."""

    def value(self) -> str:
        return TOKEN

    def refresh(self) -> bool:
        return False


#: Without the two large reports an organization is ready at once.
QUICK: dict[str, dict[str, Any]] = {"usage": {"enabled": False}, "cost": {"enabled": False}}


def everything(**sections: dict[str, Any]) -> Settings:
    """Return settings with all collectors on and no pause; ``sections`` change them."""
    base = Settings()
    wanted: dict[str, dict[str, Any]] = {
        "enterprise": {"enabled": True},
        "compliance": {"enabled": True},
        "upstream": {"requests_per_minute": 0.0},
        **sections,
    }
    return dataclasses.replace(
        base, **{name: dataclasses.replace(getattr(base, name), **values) for name, values in wanted.items()}
    )


@dataclass
class Work:
    """The organization, and what it would show."""

    base_url: str
    store: Store
    clock: Any
    settings: Settings = field(default_factory=everything)
    metrics: SelfMetrics = field(init=False)
    organization: OrganizationAtWork = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin as a new process would, over the same store."""
        self.metrics = SelfMetrics(lambda alias: alias)
        self.organization = OrganizationAtWork(
            OrganizationSettings(alias="test", credential=Key(), base_url=self.base_url, source="auto"),
            self.settings,
            self.store,
            PriceList.load(),
            self.metrics,
            lambda: None,
            lambda _: None,
            self.clock,
        )
        self.pollers = {poller.collector.name: poller for poller in self.organization.pollers}

    def cycle(self, *names: str) -> None:
        """Run collectors until none of them has more to read; without names all, those that make it ready first."""
        for name in names or (*READY, *(name for name in self.pollers if name not in READY)):
            if name not in self.pollers:
                continue  # switched off
            for _ in range(200):
                self.pollers[name].cycle()
                collector = self.pollers[name].collector
                resume = getattr(collector, "resume_after", lambda: None)()
                if resume is None or self.pollers[name].health.state != "ok":
                    break
            else:
                raise AssertionError(f"{name} never ends")

    def states(self) -> dict[str, str]:
        return {name: poller.health.state for name, poller in self.pollers.items()}

    def text(self, *collectors: str) -> str:
        """Return the exposition, of some collectors only."""
        shown = self.organization.families(self.clock())
        families = [found for found in shown if not collectors or found.family.collector in collectors]
        return Renderer().render(families).body().decode()

    def stop(self) -> None:
        """End as the process does, and let another have the state file."""
        self.organization.stop()
        self.organization.join(1)
        self.store.close()

"""A site whose answers a test decides."""

from dataclasses import dataclass, field, replace

from anthropic_exporter.expose.atscrape import AtScrape
from anthropic_exporter.expose.exposition import Exposition
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.expose.text import Renderer
from anthropic_exporter.status import CollectorStatus, OrganizationStatus, Status
from expose.small_organization import small_organization

NOW = 1_795_000_000.0

USAGE = CollectorStatus(
    name="usage",
    state="ok",
    interval_seconds=60.0,
    last_success=NOW - 30,
    duration_seconds=0.45,
    error="",
    advice="",
    source="/v1/organizations/usage_report/messages",
)
ORGANIZATION = OrganizationStatus(
    alias="main",
    id="7c1d0a52-90f4-4f7e-8d5e-6a4b3c2d1e0f",
    name="Acme",
    up=True,
    credential_valid=True,
    newest_usage=NOW - 300,
    newest_cost=NOW - 90_000,
    collectors=(USAGE, replace(USAGE, name="cost", interval_seconds=600.0)),
)
READY = Status(ready=True, started_at=NOW - 3600, organizations=(ORGANIZATION,))


def _at_scrape() -> AtScrape:
    metrics = SelfMetrics(lambda alias: alias)
    metrics.set("anthropic_up", ("main",), 1)
    return AtScrape(metrics)


@dataclass
class PretendSite:
    telemetry_path: str = "/metrics"
    lifecycle: bool = False
    now: Status = READY
    shown: Exposition = field(default_factory=lambda: Renderer().render(small_organization()))
    own: AtScrape = field(default_factory=_at_scrape)
    problem: str | None = None
    reloads: int = 0

    def exposition(self) -> Exposition:
        return self.shown

    def status(self) -> Status:
        return self.now

    def at_scrape(self, openmetrics: bool) -> bytes:
        return self.own.render(openmetrics=openmetrics)

    def reload(self) -> str | None:
        self.reloads += 1
        return self.problem

"""The collectors of one organization, as the settings ask for them."""

from collections.abc import Callable
from dataclasses import dataclass

from anthropic_exporter.api.admin import AdminApi
from anthropic_exporter.collect import (
    claude_code,
    compliance,
    cost,
    enterprise,
    inventory,
    people,
    rate_limits,
    spend_limits,
    usage,
)
from anthropic_exporter.collect.base import Collector, Directory
from anthropic_exporter.collect.memory import Memory
from anthropic_exporter.collect.plan import Cadence, analytics_earliest
from anthropic_exporter.collect.requests import RequestCounts
from anthropic_exporter.collect.rounds import Rounds
from anthropic_exporter.config import Settings
from anthropic_exporter.ledger.inventory import KINDS, Inventory
from anthropic_exporter.records import RateLimit, SpendLimit
from anthropic_exporter.service import streams
from anthropic_exporter.utc import MINUTE, previous_month_start

WARM, COLD = 15, 360
"""Cadences of late data, in multiples of usage.interval."""

SHARE = 3
"""What is read in the background takes one in so many of the requests that the organization may send."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """What collectors are made of.

    Args:
        source: which generation of the reports may be read.
        epoch: from when counters count, given the time.
        child: whether the organization is one of several that the credential reads.
        days_since: from when days are kept one by one, given the time.
    """

    settings: Settings
    api: AdminApi
    inventory: Inventory
    memory: Memory
    directory: Directory
    source: str
    epoch: Callable[[float], int]
    child: bool = False
    days_since: Callable[[float], int] = previous_month_start

    @property
    def cadence(self) -> Cadence:
        """How often late data is looked for."""
        interval = self.settings.usage.interval
        return Cadence(WARM * interval, COLD * interval)

    @property
    def pause(self) -> float:
        """Seconds to leave to others after a request that is not urgent."""
        rate = self.settings.upstream.requests_per_minute
        return SHARE * MINUTE / rate if rate > 0 else 0.0


def collectors(wiring: Wiring) -> list[Collector]:
    """Return all that are enabled, in the order in which they are best first run."""
    settings = wiring.settings
    found: list[Collector] = []
    if settings.inventory.enabled:
        found.extend(_inventory(wiring))
    elif wiring.child or wiring.source == "org-scoped":
        wiring.directory.found(None)
    else:
        wiring.directory.unlisted()
    found.extend(_reports(wiring))
    # Only the reports can tell of a child; the rest would be its parent's.
    if not wiring.child:
        found.extend(_others(wiring))
    return found


def _inventory(wiring: Wiring) -> list[Collector]:
    settings = wiring.settings
    interval = settings.inventory.interval
    # A parent's credential is answered with the parent.
    official = wiring.source != "org-scoped" and not wiring.child
    scoped = wiring.source in ("auto", "org-scoped")
    if not (official or scoped):
        wiring.directory.found(None)
        return []
    found = inventory.identity_collectors(wiring.api, wiring.directory, interval, official=official, scoped=scoped)
    if not wiring.child:
        found += inventory.inventory_collectors(
            wiring.api,
            wiring.directory,
            interval,
            wiring.inventory.workspaces,
            wiring.inventory.workspace_members(),
        )
    return found


def listed_kinds(settings: Settings) -> list[str]:
    """Return the kinds of lists that are of use; others may be left from another configuration."""
    return [name for name, kind in KINDS.items() if kind.named or getattr(settings, kind.section).enabled]


def _reports(wiring: Wiring) -> list[Collector]:
    settings = wiring.settings
    found: list[Collector] = []
    if settings.usage.enabled:
        asked = streams.usage_dimensions(settings.usage.group_by)
        found.append(_usage(wiring, "usage", asked, settings.usage.interval))
        if settings.usage.per_api_key:
            interval = settings.usage.per_api_key_interval
            found.append(_usage(wiring, "api_key_usage", streams.KEY_DIMENSIONS, interval))
    if settings.cost.enabled:
        found.append(
            cost.CostCollector(
                api=wiring.api,
                interval=settings.cost.interval,
                cadence=wiring.cadence,
                epoch=wiring.epoch,
                earliest=analytics_earliest,
                sources=_sources(wiring, (cost.ANALYTICS, cost.LEGACY)),
                memory=wiring.memory,
                directory=wiring.directory,
                days_since=wiring.days_since,
            )
        )
    return found


_GENERATIONS = {
    "legacy": {usage.LEGACY, cost.LEGACY},
    "analytics": {usage.ANALYTICS, cost.ANALYTICS},
    "org-scoped": {usage.SCOPED},
}


def _sources(wiring: Wiring, endpoints: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the endpoints that may be read, the preferred one first."""
    allowed = _GENERATIONS.get(wiring.source, set(endpoints))
    if wiring.child:
        allowed = allowed - _GENERATIONS["legacy"]  # they know no children
    return tuple(endpoint for endpoint in endpoints if endpoint in allowed)


def _usage(wiring: Wiring, name: str, dimensions: tuple[str, ...], interval: float) -> Collector:
    counts = RequestCounts(
        stream=f"{name}.requests",
        api=wiring.api,
        dimensions=dimensions,
        cadence=wiring.cadence,
        epoch=wiring.epoch,
        earliest=analytics_earliest,
        memory=wiring.memory,
        directory=wiring.directory,
    )
    return usage.UsageCollector(
        name=name,
        api=wiring.api,
        dimensions=dimensions,
        interval=interval,
        cadence=wiring.cadence,
        epoch=wiring.epoch,
        earliest=analytics_earliest,
        # Usage by key is not in the org-scoped dialect.
        sources=_sources(
            wiring, (usage.LEGACY, usage.ANALYTICS, *((usage.SCOPED,) if "api_key_id" not in dimensions else ()))
        ),
        memory=wiring.memory,
        directory=wiring.directory,
        request_counts=counts if wiring.source == "auto" and not wiring.child else None,
    )


def _others(wiring: Wiring) -> list[Collector]:
    """Return the collectors that nothing else waits for."""
    settings, api, memory = wiring.settings, wiring.api, wiring.memory
    found: list[Collector] = []
    if settings.limits.enabled:
        found.append(_rate_limits(wiring))
        found.append(
            spend_limits.SpendLimitsCollector(
                api=api,
                interval=settings.limits.interval,
                directory=wiring.directory,
                known=lambda: wiring.inventory.listed("spend_limit", SpendLimit),
            )
        )
    if settings.claude_code.enabled:
        found.append(
            claude_code.ClaudeCodeCollector(
                api=api,
                interval=settings.claude_code.interval,
                pause=wiring.pause,
                cadence=wiring.cadence,
                epoch=wiring.epoch,
                memory=memory,
                person=people.naming(settings.privacy.emails, memory),
            )
        )
    if settings.enterprise.enabled:
        found.append(
            enterprise.EnterpriseCollector(
                api=api,
                interval=settings.enterprise.interval,
                cadence=wiring.cadence,
                epoch=wiring.epoch,
                earliest=analytics_earliest,
                memory=memory,
            )
        )
    if settings.compliance.enabled:
        interval = settings.compliance.interval
        found.append(compliance.ComplianceCollector(api, interval, wiring.pause, wiring.epoch, memory))
    return found


def _rate_limits(wiring: Wiring) -> Collector:
    known: dict[str, list[RateLimit]] = {}
    for limit in wiring.inventory.listed("workspace_rate_limit", RateLimit):
        known.setdefault(limit.workspace_id, []).append(limit)
    rounds = Rounds(
        wiring.api.workspace_rate_limits,
        wiring.inventory.workspaces,
        wiring.directory,
        known,
        with_default=False,  # it cannot have overrides
    )
    return rate_limits.RateLimitsCollector(
        wiring.api, wiring.settings.limits.interval, rounds, minutes=wiring.source in ("auto", "legacy")
    )

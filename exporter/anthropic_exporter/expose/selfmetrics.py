"""What the exporter knows about itself, told at each scrape."""

import logging
import threading
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from anthropic_exporter.expose import catalogue
from anthropic_exporter.expose.escape import well_formed
from anthropic_exporter.expose.family import Family

Labels = tuple[str, ...]

MOST_DRIFTS = 1000
"""Different drifts of one organization that are logged."""

log = logging.getLogger(__name__)

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0

#: Upper bounds in seconds.
BUCKETS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "anthropic_exporter_upstream_request_duration_seconds": (
            0.05,
            0.1,
            0.25,
            0.5,
            1.0,
            2.5,
            5.0,
            10.0,
            30.0,
            60.0,
        ),
        "anthropic_exporter_bucket_arrival_lag_seconds": (
            *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 30)),
            *(hours * _HOUR for hours in (1, 3, 6, 12)),
            *(days * _DAY for days in (1, 2, 7, 35)),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class _Distribution:
    """One series of a histogram: observations per bucket, the last being above all bounds, and their sum."""

    counts: tuple[int, ...]
    total: float = 0.0

    def with_one(self, bucket: int, value: float) -> "_Distribution":
        counts = (*self.counts[:bucket], self.counts[bucket] + 1, *self.counts[bucket + 1 :])
        return _Distribution(counts, self.total + value)

    def plus(self, other: "_Distribution") -> "_Distribution":
        counts = tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        return _Distribution(counts, self.total + other.total)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """The series of one family, by labels as the callers gave them."""

    family: Family
    numbers: dict[Labels, float] = field(default_factory=dict)
    distributions: dict[Labels, _Distribution] = field(default_factory=dict)


class SelfMetrics(Collector):
    """A thread-safe store of every family about the exporter itself, and a collector of prometheus_client.

    Callers name an organization by its alias. What to show for it is asked at each scrape, so no series
    carries an alias once the ID is known. Where two aliases turn out to be one organization, counters and
    histograms are added up and a gauge shows the smaller value: the failure rather than the success, the
    older time rather than the newer.

    A wrong name, kind or number of labels raises where it is recorded, never at the scrape.
    """

    def __init__(self, organization_id: Callable[[str], str]) -> None:
        self._organization_id = organization_id
        self._lock = threading.Lock()
        self._changes = 0
        self._aliases: set[str] = set()
        own = [row for row in catalogue.families() if row.collector == "exporter"]
        self._recorded = {row.name: _Recorded(row) for row in own}
        for row in own:
            if row.kind == "counter" and not row.labels:
                self._recorded[row.name].numbers[()] = 0.0  # so that the first increase is one

    def inc(self, name: str, labels: Labels = (), amount: float = 1) -> None:
        """Add to a counter.

        Raises:
            KeyError: no such family.
            ValueError: it is no counter, has other labels, or the amount is negative.
        """
        recorded = self._find(name, "counter", labels)
        if not amount >= 0:
            raise ValueError(f"{name} cannot go down by {amount}")
        with self._lock:
            self._note(recorded, labels)
            recorded.numbers[labels] = recorded.numbers.get(labels, 0.0) + amount

    def set(self, name: str, labels: Labels, value: float) -> None:
        """Set a gauge. KeyError and ValueError as for inc."""
        recorded = self._find(name, "gauge", labels)
        number = float(value)
        with self._lock:
            if recorded.numbers.get(labels) != number:
                self._note(recorded, labels)
                recorded.numbers[labels] = number

    def put(self, name: str, values: Mapping[Labels, float]) -> None:
        """Set all series of a gauge at once; those that are not among them are no longer. Errors as for inc."""
        numbers = {labels: float(value) for labels, value in values.items()}
        recorded = self._recorded[name]
        for labels in numbers:
            self._find(name, "gauge", labels)
        with self._lock:
            if recorded.numbers == numbers:
                return
            self._changes += 1
            for labels in numbers:
                self._note(recorded, labels)
            recorded.numbers.clear()
            recorded.numbers.update(numbers)

    def observe(self, name: str, labels: Labels, value: float) -> None:
        """Add one observation to a histogram; a negative one, from clocks that differ, counts as 0.

        KeyError and ValueError as for inc.
        """
        recorded = self._find(name, "histogram", labels)
        bounds = BUCKETS[name]
        seen = max(0.0, float(value))
        with self._lock:
            self._note(recorded, labels)
            before = recorded.distributions.get(labels) or _Distribution((0,) * (len(bounds) + 1))
            recorded.distributions[labels] = before.with_one(bisect_left(bounds, seen), seen)

    def remove(self, name: str, labels: Labels) -> None:
        """Forget one series, for a value that is no longer known. KeyError if there is no such family."""
        recorded = self._recorded[name]
        with self._lock:
            self._changes += 1
            recorded.numbers.pop(labels, None)
            recorded.distributions.pop(labels, None)

    def forget(self, alias: str) -> None:
        """Forget every series of an organization that the configuration no longer names."""
        with self._lock:
            self._changes += 1
            self._aliases.discard(alias)
            for recorded in self._recorded.values():
                if recorded.family.labels[:1] == ("organization_id",):
                    for series in (recorded.numbers, recorded.distributions):
                        for labels in [labels for labels in series if labels[0] == alias]:
                            del series[labels]

    def keep_collectors(self, alias: str, names: Collection[str]) -> None:
        """Forget what was told of the organization's other collectors, which run no more."""
        with self._lock:
            self._changes += 1
            for recorded in self._recorded.values():
                if recorded.family.labels[:2] == ("organization_id", "collector"):
                    for labels in [labels for labels in recorded.numbers if labels[0] == alias]:
                        if labels[1] not in names:
                            del recorded.numbers[labels]

    def stamp(self) -> tuple[object, ...]:
        """Return what is another value whenever ``collect`` would yield something else."""
        with self._lock:
            changes, aliases = self._changes, sorted(self._aliases)
        return changes, tuple([self._identify(alias) for alias in aliases])

    def observer(self, alias: str) -> "RequestObserver":
        """Return what the API client of that organization reports to."""
        return RequestObserver(self, alias)

    def describe(self) -> list[Metric]:
        """Nothing: keeps the registry from collecting when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the families that have a series, as they are now."""
        with self._lock:
            now = [
                replace(each, numbers=dict(each.numbers), distributions=dict(each.distributions))
                for each in self._recorded.values()
            ]
        for recorded in now:
            if recorded.distributions:
                yield self._histogram(recorded)
            elif recorded.numbers:
                yield self._plain(recorded)

    def _find(self, name: str, kind: Literal["counter", "gauge", "histogram"], labels: Labels) -> _Recorded:
        recorded = self._recorded[name]
        if recorded.family.kind != kind:
            raise ValueError(f"{name} is a {recorded.family.kind}, not a {kind}")
        if len(labels) != len(recorded.family.labels):
            raise ValueError(f"{name} has the labels {recorded.family.labels}, not {len(labels)}")
        return recorded

    def _note(self, recorded: _Recorded, labels: Labels) -> None:
        self._changes += 1
        if recorded.family.labels[:1] == ("organization_id",):
            self._aliases.add(labels[0])

    def _shown(self, family: Family, labels: Labels) -> Labels:
        if family.labels[:1] == ("organization_id",):
            labels = (self._identify(labels[0]), *labels[1:])
        return tuple(well_formed(value) for value in labels)

    def _identify(self, alias: str) -> str:
        try:
            return self._organization_id(alias)
        except LookupError:  # the organization is just being taken out of the configuration
            return alias

    def _plain(self, recorded: _Recorded) -> Metric:
        family = recorded.family
        values: dict[Labels, float] = {}
        for labels, value in recorded.numbers.items():
            shown = self._shown(family, labels)
            if shown not in values:
                values[shown] = value
            elif family.kind == "counter":
                values[shown] += value
            else:
                values[shown] = min(values[shown], value)
        make = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
        metric = make(family.name, family.help, labels=family.labels, unit=family.unit)
        for shown in sorted(values):
            metric.add_metric(shown, values[shown])
        return metric

    def _histogram(self, recorded: _Recorded) -> Metric:
        family = recorded.family
        merged: dict[Labels, _Distribution] = {}
        for labels, distribution in recorded.distributions.items():
            shown = self._shown(family, labels)
            merged[shown] = merged[shown].plus(distribution) if shown in merged else distribution
        bounds = [*(str(bound) for bound in BUCKETS[family.name]), "+Inf"]
        metric = HistogramMetricFamily(family.name, family.help, labels=family.labels, unit=family.unit)
        for shown in sorted(merged):
            cumulative = [sum(merged[shown].counts[: end + 1]) for end in range(len(bounds))]
            metric.add_metric(shown, list(zip(bounds, cumulative, strict=True)), merged[shown].total)
        return metric


@dataclass(frozen=True, slots=True)
class RequestObserver:
    """Records what the client of one organization sees of the Admin API."""

    _metrics: SelfMetrics
    _alias: str
    _told: set[tuple[str, str, str]] = field(default_factory=set)

    def request(self, endpoint: str, code: str, seconds: float) -> None:
        """Count one request; code is the status, or "error" where there was no answer."""
        self._metrics.inc("anthropic_exporter_upstream_requests_total", (self._alias, endpoint, code))
        self._metrics.observe("anthropic_exporter_upstream_request_duration_seconds", (self._alias, endpoint), seconds)

    def drift(self, endpoint: str, kind: str, name: str) -> None:
        """Count a field or value that is new or missing, and log it when it is seen for the first time."""
        self._metrics.inc("anthropic_exporter_api_drift_total", (self._alias, endpoint, kind))
        found = (endpoint, kind, name)
        # Bounded: an upstream that makes up a new name for each answer fills neither memory nor log.
        if found in self._told or len(self._told) >= MOST_DRIFTS:
            return
        self._told.add(found)
        log.log(
            logging.WARNING if kind == "missing_field" else logging.INFO,
            "the API differs from its documentation",
            extra={"organization": self._alias, "endpoint": endpoint, "kind": kind, "field": name},
        )

    def credential(self, valid: bool) -> None:
        """Record whether the last answer took the credential."""
        self._metrics.set("anthropic_exporter_credential_valid", (self._alias,), float(valid))


def make_registry(selfmetrics: SelfMetrics) -> CollectorRegistry:
    """Return everything about the exporter: its own metrics, ``process_*`` and ``python_info``."""
    registry = CollectorRegistry()
    registry.register(selfmetrics)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry

"""Samples to data points, and points to the messages of one push.

The points are built here and not by instruments of the SDK: those start to count when the process starts, keep 2,000
series at most, and send a counter's whole history as the first delta.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from anthropic_exporter import __version__
from anthropic_exporter.expose.escape import well_formed
from anthropic_exporter.expose.family import Family, FamilySamples, Value
from anthropic_exporter.expose.otlp.names import Instrument, instrument

MOST_POINTS = 5000
"""Points in one message: about 2 MB, and a receiver of gRPC takes 4 MB unless told otherwise."""

_NANO = 1_000_000_000
_LARGEST = 1 << 63

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One data point of one family."""

    instrument: Instrument
    description: str
    data: NumberDataPoint | HistogramDataPoint


@dataclass(frozen=True, slots=True)
class Packer:
    """Puts points into messages of at most ``most`` points each."""

    resource: Resource
    temporality: AggregationTemporality
    most: int = MOST_POINTS

    def messages(self, points: Iterable[Point]) -> Iterator[MetricsData]:
        """Yield the messages, in the order of the points. One is made only when it is asked for."""
        batch: list[Point] = []
        for point in points:
            batch.append(point)
            if len(batch) == self.most:
                yield self.message(batch)
                batch = []
        if batch:
            yield self.message(batch)

    def message(self, points: Iterable[Point]) -> MetricsData:
        """Return one message."""
        scope = InstrumentationScope("anthropic_exporter", __version__)
        metrics: dict[Instrument, list[Point]] = {}
        for point in points:
            metrics.setdefault(point.instrument, []).append(point)
        made = [self._metric(instrument, found) for instrument, found in metrics.items()]
        return MetricsData([ResourceMetrics(self.resource, [ScopeMetrics(scope, made, "")], "")])

    def _metric(self, named: Instrument, points: list[Point]) -> Metric:
        data = [point.data for point in points]
        shape: Gauge | Sum | Histogram
        if named.kind == "gauge":
            shape = Gauge(data)  # type: ignore[arg-type] # numbers, as their instrument says
        elif named.kind == "counter":
            shape = Sum(data, self.temporality, is_monotonic=True)  # type: ignore[arg-type] # likewise
        else:
            shape = Histogram(data, self.temporality)  # type: ignore[arg-type] # histograms, likewise
        return Metric(named.name, points[0].description, named.unit, shape)


def points(
    families: Iterable[FamilySamples], start: Callable[[str, Labels], int] | None, now: float
) -> Iterator[Point]:
    """Yield the points of a snapshot.

    Args:
        start: since when a series of a counter counts, in seconds, given its family and labels; None leaves
            counters out.
        now: the moment that all values are of.
    """
    for family, samples in merged(families):
        if family.kind == "counter" and start is None:
            continue
        for labels, value in samples.items():
            since = start(family.name, labels) if start and family.kind == "counter" else now
            yield number(family, labels, value, since, now)


def merged(families: Iterable[FamilySamples]) -> Iterator[tuple[Family, Mapping[Labels, Value]]]:
    """Yield each family once, its parts put together as ``/metrics`` does: of one series the later value counts."""
    parts: dict[str, list[FamilySamples]] = {}
    for part in families:
        parts.setdefault(part.family.name, []).append(part)
    for found in parts.values():
        values: dict[Labels, Value] = {}
        for part in found:
            values.update(part.samples)
        yield found[0].family, values


def number(family: Family, labels: Labels, value: Value, since: float, until: float) -> Point:
    """Return a point of a counter or gauge."""
    return Point(
        instrument(family.name, family.kind),
        family.help,
        NumberDataPoint(
            attributes=attributes(family.labels, labels),
            start_time_unix_nano=nanoseconds(since),
            time_unix_nano=nanoseconds(until),
            value=_value(family, value),
        ),
    )


def attributes(names: Iterable[str], labels: Iterable[str]) -> dict[str, str]:
    """Return labels as attributes of the same names."""
    return {name: well_formed(value) for name, value in zip(names, labels, strict=True)}


def nanoseconds(at: float) -> int:
    """Return seconds since 1970 as OTLP has them; whole seconds come out exact."""
    whole = math.floor(at)
    return whole * _NANO + int((at - whole) * _NANO)


def _value(family: Family, value: Value) -> int | float:
    """Return whole numbers as such where a family counts things, so that no digit is lost; all else as a float.

    A metric whose points change between the two is refused by some receivers.
    """
    if family.unit in ("", "tokens") and isinstance(value, int | Decimal) and value == int(value):
        whole = int(value)
        return whole if -_LARGEST <= whole < _LARGEST else float(whole)
    return float(value)

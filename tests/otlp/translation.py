"""How a Prometheus that receives OTLP names what it gets, written out from its documentation.

Source: prometheus/otlptranslator (UnderscoreEscapingWithSuffixes, the default strategy): the name is divided at
everything that is neither letter nor digit; the unit is appended unless the name has that word already; then ``total``
for monotonic sums and ``ratio`` for gauges of unit 1, each moved to the end where the name has it. Units in braces
append nothing. Attributes become labels with everything but letters, digits and underscores replaced.
"""

import re
from collections.abc import Iterable

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

UNITS = {
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "By": "bytes",
    "KiBy": "kibibytes",
    "1": "",
    "%": "percent",
    "$": "dollars",
}
Sample = tuple[str, frozenset[tuple[str, str]]]


def translated(name: str, unit: str, kind: str) -> str:
    """Return the name that Prometheus gives a metric."""
    words = [word for word in re.split(r"[^A-Za-z0-9:]+", name) if word]
    main, _, per = (part.strip() for part in unit.partition("/"))
    suffixes = []
    if main and not set("{}") & set(main):
        suffixes.append(UNITS.get(main, main))
    if per and not set("{}") & set(per):
        suffixes.append(f"per_{per}")
    words += [suffix for suffix in suffixes if suffix and suffix not in words]
    if kind == "counter":
        words = [*(word for word in words if word != "total"), "total"]
    if kind == "gauge" and unit == "1":
        words = [*(word for word in words if word != "ratio"), "ratio"]
    return "_".join(words)


def label(attribute: str) -> str:
    """Return the label that Prometheus makes of an attribute."""
    made = re.sub(r"[^A-Za-z0-9_]", "_", attribute)
    return f"key_{made}" if made[:1].isdigit() else made


def kind_of(metric: Metric) -> str:
    which = metric.WhichOneof("data")
    assert which in {"sum", "gauge", "histogram"}, metric.name
    assert which != "sum" or metric.sum.is_monotonic
    return {"sum": "counter"}.get(which, which)


def labels_of(point) -> frozenset[tuple[str, str]]:
    return frozenset((label(pair.key), pair.value.string_value) for pair in point.attributes)


def value_of(point) -> float:
    return getattr(point, point.WhichOneof("value"))


def metrics(requests: Iterable[ExportMetricsServiceRequest]) -> Iterable[Metric]:
    for request in requests:
        for resource in request.resource_metrics:
            for scope in resource.scope_metrics:
                yield from scope.metrics


def samples(requests: Iterable[ExportMetricsServiceRequest]) -> dict[Sample, float]:
    """Return what Prometheus makes of cumulative points: every sample, each told once."""
    found: dict[Sample, float] = {}

    def put(name, labels, value):
        assert (name, labels) not in found, f"told twice: {name} {labels}"
        found[name, labels] = value

    for metric in metrics(requests):
        kind = kind_of(metric)
        name = translated(metric.name, metric.unit, kind)
        for point in getattr(metric, metric.WhichOneof("data")).data_points:
            labels = labels_of(point)
            if kind != "histogram":
                put(name, labels, value_of(point))
                continue
            put(f"{name}_count", labels, point.count)
            put(f"{name}_sum", labels, point.sum)
            total = 0
            for bound, count in zip([*point.explicit_bounds, float("inf")], point.bucket_counts, strict=True):
                total += count
                le = "+Inf" if bound == float("inf") else str(bound)
                put(f"{name}_bucket", labels | {("le", le)}, total)
    return found


def points(requests: Iterable[ExportMetricsServiceRequest], name: str) -> list[tuple[frozenset, int, int, float]]:
    """Return (labels, start, end, value) of every point of a metric by its translated name; seconds."""
    return [
        (labels_of(p), p.start_time_unix_nano // 10**9, p.time_unix_nano // 10**9, value_of(p))
        for m in metrics(requests)
        if translated(m.name, m.unit, kind_of(m)) == name
        for p in getattr(m, m.WhichOneof("data")).data_points
    ]

"""What prometheus_client collects at each scrape (the exporter's own metrics, ``process_*``), as data points."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import cast

from opentelemetry.sdk.metrics.export import HistogramDataPoint, NumberDataPoint
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from anthropic_exporter.expose.otlp.names import Kind, instrument
from anthropic_exporter.expose.otlp.points import Point, nanoseconds

Series = tuple[str, tuple[tuple[str, str], ...]]
Numbers = tuple[float, ...]


@dataclass(slots=True)
class OwnPoints:
    """Points of the process's own metrics. They count from its start, as everywhere.

    Args:
        started_at: when the process started to count.
        delta: tell what was added since the last push that arrived, instead of all.
    """

    started_at: float
    delta: bool
    _arrived: dict[Series, Numbers] = field(default_factory=dict)
    _arrived_at: float | None = None
    _sent: dict[Series, Numbers] = field(default_factory=dict)

    def points(self, metrics: Iterable[Metric], now: float) -> Iterator[Point]:
        """Yield the points of one push."""
        self._sent = {}
        since = self.started_at if self._arrived_at is None or not self.delta else self._arrived_at
        for metric in metrics:
            if metric.type == "histogram":
                yield from self._histograms(metric, since, now)
            else:
                kind: Kind = "counter" if metric.type == "counter" else "gauge"
                yield from self._numbers(metric, kind, since, now)

    def arrived(self, now: float) -> None:
        """Note that the last points have arrived."""
        self._arrived, self._arrived_at = self._sent, now

    def _numbers(self, metric: Metric, kind: Kind, since: float, now: float) -> Iterator[Point]:
        for sample in metric.samples:
            if sample.name.endswith("_created"):
                continue
            value: Numbers = (sample.value,)
            if kind == "counter":
                value = self._added((sample.name, tuple(sample.labels.items())), value)
                if self.delta and not value[0]:
                    continue
            data = NumberDataPoint(
                dict(sample.labels), nanoseconds(since if kind == "counter" else now), nanoseconds(now), value[0]
            )
            yield Point(instrument(sample.name, kind), metric.documentation, data)

    def _histograms(self, metric: Metric, since: float, now: float) -> Iterator[Point]:
        series: dict[tuple[tuple[str, str], ...], list[Sample]] = {}
        for sample in metric.samples:
            labels = tuple((name, value) for name, value in sample.labels.items() if name != "le")
            series.setdefault(labels, []).append(sample)
        for labels, samples in series.items():
            bounds = [float(s.labels["le"]) for s in samples if s.name.endswith("_bucket")]
            counts = [s.value for s in samples if s.name.endswith("_bucket")]
            total = next(s.value for s in samples if s.name.endswith("_sum"))
            plain = [count - before for count, before in zip(counts, [0.0, *counts], strict=False)]
            *told, total = self._added((metric.name, labels), (*plain, total))
            count = int(sum(told))
            if self.delta and not count:
                continue
            data = HistogramDataPoint(
                attributes=dict(labels),
                start_time_unix_nano=nanoseconds(since),
                time_unix_nano=nanoseconds(now),
                count=count,
                sum=total,
                bucket_counts=[int(each) for each in told],
                explicit_bounds=bounds[:-1],  # the last is infinity
                min=cast("float", None),  # optional in the protocol, and not known
                max=cast("float", None),
            )
            yield Point(instrument(metric.name, "histogram"), metric.documentation, data)

    def _added(self, series: Series, value: Numbers) -> Numbers:
        """Return what there is to tell of a series: all of it, or what came since the last push that arrived."""
        if not self.delta:
            return value
        self._sent[series] = value
        before = self._arrived.get(series)
        if before is None or any(new < old for new, old in zip(value, before, strict=True)):
            return value  # new, or begun again
        return tuple(new - old for new, old in zip(value, before, strict=True))

"""What is noticed of data as it arrives: how late it is, how often it is revised, and what was used last."""

from collections.abc import Callable
from dataclasses import dataclass, field

from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.ledger.intervals import Delta
from anthropic_exporter.records import Labels, arranger

STREAMS = ("usage", "api_key_usage")
"""The streams that tell when something was last used."""


@dataclass(slots=True)
class Arrivals:
    """The arrivals of one organization.

    Args:
        organization: the alias.
        dimensions: of the stream "usage"; those of "api_key_usage" begin with the key.
        complete: whether a stream was read whole once: what comes before is history and not late.
    """

    organization: str
    dimensions: tuple[str, ...]
    metrics: SelfMetrics
    complete: Callable[[str], bool]
    #: By API key, the end of the newest bucket with usage.
    keys: dict[str, int] = field(default_factory=dict)
    #: The same by (workspace_id, model).
    models: dict[tuple[str, str], int] = field(default_factory=dict)

    def changed(self, stream: str, deltas: list[Delta], now: float) -> None:
        """Take committed differences of a stream: late arrivals, revisions of buckets that were read before, uses."""
        collector = stream.split(".", maxsplit=1)[0]
        whole = self.complete(stream)
        for delta in deltas:
            if stream in STREAMS and any(value > 0 for value in delta.known):
                self.used(stream, delta.labels, min(delta.slot.ending_at, int(now)))
            if not whole:
                continue
            total = sum(delta.known)
            lag = now - delta.slot.ending_at
            if total > 0 and lag > 0:
                labels = (self.organization, collector)
                self.metrics.observe("anthropic_exporter_bucket_arrival_lag_seconds", labels, lag)
            if total < 0 or (total > 0 and delta.before and lag > 0):
                direction = "up" if total > 0 else "down"
                revised = (self.organization, collector, direction)
                self.metrics.inc("anthropic_exporter_bucket_revisions_total", revised)

    def used(self, stream: str, labels: Labels, end: int) -> None:
        """Note a use of one of ``STREAMS`` in a bucket that ended then."""
        if stream == "api_key_usage":
            self.keys[labels[0]] = max(end, self.keys.get(labels[0], 0))
            return
        workspace_id, model = arranger(self.dimensions, ("workspace_id", "model"))(labels)
        self.models[workspace_id, model] = max(end, self.models.get((workspace_id, model), 0))

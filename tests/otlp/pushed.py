"""An organization at work whose /metrics can be pulled and pushed, moment by moment."""

from dataclasses import dataclass, field
from typing import Any

from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from anthropic_exporter.config.sections import OtlpSettings
from anthropic_exporter.service import otlp
from anthropic_exporter.service.push import Pusher
from anthropic_exporter.service.site import LiveSite
from otlp.translation import Sample
from service.office import Office

#: They move between a pull and a push, or count the pushes themselves.
MOVING = (
    "process_",
    "python_",
    "anthropic_exporter_otlp_",
    "anthropic_exporter_render_duration_seconds",
    "anthropic_exporter_collector_duration_seconds",
)


@dataclass
class Pushed:
    """The exporter's part that shows and pushes, over an office."""

    office: Office
    receiver: Any
    protocol: str = "http/protobuf"
    temporality: str = "cumulative"
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Begin as a new process does."""
        self.settings = OtlpSettings(
            enabled=True, endpoint=self.receiver.url, protocol=self.protocol, temporality=self.temporality
        )
        office = self.office
        self.site = LiveSite(
            telemetry_path="/metrics",
            lifecycle=False,
            store=office.store,
            metrics=office.metrics,
            reload=lambda: None,
            clock=office.clock,
        )
        self.site.show([office.at_work])
        self.sender = otlp.receiver(self.settings, self.environment)
        self.pusher = Pusher(
            self.settings,
            self.sender,
            self.site,
            office.store,
            office.metrics,
            self.site.registry(),
            self.site.started_at,
        )

    def restart(self) -> None:
        """End the process, and begin another over the same state."""
        self.close()
        self.office.restart()
        self.start()

    def close(self) -> None:
        self.sender.close()

    def push(self) -> bool:
        return self.pusher.push()

    def pull(self) -> dict[Sample, float]:
        """Return every sample of /metrics."""
        self.site.publish()
        text = self.site.exposition().body(dynamic=generate_latest(self.site.registry())).decode()
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


def still(samples: dict[Sample, float]) -> dict[Sample, float]:
    """Return what does not move between a pull and a push."""
    return {key: value for key, value in samples.items() if not key[0].startswith(MOVING)}

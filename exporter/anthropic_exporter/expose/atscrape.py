"""What is only known at the scrape: the exporter's own metrics, and those of its process.

The own metrics move when something is polled, the process's with every look. So between two polls only the latter,
some twenty lines, are rendered anew.
"""

from functools import partial

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client import generate_latest as generate_text
from prometheus_client.openmetrics.exposition import ALLOWUTF8
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from anthropic_exporter.expose.selfmetrics import SelfMetrics

_END = b"# EOF\n"

# The names of all families are in the old character set and need no escaping; saying so halves the time.
_generate_text = partial(generate_text, escaping=ALLOWUTF8)
_generate_openmetrics = partial(generate_openmetrics, escaping=ALLOWUTF8)


class AtScrape:
    """Renders the end of the exposition. For one thread at a time."""

    def __init__(self, metrics: SelfMetrics) -> None:
        self._metrics = metrics
        self._own = CollectorRegistry()
        self._own.register(metrics)
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        self._kept: dict[bool, tuple[object, bytes]] = {}

    def render(self, *, openmetrics: bool) -> bytes:
        """Return the lines as they are now, in OpenMetrics with the end of the exposition."""
        generate = _generate_openmetrics if openmetrics else _generate_text
        stamp = self._metrics.stamp()
        kept = self._kept.get(openmetrics)
        if kept is None or kept[0] != stamp:
            kept = self._kept[openmetrics] = (stamp, generate(self._own).removesuffix(_END))
        return kept[1] + generate(self._process)

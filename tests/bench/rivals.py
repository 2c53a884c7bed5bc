"""Servers that /metrics is measured against, each with the very samples that the exporter shows.

``client``: prometheus_client's own server over a collector that makes its families anew, as its documentation shows.
``gauges``: the same server over Gauge and Counter children that were set, as exporters do that poll in the background.
``static``: the bytes of one gzipped answer behind the exporter's own HTTP server: the limit.
"""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from anthropic_exporter.web.server import WebServer


class _Again(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        for metric in self._metrics:
            fresh = Metric(metric.name, metric.documentation, metric.type)
            for sample in metric.samples:
                fresh.add_sample(sample.name, sample.labels, sample.value)
            yield fresh


def client(text: str) -> int:
    """Serve by a collector; return the port."""
    registry = CollectorRegistry()
    registry.register(_Again(list(text_string_to_metric_families(text))))
    return int(start_http_server(0, "127.0.0.1", registry)[0].server_port)


def gauges(text: str) -> int:
    """Serve by children that were set; return the port."""
    registry = CollectorRegistry()
    for metric in text_string_to_metric_families(text):
        if metric.type not in ("gauge", "counter") or not metric.samples:
            continue
        names = list(metric.samples[0].labels)
        kind = Counter if metric.type == "counter" else Gauge
        made = kind(metric.name, metric.documentation, names, registry=registry)
        for sample in metric.samples:
            if sample.name.endswith("_created"):
                continue
            child = made.labels(**sample.labels) if names else made
            child.inc(sample.value) if metric.type == "counter" else child.set(sample.value)  # type: ignore[union-attr]
    return int(start_http_server(0, "127.0.0.1", registry)[0].server_port)


def static(gzipped: bytes) -> None:
    """Serve the bytes behind the exporter's own server, and print the port."""

    async def answer(_: Request) -> Response:
        return Response(gzipped, headers={"Content-Type": "text/plain; version=0.0.4", "Content-Encoding": "gzip"})

    with WebServer(["127.0.0.1:0"]) as server:
        server.run(Starlette(routes=[Route("/metrics", answer)]), lambda urls: print(urls[0], flush=True))


def main() -> None:
    """Serve until ended; print the URL once listening."""
    kind, file = sys.argv[1], Path(sys.argv[2])
    if kind == "static":
        static(file.read_bytes())
        return
    port = {"client": client, "gauges": gauges}[kind](file.read_text())
    print(f"http://127.0.0.1:{port}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()

"""Bounds that a regression would break: processor time against processor time in one process, never a clock.

Each holds with a factor of three to spare; the figures themselves are in docs/performance.md.
"""

import time

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from anthropic_exporter.expose.family import Family, FamilySamples
from anthropic_exporter.expose.text import Renderer

SERIES = 20_000
ROUNDS = 3
LABELS = ("organization_id", "workspace_id", "model", "token_type")


def samples(family, moved=0):
    return [
        (("5b0c7a1e", f"wrkspc_{n // 8:06d}", f"claude-model-{n % 8}", "output"), n * 1_000_003 + (n < moved))
        for n in range(SERIES // 10)
    ]


FAMILIES = [Family(f"demo_{n}_tokens_total", "counter", "tokens", LABELS, "usage", "Demo.") for n in range(10)]


class Reference(Collector):
    def collect(self):
        for family in FAMILIES:
            metric = Metric(family.name, family.help, "counter")
            for labels, value in samples(family):
                metric.add_sample(family.name, dict(zip(LABELS, labels, strict=True)), value)
            yield metric


def cost(work):
    """Return the least processor time of some rounds: what else the machine does only ever adds."""
    found = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return min(found)


@pytest.fixture(scope="module")
def exposition():
    return Renderer().render([FamilySamples(family, samples(family)) for family in FAMILIES])


def test_a_scrape_costs_next_to_nothing_beside_rendering(exposition):
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Reference())
    assert len(generate_latest(registry)) == pytest.approx(exposition.size, rel=0.3), "the same series"
    once = cost(lambda: generate_latest(registry))
    exposition.parts(gzip=True)
    hundred = cost(lambda: [exposition.parts(gzip=True) for _ in range(100)])
    assert once / (hundred / 100) > 300


def test_what_did_not_move_is_not_rendered_again():
    still = [FamilySamples(family, samples(family)) for family in FAMILIES]
    renderer = Renderer()
    first = cost(lambda: Renderer().render(still))
    renderer.render(still)
    assert first / cost(lambda: renderer.render(still)) > 5
    moved = [FamilySamples(FAMILIES[0], samples(FAMILIES[0], moved=20)), *still[1:]]
    begun = time.process_time()
    renderer.render(moved)
    assert first / (time.process_time() - begun) > 2

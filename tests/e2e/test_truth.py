"""What Prometheus holds is what the organization used, to the token, whatever the upstream offers and however late."""

import itertools
import time

import pytest

from e2e.script import NEW_KEY, Script
from e2e.truth import FAMILIES, Truth, highest, reports
from e2e.witness import Witness, fallen, in_prometheus

pytestmark = pytest.mark.needs("prometheus")


@pytest.mark.parametrize(
    ("generation", "open_bucket", "page_cap"),
    [
        *itertools.product(["legacy", "analytics", "both"], [True, False], [0, 7]),
        ("org-scoped", True, 0),
        ("org-scoped", False, 7),
    ],
)
def test_prometheus_holds_exactly_what_was_used(
    simulate, exporter, prometheus, wait_until, generation, open_bucket, page_cap
):
    script = Script(time.time(), seed=11)
    simulator = simulate(
        script.organization,
        generation=generation,
        open_bucket=open_bucket,
        analytics_open_bucket=open_bucket,
        page_cap=page_cap,
    )
    served = exporter(simulator)
    scraping = prometheus(served)
    witness = Witness(
        in_prometheus(scraping), Truth(simulator, *reports(generation, open_bucket=open_bucket)), wait_until
    )
    witness.settles()
    script.change()
    witness.settles()
    script.grow()
    witness.settles()
    last = witness.states[-1]
    assert last == highest(*witness.states), "usage has caught up with every counter, so they are the plain truth"
    assert sum(last["anthropic_usage_tokens_total"].values()) > 0

    assert fallen(scraping) == []
    if generation == "org-scoped":
        assert last["anthropic_api_key_usage_tokens_total"] == {}
        return
    key_is_counted_from_nothing(scraping, last, "anthropic_api_key_usage_tokens_total")
    key_is_counted_from_nothing(scraping, last, "anthropic_api_key_estimated_cost_usd_total")


def key_is_counted_from_nothing(prometheus, last, name):
    born = {labels: value for labels, value in last[name].items() if NEW_KEY in labels}
    assert born
    seen = {}
    for labels, values in prometheus.series(f'{name}{{api_key_id="{NEW_KEY}"}}'):
        assert values[0] == 0, labels
        assert values == sorted(values), labels
        seen[tuple(labels.get(label, "") for label in FAMILIES[name])] = values[-1] - values[0]
    assert {labels: seen[labels] for labels in born} == pytest.approx({k: float(v) for k, v in born.items()}, rel=1e-9)

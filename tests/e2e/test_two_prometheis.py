"""Two Prometheis that scrape at different intervals tell the same of one exporter, and both the truth."""

import json
import signal
import time

import pytest

from e2e.parts import Prometheus
from e2e.script import Script
from e2e.truth import COUNTERS, Truth, reports
from e2e.witness import Witness, fallen, in_prometheus

pytestmark = pytest.mark.needs("prometheus")

INTERVALS = ("500ms", "1700ms")
TOKENS = "anthropic_usage_tokens_total"
READY = 60


@pytest.fixture
def prometheis(process, client, free_port, tmp_path):
    """Start two Prometheis that scrape one exporter."""

    def start(target):
        for interval in INTERVALS:
            port, folder = free_port(), tmp_path / interval
            folder.mkdir()
            scraping = {"scrape_interval": interval, "scrape_timeout": "500ms"}
            jobs = [{"job_name": "anthropic", "static_configs": [{"targets": [target]}]}]
            (folder / "prometheus.yml").write_text(json.dumps({"global": scraping, "scrape_configs": jobs}))
            process(
                [
                    "prometheus",
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'tsdb'}",
                    f"--web.listen-address=127.0.0.1:{port}",
                    "--log.level=warn",
                ]
            )
            yield Prometheus(f"http://127.0.0.1:{port}", client)

    return lambda exporter: list(start(f"127.0.0.1:{exporter.port}"))


def gained(prometheus, name):
    """Return by series what it has gained from its first sample to its last, without those that stand still."""
    found = {frozenset(labels.items()): values[-1] - values[0] for labels, values in prometheus.series(name)}
    return {labels: gain for labels, gain in found.items() if gain}


def increases(prometheus, name):
    return {
        frozenset(row["metric"].items()): float(row["value"][1]) for row in prometheus.query(f"increase({name}[1h])")
    }


def test_both_see_every_token_of_the_run_and_no_reset(simulate, exporter, prometheis, wait_until):
    script = Script(time.time(), seed=51)
    simulator = simulate(script.organization)
    served = exporter(simulator, counters={"birth_hold": "4s"})
    wait_until(served.is_ready, READY)
    fast, slow = prometheis(served)
    truth = Truth(simulator, *reports("both", open_bucket=True))
    witnesses = [Witness(in_prometheus(each), truth, wait_until) for each in (fast, slow)]
    for witness in witnesses:
        witness.settles()
    before = witnesses[0].states[-1][TOKENS]

    script.change()
    script.arrive()
    served.process.stop(signal.SIGKILL)
    served.start()
    wait_until(served.is_ready, READY)
    script.arrive()
    script.grow()
    for witness in witnesses:
        witness.states.clear()
        witness.settles()
    after = witnesses[0].states[-1][TOKENS]

    used = sum(after.values()) - sum(before.values())
    for name in COUNTERS:
        assert gained(fast, name) == pytest.approx(gained(slow, name), rel=1e-9)
    assert sum(gained(fast, TOKENS).values()) == used > 0
    for each in (fast, slow):
        assert fallen(each) == []
        # Extrapolation to the edges of the window adds to what was gained, for a series with few samples a good part.
        told = increases(each, TOKENS)
        for labels, gain in gained(each, TOKENS).items():
            name = frozenset(pair for pair in labels if pair[0] != "__name__")
            assert gain * 0.999 <= told[name] <= 2 * gain

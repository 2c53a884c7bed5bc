"""``verify`` against a Prometheus that scrapes a running exporter."""

import subprocess
import time

import pytest

from e2e.parts import COMMAND, environment
from e2e.script import Script

pytestmark = pytest.mark.needs("prometheus")


def test_a_live_prometheus_is_right_unless_two_jobs_scrape_the_same(
    simulate, exporter, prometheus, wait_until, tmp_path
):
    script = Script(time.time(), seed=3)
    served = exporter(simulate(script.organization), usage={"settle_delay": "20m"})
    one, two = prometheus(served), prometheus(served, "anthropic", "kubernetes-pods")
    wait_until(lambda: one.query("anthropic_usage_tokens_total"), timeout=60)
    script.grow()

    def verify(prometheus):
        file = f"--config.file={tmp_path / 'exporter.yml'}"
        command = [*COMMAND, "verify", f"--prometheus={prometheus.url}", "--window=1h", file]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment(), cwd=tmp_path)
        return done.returncode, done.stdout + done.stderr

    wait_until(lambda: verify(one)[0] == 0, timeout=60)
    assert "nothing differs" in verify(one)[1]
    # Both targets have to be there at two moments of the window, which are some seconds apart.
    told = wait_until(lambda: (said := verify(two))[0] == 1 and "double scrape" in said[1] and said[1], timeout=60)
    assert 'two jobs scrape one exporter: job="anthropic" and job="kubernetes-pods"' in told

"""The commands a person types first, as they are typed."""

import re
import signal
import subprocess
import time

import httpx
import pytest

from anthropic_exporter.simulate.server import EXAMPLE_KEY
from e2e.parts import COMMAND, environment, samples, select


@pytest.fixture
def demo(process, wait_until, tmp_path):
    """Return a demo that has said that it is ready, and the folders it could leave something in."""
    folders = [tmp_path / name for name in ("home", "state", "tmp", "cwd")]
    for folder in folders:
        folder.mkdir()
    home, state, temporary, _ = map(str, folders)
    started = process(
        [*COMMAND, "demo", "--web.listen-address", "127.0.0.1:0"],
        env=environment(HOME=home, XDG_STATE_HOME=state, TMPDIR=temporary, PYTHONDONTWRITEBYTECODE="1"),
        cwd=folders[-1],
    )
    wait_until(lambda: "Ctrl-C" in started.stdout or started.popen.poll() is not None, 60)
    assert started.popen.poll() is None, started.stderr
    return started, folders


@pytest.mark.needs("promtool")
def test_a_demo_shows_a_lively_organization_and_leaves_nothing(demo, client):
    started, folders = demo
    lines = started.stdout.splitlines()
    assert len(lines) == 3
    url = re.fullmatch(r"ready: (http://127\.0\.0\.1:\d+/metrics)", lines[0])[1]
    assert re.fullmatch(
        r"found: .+ with \d+ workspaces, \d+ API keys, \d+ models; today [\d,]+ tokens and .+ USD", lines[1]
    )
    assert lines[2] == "stop with Ctrl-C"

    text = client.get(url).text
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr, checked.stdout) == (0, "", "")
    found = samples(text)
    for token_type in ("uncached_input", "cache_creation_5m", "cache_creation_1h", "cache_read", "output"):
        assert sum(select(found, "anthropic_usage_tokens_total", token_type=token_type)) > 0
    for name in ("anthropic_estimated_cost_usd_total", "anthropic_cost_usd_total"):
        labels = [dict(pairs) for (metric, pairs), value in found.items() if metric == name and value]
        for label in ("workspace_id", "model", "service_tier"):
            assert len({told[label] for told in labels}) > 1, (name, label)
    assert sum(select(found, "anthropic_api_keys")) > 0
    assert all(age > 0 for age in select(found, "anthropic_api_key_age_seconds"))
    assert select(found, "anthropic_up") == [1]

    assert started.stop(signal.SIGINT) == 0
    assert [file for folder in folders for file in folder.rglob("*")] == []
    assert "Traceback" not in started.stderr


def test_simulate_and_serve_work_as_two_commands_with_default_settings(
    process, free_port, client, wait_until, tmp_path
):
    """The slowest test on purpose: nothing is scaled down, so it shows how soon a first user sees numbers."""
    simulating = process([*COMMAND, "simulate", "--listen", "127.0.0.1:0", "--seed", "4"], env=environment())
    base_url = wait_until(lambda: re.search(r"ANTHROPIC_BASE_URL=(\S+)", simulating.stdout), 30)[1]
    url = f"http://127.0.0.1:{free_port()}"
    serving = process(
        [*COMMAND, "serve", "--web.listen-address", url.removeprefix("http://")],
        env=environment(ANTHROPIC_BASE_URL=base_url, ANTHROPIC_ADMIN_API_KEY=EXAMPLE_KEY, XDG_STATE_HOME=str(tmp_path)),
    )

    def is_ready():
        try:
            return client.get(f"{url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    wait_until(is_ready, 60)
    ready_at = time.time()
    assert select(samples(client.get(f"{url}/metrics").text), "anthropic_usage_tokens_total")
    asked = client.get(f"{base_url}/_simulate/requests").json()["requests"]
    assert ready_at - asked[0]["time"] < 40
    assert not [request for request in asked if request["status"] == 429]
    assert serving.stop(signal.SIGTERM) == 0
    assert simulating.stop(signal.SIGTERM) == 0
    assert (tmp_path / "anthropic-exporter" / "state.db").is_file()

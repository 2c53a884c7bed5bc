import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from anthropic_exporter.cli import run
from anthropic_exporter.simulate.scripted import ScriptedOrganization
from anthropic_exporter.simulate.server import Simulator
from service.office import Office
from simulate.harness import KEY, Clock
from verify.recorded import NOW, Fault, Recorded, healthy


@pytest.fixture(scope="module")
def _simulator() -> Iterator[tuple[Simulator, Clock]]:
    clock = Clock(NOW)
    with Simulator(ScriptedOrganization(), now=clock) as simulator:
        yield simulator, clock


@pytest.fixture(scope="module")
def record(_simulator) -> Iterator[Callable[..., Recorded]]:
    """Let an exporter live through a day with an organization; the same day is lived through once."""
    lived: dict[object, Recorded] = {}
    with ExitStack() as running:

        def live(organization: ScriptedOrganization) -> Recorded:
            if organization not in lived:
                office = Office(*_simulator)
                running.callback(office.store.close)
                lived[organization] = Recorded(office)
                lived[organization].poll(organization)
                office.at_work.stop()
                office.at_work.join(5)
            lived[organization].office.serve(organization)
            lived[organization].office.clock.now = NOW
            return lived[organization]

        yield live


@pytest.fixture
def prometheus(process, free_port, wait_until, tmp_path) -> Callable[..., str]:
    """Start a Prometheus over blocks; return its URL."""

    def start(recorded: Recorded, fault: Fault = healthy) -> str:
        port = free_port()
        config = tmp_path / "prometheus.yml"
        config.write_text("scrape_configs: []\n")
        started = process(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={recorded.blocks(tmp_path, fault)}",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=warn",
            ]
        )
        url = f"http://127.0.0.1:{port}"

        def ready() -> bool:
            assert started.popen.poll() is None, started.stderr
            try:
                return httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200
            except httpx.TransportError:
                return False

        wait_until(ready, timeout=30)
        return url

    return start


@pytest.fixture
def verify(_simulator, monkeypatch, tmp_path, capsys) -> Callable[..., tuple[int, str, str]]:
    """Run the command at the end of the day; return its status and what it said."""
    simulator, _ = _simulator

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(time, "time", lambda: float(NOW))
        monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", KEY)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
        file = tmp_path / "exporter.yml"
        file.write_text("upstream: {requests_per_minute: 0, timeout: 5s}\n")
        status = run(["verify", *arguments, "--config.file", str(file), "--log.level=error"])
        told = capsys.readouterr()
        return status, told.out, told.err

    return command

"""Fixtures that start the real parts, and end exactly those."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from anthropic_exporter.simulate.organization import Organization
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from e2e.parts import KEY, Exporter, Prometheus, fast_settings, prometheus_config
from otlp.receivers import RECEIVERS, GrpcReceiver, HttpReceiver

#: Everything at once and an export every two seconds.
PROMPT = {"visibility_delay": 0.0, "refresh_step": 2.0, "accepted_keys": (KEY,)}


@pytest.fixture
def simulate() -> Iterator[Callable[..., Simulator]]:
    """Start simulators in threads of this process."""
    with ExitStack() as running:

        def start(organization: Organization, **switches: Any) -> Simulator:
            simulator = Simulator(organization, Switches(**{**PROMPT, **switches}))
            return running.enter_context(simulator)

        yield start


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """Return an HTTP client for what listens on this machine."""
    with httpx.Client(trust_env=False, timeout=10) as made:
        yield made


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Return the file that the exporter reads its key from."""
    file = tmp_path / "admin-key"
    file.write_text(f"{KEY}\n")
    return file


@pytest.fixture
def exporter(process, client, free_port, tmp_path: Path, key_file: Path) -> Callable[..., Exporter]:
    """Start the exporter on a simulator or on any base URL."""

    def start(upstream: Simulator | str, /, *flags: str, start: bool = True, **sections: Any) -> Exporter:
        base_url = upstream if isinstance(upstream, str) else upstream.base_url
        (tmp_path / "state").mkdir(exist_ok=True)
        made = Exporter(process, client, tmp_path, free_port(), fast_settings(base_url, key_file, **sections), flags)
        if start:
            made.start()
        return made

    return start


@pytest.fixture
def prometheus(process, client, free_port, tmp_path_factory) -> Callable[..., Prometheus]:
    """Start a Prometheus that scrapes an exporter, by one job or by several, perhaps on data that is there already."""

    def start(scraped: Exporter, *jobs: str, data: Path | None = None, flags: Sequence[str] = ()) -> Prometheus:
        port, folder = free_port(), tmp_path_factory.mktemp("prometheus")
        config = folder / "prometheus.yml"
        config.write_text(prometheus_config(f"127.0.0.1:{scraped.port}", jobs or ("anthropic",)))
        process(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={data or folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=warn",
                *flags,
            ]
        )
        return Prometheus(f"http://127.0.0.1:{port}", client)

    return start


@pytest.fixture
def receive() -> Iterator[Callable[..., HttpReceiver | GrpcReceiver]]:
    """Start receivers of OTLP."""
    with ExitStack() as running:

        def start(protocol: str = "http/protobuf") -> HttpReceiver | GrpcReceiver:
            made = RECEIVERS[protocol]()
            running.callback(made.close)
            return made

        yield start

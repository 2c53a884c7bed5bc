"""The real parts: the exporter as a process, Prometheus, and how the tests ask them."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from anthropic_exporter.simulate.server import Simulator
from e2e.truth import SINCE

COMMAND = (sys.executable, "-m", "anthropic_exporter")
KEY = "sk-ant-admin01-canary-kq7Zt2Vx9LmB4nRw8Hs3"
_OWN = ("anthropic_exporter_", "anthropic_up", "process_", "python_")
# Of what time alone moves: that an hour ends is told by the newest bucket too.
_MOVING = (
    "_age_seconds",
    "_unused_seconds",
    "_forecast",
    "_peak_minute_",
    "_usage_settled_",
    "_usage_last_bucket_",
    "_rate_limit_group_",
)
Sample = tuple[str, frozenset[tuple[str, str]]]


OFTEN: Mapping[str, Mapping[str, object]] = {"inventory": {"interval": "500ms"}, "limits": {"interval": "500ms"}}
"""Settings of a test that waits for each list."""


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a child: no key, no proxy and no setting of the person who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("ANTHROPIC")}
    kept = {name: value for name, value in kept.items() if not name.upper().endswith("_PROXY")}
    return kept | more


def fast_settings(base_url: str, key_file: Path, **sections: Mapping[str, object]) -> dict[str, Any]:
    """Return settings that poll usage and cost several times a second; ``sections`` are merged into them."""
    settings: dict[str, Any] = {
        "organizations": [{"alias": "scripted", "admin_key_file": str(key_file), "base_url": base_url}],
        "usage": {"interval": "150ms", "per_api_key_interval": "400ms", "settle_delay": "0s"},
        "cost": {"interval": "500ms", "settle_delay": "0s"},
        # What no counter waits for is read less often: there are many lists, and each cycle takes CPU from the others.
        "inventory": {"interval": "2s"},
        "limits": {"interval": "2s"},
        "claude_code": {"enabled": False},
        "counters": {"birth_hold": "3s", "since": SINCE},
        "upstream": {"requests_per_minute": 0, "timeout": "5s"},
    }
    for name, section in sections.items():
        settings[name] = {**settings.get(name, {}), **section}
    return settings


@dataclass
class Exporter:
    """``anthropic-exporter serve`` on one port and one state file; it can be ended and started again."""

    start_process: Callable[..., Any]
    client: httpx.Client
    folder: Path
    port: int
    settings: dict[str, Any]
    flags: tuple[str, ...] = ()
    process: Any = None
    earlier: list[Any] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def state(self) -> Path:
        return self.folder / "state" / "state.db"

    def start(self) -> None:
        """Start it; whoever needs it ready waits for that."""
        if self.process:
            self.earlier.append(self.process)
        file = self.folder / "exporter.yml"
        file.write_text(json.dumps(self.settings))
        self.process = self.start_process(
            [
                *COMMAND,
                "serve",
                f"--config.file={file}",
                f"--state.path={self.state}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                *self.flags,
            ],
            env=environment(),
            cwd=self.folder,
        )

    def get(self, path: str) -> httpx.Response | None:
        """Ask once; None where nothing listens."""
        try:
            return self.client.get(f"{self.url}{path}")
        except httpx.TransportError:
            assert self.process.popen.poll() is None, self.process.stderr
            return None

    def is_ready(self) -> bool:
        answer = self.get("/-/ready")
        return answer is not None and answer.status_code == 200

    def has_run(self) -> bool:
        """Return whether it is ready and every collector has run once, whatever came of it."""
        if not self.is_ready():
            return False
        found = self.scrape()
        prefix = "anthropic_exporter_collector"
        begun, run = (
            {labels for name, labels in found if name == f"{prefix}_{word}"}
            for word in ("interval_seconds", "duration_seconds")
        )
        return bool(begun) and begun == run

    def scrape(self) -> dict[Sample, float]:
        """Return every sample of /metrics."""
        answer = self.client.get(f"{self.url}/metrics")
        assert answer.status_code == 200
        return samples(answer.text)

    def value(self, name: str, **labels: str) -> float | None:
        """Return the one sample that has these labels, or None where there is none or nothing listens."""
        answer = self.get("/metrics")
        if answer is None:
            return None
        found = select(samples(answer.text), name, **labels)
        assert len(found) <= 1, found
        return found[0] if found else None

    def remove_state(self) -> None:
        for file in self.state.parent.glob("*"):
            file.unlink()


def samples(text: str) -> dict[Sample, float]:
    """Parse an exposition."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def select(found: Mapping[Sample, float], name: str, **labels: str) -> list[float]:
    """Return the values of a metric that has these labels."""
    return [value for (metric, pairs), value in found.items() if metric == name and labels.items() <= set(pairs)]


def organization_samples(found: Mapping[Sample, float]) -> dict[Sample, float]:
    """Return what is said about the organization, without what moves by time alone."""
    return {
        (name, labels): value
        for (name, labels), value in found.items()
        if not name.startswith(_OWN) and not any(word in name for word in _MOVING)
    }


@dataclass
class Prometheus:
    """A Prometheus that scrapes one exporter twice a second."""

    url: str
    client: httpx.Client

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Run an instant query; before it is ready nothing is known."""
        try:
            answer = self.client.get(f"{self.url}/api/v1/query", params={"query": expression})
        except httpx.TransportError:
            return []
        if answer.status_code == 503:
            return []
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["result"]

    def sums(self, metric: str, labels: tuple[str, ...]) -> dict[tuple[str, ...], Decimal]:
        """Sum a metric by some labels, without the zeros."""
        found = self.query(f"sum by ({', '.join(labels)}) ({metric})")
        return {
            tuple(row["metric"].get(label, "") for label in labels): Decimal(row["value"][1])
            for row in found
            if float(row["value"][1])
        }

    def series(self, selector: str, window: str = "30m") -> Iterator[tuple[dict[str, str], list[float]]]:
        """Yield every scraped value of each series, oldest first."""
        for row in self.query(f"{selector}[{window}]"):
            yield row["metric"], [float(value) for _, value in row["values"]]


def prometheus_config(target: str, jobs: tuple[str, ...] = ("anthropic",)) -> str:
    return json.dumps(
        {
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms"},
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [target]}]} for job in jobs],
        }
    )


def requests_of(simulator: Simulator) -> list[Any]:
    """Return what the simulator was asked so far, while it may be asked more."""
    return list(simulator.world.log.copy())

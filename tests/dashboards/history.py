"""A past of the demo for Prometheus without waiting for it: the exporter on the invented company, hours in seconds.

``python -m dashboards.history FOLDER`` (with ``PYTHONPATH=tests:exporter``) writes a month that ends now, to look at
dashboards: ``prometheus --storage.tsdb.path=FOLDER --storage.tsdb.retention.time=60d --query.lookback-delta=20m``.
"""

import dataclasses
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from anthropic_exporter import __version__
from anthropic_exporter.collect.base import Resuming
from anthropic_exporter.config import OrganizationSettings, Settings, load
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.service.organization import FIRST, OrganizationAtWork
from anthropic_exporter.service.poller import Poller
from anthropic_exporter.service.site import LiveSite
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import EVERYTHING

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "exporter" / "anthropic_exporter" / "simulate" / "company.yml"
JOB, INSTANCE = "anthropic-exporter", "exporter:10114"
MINUTE, HOUR, DAY = 60, 3600, 86_400
#: How far back, and the seconds between two scrapes from there on.
MONTH = ((35 * DAY, 2 * HOUR), (8 * DAY, 10 * MINUTE), (25 * HOUR, 5 * MINUTE), (6 * HOUR, 2 * MINUTE))


@dataclasses.dataclass(frozen=True)
class _Key:
    key: str

    def __str__(self) -> str:
        return "the demo"

    def value(self) -> str:
        return self.key

    def refresh(self) -> bool:
        return False


class Past:
    """The exporter in this thread, at whatever time it is told to be."""

    def __init__(self, begin: float, state: str = ":memory:", settings: Path = SETTINGS) -> None:
        self._now = self._began = begin
        self._simulator = Simulator(switches=EVERYTHING, now=self._clock)
        self._store = Store(state, clock=self._clock)
        self._settings = settings

    def __enter__(self) -> Self:
        self._switching = sys.getswitchinterval()
        sys.setswitchinterval(1e-4)  # exporter and fake are threads of this process, and wait for each other
        self._simulator.start()
        settings = self._read()
        self._metrics = SelfMetrics(lambda _: self._organization.id)
        self._organization = OrganizationAtWork(
            settings.organizations[0], settings, self._store, PriceList.load(), self._metrics,
            threading.Event().set, lambda _: None, self._clock,
        )  # fmt: skip
        self._site = LiveSite(
            telemetry_path="/metrics", lifecycle=False, store=self._store, metrics=self._metrics,
            reload=lambda: None, clock=self._clock,
        )  # fmt: skip
        self._site.show([self._organization])
        self._due = dict.fromkeys((poller.collector.name for poller in self._organization.pollers), self._began)
        own = self._metrics
        # What starting its thread would tell of a collector.
        for poller in self._organization.pollers:
            labels = (self._organization.alias, poller.collector.name)
            own.set("anthropic_exporter_collector_interval_seconds", labels, poller.collector.interval)
        own.set("anthropic_exporter_build_info", (__version__, "", sys.version.split()[0]), 1)
        own.set("anthropic_exporter_config_last_reload_successful", (), 1)
        own.set("anthropic_exporter_config_last_reload_success_timestamp_seconds", (), self._began)
        own.set("anthropic_exporter_state_loaded", (), 0)
        return self

    def __exit__(self, *_: object) -> None:
        self._organization.stop()
        self._organization.join(5)
        self._store.close()
        self._simulator.stop()
        sys.setswitchinterval(self._switching)

    def scrape(self, at: float) -> str:
        """Read what is due by then, and return what a scrape would show, with its time and target labels."""
        self._now = at
        for poller in sorted(self._organization.pollers, key=lambda poller: poller.collector.name not in FIRST):
            self._run(poller)
        begun = time.perf_counter()
        self._site.publish()
        text = self._site.exposition().body(dynamic=self._site.at_scrape(openmetrics=False)).decode()
        own = f"up 1\nscrape_duration_seconds {time.perf_counter() - begun:.6f}\n"
        return "".join(self._stamped(line) for line in (text + own).splitlines() if line and line[0] != "#")

    def _run(self, poller: Poller) -> None:
        collector = poller.collector
        if self._due[collector.name] > self._now:
            return
        self._due[collector.name] = self._now + collector.interval
        while True:
            poller.cycle()
            assert not poller.health.failures, f"{collector.name}: {poller.health.error}"
            if not isinstance(collector, Resuming) or collector.resume_after() is None:
                return

    def _stamped(self, line: str) -> str:
        series, value = line.rsplit(" ", 1)
        name, _, labels = series.partition("{")
        if name == "process_start_time_seconds":
            value = repr(self._began)
        target = f'job="{JOB}",instance="{INSTANCE}"'
        return f"{name}{{{target}{',' + labels if labels else '}'} {value} {self._now:.3f}\n"

    def _clock(self) -> float:
        return self._now

    def _read(self) -> Settings:
        settings = load({"config.file": str(self._settings)}, {}, now=self._began, need_key=False)
        fake = OrganizationSettings(
            alias="demo", credential=_Key(self._simulator.admin_key), base_url=self._simulator.base_url, source="auto"
        )
        return dataclasses.replace(
            settings,
            organizations=(fake,),
            enterprise=dataclasses.replace(settings.enterprise, enabled=True),
            compliance=dataclasses.replace(settings.compliance, enabled=True),
            upstream=dataclasses.replace(settings.upstream, requests_per_minute=0.0),
        )


def instants(end: int, spans: Sequence[tuple[int, int]] = MONTH) -> Iterator[int]:
    """Yield when to scrape: each span from so long before the end on, every so many seconds, at whole ones."""
    last = 0
    for (back, step), (until, _) in zip(spans, (*spans[1:], (-1, 0)), strict=True):
        for at in range((end - back) // step * step, end + 1, step):
            if last < at < end - until:
                yield at
                last = at


def write(folder: Path, times: Iterable[int], *, settings: Path = SETTINGS, chunk: int = 200) -> None:
    """Write blocks of Prometheus with what scrapes at these times showed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = list(times)
    with Past(wanted[0], settings=settings) as past:
        for start in range(0, len(wanted), chunk):
            file = folder / "chunk.om"
            with file.open("w") as text:
                text.writelines(past.scrape(at) for at in wanted[start : start + chunk])
                text.write("# EOF\n")
            _blocks(file, folder)
            file.unlink()


def _blocks(file: Path, folder: Path) -> None:
    command: list[Any] = [
        "promtool",
        "tsdb",
        "create-blocks-from",
        "--quiet",
        "--max-block-duration=64h",
        "openmetrics",
    ]
    ran = subprocess.run([*command, file, folder], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


if __name__ == "__main__":
    end = datetime.fromisoformat(sys.argv[2]).timestamp() if len(sys.argv) > 2 else time.time()
    write(Path(sys.argv[1]), instants(int(end)))

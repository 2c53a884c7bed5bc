"""The poll path in one thread: ask, decode, post, commit, render; each step's seconds, without waits."""

import json
import os
import resource
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import yaml

from anthropic_exporter.config import load
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.service.organization import OrganizationAtWork
from anthropic_exporter.service.poller import Poller
from anthropic_exporter.service.site import LiveSite

SETTINGS = {
    "upstream": {"requests_per_minute": 0},
    "series": {"max_per_family": 10_000_000},
    "claude_code": {"enabled": False},
    "limits": {"enabled": False},
}


class PollPath:
    """One organization whose cycles are run by hand."""

    def __init__(self, url: str, folder: Path) -> None:
        file = folder / "exporter.yml"
        file.write_text(yaml.safe_dump(SETTINGS))
        given = {"config.file": str(file), "anthropic.base-url": url, "state.path": str(folder / "state.db")}
        settings = load(given, {**os.environ, "ANTHROPIC_ADMIN_API_KEY": "bench"}, now=time.time())
        self.store = Store(settings.state.path)
        metrics = SelfMetrics(lambda alias: alias)
        self.site = LiveSite(
            telemetry_path="/metrics",
            lifecycle=False,
            store=self.store,
            metrics=metrics,
            reload=lambda: None,
        )
        self.organization = OrganizationAtWork(
            settings.organizations[0],
            settings,
            self.store,
            PriceList.load(),
            metrics,
            lambda: None,
            lambda _: None,
            time.time,
        )
        self.site._organizations = [self.organization]

    def poller(self, name: str) -> Poller:
        """Return a collector's poller."""
        return next(poller for poller in self.organization.pollers if poller.collector.name == name)

    def cycle(self, name: str) -> float:
        """Run one cycle of a collector and return its seconds."""
        begun = time.perf_counter()
        self.poller(name).cycle()
        return time.perf_counter() - begun

    def render(self) -> float:
        """Make the exposition anew and return the seconds."""
        begun = time.perf_counter()
        self.site.publish()
        return time.perf_counter() - begun

    def lines(self) -> set[bytes]:
        """Return the lines of the exposition."""
        return set(self.site.exposition().body().splitlines())


def move(url: str, every: int) -> None:
    """Let the running hour of every so-and-so-many-th group move on."""
    with urllib.request.urlopen(urllib.request.Request(f"{url}/step?{every}", method="PUT"), timeout=60) as answer:
        answer.read()


def main() -> None:
    """Print the figures of one size as JSON."""
    url = sys.argv[1]
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = PollPath(url, Path(folder))
        first = {p.collector.name: path.cycle(p.collector.name) for p in path.organization.pollers}
        figures["first"] = {**first, "render": path.render()}
        path.cycle("usage"), path.render()
        for name, every in (("all", 1), ("hundredth", 100), ("none", 0)):
            before = path.lines()
            if every:
                move(url, every)
            cpu = time.process_time()
            usage = path.cycle("usage")
            render = path.render()
            figures[name] = {
                "usage": usage,
                "render": render,
                "total": usage + render,
                "cpu": time.process_time() - cpu,
                "changed": len(path.lines() - before),
            }
        exposition = path.site.exposition()
        figures["series"] = sum(exposition.series.values())
        figures["bytes"] = exposition.size
        figures["gzip"] = len(exposition.body(gzip=True))
        figures["state"] = path.store.size_bytes()
        figures["rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

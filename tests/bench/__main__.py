"""``make bench``: every figure of docs/performance.md, measured side by side in one run. Ratios come first.

Each line is a figure, what it was, and what it should be. Nothing here is a test: a machine that is busy tells other
seconds, which is why the ratios count.
"""

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.exporter import COMMAND, ENVIRONMENT, Served, cpu, printing_its_url, serving
from bench.scraper import Scraper, quantile

#: Groups (a workspace with a model, and a key) for so many series.
GROUPS = {1_000: 12, 10_000: 170, 100_000: 1_790, 1_000_000: 18_000}
#: Groups of which every poll moves 100,000 series.
MOVING = 3_800
MIB = 1 << 20


def say(name: str, value: float, unit: str, wanted: str = "") -> None:
    """Print one figure."""
    digits = 0 if value >= 100 else 2 if value >= 1 else 3
    print(f"{name:<66} {value:>12,.{digits}f} {unit:<4} {wanted}", flush=True)


@contextmanager
def rival(kind: str, content: bytes) -> Iterator[tuple[str, int]]:
    """Run another server with the same samples."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "exposition"
        file.write_bytes(content)
        with printing_its_url("bench.rivals", kind, str(file)) as found:
            yield found


def scraped(url: str, pid: int, count: int) -> tuple[float, float, float]:
    """Return p50 and p99 of scrapes in milliseconds, and the processor milliseconds of one."""
    scraper = Scraper(url)
    scraper.scrape()
    before = cpu(pid)
    found = scraper.seconds(count, pause=0.005)
    return quantile(found, 0.5) * 1e3, quantile(found, 0.99) * 1e3, (cpu(pid) - before) / count * 1e3


def scrapes(series: int) -> None:
    """Measure scrapes against prometheus_client's server and against a static file."""
    groups = GROUPS[series]
    with printing_its_url("bench.upstream", "--groups", str(groups)) as (upstream, _), serving(upstream) as served:
        time.sleep(5)
        body = Scraper(served.url).scrape()[1]
        text = gzip.decompress(body)
        count = sum(1 for line in text.splitlines() if not line.startswith(b"#"))
        with (
            rival("static", body) as (static, static_pid),
            rival("client", text) as (client, client_pid),
            rival("gauges", text) as (gauges, gauges_pid),
        ):
            ours, limit = [], []
            for _ in range(5):  # in turns, so that both meet the same machine
                ours.append(scraped(served.url, served.pid, 100))
                limit.append(scraped(f"{static}/metrics", static_pid, 100))
            slow = 3 if series >= 100_000 else 20
            peer = scraped(f"{client}/metrics", client_pid, slow)
            other = scraped(f"{gauges}/metrics", gauges_pid, slow)
        p50, p99, used = (statistics.median(each[n] for each in ours) for n in range(3))
        s50, s99, s_used = (statistics.median(each[n] for each in limit) for n in range(3))
        at = f"{count:,} series: "
        say(f"{at}prometheus_client's server / this one, p50", peer[0] / p50, "x", "over 300 at 100,000")
        say(f"{at}the same with children that were set / this one, p50", other[0] / p50, "x")
        say(f"{at}this one / static file, p99", p99 / s99, "x", "under 2")
        say(f"{at}prometheus_client's server / this one, processor", peer[2] / used, "x")
        say(f"{at}scrape p50", p50, "ms")
        say(f"{at}scrape p99", p99, "ms")
        say(f"{at}scrape, processor time", used, "ms")
        say(f"{at}static file p50", s50, "ms")
        say(f"{at}static file p99", s99, "ms")
        say(f"{at}static file, processor time", s_used, "ms")
        say(f"{at}prometheus_client's server p50", peer[0], "ms")
        say(f"{at}children that were set p50", other[0], "ms")
        say(f"{at}size, compressed", len(body) / 1024, "KiB")


def scrapes_in_a_poll() -> None:
    """Measure scrapes while polls run one after the other."""
    with (
        printing_its_url("bench.upstream", "--groups", str(GROUPS[100_000])) as (upstream, _),
        serving(upstream, usage={"interval": "100ms", "per_api_key_interval": "100ms"}) as served,
    ):
        stop = threading.Event()

        def moving() -> None:
            while not stop.wait(0.3):
                move(upstream, 1)

        mover = threading.Thread(target=moving)
        mover.start()
        found = Scraper(served.url).seconds(300, pause=0.02)
        stop.set()
        mover.join()
    say("100,000 series, polls without a pause: scrape p50", quantile(found, 0.5) * 1e3, "ms", "under 30")
    say("100,000 series, polls without a pause: scrape p99", quantile(found, 0.99) * 1e3, "ms")


def move(upstream: str, every: int) -> None:
    """Let every so-and-so-many-th group use more."""
    from urllib.request import Request, urlopen  # noqa: PLC0415 - for this one call

    with urlopen(Request(f"{upstream}/step?{every}", method="PUT"), timeout=60) as answer:
        answer.read()


def polls() -> None:
    """Measure from a poll's first byte to its exposition."""
    for groups, which in ((MOVING, "all"), (GROUPS[100_000], "hundredth")):
        with printing_its_url("bench.upstream", "--groups", str(groups), "--days", "3") as (upstream, _):
            out = subprocess.run(
                (sys.executable, "-m", "bench.pollpath", upstream), capture_output=True, check=True, text=True
            )
        found = json.loads(out.stdout)[which]
        share = "all moving" if which == "all" else "1 % of the groups moving"
        what = f"poll to exposure, {found['changed']:,} series changed ({share})"
        say(what, found["total"], "s", "under 1.5" if which == "all" else "under 0.3")


def starts() -> None:
    """Measure cold and warm starts with a year of history, and the state that it leaves."""
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        subprocess.run((*COMMAND, "version"), check=True, capture_output=True, env=ENVIRONMENT)
        seconds.append(time.perf_counter() - begun)
    say("anthropic-exporter version", statistics.median(seconds), "s", "under 0.25")
    with (
        tempfile.TemporaryDirectory() as folder,
        printing_its_url("bench.upstream", "--groups", "300", "--days", "365") as (upstream, _),
    ):
        where = Path(folder)
        with serving(upstream, where) as served:
            say("cold start, a year of 300 groups a day: ready", served.ready_after, "s", "under 20")
        warm = []
        for _ in range(5):
            with serving(upstream, where) as served:
                Scraper(served.url).scrape()
                warm.append(served.ready_after)
        say("warm start with that state: ready", statistics.median(warm), "s", "under 1")
    with printing_its_url("bench.upstream", "--groups", "1000", "--days", "365") as (upstream, _):
        out = subprocess.run(
            (sys.executable, "-m", "bench.pollpath", upstream), capture_output=True, check=True, text=True
        )
    say("state file, a year of 1,000 groups and as many keys", json.loads(out.stdout)["state"] / 1e6, "MB", "under 60")


def sizes(*largest: int) -> None:
    """Measure resident memory, idle processor time and requests per minute at several sizes."""
    wanted = {1_000: "under 60", 10_000: "under 90", 100_000: "under 250"}
    for series in largest:
        groups = GROUPS[series]
        with printing_its_url("bench.upstream", "--groups", str(groups)) as (upstream, _), serving(upstream) as served:
            say(f"{series:,} series: cold start, two days of history: ready", served.ready_after, "s")
            time.sleep(8)
            scraper = Scraper(served.url)
            scraper.scrape()
            before, asked = served.cpu(), requests(served)
            time.sleep(130)
            used, later = served.cpu() - before, requests(served)
            say(f"{series:,} series: resident memory", served.resident(), "MiB", wanted.get(series, ""))
            say(
                f"{series:,} series: processor, polls and renders, default settings",
                used / 1.3,
                "%",
                "under 1 at 10,000" if series == 10_000 else "",
            )
            say(f"{series:,} series: requests to the API a minute", (later - asked) / 130 * 60, "")


def organization() -> None:
    """Measure 1,000 workspaces with 15 models and 20,000 keys, a year of history, at the default settings."""
    large = ("--groups", "5000", "--together", "5", "--keys", "4", "--days", "365")
    with tempfile.TemporaryDirectory() as folder, printing_its_url("bench.upstream", *large) as (upstream, _):
        with serving(upstream, Path(folder), limited=True) as served:
            say("large organization: cold start: ready", served.ready_after, "s")
            say("large organization: cold start: processor", served.cpu(), "s")
            say("large organization: cold start: requests to the API", requests(served), "")
            time.sleep(60)
            before, asked = served.cpu(), requests(served)
            time.sleep(300)
            used, later = served.cpu() - before, requests(served)
            text = gzip.decompress(Scraper(served.url).scrape()[1]).decode()
            say("large organization: series", sum(not line.startswith("#") for line in text.splitlines()), "")
            say("large organization: label sets in overflow series", told(text, "series_overflowed"), "")
            say("large organization: resident memory", served.resident(), "MiB")
            say("large organization: processor, polls and renders", used / 3, "%")
            say("large organization: requests to the API a minute", (later - asked) / 5, "")
            for name in ("usage", "api_key_usage"):
                label = f'collector="{name}"'
                say(f"large organization: poll, {name}", told(text, "collector_duration_seconds", label), "s")
            say("large organization: making the exposition", told(text, "render_duration_seconds"), "s")
            say("large organization: state file", told(text, "state_size_bytes") / 1e6, "MB")
        with serving(upstream, Path(folder), limited=True) as served:
            say("large organization: warm start: ready", served.ready_after, "s")


def told(text: str, name: str, label: str = "") -> float:
    """Return the sum of one of the exporter's own metrics."""
    name = f"anthropic_exporter_{name}"
    lines = [line for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} ")) and label in line]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


def requests(served: Served) -> float:
    """Return how often the API was asked."""
    return told(gzip.decompress(Scraper(served.url).scrape()[1]).decode(), "upstream_requests_total")


def main() -> None:
    """Run what was asked for."""
    parts = {
        "scrapes": lambda: [scrapes(series) for series in (1_000, 10_000, 100_000)],
        "poll": scrapes_in_a_poll,
        "polls": polls,
        "starts": starts,
        "sizes": lambda: sizes(1_000, 10_000, 100_000),
        "million": lambda: sizes(1_000_000),
        "organization": organization,
    }
    parser = argparse.ArgumentParser(prog="make bench ARGS=")
    parser.add_argument("parts", nargs="*", default=["scrapes", "poll", "polls", "starts", "sizes"], metavar="PART")
    for part in parser.parse_args().parts:
        parts[part]()


if __name__ == "__main__":
    main()

"""What the process of the exporter needs: memory, processor, disk, and the time of a scrape."""

from . import config
from .config import COUNT, SECONDS, SHARE, TARGET
from .page import Line
from .panels import Panel, Query, Text, lines, rated, stat

_E = "anthropic_exporter"


def process_lines() -> list[Line]:
    """Return the panels."""
    return [Line(7, _process()), Line(7, _costs())]


def _process() -> list[tuple[Panel, int]]:
    memory = lines(
        Text("Memory", "Resident memory of the process."),
        "bytes",
        Query(f"max by (instance) (process_resident_memory_bytes{{{TARGET}}})", "{{instance}}"),
        legend=False,
    )
    cpu = lines(
        Text("Processor", "Share of one core."),
        SHARE,
        rated(f"max by (instance) (rate(process_cpu_seconds_total{{{TARGET}}}[{config.RATE}]))", "{{instance}}"),
        legend=False,
        most=0.1,
    )
    state = lines(
        Text("State on disk", "Size of the state file.", "no state file"),
        "bytes",
        Query(f"max by (instance) ({_E}_state_size_bytes{{{TARGET}}})", "{{instance}}"),
        legend=False,
    )
    return [(memory, 8), (cpu, 8), (state, 8)]


def _costs() -> list[tuple[Panel, int]]:
    scrape = lines(
        Text("Scrape duration", "As Prometheus sees it."),
        SECONDS,
        Query(f"max by (instance) (scrape_duration_seconds{{{TARGET}}})", "{{instance}}"),
        legend=False,
    )
    size = lines(
        Text("Size of /metrics", "Without compression."),
        "bytes",
        Query(f"max by (instance) ({_E}_exposition_size_bytes{{{TARGET}}})", "{{instance}}"),
        legend=False,
    )
    commit = stat(
        Text("State written, ago", "Age of the last commit to the state file.", "nothing written"),
        SECONDS,
        Query(f"max(time() - {_E}_state_last_commit_timestamp_seconds{{{TARGET}}})"),
        steps=config.SUCCESS_AGE,
        decimals=0,
    )
    failures = stat(
        Text("Failed writes, 24 h", "Of the state file."),
        COUNT,
        Query(f"sum(increase({_E}_state_write_failures_total{{{TARGET}}}[{config.DAY}]))"),
        steps=config.NONE_ALLOWED,
        decimals=0,
    )
    return [(scrape, 8), (size, 8), (commit, 4), (failures, 4)]

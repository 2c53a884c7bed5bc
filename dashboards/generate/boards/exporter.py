"""Whether the exporter works: its collectors, the API it asks, the counters it keeps, the process it is."""

from typing import Any

from grafana_foundation_sdk.models import common

from . import config
from .config import COUNT, MINUTES, SECONDS, SEL, SHARE, TARGET
from .page import Line, Section, page
from .panels import YES_NO, Panel, Query, Text, bars, lines, rated, stat, states, words
from .process import process_lines
from .promql import at_zero, sorted_top
from .tables import Column, table

_E = "anthropic_exporter"
_BY = "organization_id, collector"


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    description = "Whether the exporter reads everything, how late and how much is corrected, and what it needs."
    return page(config.EXPORTER, description, (), _sections())


def _sections() -> list[Section]:
    return [
        Section("", [Line(4, _tiles())]),
        Section("Collectors", [Line(16, [(_collectors(), 14), (_history(), 10)])]),
        Section("The Admin API", [Line(8, _upstream())]),
        Section("Late and corrected data", [Line(8, _lateness()), Line(8, _truth())]),
        Section("The process", process_lines()),
    ]


def _tiles() -> list[tuple[Panel, int]]:
    failing = at_zero(f"count({_E}_collector_success{{{SEL}}} == 0)")
    # In January the counters begin anew: a reset within an hour of the epoch is none.
    resets = (
        f"(sum(resets(anthropic_usage_tokens_total{{{SEL}}}[{config.HOUR}]))\n"
        f"unless on ()\ntime() - max({_E}_epoch_timestamp_seconds{{{TARGET}}}) < 7200)\n"
        f"or\n0 * max({_E}_epoch_timestamp_seconds{{{TARGET}}})"
    )
    tiles = [
        stat(
            Text("Scraped", "Whether Prometheus reaches every exporter.", "no exporter"),
            "none",
            Query(f"min(up{{{TARGET}}})"),
            mappings=YES_NO,
        ),
        stat(
            Text(
                "All read",
                "Whether the last cycle of every collector succeeded that the organization supports.",
                "no data",
            ),
            "none",
            Query(f"min(anthropic_up{{{SEL}}})"),
            mappings=YES_NO,
        ),
        stat(
            Text("Credential", "Whether the Admin API takes the key.", "no data"),
            "none",
            Query(f"min({_E}_credential_valid{{{SEL}}})"),
            mappings=YES_NO,
        ),
        stat(
            Text("Failing collectors", "Collectors whose last cycle failed."),
            COUNT,
            Query(failing),
            steps=config.NONE_ALLOWED,
        ),
        stat(
            Text("Age of usage", "How long ago the newest usage was. 5 to 10 minutes is usual.", "no data"),
            SECONDS,
            Query(f"max(time() - max by (organization_id) (anthropic_usage_last_bucket_timestamp_seconds{{{SEL}}}))"),
            steps=config.AGE,
            decimals=0,
        ),
        stat(
            Text("Counter resets", "Counters that went down within an hour, apart from New Year. There must be none."),
            COUNT,
            Query(resets),
            steps=config.NONE_ALLOWED,
        ),
        stat(
            Text("Configuration", "Whether the last reload succeeded.", "no data"),
            "none",
            Query(f"min({_E}_config_last_reload_successful{{{TARGET}}})"),
            mappings=YES_NO,
        ),
        stat(
            Text("Version", "Of the exporter."),
            "none",
            Query(f"max by (version) ({_E}_build_info{{{TARGET}}})", "{{version}}"),
        ).text_mode(common.BigValueTextMode.NAME),
    ]
    return [(tile, 3) for tile in tiles]


def _collectors() -> Panel:
    def of(name: str) -> str:
        return f"max by ({_BY}) ({_E}_collector_{name}{{{SEL}}})"

    supported = f"min by ({_BY}) ({_E}_collector_supported{{{SEL}}})"
    state = f"min by ({_BY}) ({_E}_collector_success{{{SEL}}})\n* on ({_BY})\n{supported}"
    missing = f"(2 + 0 * ({supported} == 0))"
    age = f"(time() - {of('last_success_timestamp_seconds')})"
    patience = f"clamp_min({config.LATE_INTERVALS} * {of('interval_seconds')}, {config.LATE_SECONDS})"
    late = f"(3 + 0 * ({age}\n> on ({_BY})\n{patience}))"
    return table(
        Text(
            "Collectors",
            "State, age of the last success, interval and duration of each collector. Late: no success for five of its "
            "intervals. Not offered: the organization or the credential does not have it, which is no failure.",
        ),
        [
            Column("Collector", label="collector"),
            Column(
                "State",
                f"{missing}\nor on ({_BY})\n{late}\nor on ({_BY})\n({state})",
                cell="text",
                width=110,
                words=(
                    ("1", "works", "green"),
                    ("0", "fails", "red"),
                    ("2", "not offered", "text"),
                    ("3", "late", "orange"),
                ),
            ),
            Column("Last success, ago", age, unit=SECONDS, decimals=0, width=150),
            Column("Interval", of("interval_seconds"), unit=SECONDS, width=110, decimals=0),
            Column("Duration", of("duration_seconds"), unit=SECONDS, width=110, decimals=2),
        ],
        hidden=["organization_id"],
        sort="Collector",
        descending=False,
    )


def _history() -> Panel:
    return states(
        Text("State over time", "Whether the last cycle of each collector succeeded."),
        "none",
        Query(f"min by (collector) ({_E}_collector_success{{{SEL}}})", "{{collector}}"),
        words({"1": ("succeeded", "green"), "0": ("failed", "red")}),
    )


def _upstream() -> list[tuple[Panel, int]]:
    requests = f"{_E}_upstream_requests_total"
    codes = lines(
        Text("Requests per minute by answer", "429: too many requests. error: no answer."),
        COUNT,
        rated(f"60 * sum by (code) (rate({requests}{{{SEL}}}[{config.RATE}]))", "{{code}}"),
        stacked=True,
    )
    buckets = f"{_E}_upstream_request_duration_seconds_bucket"
    latency = lines(
        Text("Duration of requests", "Half of the requests, and nineteen in twenty, take less."),
        SECONDS,
        *(
            rated(
                f"histogram_quantile({share}, sum by (le) (rate({buckets}{{{SEL}}}[{config.RATE}]))) >= 0",
                name,
            )
            for share, name in (("0.50", "half"), ("0.95", "19 in 20"))
        ),
    )
    slow = f"histogram_quantile(0.95, sum by (endpoint, le) (rate({buckets}{{{SEL}}}[{config.ARRIVAL}]))) >= 0"
    slowest = bars(
        Text("Slowest endpoints, 6 h", "Nineteen requests in twenty take less. Without /v1/organizations/."),
        SECONDS,
        Query(
            sorted_top(6, f'label_replace({slow}, "shown", "$1", "endpoint", "/v1/(?:organizations/)?(.+)")'),
            "{{shown}}",
        ),
    )
    return [(codes, 8), (latency, 7), (slowest, 9)]


def _lateness() -> list[tuple[Panel, int]]:
    buckets = f"{_E}_bucket_arrival_lag_seconds_bucket"

    def quantile(share: str) -> str:
        late = f"histogram_quantile({share}, sum by (stream, le) (rate({buckets}{{{SEL}}}[{config.ARRIVAL}])))"
        return f"{late} / 60 >= 0"

    lag = lines(
        Text(
            "How late data arrives",
            "From the end of a bucket to the read that told it: half, and 99 in 100, within. Over 6 hours.",
            "nothing has arrived yet",
        ),
        MINUTES,
        Query(quantile("0.50"), "{{stream}} half", config.RATE_STEP),
        Query(quantile("0.99"), "{{stream}} 99 in 100", config.RATE_STEP),
    )
    revisions = f"{_E}_bucket_revisions_total"
    corrections = lines(
        Text(
            "Corrections per hour",
            "Buckets that changed after they were first read; down: usage was taken back.",
            "nothing was corrected",
        ),
        COUNT,
        Query(
            f"3600 * sum by (stream, direction) (rate({revisions}{{{SEL}}}[{config.HOUR}])) > 0",
            "{{stream}} {{direction}}",
            config.RATE_STEP,
        ),
    )
    return [(lag, 12), (corrections, 12)]


def _truth() -> list[tuple[Panel, int]]:
    overshoot = lines(
        Text(
            "Counters above the truth",
            "A correction downwards pauses a counter until use has caught up; until then it "
            "stands too high by this share.",
        ),
        SHARE,
        Query(f"topk(5, max by (family) ({_E}_revision_overshoot_ratio{{{SEL}}}))", "{{family}}", config.RATE_STEP),
        most=0.001,
        legend=False,
    )
    families = f"sum by (family) ({_E}_series{{{TARGET}}})"
    series = bars(
        Text("Series by family", "The largest families, without the prefix anthropic_."),
        COUNT,
        Query(
            sorted_top(config.BARS, f'label_replace({families}, "shown", "$1", "family", "anthropic_(.+)")'),
            "{{shown}}",
        ),
        decimals=0,
    )
    overflow = stat(
        Text("Did not fit", "Label sets above series.max_per_family, added up as __other__."),
        COUNT,
        Query(at_zero(f"sum({_E}_series_overflowed{{{TARGET}}}) > 0")),
        steps=config.NONE_GOOD,
    )
    drift = stat(
        Text(
            "API drift",
            "Fields and values of the API that this version does not know, or misses, in the "
            "last 24 hours. The log names them.",
        ),
        COUNT,
        Query(at_zero(f"sum(increase({_E}_api_drift_total{{{SEL}}}[{config.DAY}]))")),
        steps=config.NONE_GOOD,
        decimals=0,
    )
    return [(overshoot, 7), (series, 11), (overflow, 3), (drift, 3)]

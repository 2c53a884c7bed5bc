"""Families about the exporter itself, read from its own memory at each scrape."""

from typing import Literal

from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.rows.labels import ORGANIZATION

_COLLECTOR = (*ORGANIZATION, "collector")
_ENDPOINT = (*ORGANIZATION, "endpoint")
_STREAM = (*ORGANIZATION, "stream")


def _own(
    name: str,
    help_text: str,
    labels: tuple[str, ...] = (),
    *,
    kind: Literal["counter", "gauge", "histogram"] = "gauge",
    unit: str = "",
) -> Family:
    return Family(name, kind, unit, labels, "exporter", help_text)


_COLLECTORS = (
    _own(
        "anthropic_up",
        "1 if the last cycle of every enabled collector that the organization supports succeeded, of those that have"
        " run, else 0.",
        ORGANIZATION,
    ),
    _own(
        "anthropic_exporter_collector_success",
        "1 if the last cycle of the collector succeeded, else 0.",
        _COLLECTOR,
    ),
    _own(
        "anthropic_exporter_collector_supported",
        "0 if this organization or credential does not offer what the collector reads, else 1.",
        _COLLECTOR,
    ),
    _own(
        "anthropic_exporter_collector_duration_seconds",
        "How long the last cycle of the collector took.",
        _COLLECTOR,
        unit="seconds",
    ),
    _own(
        "anthropic_exporter_collector_interval_seconds",
        "The configured time from one cycle of the collector to the next.",
        _COLLECTOR,
        unit="seconds",
    ),
    _own(
        "anthropic_exporter_collector_last_success_timestamp_seconds",
        "When a cycle of the collector last succeeded.",
        _COLLECTOR,
        unit="seconds",
    ),
    _own(
        "anthropic_exporter_collector_last_attempt_timestamp_seconds",
        "When a cycle of the collector was last tried.",
        _COLLECTOR,
        unit="seconds",
    ),
)

_UPSTREAM = (
    _own(
        "anthropic_exporter_upstream_requests_total",
        "Requests sent to the Admin API, by path and status code, or error where there was no answer.",
        (*_ENDPOINT, "code"),
        kind="counter",
    ),
    _own(
        "anthropic_exporter_upstream_request_duration_seconds",
        "How long requests to the Admin API took, those without an answer too.",
        _ENDPOINT,
        kind="histogram",
        unit="seconds",
    ),
    _own(
        "anthropic_exporter_credential_valid",
        "0 if the Admin API refused the credential (401) in its last answer, else 1.",
        ORGANIZATION,
    ),
    _own(
        "anthropic_exporter_api_drift_total",
        "Fields and values of the Admin API that this version does not know, or misses.",
        (*_ENDPOINT, "kind"),
        kind="counter",
    ),
)

_LEDGER = (
    _own(
        "anthropic_exporter_bucket_arrival_lag_seconds",
        "From the end of a bucket to the read that first or newly told what is in it.",
        _STREAM,
        kind="histogram",
        unit="seconds",
    ),
    _own(
        "anthropic_exporter_bucket_revisions_total",
        "Values of buckets already read that a later read changed, up or down.",
        (*_STREAM, "direction"),
        kind="counter",
    ),
    _own(
        "anthropic_exporter_revision_overshoot_ratio",
        "How far a family of counters stands above the truth as known now, because counters do not go down.",
        (*ORGANIZATION, "family"),
        unit="ratio",
    ),
    _own(
        "anthropic_exporter_epoch_timestamp_seconds",
        "Since when the counters count.",
        unit="seconds",
    ),
)

_EXPOSITION = (
    _own("anthropic_exporter_series", "Series of the family on /metrics.", ("family",)),
    _own(
        "anthropic_exporter_series_overflowed",
        "Label sets of the family that did not fit its limit and are added up as __other__.",
        ("family",),
    ),
    _own(
        "anthropic_exporter_render_duration_seconds",
        "How long it took to render what /metrics shows now.",
        unit="seconds",
    ),
    _own(
        "anthropic_exporter_exposition_size_bytes",
        "Size of what /metrics shows, as uncompressed text and without the metrics about the exporter.",
        unit="bytes",
    ),
)

_PROCESS = (
    _own(
        "anthropic_exporter_build_info",
        "Version of the exporter and of Python, always 1.",
        ("version", "revision", "python_version"),
    ),
    _own("anthropic_exporter_state_persistent", "1 if the state is kept on disk, 0 if only in memory."),
    _own("anthropic_exporter_state_loaded", "1 if the process began with the state of an earlier one, else 0."),
    _own("anthropic_exporter_state_size_bytes", "Size of the state on disk.", unit="bytes"),
    _own(
        "anthropic_exporter_state_last_commit_timestamp_seconds",
        "When the state was last written.",
        unit="seconds",
    ),
    _own(
        "anthropic_exporter_state_write_failures_total",
        "Writes of the state that failed.",
        kind="counter",
    ),
    _own(
        "anthropic_exporter_config_last_reload_successful",
        "1 if the last reading of the configuration succeeded, 0 if an older one is in force.",
    ),
    _own(
        "anthropic_exporter_config_last_reload_success_timestamp_seconds",
        "When the configuration in force was read.",
        unit="seconds",
    ),
    _own(
        "anthropic_exporter_web_config_last_reload_successful",
        "1 if the last reading of the web configuration and its certificates succeeded, 0 if older ones are in force.",
    ),
)

_PUSH = (
    _own(
        "anthropic_exporter_otlp_exports_total",
        "Messages sent by OTLP, those that failed too.",
        kind="counter",
    ),
    _own(
        "anthropic_exporter_otlp_export_failures_total",
        "Messages sent by OTLP that the receiver did not take, or of which it refused points.",
        kind="counter",
    ),
)

FAMILIES = (*_COLLECTORS, *_UPSTREAM, *_LEDGER, *_EXPOSITION, *_PROCESS, *_PUSH)

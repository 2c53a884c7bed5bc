"""Names in OTLP come out of Prometheus' own translation as the names of /metrics, to the letter."""

import pytest

from anthropic_exporter.expose.catalogue import families
from anthropic_exporter.expose.otlp.names import instrument
from otlp.translation import label, translated

PROCESS = [
    ("process_cpu_seconds_total", "counter"),
    ("process_resident_memory_bytes", "gauge"),
    ("process_virtual_memory_bytes", "gauge"),
    ("process_start_time_seconds", "gauge"),
    ("process_open_fds", "gauge"),
    ("process_max_fds", "gauge"),
    ("python_info", "gauge"),
]
EVERY = [(row.name, row.kind) for row in families()] + PROCESS


@pytest.mark.parametrize(("name", "kind"), EVERY, ids=[name for name, _ in EVERY])
def test_the_translation_gives_the_pulled_name_back(name, kind):
    found = instrument(name, kind)
    assert translated(found.name, found.unit, kind) == name


def test_the_translation_leaves_labels_as_they_are():
    names = {name for row in families() for name in row.labels}
    assert {label(name) for name in names} == names


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("anthropic_usage_tokens_total", "counter", ("anthropic.usage.tokens", "{token}")),
        ("anthropic_usage_requests_total", "counter", ("anthropic.usage.requests", "{request}")),
        ("anthropic_cost_usd_total", "counter", ("anthropic.cost.usd", "{USD}")),
        ("anthropic_estimated_cost_usd_total", "counter", ("anthropic.estimated_cost.usd", "{USD}")),
        ("anthropic_cost_today_usd", "gauge", ("anthropic.cost.today.usd", "{USD}")),
        ("anthropic_usage_today_tokens", "gauge", ("anthropic.usage.today.tokens", "{token}")),
        ("anthropic_api_key_created_timestamp_seconds", "gauge", ("anthropic.api_key.created.timestamp", "s")),
        (
            "anthropic_exporter_revision_overshoot_ratio",
            "gauge",
            ("anthropic.exporter.revision_overshoot", "1"),
        ),
        ("process_resident_memory_bytes", "gauge", ("process.resident_memory", "By")),
    ],
)
def test_names_read_as_names_of_opentelemetry_do(name, kind, expected):
    found = instrument(name, kind)
    assert (found.name, found.unit) == expected


def test_no_two_families_have_one_name():
    assert len({instrument(row.name, row.kind).name for row in families()}) == len(families())


@pytest.mark.parametrize(
    ("name", "unit", "kind", "expected"),
    [
        ("http.server.duration", "s", "histogram", "http_server_duration_seconds"),
        ("jobs.total.done", "", "counter", "jobs_done_total"),
        ("system.memory.utilization", "1", "gauge", "system_memory_utilization_ratio"),
        ("network.io.bytes", "By", "counter", "network_io_bytes_total"),
        ("speed", "m/s", "gauge", "speed_m_per_s"),
    ],
)
def test_the_rules_are_those_of_prometheus(name, unit, kind, expected):
    """Examples that are none of ours: rules that could not tell a wrong name would prove nothing."""
    assert translated(name, unit, kind) == expected

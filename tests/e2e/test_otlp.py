"""The exporter as a process that pushes to a real receiver: off the polls' way, and ended in time."""

import json
import signal
import sys
import time

import pytest

from e2e.parts import environment, organization_samples
from e2e.script import Script
from otlp.pushed import still
from otlp.translation import samples

SECRET = "canary-of-the-pushing-process"
BOTH = pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])


def newest(inbox):
    """Return the samples of the last push that was taken whole, or None."""
    found = list(inbox.requests)
    return samples(found[-1:]) if found else None


@BOTH
def test_a_process_pushes_what_it_shows(simulate, exporter, receive, wait_until, protocol):
    receiver = receive(protocol)
    script = Script(time.time(), seed=5)
    served = exporter(
        simulate(script.organization),
        otlp={"enabled": True, "endpoint": receiver.url, "protocol": protocol, "interval": "200ms"},
    )
    wait_until(served.is_ready)

    def equal():
        pushed = newest(receiver.inbox)
        return pushed is not None and organization_samples(still(pushed)) == organization_samples(
            still(served.scrape())
        )

    wait_until(equal, timeout=30)
    assert served.value("anthropic_exporter_otlp_exports_total") > 0
    assert served.value("anthropic_exporter_otlp_export_failures_total") == 0
    before = len(receiver.inbox.requests)
    assert served.process.stop() == 0
    assert len(receiver.inbox.requests) > before, "the last push was on the way out"


@BOTH
def test_a_receiver_that_hangs_holds_up_neither_polls_nor_scrapes_nor_the_end(
    simulate,
    exporter,
    receive,
    wait_until,
    monkeypatch,
    protocol,
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", f"authorization=Bearer%20{SECRET}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "120000")
    receiver = receive(protocol)
    receiver.inbox.hang = True
    script = Script(time.time(), seed=6)
    served = exporter(
        simulate(script.organization),
        otlp={"enabled": True, "endpoint": receiver.url, "protocol": protocol, "interval": "100ms"},
    )
    wait_until(served.is_ready)
    assert receiver.inbox.hanging.wait(30)
    polls = served.value("anthropic_exporter_collector_last_success_timestamp_seconds", collector="usage")
    wait_until(
        lambda: served.value("anthropic_exporter_collector_last_success_timestamp_seconds", collector="usage") > polls
    )
    assert receiver.inbox.headers[0]["authorization"] == f"Bearer {SECRET}"
    begun = time.monotonic()
    assert served.process.stop(signal.SIGTERM) == 0
    assert time.monotonic() - begun < 60, "the receiver would have held it for two minutes"
    assert SECRET not in served.process.stderr + served.process.stdout


def test_a_hanging_push_is_given_up_after_the_timeout(simulate, exporter, receive, wait_until, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "300")
    receiver = receive()
    receiver.inbox.hang = True
    served = exporter(
        simulate(Script(time.time(), seed=7).organization), otlp={"enabled": True, "interval": "100ms"}, start=False
    )
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    served.start()
    wait_until(lambda: (served.value("anthropic_exporter_otlp_export_failures_total") or 0) >= 2, timeout=30)
    assert "push lost" in served.process.stderr
    receiver.inbox.hang = False
    receiver.inbox.let_go.set()
    wait_until(lambda: receiver.inbox.requests)
    wait_until(lambda: "pushing works again" in served.process.stderr)


def test_a_reload_begins_and_ends_the_push(simulate, exporter, receive, wait_until):
    receiver = receive()
    served = exporter(simulate(Script(time.time(), seed=8).organization))
    wait_until(served.is_ready)
    reload(served, wait_until, {"enabled": True, "endpoint": receiver.url, "interval": "100ms"})
    wait_until(lambda: len(receiver.inbox.requests) > 2)
    reload(served, wait_until, {"enabled": False})
    wait_until(lambda: "settings reloaded" in served.process.stderr.rpartition("reloaded")[0])
    told = len(receiver.inbox.requests)
    polled = served.value(POLLED, collector="usage")
    wait_until(lambda: served.value(POLLED, collector="usage") > polled)
    assert len(receiver.inbox.requests) == told


POLLED = "anthropic_exporter_collector_last_success_timestamp_seconds"


def reload(served, wait_until, otlp):
    """Change the file, and wait until it is in force."""
    before = served.process.stderr.count("settings reloaded")
    (served.folder / "exporter.yml").write_text(json.dumps({**served.settings, "otlp": otlp}))
    served.process.popen.send_signal(signal.SIGHUP)
    wait_until(lambda: served.process.stderr.count("settings reloaded") > before)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "otlp.endpoint: expected a URL, because otlp is enabled and OTEL_EXPORTER_OTLP_ENDPOINT is not set"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT: expected an http:// or"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "10"},
            "OTEL_EXPORTER_OTLP_TIMEOUT: expected milliseconds from 100 up",
        ),
    ],
)
def test_what_cannot_work_ends_with_status_2_before_anything_starts(exporter, monkeypatch, variables, message):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    served = exporter("http://127.0.0.1:1", otlp={"enabled": True})
    assert served.process.popen.wait(30) == 2
    assert message in served.process.stderr
    assert not served.state.exists()


def test_what_pushes_is_not_even_imported_where_nothing_is_pushed(process):
    """Memory is a feature."""
    code = (
        "import sys, anthropic_exporter.service.run\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'grpc', 'requests', 'google'))])\n"
    )
    done = process([sys.executable, "-c", code], env=environment())
    assert done.popen.wait(60) == 0, done.stderr
    assert done.stdout.strip() == "[]"

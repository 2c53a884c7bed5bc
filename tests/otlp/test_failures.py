"""A push that fails is counted and told once; settings that cannot work are refused before anything starts."""

import logging
import sys
from dataclasses import replace

import pytest

from anthropic_exporter.config.sections import OtlpSettings
from anthropic_exporter.errors import ConfigError
from anthropic_exporter.service import otlp
from anthropic_exporter.simulate.scripted import ScriptedOrganization
from otlp.translation import metrics
from service.office import acme

SECRET = "q7!canary-of-the-push-tests/=="
BOTH = pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])


@pytest.fixture
def read(office):
    office.serve(acme())
    office.open()
    office.cycle()
    office.cycle()
    return office


def counted(office, what):
    return next(
        sample.value
        for metric in office.metrics.collect()
        for sample in metric.samples
        if sample.name == f"anthropic_exporter_otlp_{what}_total"
    )


@BOTH
def test_a_refused_push_is_counted_told_once_and_made_up_for(read, pushing, protocol, caplog):
    caplog.set_level(logging.INFO, "anthropic_exporter")
    pushed = pushing(read, protocol)
    pushed.receiver.inbox.refuse_after = 0
    pushed.receiver.inbox.status = 401
    assert not pushed.push()
    assert not pushed.push()
    assert (counted(read, "exports"), counted(read, "export_failures")) == (2, 2)
    lost = [record for record in caplog.records if "push lost" in record.message]
    assert len(lost) == 1
    assert any(word in lost[0].why for word in ("401", "PERMISSION_DENIED"))
    pushed.receiver.inbox.refuse_after = None
    assert pushed.push()
    assert (counted(read, "exports"), counted(read, "export_failures")) == (3, 2)
    assert any("pushing works again" in record.message for record in caplog.records)
    assert len({metric.name for metric in metrics(pushed.receiver.inbox.requests)}) > 50


def test_nothing_is_pushed_before_there_is_anything_to_show(office, pushing):
    office.serve(ScriptedOrganization())
    office.open()
    pushed = pushing(office)
    assert not pushed.push()
    assert pushed.receiver.inbox.requests == []
    assert counted(office, "exports") == 0


def test_a_redirect_is_not_followed_and_not_taken_for_a_success(read, pushing):
    pushed = pushing(read)
    pushed.receiver.inbox.refuse_after = 0
    pushed.receiver.inbox.status = 302
    assert not pushed.push()
    assert counted(read, "export_failures") == 1


def test_points_that_the_receiver_refused_are_counted_and_not_sent_again(read, pushing, caplog):
    pushed = pushing(read)
    pushed.receiver.inbox.rejected = 3
    assert pushed.push()
    assert (counted(read, "exports"), counted(read, "export_failures")) == (1, 1)
    assert [vars(record)["why"] for record in caplog.records] == ["3 points: out of bounds"]


@BOTH
def test_headers_are_sent_and_never_told(read, pushing, protocol, caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    variables = {
        "OTEL_EXPORTER_OTLP_HEADERS": f"x-canary={SECRET.replace('!', '%21').replace('=', '%3D')},x-tenant=7",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    pushed = pushing(read, protocol, environment=variables)
    assert pushed.push()
    assert pushed.receiver.inbox.headers[0]["x-canary"] == SECRET
    assert pushed.receiver.inbox.headers[0]["x-tenant"] == "7"
    if protocol == "http/protobuf":
        assert pushed.receiver.inbox.headers[0]["content-encoding"] == "gzip"
    pushed.receiver.inbox.refuse_after, pushed.receiver.inbox.status = 0, 403
    assert not pushed.push()
    told = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert "push lost" in told
    assert SECRET not in told
    assert "%21canary" not in told


def test_the_resource_says_who_is_talking_and_the_environment_knows_better(read, pushing, monkeypatch):
    pushed = pushing(read)
    pushed.push()
    own = resource(pushed)
    assert own["service.name"] == "anthropic-exporter"
    assert own["service.version"]
    pushed.restart()
    pushed.push()
    assert resource(pushed) == own
    monkeypatch.setenv("OTEL_SERVICE_NAME", "billing")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=one,deployment.environment.name=prod")
    pushed.restart()
    pushed.push()
    assert resource(pushed) == own | {
        "service.name": "billing",
        "service.instance.id": "one",
        "deployment.environment.name": "prod",
    }


def resource(pushed):
    (told,) = pushed.receiver.inbox.empty()
    return {pair.key: pair.value.string_value for pair in told.resource_metrics[0].resource.attributes}


def test_messages_are_small_and_none_overflows(read, pushing):
    pushed = pushing(read)
    pushed.pusher._packer = replace(pushed.pusher._make_packer(pushed.site.snapshot()), most=7)
    assert pushed.push()
    sizes = [
        sum(len(getattr(m, m.WhichOneof("data")).data_points) for m in metrics([request]))
        for request in pushed.receiver.inbox.requests
    ]
    assert set(sizes[:-1]) == {7}
    assert not any("otel.metric.overflow" in str(request) for request in pushed.receiver.inbox.requests)


@pytest.mark.parametrize(
    ("protocol", "what", "text", "expected"),
    [
        ("http/protobuf", "TIMEOUT", "10", 'milliseconds from 100 up, found "10"'),
        ("grpc", "METRICS_TIMEOUT", "10s", 'milliseconds from 100 up, found "10s"'),
        ("http/protobuf", "COMPRESSION", "zstd", 'none, gzip, deflate with http/protobuf, found "zstd"'),
        ("grpc", "COMPRESSION", "deflate", 'none, gzip with grpc, found "deflate"'),
        ("http/protobuf", "CERTIFICATE", "/no/such.pem", 'a file, found "/no/such.pem"'),
        ("grpc", "HEADERS", "authorization Bearer", "name=value pairs divided by commas, found <redacted>"),
    ],
)
def test_variables_that_cannot_work_are_refused(protocol, what, text, expected):
    settings = OtlpSettings(enabled=True, endpoint="http://127.0.0.1:4318", protocol=protocol)
    name = f"OTEL_EXPORTER_OTLP_{what}"
    with pytest.raises(ConfigError) as refused:
        otlp.receiver(settings, {name: text})
    assert str(refused.value) == f"{name}: expected {expected}"


def test_a_missing_extra_is_told_with_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc", None)
    with pytest.raises(ConfigError, match=r'pip install "anthropic-exporter\[otlp-grpc\]"'):
        otlp.receiver(OtlpSettings(enabled=True, endpoint="http://127.0.0.1:4317", protocol="grpc"), {})


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("http://collector:4318", "http://collector:4318/v1/metrics"),
        ("http://collector:4318/", "http://collector:4318/v1/metrics"),
        ("http://collector:4318/v1/metrics", "http://collector:4318/v1/metrics"),
        ("http://prometheus:9090/api/v1/otlp", "http://prometheus:9090/api/v1/otlp/v1/metrics"),
    ],
)
def test_an_endpoint_may_be_the_base_or_the_path_of_metrics(endpoint, expected):
    assert otlp.metrics_url(endpoint) == expected

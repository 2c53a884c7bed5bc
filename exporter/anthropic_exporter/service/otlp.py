"""The edge to a receiver of OTLP: the SDK's exporters, made from the settings and the standard variables.

Only imported where OTLP is enabled: the SDK costs 6 MB of memory, gRPC another 10.

Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
"""

import contextlib
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData

from anthropic_exporter.config.sections import OtlpSettings
from anthropic_exporter.errors import ConfigError, PushError
from anthropic_exporter.secrets import REDACTED

SHORTEST_TIMEOUT = 100
"""Milliseconds. Less is somebody who meant seconds: the specification has milliseconds, some libraries had not."""

_DEFAULT_TIMEOUT = 10.0
_PATH = "/v1/metrics"
_SHORTEST_SECRET = 4
_OK, _REDIRECT, _BAD = 200, 300, 400
_COMPRESSIONS = {"http/protobuf": ("none", "gzip", "deflate"), "grpc": ("none", "gzip")}
_HEADERS = ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")
_SDK = logging.getLogger("opentelemetry")


class Receiver(Protocol):
    """Where messages are sent."""

    def send(self, data: MetricsData) -> str:
        """Send one message; return what the receiver refused of it and why, or "".

        Raises:
            PushError: it was not taken.
        """

    def close(self) -> None:
        """Give up what is under way, and take nothing more."""


class _Exporter(Protocol):
    def export(self, metrics_data: MetricsData) -> MetricExportResult: ...

    def shutdown(self) -> None: ...


def receiver(settings: OtlpSettings, environment: Mapping[str, str]) -> Receiver:
    """Return where to send to.

    Raises:
        ConfigError: a variable cannot be used, or gRPC is not installed.
    """
    said = _Said(_secrets(environment))
    timeout = _timeout(environment)
    _check(settings, environment)
    if settings.protocol == "grpc":
        return _Receiver(_grpc(settings, timeout), said)
    answers = _Answers()
    session = requests.Session()
    session.hooks["response"].append(answers)
    exporter = OTLPMetricExporter(
        endpoint=metrics_url(settings.endpoint) if settings.endpoint else None,
        timeout=timeout,
        session=session,
        compression=Compression(_variable(environment, "COMPRESSION")[1] or "none"),
    )
    return _Receiver(exporter, said, answers)


def metrics_url(endpoint: str) -> str:
    """Return where metrics go below a base URL; one that names them already is taken as it is."""
    endpoint = endpoint.rstrip("/")
    return endpoint if endpoint.endswith(_PATH) else endpoint + _PATH


class _Receiver:
    def __init__(self, exporter: _Exporter, said: "_Said", answers: "_Answers | None" = None) -> None:
        self._exporter = exporter
        self._said = said
        self._answers = answers

    def send(self, data: MetricsData) -> str:
        """Send one message."""
        if self._answers:
            self._answers.refused = ""
        with self._said.listening():
            if self._exporter.export(data) is not MetricExportResult.SUCCESS:
                raise PushError(self._said.last or "the receiver did not take it")
        return self._said.plain(self._answers.refused) if self._answers else ""

    def close(self) -> None:
        """Give up."""
        with self._said.listening(), contextlib.suppress(Exception):
            self._exporter.shutdown()


class _Answers:
    """Looks at each answer of HTTP for what the SDK passes over: a redirect, and points that were refused."""

    def __init__(self) -> None:
        self.refused = ""

    def __call__(self, response: requests.Response, *_: object, **__: object) -> None:
        if _REDIRECT <= response.status_code < _BAD:
            response.close()
            raise PushError(f"answered {response.status_code}, and redirects are not followed")
        if response.status_code != _OK or not response.headers.get("content-type", "").startswith("application/x-p"):
            return
        answer = ExportMetricsServiceResponse()
        with contextlib.suppress(Exception):  # no receiver is refused for its politeness
            answer.ParseFromString(response.content)
        partial = answer.partial_success
        if partial.rejected_data_points:
            self.refused = f"{partial.rejected_data_points} points: {partial.error_message}"


class _Said(logging.Handler):
    """Keeps the last complaint of the SDK, which tells why in its log alone, without the values of headers."""

    def __init__(self, secrets: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._secrets = secrets
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = self.plain(record.getMessage())

    def plain(self, text: str) -> str:
        """Return a text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Hear what the SDK logs, and keep it from all others."""
        self.last = ""
        propagate, _SDK.propagate = _SDK.propagate, False
        _SDK.addHandler(self)
        try:
            yield
        finally:
            _SDK.removeHandler(self)
            _SDK.propagate = propagate


def _grpc(settings: OtlpSettings, timeout: float) -> _Exporter:
    try:
        from opentelemetry.exporter.otlp.proto.grpc import metric_exporter  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigError(
            'otlp.protocol: expected the extra for gRPC (pip install "anthropic-exporter[otlp-grpc]"), found it missing'
        ) from None
    return metric_exporter.OTLPMetricExporter(endpoint=settings.endpoint or None, timeout=timeout)


def _check(settings: OtlpSettings, environment: Mapping[str, str]) -> None:
    name, compression = _variable(environment, "COMPRESSION")
    known = _COMPRESSIONS[settings.protocol]
    if compression and compression not in known:
        raise ConfigError(f'{name}: expected {", ".join(known)} with {settings.protocol}, found "{compression}"')
    for what in ("CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"):
        name, file = _variable(environment, what)
        if file and not Path(file).is_file():
            raise ConfigError(f'{name}: expected a file, found "{file}"')
    for name in _HEADERS:
        for part in filter(None, map(str.strip, environment.get(name, "").split(","))):
            key, equals, value = part.partition("=")
            if not (key.strip() and equals and value.isascii() and value.isprintable()):
                raise ConfigError(f"{name}: expected name=value pairs divided by commas, found {REDACTED}")


def _timeout(environment: Mapping[str, str]) -> float:
    name, text = _variable(environment, "TIMEOUT")
    if not text:
        return _DEFAULT_TIMEOUT
    if not text.isdecimal() or int(text) < SHORTEST_TIMEOUT:
        raise ConfigError(f'{name}: expected milliseconds from {SHORTEST_TIMEOUT} up, found "{text}"')
    return int(text) / 1000


def _variable(environment: Mapping[str, str], what: str) -> tuple[str, str]:
    """Return the variable that counts and its value, "" where none is set; that for metrics goes first."""
    names = (f"OTEL_EXPORTER_OTLP_METRICS_{what}", f"OTEL_EXPORTER_OTLP_{what}")
    return next(((name, text) for name in names if (text := environment.get(name, "").strip())), (names[1], ""))


def _secrets(environment: Mapping[str, str]) -> list[str]:
    """Return the values of headers, as they are written and as they are sent, the longest first."""
    found: set[str] = set()
    for name in _HEADERS:
        for part in environment.get(name, "").split(","):
            value = part.partition("=")[2].strip()
            found |= {value, unquote(value)}
    return sorted((value for value in found if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)

"""The edge to anything with Prometheus' query API. Only GET is sent, redirects are not followed."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx

from anthropic_exporter.config import document
from anthropic_exporter.config.reader import Place, Refused, keys, part, setting
from anthropic_exporter.config.values import readable_file, text
from anthropic_exporter.errors import ConfigError, ExporterError
from anthropic_exporter.secrets import mask

_TIMEOUT = 60.0
_OK = 200


class QueryError(ExporterError):
    """Prometheus did not answer, or not with a result."""


class Series(NamedTuple):
    """A series at one moment."""

    labels: dict[str, str]
    value: float


class Steps(NamedTuple):
    """A series at several moments; only those at which it had a value."""

    labels: dict[str, str]
    values: list[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _BasicAuth:
    username: str = setting(text, default="")
    password_file: Path | None = setting(readable_file, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Authorization:
    type: str = setting(text, default="Bearer")
    credentials_file: Path | None = setting(readable_file, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tls:
    ca_file: Path | None = setting(readable_file, default=None)
    cert_file: Path | None = setting(readable_file, default=None)
    key_file: Path | None = setting(readable_file, default=None)


def _headers(value: object, place: Place) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, Mapping):
        place.refuse("a mapping of names to texts", value)
    return tuple((str(name), text(found, place.key(str(name)))) for name, found in value.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """How to get in: as in the file that promtool takes as ``--http.config.file``, and ``headers`` for a tenant."""

    basic_auth: _BasicAuth = part(_BasicAuth)
    authorization: _Authorization = part(_Authorization)
    tls_config: _Tls = part(_Tls)
    headers: tuple[tuple[str, str], ...] = setting(_headers, default=())

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read the file.

        Raises:
            ConfigError: it cannot be used.
        """
        problems: list[str] = []
        today = dt.datetime.now(dt.UTC).date()
        try:
            content = document.parse(file.read_text(encoding="utf-8-sig"), str(file))
            return cls(**keys(cls, content, Place(str(file), "", problems, today, file.parent)))
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"{file}: expected a readable file in YAML") from None
        except Refused:
            raise ConfigError("\n".join(problems)) from None


class Prometheus:
    """A server that answers PromQL.

    Args:
        url: as a browser has it, without ``/api/v1``.

    Raises:
        QueryError: from every method.
    """

    def __init__(self, url: str, config: HttpConfig | None = None) -> None:
        self._url = url.rstrip("/")
        config = config or HttpConfig()
        headers = dict(config.headers)
        if config.authorization.credentials_file:
            secret = _secret(config.authorization.credentials_file)
            headers["authorization"] = f"{config.authorization.type} {secret}"
        basic, tls = config.basic_auth, config.tls_config
        auth = (basic.username, _secret(basic.password_file) if basic.password_file else "") if basic.username else None
        self._client = httpx.Client(
            timeout=_TIMEOUT,
            headers=headers,
            auth=auth,
            verify=str(tls.ca_file) if tls.ca_file else True,
            cert=(str(tls.cert_file), str(tls.key_file)) if tls.cert_file and tls.key_file else None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def at(self, expression: str, time: float) -> list[Series]:
        """Return what an expression is at a moment."""
        found = self._ask("query", query=expression, time=repr(time))
        return [Series(row["metric"], float(row["value"][1])) for row in found]

    def over(self, expression: str, start: float, end: float, step: float) -> list[Steps]:
        """Return what an expression is at every step of a window."""
        found = self._ask("query_range", query=expression, start=repr(start), end=repr(end), step=repr(step))
        return [Steps(row["metric"], [(float(at), float(value)) for at, value in row["values"]]) for row in found]

    def _ask(self, path: str, **parameters: str) -> list[dict[str, Any]]:
        try:
            answer = self._client.get(f"{self._url}/api/v1/{path}", params=parameters)
            content = answer.json() if "json" in answer.headers.get("content-type", "") else {}
            if answer.status_code != _OK or content.get("status") != "success":
                why = content.get("error") or answer.reason_phrase
                raise QueryError(mask(f"{self._url}: answered {answer.status_code}: {why}"))
            result: list[dict[str, Any]] = content["data"]["result"]
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise QueryError(mask(f"{self._url}: {error or type(error).__name__}")) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise QueryError(f"{self._url}: expected the answer of Prometheus' query API, found another") from error
        return result


def _secret(file: Path) -> str:
    return file.read_text(encoding="utf-8").strip()

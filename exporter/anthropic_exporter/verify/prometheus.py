"""The edge to anything with Prometheus' query API. Only GET is sent, redirects are not followed."""

from typing import Any, NamedTuple, Self

import httpx

from anthropic_exporter.errors import ExporterError
from anthropic_exporter.secrets import mask
from anthropic_exporter.verify.httpconfig import HttpConfig

_TIMEOUT = 60.0
_OK = 200
#: What a person does about an answer; redirects are not followed, because a credential would go with them.
_HINTS = {
    301: "; name the address that it leads to",
    302: "; name the address that it leads to",
    401: "; --http.config.file has the credential",
    403: "; --http.config.file has the credential",
    404: "; expected the address of a Prometheus, without /api/v1",
}


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


class Prometheus:
    """A server that answers PromQL.

    Args:
        url: as a browser has it, without ``/api/v1``.

    Raises:
        ConfigError: what the configuration names cannot be used.
        QueryError: from every method.
    """

    def __init__(self, url: str, config: HttpConfig | None = None) -> None:
        self._url = url.rstrip("/")
        config = config or HttpConfig()
        self._client = httpx.Client(
            timeout=_TIMEOUT, headers=config.all_headers(), auth=config.auth(), verify=config.verification()
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
                why = content.get("error")
                why = why if isinstance(why, str) and why else answer.reason_phrase
                hint = _HINTS.get(answer.status_code, "")
                raise QueryError(mask(f"{self._url}: answered {answer.status_code}: {why}{hint}"))
            result: list[dict[str, Any]] = content["data"]["result"]
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise QueryError(mask(f"{self._url}: {error or type(error).__name__}")) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise QueryError(f"{self._url}: expected the answer of Prometheus' query API, found another") from error
        return result

"""Slices by remote write, to a backend that takes old samples.

Source: Prometheus remote write 1.0: a snappy-compressed WriteRequest by POST. 5xx and 429 are sent again, after
``Retry-After`` where it is told; any other answer that is not 2xx ends it.
"""

import importlib
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import httpx

from anthropic_exporter import __version__
from anthropic_exporter.backfill import protobuf
from anthropic_exporter.backfill.openmetrics import Written
from anthropic_exporter.backfill.page import Page
from anthropic_exporter.errors import ConfigError, ExporterError
from anthropic_exporter.expose.escape import well_formed
from anthropic_exporter.expose.family import Family
from anthropic_exporter.records import Labels

BATCH = 5_000
"""Samples of one request, about: a series is not parted."""

PATIENCE = 300.0
"""Seconds that one request is tried for."""

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0
_HEADERS = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
    "User-Agent": f"anthropic-exporter/{__version__}",
}


class Refused(ExporterError):  # noqa: N818 - it names what is so, as the other errors do
    """The backend does not take what it is sent, or cannot be reached."""


class Batch(NamedTuple):
    """What goes into one request."""

    series: list[bytes]
    samples: int


def snappy() -> Callable[[bytes], bytes]:
    """Return the compression of remote write.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        compress = importlib.import_module("cramjam").snappy.compress_raw
    except ImportError:
        raise ConfigError("--remote-write needs snappy: pip install 'anthropic-exporter[remote-write]'") from None
    return lambda plain: bytes(compress(plain))


@dataclass(slots=True)
class RemoteWrite:
    """Sends slices to one URL.

    Args:
        labels: what Prometheus adds to the live series (``job``, ``instance``).
        headers: of the backend (its tenant, its credential).
        sent: how many requests of the next slice have been taken before this run.
        note_sent: is told how many of the running slice have been taken.
        note_waiting: is told once a request why it was not taken and is tried again.
        sleep: waits between two tries.
    """

    url: str
    labels: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    sent: int = 0
    note_sent: Callable[[int], None] = lambda _: None
    note_waiting: Callable[[str], None] = lambda _: None
    sleep: Callable[[float], None] = time.sleep
    timeout: float = 60.0
    _client: httpx.Client = field(init=False)
    _compress: Callable[[bytes], bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._compress = snappy()
        self._client = httpx.Client(timeout=self.timeout, headers={**_HEADERS, **self.headers}, follow_redirects=False)

    def write(self, start: int, page: Page) -> Callable[[], Written]:
        """Send one slice; its requests are the same in each run, so what was taken before is left out.

        Raises:
            Refused: the backend takes it not, or not within ``PATIENCE``.
        """
        del start
        samples = size = 0
        for number, batch in enumerate(self._batches(page), 1):
            samples += batch.samples
            if number <= self.sent:
                continue
            body = self._compress(protobuf.write_request(batch.series))
            size += len(body)
            self._send(body)
            self.note_sent(number)
        self.sent = 0
        return lambda: Written("", samples, size)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _batches(self, page: Page) -> Iterator[Batch]:
        series: list[bytes] = []
        samples = 0
        for family, each, points in page.runs():
            series.append(protobuf.time_series(self._named(family, each.labels), *points))
            samples += len(points.times)
            if samples >= BATCH:
                yield Batch(series, samples)
                series, samples = [], 0
        if series:
            yield Batch(series, samples)

    def _named(self, family: Family, labels: Labels) -> dict[str, str]:
        told = dict(zip(family.labels, map(well_formed, labels), strict=True))
        # A label without a value is no label.
        return {"__name__": family.name, **{name: value for name, value in {**told, **self.labels}.items() if value}}

    def _send(self, body: bytes) -> None:
        waited, wait = 0.0, _FIRST_WAIT
        while True:
            try:
                answer = self._client.post(self.url, content=body)
            except httpx.HTTPError as error:
                why, asked = f"{type(error).__name__}: {error}", None
            else:
                if answer.is_success:
                    return
                why, asked = f"{answer.status_code} {answer.text.strip()[:300]}", _retry_after(answer)
                if (
                    answer.status_code != httpx.codes.TOO_MANY_REQUESTS
                    and answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR
                ):
                    raise Refused(f"{self.url} does not take the samples: {why}")
            if not waited:
                self.note_waiting(f"{self.url} takes no samples, trying again for {PATIENCE:.0f} s: {why}")
            if waited >= PATIENCE:
                raise Refused(f"{self.url} took no samples for {PATIENCE:.0f} s: {why}")
            pause = asked if asked is not None else wait * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
            pause = min(pause, PATIENCE)
            self.sleep(pause)
            waited, wait = waited + max(pause, _FIRST_WAIT), min(2 * wait, _LONGEST_WAIT)


def _retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds that the backend asks to wait for; a date is not looked at."""
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isdigit() else None

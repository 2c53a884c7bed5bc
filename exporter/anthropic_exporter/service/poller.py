"""One collector on its own timer: run a cycle, note how it went, wait for the next.

Every collector has a thread of its own, so one that fails or waits holds up no other. This is the one place that
catches PollError; anything else is a bug and is logged as one, and the collector goes on.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from anthropic_exporter.collect.base import Collector, Listing, Resuming
from anthropic_exporter.collect.capability import ASK_AGAIN
from anthropic_exporter.errors import AuthError, NotSupported, PollError, StateError
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.records import Intake
from anthropic_exporter.status import CollectorState, CollectorStatus

log = logging.getLogger(__name__)

LONGEST_FIRST = 10.0
"""Seconds that a collector waits at most after its first failure, however long its interval."""


@dataclass(slots=True)
class Health:
    """How a collector's cycles went. Replaced fields are read by other threads; each alone is consistent enough."""

    state: CollectorState = "starting"
    attempt: float | None = None
    success: float | None = None
    duration: float | None = None
    failures: int = 0
    error: str = ""
    advice: str = ""
    refused: bool = False  # 401

    @property
    def done(self) -> bool:
        """Whether a cycle has ended well, or upstream has said that it does not offer this."""
        return self.success is not None or self.state == "not supported"


@dataclass(slots=True)
class Poller:
    """Runs one collector.

    Args:
        take: commits one whole reading; raises PollError or StateError.
        complete: commits that a cycle that began then has read all that was due; raises as ``take``.
        finished: called after each cycle, however it ended.
        clock: wall time, for the data.
        organization: the alias, for the log.
    """

    collector: Collector
    take: Callable[[Intake | Listing, float], None]
    complete: Callable[[Collector, float], None]
    finished: Callable[["Poller"], None]
    stop: threading.Event
    organization: str
    wait_for: threading.Event | None = None
    clock: Callable[[], float] = time.time
    health: Health = field(default_factory=Health)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin polling."""
        name = f"{self.organization}/{self.collector.name}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def join(self, timeout: float) -> None:
        """Wait for the thread to end, after ``stop`` was set."""
        if self._thread:
            self._thread.join(timeout)

    def status(self) -> CollectorStatus:
        """Return what a person wants to know."""
        health = self.health
        return CollectorStatus(
            name=self.collector.name,
            state=health.state,
            interval_seconds=self.collector.interval,
            last_success=health.success,
            duration_seconds=health.duration,
            error=health.error,
            advice=health.advice,
            source=self.collector.source,
        )

    def tell(self, metrics: SelfMetrics) -> None:
        """Show how the last cycle went."""
        labels, health = (self.organization, self.collector.name), self.health
        supported = health.state != "not supported"
        prefix = "anthropic_exporter_collector"
        metrics.set(f"{prefix}_supported", labels, supported)
        metrics.set(f"{prefix}_success", labels, health.state == "ok")
        metrics.set(f"{prefix}_last_attempt_timestamp_seconds", labels, health.attempt or 0.0)
        metrics.set(f"{prefix}_duration_seconds", labels, health.duration or 0.0)
        if not supported:
            metrics.remove(f"{prefix}_success", labels)
        if health.success is not None:
            metrics.set(f"{prefix}_last_success_timestamp_seconds", labels, health.success)

    def cycle(self) -> float:
        """Run one cycle and return the seconds until the next."""
        now, begun = self.clock(), time.monotonic()
        self.health.attempt = now
        try:
            for found in self.collector.read(now):
                self.take(found, now)
            self.complete(self.collector, now)
        except NotSupported as error:
            self._unsupported(error)
            wait = max(self.collector.interval, ASK_AGAIN)
        except (PollError, StateError) as error:
            if self.stop.is_set():
                return 0.0
            wait = self._failed(error)
        except Exception as error:
            if self.stop.is_set():
                return 0.0
            log.exception("collector failed unexpectedly", extra=self._where())
            wait = self._failed(PollError(f"internal error: {type(error).__name__}"))
        else:
            self._succeeded(now)
            wait = max(0.0, self._pause() - (time.monotonic() - begun))
        self.health.duration = time.monotonic() - begun
        try:
            self.finished(self)
        except Exception:
            log.exception("a cycle could not be reported", extra=self._where())
        return wait

    def _pause(self) -> float:
        """Return the seconds from the start of a good cycle to the next."""
        resume = self.collector.resume_after() if isinstance(self.collector, Resuming) else None
        return self.collector.interval if resume is None else min(resume, self.collector.interval)

    def _run(self) -> None:
        if self.wait_for:
            while not self.wait_for.wait(0.2):
                if self.stop.is_set():
                    return
        while not self.stop.is_set():
            self.stop.wait(self.cycle())

    def _succeeded(self, now: float) -> None:
        if self.health.failures or self.health.state == "not supported":
            log.info("collector works again", extra=self._where())
        self.health.state = "ok"
        self.health.success = now
        self.health.failures = 0
        self.health.error = self.health.advice = ""
        self.health.refused = False

    def _unsupported(self, error: NotSupported) -> None:
        if self.health.state != "not supported":
            log.info(
                "not offered to this organization or credential; asking again every hour",
                extra={**self._where(), "why": str(error)},
            )
        self.health.state = "not supported"
        self.health.failures = 0
        self.health.error, self.health.advice = str(error), error.advice
        self.health.refused = False

    def _failed(self, error: PollError | StateError) -> float:
        self.health.state = "failing"
        self.health.failures += 1
        self.health.error = str(error)
        self.health.advice = error.advice if isinstance(error, PollError) else ""
        self.health.refused = isinstance(error, AuthError)
        advice = {"advice": self.health.advice} if self.health.advice else {}
        log.warning("poll lost; what is shown stays", extra={**self._where(), "why": str(error), **advice})
        asked = error.retry_after if isinstance(error, PollError) else None
        return max(self._backoff(), asked or 0.0)

    def _backoff(self) -> float:
        """Return the wait after a failure: soon at first, then doubling, up to the interval or ten seconds."""
        interval = self.collector.interval
        first = min(interval, LONGEST_FIRST)
        return min(first * 2.0 ** min(self.health.failures - 1, 20), max(interval, LONGEST_FIRST))

    def _where(self) -> dict[str, str]:
        return {"organization": self.organization, "collector": self.collector.name}

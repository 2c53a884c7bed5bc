"""Whether and how to push, as the settings say. Light: what pushes is imported only where it is enabled."""

import logging
import os
import time
from typing import TYPE_CHECKING

from anthropic_exporter.config.sections import OtlpSettings
from anthropic_exporter.expose.selfmetrics import SelfMetrics
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.service.site import LiveSite

if TYPE_CHECKING:
    from anthropic_exporter.service.otlp import Receiver
    from anthropic_exporter.service.push import Pusher

LAST_PUSH = 2.0
"""Seconds that the last push has, when the process ends or is to push elsewhere."""

_PROTOCOLS = ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")

log = logging.getLogger(__name__)


def receiver(settings: OtlpSettings) -> "Receiver | None":
    """Return where to push to; None where nothing is pushed.

    Raises:
        ConfigError: an OTEL_… variable cannot be used, or gRPC is not installed.
    """
    if not settings.enabled:
        return None
    from anthropic_exporter.service import otlp  # noqa: PLC0415 - memory that most do not need

    for name in _PROTOCOLS:
        if os.environ.get(name, settings.protocol) != settings.protocol:
            log.warning(
                "otlp.protocol decides, not this variable", extra={"variable": name, "protocol": settings.protocol}
            )
    return otlp.receiver(settings, os.environ)


class Pushing:
    """The pusher that runs, if one does."""

    def __init__(self) -> None:
        self._pusher: Pusher | None = None
        self._stopped_at: float | None = None

    def begin(
        self,
        settings: OtlpSettings,
        receiver: "Receiver | None",
        site: LiveSite,
        store: Store,
        metrics: SelfMetrics,
    ) -> None:
        """Push there from now on, and no longer to where it was."""
        self.stop()
        self.join()
        if receiver is None:
            return
        from anthropic_exporter.service.push import Pusher  # noqa: PLC0415 - as above

        self._pusher = Pusher(settings, receiver, site, store, metrics, site.registry(), site.started_at)
        self._pusher.start()

    def stop(self) -> None:
        """Ask for the last push."""
        if self._pusher:
            self._pusher.stop()
            self._stopped_at = time.monotonic()

    def join(self) -> None:
        """Wait for the last push, at most ``LAST_PUSH`` seconds since it was asked for."""
        if self._pusher and self._stopped_at is not None:
            self._pusher.join(max(0.0, self._stopped_at + LAST_PUSH - time.monotonic()))
        self._pusher = self._stopped_at = None

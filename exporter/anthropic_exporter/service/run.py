"""The program from its start to its end: what is made, in which order, and what ends it."""

import contextlib
import functools
import gc
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from anthropic_exporter.config import Settings
from anthropic_exporter.errors import ConfigError, StateError
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.service import pushing
from anthropic_exporter.service.exporter import Exporter
from anthropic_exporter.service.site import LiveSite
from anthropic_exporter.web.app import create_app
from anthropic_exporter.web.door import Door
from anthropic_exporter.web.server import WebServer

if TYPE_CHECKING:
    from anthropic_exporter.service.otlp import Receiver

_WEB_CONFIG = "anthropic_exporter_web_config_last_reload_successful"

log = logging.getLogger(__name__)


def run(
    settings: Settings,
    reload: Callable[[], Settings],
    hangup: threading.Event,
    on_ready: Callable[[str, LiveSite], None] | None = None,
) -> None:
    """Run until SIGTERM or SIGINT.

    Args:
        settings: what to start with.
        reload: reads the settings again; raises ConfigError.
        hangup: set when they may have changed.
        on_ready: called once, in a thread, with the URL of the metrics when the first exposition is whole.

    Raises:
        ConfigError: it cannot start with these settings.
    """
    prices = PriceList.load(settings.prices.file)
    receiver = pushing.receiver(settings.otlp)
    door = Door(settings.web.config_file) if settings.web.config_file else None
    with WebServer([str(address) for address in settings.web.listen_address], door) as server:
        try:
            with contextlib.closing(Store(settings.state.path)) as store:
                _serve(settings, reload, hangup, server, door, store, prices, receiver, on_ready)
        except StateError as error:
            raise ConfigError(str(error)) from error


def _serve(
    settings: Settings,
    reload: Callable[[], Settings],
    hangup: threading.Event,
    server: WebServer,
    door: Door | None,
    store: Store,
    prices: PriceList,
    receiver: "Receiver | None",
    on_ready: Callable[[str, LiveSite], None] | None,
) -> None:
    # A scrape takes its turns between threads that poll and render; at the usual 5 ms each it would wait for them.
    sys.setswitchinterval(0.001)
    exporter = Exporter(settings, store, prices)
    if door:
        door.report_to(functools.partial(exporter.metrics.set, _WEB_CONFIG, ()))
    site = LiveSite(
        telemetry_path=settings.web.telemetry_path,
        lifecycle=settings.web.enable_lifecycle,
        store=store,
        metrics=exporter.metrics,
        reload=lambda: exporter.reload(reload(), site),
    )
    with _collector_of_cycles_resting():
        exporter.load(site)
    exporter.pushing.begin(settings.otlp, receiver, site, store, exporter.metrics)
    threading.Thread(target=_reload_on, args=(hangup, site), name="reload", daemon=True).start()

    def listening(urls: tuple[str, ...]) -> None:
        for url in urls:
            log.info("serving metrics", extra={"url": f"{url}{settings.web.telemetry_path}"})
        # What was loaded is served before anything is asked: both would take turns. And no answer waits for a reload.
        threading.Thread(target=exporter.start, name="start", daemon=True).start()
        if on_ready:
            threading.Thread(
                target=_await_ready, args=(site, f"{urls[0]}{settings.web.telemetry_path}", on_ready), daemon=True
            ).start()

    try:
        server.run(create_app(site), listening)
    finally:
        exporter.pushing.stop()
        site.stop()
        exporter.stop()
        exporter.pushing.join()
    log.info("stopped")


def _reload_on(hangup: threading.Event, site: LiveSite) -> None:
    while hangup.wait():
        hangup.clear()
        try:
            site.reload()
        except Exception:
            log.exception("reload failed unexpectedly")


@contextlib.contextmanager
def _collector_of_cycles_resting() -> Iterator[None]:
    """Make what stays: the collector of cycles does not look through it, now or later.

    The ledger is a million objects without a cycle. To look through all of them for one stops every thread for some
    100 ms; the young ones are still looked through, ten thousand at a time.
    """
    gc.set_threshold(10_000, 100, 1_000)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _await_ready(site: LiveSite, url: str, on_ready: Callable[[str, LiveSite], None]) -> None:
    if site.await_ready():
        on_ready(url, site)

"""The signals to a command that runs for ever, also while it is still starting. Only the main thread hears them."""

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def normal_end() -> Iterator[None]:
    """Leave the block on SIGTERM and SIGINT."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def hangups() -> Iterator[threading.Event]:
    """Give an event that every SIGHUP sets. Unheard, one that comes while the program starts would be its end."""
    heard = threading.Event()
    before = signal.signal(signal.SIGHUP, lambda *_: heard.set())
    try:
        yield heard
    finally:
        signal.signal(signal.SIGHUP, before)

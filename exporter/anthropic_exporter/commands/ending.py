"""How a command that runs for ever ends."""

import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def normal_end() -> Iterator[None]:
    """Leave the block on SIGTERM and SIGINT, also while the program is still starting and has no handler of its own.

    Only the main thread can do this.
    """
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGTERM, before)

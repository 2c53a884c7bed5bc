"""How fast one organization is asked, over all its collectors."""

import threading
import time
from collections.abc import Callable

from anthropic_exporter.errors import Unavailable

_MINUTE = 60.0


class Pacer:
    """A token bucket that holds one minute's worth of requests, shared by all threads of one organization.

    It is kept as the time at which the bucket would be full again, and each caller reserves its own instant
    under the lock before it waits: so callers are served in the order in which they came, however many they
    are.

    Args:
        requests_per_minute: the rate and the size of the bucket; 0 is no limit (a pause is still kept).
        clock: seconds that never go back.
    """

    def __init__(self, requests_per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = _MINUTE / requests_per_minute if requests_per_minute > 0 else 0.0
        self._tolerance = max(_MINUTE - self._interval, 0.0) if self._interval else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._full_at = clock()
        self._pauses = 0

    def acquire(self, stop: threading.Event) -> None:
        """Return when one request may be sent.

        Raises:
            Unavailable: the program is stopping.
        """
        while True:
            delay, pauses = self._reserve()
            # An Event that is set returns at once, so this also refuses the first request after a stop.
            if stop.wait(delay) if delay > 0 else stop.is_set():
                raise Unavailable("stopping")
            with self._lock:
                # A pause that came while this thread waited holds for it too.
                if pauses == self._pauses:
                    return

    def pause(self, seconds: float) -> None:
        """Let nobody send for so long, and then one at a time: upstream said that its own bucket is empty."""
        with self._lock:
            until = self._clock() + max(seconds, 0.0)
            self._full_at = max(self._full_at, until + self._tolerance)
            self._pauses += 1

    def _reserve(self) -> tuple[float, int]:
        with self._lock:
            now = self._clock()
            at = max(now, self._full_at - self._tolerance)
            if self._interval:
                self._full_at = max(self._full_at, at) + self._interval
            return at - now, self._pauses

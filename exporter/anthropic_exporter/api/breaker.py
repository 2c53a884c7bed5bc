"""Not asking an endpoint that keeps failing: its failures would take the requests that others need."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from anthropic_exporter.errors import PollError, SchemaError, TooLarge, Unavailable

from .endpoint import Endpoint

THRESHOLD = 5
"""Failures in a row, over all who ask, after which an endpoint is left alone for a while."""

FIRST, LONGEST = 1.0, 10.0
"""Seconds between two tries: the first pause, and the longest; each is twice the one before."""


@dataclass(slots=True)
class _Circuit:
    """Open, in the word of those who drew the pattern: nothing gets through."""

    failures: int = 0
    open_until: float = 0.0  # nobody may ask before that
    trying: bool = False  # whether the one request that may try is under way
    reason: str = ""


@dataclass(slots=True)
class Breaker:
    """Remembers how each endpoint does. Thread-safe.

    After a pause one request may try; the others go on waiting until that one is over. What counts as a failure is
    that nothing of use came: no answer, 5xx, or something that is not the API's. A refusal is an answer, and so is one
    that is too large.
    """

    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _circuits: dict[str, _Circuit] = field(default_factory=dict)

    def admit(self, endpoint: Endpoint) -> None:
        """Return if the endpoint may be asked now.

        Raises:
            Unavailable: it may not; told with the reason of its last failure.
        """
        with self._lock:
            circuit = self._circuits.get(endpoint.name)
            if circuit is None or circuit.failures < THRESHOLD:
                return
            now = self.clock()
            left = circuit.open_until - now
            if left > 0:
                raise Unavailable(
                    f"{circuit.reason}; not asked for now, as it failed {circuit.failures} times in a row",
                    endpoint=endpoint.name,
                    # The try of another is over soon: whoever comes during it must not wait as if it had failed.
                    retry_after=min(left, FIRST) if circuit.trying else left,
                )
            circuit.open_until = now + LONGEST  # for the others, should this one never be over
            circuit.trying = True

    def note(self, endpoint: Endpoint, error: PollError | None) -> bool:
        """Note how a request went; return whether the endpoint is to be left alone now."""
        with self._lock:
            if isinstance(error, TooLarge) or not isinstance(error, Unavailable | SchemaError):
                self._circuits.pop(endpoint.name, None)
                return False
            circuit = self._circuits.setdefault(endpoint.name, _Circuit())
            circuit.failures += 1
            circuit.trying = False
            circuit.reason = str(error)
            if circuit.failures < THRESHOLD:
                return False
            circuit.open_until = self.clock() + min(FIRST * 2.0 ** min(circuit.failures - THRESHOLD, 10), LONGEST)
            return True

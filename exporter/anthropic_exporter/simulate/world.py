"""All that the server of the fake holds: the organization, the switches, the clock, what has been asked so far."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from .call import Memo
from .faults import FaultPlan
from .gate import RateLimiter
from .organization import Organization
from .switches import Switches

_LOGGED = 10_000  # requests; the oldest are forgotten


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request of the API as it was answered. Never a header: the key is in one of them."""

    method: str
    path: str
    query: str
    status: int  # 0: the connection was reset before an answer
    time: float
    fault: str | None


@dataclass(slots=True)
class World:
    """Mutable on purpose, and in one place. The server's thread changes it; tests may set ``switches`` from another."""

    organization: Organization
    now: Callable[[], float]
    switches: Switches = field(default_factory=Switches)
    memo: Memo = field(default_factory=Memo)
    faults: FaultPlan = field(default_factory=FaultPlan)
    limiter: RateLimiter = field(default_factory=RateLimiter)
    log: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=_LOGGED))
    dropped: int = 0
    numbers: "count[int]" = field(default_factory=count)

    def change(self, values: Mapping[str, Any]) -> None:
        """Set switches from JSON values; faults are counted anew."""
        self.set(self.switches.changed(values))

    def set(self, switches: Switches) -> None:
        """Put other switches in force; faults are counted anew."""
        self.switches = switches
        self.faults = FaultPlan()

    def note(self, request: LoggedRequest) -> None:
        """Remember a request."""
        if len(self.log) == _LOGGED:
            self.dropped += 1
        self.log.append(request)

"""An organization whose history is written down event by event, so that a test knows every number."""

import threading
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from .instants import DAY, MINUTE, floor
from .inventory import Inventory, Profile, Workspace
from .line import Counts, Line, Seen, add
from .organization import Charge
from .prices import price

PROFILE = Profile(id="5b0c7a1e-2d43-4f6a-9e18-0c6f1d2b3a47", name="Scripted Organization", created_at=1_735_689_600)
DEFAULT_WORKSPACE = Workspace(
    id="wrkspc_01ScriptedDefau1tWorksp", name="Default", created_at=1_735_689_600, default=True
)
WORKSPACE = Workspace(id="wrkspc_01ScriptedFirstWorksp2", name="search-production", created_at=1_735_689_600)


@dataclass(frozen=True, slots=True)
class Event:
    """Usage of one line in one minute. Negative numbers are a correction of what other events said.

    ``visible_at`` is the instant from which reports know it; None means as soon as the report's delay allows.
    """

    at: int
    line: Line
    uncached: int = 0
    cache_5m: int = 0
    cache_1h: int = 0
    cache_read: int = 0
    output: int = 0
    web_searches: int = 0
    requests: int = 0
    milli_hours: int = 0
    visible_at: float | None = None

    @property
    def counts(self) -> Counts:
        """The numbers in the order of ``Counts``."""
        return (
            self.uncached,
            self.cache_5m,
            self.cache_1h,
            self.cache_read,
            self.output,
            self.web_searches,
            self.requests,
            self.milli_hours,
        )

    def seen(self, seen: Seen) -> bool:
        """Whether a reader knows of it."""
        if self.visible_at is not None:
            return self.visible_at <= seen.at
        return floor(self.at, MINUTE) + MINUTE <= seen.prompt_until


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost line that is written down rather than derived; amounts are in cents. Negative ones correct others."""

    at: int
    line: Line
    amount: Decimal
    list_amount: Decimal
    cost_type: str = "tokens"
    token_type: str | None = None
    visible_at: float | None = None

    def seen(self, seen: Seen) -> bool:
        """Whether a reader knows of it."""
        return (
            (floor(self.at, MINUTE) + MINUTE <= seen.prompt_until)
            if self.visible_at is None
            else (self.visible_at <= seen.at)
        )


class ScriptedOrganization:
    """Exactly what the events say, and nothing else.

    A count of one line in one minute never falls below 0, so corrections larger than what is there are cut off; a
    bucket is the sum of its minutes. With ``derive_cost`` the list prices of the simulator give the cost lines, and
    ``costs`` are added to them. Thread-safe: events may be recorded while a server reads.
    """

    def __init__(
        self,
        events: Iterable[Event] = (),
        *,
        inventory: Inventory | None = None,
        profile: Profile = PROFILE,
        costs: Iterable[Cost] = (),
        derive_cost: bool = True,
        discount: Decimal = Decimal(1),
    ) -> None:
        self._profile = profile
        self._inventory = inventory or Inventory(workspaces=(DEFAULT_WORKSPACE, WORKSPACE))
        self._derive_cost = derive_cost
        self._discount = discount
        self._lock = threading.Lock()
        self._minutes: list[int] = []
        self._events: dict[int, list[Event]] = defaultdict(list)
        self._costs = tuple(costs)
        self._revision = 0
        self.record(*events)

    @property
    def profile(self) -> Profile:
        """Who it is."""
        return self._profile

    @property
    def revision(self) -> int:
        """How often something was recorded."""
        return self._revision

    def record(self, *events: Event) -> None:
        """Write down more events."""
        with self._lock:
            for event in events:
                minute = floor(event.at, MINUTE)
                if minute not in self._events:
                    insort(self._minutes, minute)
                self._events[minute].append(event)
            self._revision += 1

    def charge(self, *costs: Cost) -> None:
        """Write down more cost lines."""
        with self._lock:
            self._costs += costs
            self._revision += 1

    def replace_inventory(self, inventory: Inventory) -> None:
        """Make other workspaces, keys and people exist from now on."""
        with self._lock:
            self._inventory = inventory
            self._revision += 1

    def inventory(self, now: float) -> Inventory:  # noqa: ARG002 - a script does not age by itself
        """Return what was given to the constructor or put in its place since."""
        return self._inventory

    def usage(self, start: int, end: int, seen: Seen) -> Mapping[Line, Counts]:
        """Sum the visible events of [start, end) by line."""
        total: dict[Line, list[int]] = defaultdict(lambda: [0] * 8)
        with self._lock:
            minutes = self._minutes[bisect_left(self._minutes, start) : bisect_left(self._minutes, end)]
            batches = [tuple(self._events[minute]) for minute in minutes]
        for batch in batches:
            for line, counts in _settle(batch, seen).items():
                add(total[line], counts)
        return {line: _counts(values) for line, values in total.items() if any(values)}

    def charges(self, start: int, end: int, seen: Seen) -> Iterable[Charge]:
        """Price the visible events day by day, then the visible cost lines."""
        if self._derive_cost:
            for day in range(floor(start, DAY), end, DAY):
                for line, counts in self.usage(max(start, day), min(end, day + DAY), seen).items():
                    yield from price(line, counts, day, self._discount)
        for cost in self._costs:
            if start <= cost.at < end and cost.seen(seen):
                yield Charge(cost.line, cost.cost_type, cost.token_type, cost.amount, cost.list_amount)


def _settle(events: Iterable[Event], seen: Seen) -> dict[Line, Counts]:
    """Sum the events of one minute by line, and cut off what is below 0."""
    total: dict[Line, list[int]] = defaultdict(lambda: [0] * 8)
    for event in events:
        if event.seen(seen):
            add(total[event.line], event.counts)
    return {line: _counts([max(0, value) for value in values]) for line, values in total.items()}


def _counts(values: list[int]) -> Counts:
    a, b, c, d, e, f, g, h = values
    return (a, b, c, d, e, f, g, h)

"""One request as the endpoints see it, after the transport and before any meaning."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from .inventory import Inventory
from .line import Seen
from .organization import Organization
from .query import Query
from .switches import Switches

T = TypeVar("T")
Answer = Mapping[str, Any]
OLD_VERSION = "2023-06-01"
VERSIONS = (OLD_VERSION, "2026-10-21")


class Memo:
    """The last few large results, so that a walk over the pages of one report computes it once."""

    def __init__(self, size: int = 3) -> None:
        self._size = size
        self._kept: OrderedDict[Hashable, object] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made for the key before, or make it."""
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return cast("T", self._kept[key])


@dataclass(frozen=True, slots=True)
class Call:
    """A request with a good key, and the world it falls into."""

    organization: Organization
    inventory: Inventory  # what exists now
    switches: Switches
    now: float
    path: str
    ids: Mapping[str, str]  # what stands in the path
    query: Query
    version: str
    betas: frozenset[str]
    oauth: bool  # a token rather than a key
    memo: Memo

    def expect(self, *names: str) -> None:
        """Refuse unknown parameters, where the switch says so."""
        if self.switches.reject_unknown_parameters:
            self.query.expect(names)

    def page_size(self, default: int, highest: int) -> int:
        """Read ``limit``."""
        size = self.query.integer("limit", default, highest)
        return min(size, self.switches.page_cap) if self.switches.page_cap else size


Endpoint = Callable[[Call], Answer]


def legacy_view(switches: Switches, now: float) -> Seen:
    """Tell what the legacy usage report can see."""
    return Seen(now, now - switches.visibility_delay, switches.lateness, switches.revisions)


def cost_view(switches: Switches, now: float) -> Seen:
    """Tell what the legacy cost report can see."""
    delay = max(switches.visibility_delay, switches.cost_delay)
    return Seen(now - delay + switches.visibility_delay, now - delay, switches.lateness, switches.revisions)


def refreshed_at(switches: Switches, now: float) -> float:
    """When the export was made that the analytics reports are served from."""
    return (now - switches.refresh_lag) // switches.refresh_step * switches.refresh_step


def analytics_view(switches: Switches, now: float) -> Seen:
    """Tell what the analytics reports can see: complete up to the export, stragglers as they were then."""
    refreshed = refreshed_at(switches, now)
    return Seen(refreshed, refreshed, switches.lateness, switches.revisions)


def truth(switches: Switches, now: float) -> Seen:
    """Tell what has been used until now, as it will be known in the end."""
    return Seen(float("inf"), now, switches.lateness, switches.revisions)

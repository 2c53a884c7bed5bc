"""Collector ``spend_limits``: caps on spending, what is spent of them, and requests for more.

Which of the three endpoints an organization has depends on its kind: a Console organization has the caps at most. One
that is not offered is left out, and asked for again after an hour; the collector is not supported when none is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from anthropic_exporter.collect.base import Directory, Listing
from anthropic_exporter.collect.parts import Parts
from anthropic_exporter.records import DEFAULT_WORKSPACE, SpendLimit, SpendRequest
from anthropic_exporter.utc import DAY, WEEK, floor, month_start

SOURCE = "/v1/organizations/spend_limits"

Key = tuple[str, str, str]


class SpendLimitsApi(Protocol):
    """The part of the Admin API that is read here."""

    def spend_limits(self) -> list[SpendLimit]:
        """Read the configured caps."""

    def effective_spend_limits(self) -> list[SpendLimit]:
        """Read the limit and spend of each member."""

    def spend_limit_increase_requests(self) -> list[SpendRequest]:
        """Read the requests that wait for an answer."""


@dataclass(slots=True)
class SpendLimitsCollector:
    """Reads spend limits.

    Args:
        known: the limits as last listed.
    """

    api: SpendLimitsApi
    interval: float
    directory: Directory
    known: Callable[[], Sequence[SpendLimit]]
    name: str = field(default="spend_limits", init=False)
    source: str = field(default=SOURCE, init=False)
    _parts: Parts = field(default_factory=Parts)

    def read(self, now: float) -> Iterator[Listing]:
        """Read all that the organization has.

        Raises:
            NotSupported: it has none of it.
            PollError: a read failed.
        """
        caps = self._parts.ask("caps", self.api.spend_limits, now)
        effective = self._parts.ask("effective", self.api.effective_spend_limits, now)
        requests = self._parts.ask("requests", self.api.spend_limit_increase_requests, now)
        self._parts.require_one_of("caps", "effective", "requests")
        if caps is not None or effective is not None:
            limits = [self._named(limit) for limit in (*(caps or ()), *(effective or ()))]
            yield Listing("spend_limit", {"/".join(key): found for key, found in self._merged(limits, now).items()})
        if requests is not None:
            yield Listing("spend_request", {request.id: request for request in requests})

    def _named(self, limit: SpendLimit) -> SpendLimit:
        default = self.directory.default_workspace
        return limit._replace(scope_id=DEFAULT_WORKSPACE) if default and limit.scope_id == default else limit

    def _merged(self, limits: Sequence[SpendLimit], now: float) -> Mapping[Key, SpendLimit]:
        """Return one limit per scope and period: the lowest cap, and what is spent as far as it is believed."""
        before = {_key(limit): limit for limit in self.known()}
        found: dict[Key, SpendLimit] = {}
        for limit in limits:
            old = found.get(_key(limit))
            if old is not None:
                caps = [usd for usd in (old.usd, limit.usd) if usd is not None]
                limit = limit._replace(  # noqa: PLW2901 - the two in one
                    usd=min(caps, default=None), spent=old.spent if limit.spent is None else limit.spent
                )
            found[_key(limit)] = limit
        told = any(limit.spent for limit in found.values())
        return {key: believed(limit, before.get(key), now, told=told) for key, limit in found.items()}


def believed(limit: SpendLimit, before: SpendLimit | None, now: float, *, told: bool) -> SpendLimit:
    """Return a limit with what is known to be spent.

    Upstream says "0" where the spend is not to be had at the moment. So a 0 after more than that, in the same period,
    means nothing and the last value stays; and where there is no earlier value, a 0 is believed only beside a spend
    of somebody else.

    Args:
        told: whether the same answer tells of any spend at all.
    """
    if limit.spent is None:
        return limit
    start = period_start(limit.period, now)
    known = before.spent if before and before.period_start == start else None
    if limit.spent == 0 and (known or not told):
        return limit._replace(spent=known, period_start=start)
    return limit._replace(period_start=start)


def period_start(period: str, now: float) -> int:
    """Return the first second of the running period (UTC; weeks from Monday), 0 where the word is not known."""
    match period:
        case "daily":
            return floor(now, DAY)
        case "weekly":
            # 1970-01-01 was a Thursday.
            return floor(now + 3 * DAY, WEEK) - 3 * DAY
        case "monthly":
            return month_start(now)
    return 0


def _key(limit: SpendLimit) -> Key:
    return limit.scope, limit.scope_id, limit.period

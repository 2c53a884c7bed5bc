"""Collector ``enterprise``: usage and cost by product and by group of users, seats and active users.

Products are counted from the analytics reports, as usage is. Groups of users overlap, and who is in one changes from
day to day; so what a group used is a gauge of the running month, and nothing here adds groups up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from anthropic_exporter.collect import plan
from anthropic_exporter.collect.base import Listing
from anthropic_exporter.collect.intake import added_up, amount_values, flat, request_values, usage_values
from anthropic_exporter.collect.memory import Memory, recall, remember
from anthropic_exporter.collect.parts import Parts
from anthropic_exporter.collect.reports import AnalyticsCost, AnalyticsUsage
from anthropic_exporter.records import (
    CostRow,
    Engagement,
    GroupMonth,
    Intake,
    Interval,
    Reading,
    UsageRow,
    UserGroup,
    Values,
    arranger,
)
from anthropic_exporter.utc import DAY, HOUR, floor, month_start

SOURCE = "/v1/organizations/analytics/usage"

TOKENS, REQUESTS, COST = "enterprise", "enterprise.requests", "enterprise.cost"
DIMENSIONS = ("product", "model")

SUMMARY_DAYS = 8
"""How far back the newest summary is looked for."""

_GROUP = ("rbac_group_id",)
_NO_TOKENS: Values = (0, 0, 0, 0, 0)


class EnterpriseApi(AnalyticsUsage, AnalyticsCost, Protocol):
    """The part of the Admin API that is read here."""

    def summaries(self, since: int) -> list[Engagement]:
        """Read seats and active users by day."""

    def user_groups(self) -> list[UserGroup]:
        """Read the groups of users."""


@dataclass(slots=True)
class EnterpriseCollector:
    """Reads what only Claude Enterprise has, as far as the key may."""

    api: EnterpriseApi
    interval: float
    cadence: plan.Cadence
    epoch: Callable[[float], int]
    earliest: Callable[[float], int]
    memory: Memory
    name: str = field(default="enterprise", init=False)
    source: str = field(default=SOURCE, init=False)
    _parts: Parts = field(default_factory=Parts)
    _progress: plan.Progress = field(init=False)

    def __post_init__(self) -> None:
        self._progress = recall(self.memory, "collector.enterprise", plan.Progress)

    def read(self, now: float) -> Iterator[Intake | Listing]:
        """Read products, groups and the newest summary.

        Raises:
            NotSupported: none of it is offered.
            PollError: a read failed. What was yielded before stays valid: each is a whole window.
        """
        tier = plan.due(self._progress, now, self.cadence)
        for window, width in plan.sums(tier, now, self.epoch(now), self.earliest(now)):
            yield from self._usage(window, width, now)
            yield from self._cost(window, width, now)
        yield from self._groups(now)
        yield from self._summary(now)
        self._parts.require_one_of("usage", "cost", "summaries", "groups")
        self._progress = self._progress.read(tier, now)
        remember(self.memory, "collector.enterprise", self._progress)

    def whole_streams(self) -> list[str]:
        """Return the streams that have been read whole from the epoch, after a cycle that ended well."""
        usage = [TOKENS, REQUESTS] if self._parts.offered("usage") else []
        return [*usage, COST] if self._parts.offered("cost") else usage

    def _usage(self, window: Interval, width: str | None, now: float) -> Iterator[Intake]:
        reading = self._parts.ask("usage", lambda: self._read_usage(window, width, DIMENSIONS), now)
        if reading is None:
            return
        for stream, values in ((TOKENS, usage_values), (REQUESTS, request_values)):
            found = flat(stream, window, _seconds(window, width), reading, arranger(DIMENSIONS, DIMENSIONS), values)
            if found:
                yield found

    def _cost(self, window: Interval, width: str | None, now: float) -> Iterator[Intake]:
        reading = self._parts.ask("cost", lambda: self._read_cost(window, width, DIMENSIONS), now)
        if reading is None:
            return
        arrange = arranger(DIMENSIONS, DIMENSIONS)
        found = flat(COST, window, _seconds(window, width), reading, arrange, amount_values)
        if found:
            yield found

    def _groups(self, now: float) -> Iterator[Listing]:
        names = self._parts.ask("groups", self.api.user_groups, now)
        if names is not None:
            yield Listing("user_group", {group.id: group for group in names})
        month = month_start(now)
        window = Interval(month, floor(now, HOUR))
        if window.starting_at == window.ending_at:
            return
        usage = self._parts.ask("usage", lambda: self._read_usage(window, None, _GROUP), now)
        cost = self._parts.ask("cost", lambda: self._read_cost(window, None, _GROUP), now)
        if usage is None and cost is None:
            return
        yield Listing("group_month", {found.group_id: found for found in group_months(month, usage, cost)})

    def _summary(self, now: float) -> Iterator[Listing]:
        since = max(floor(now, DAY) - SUMMARY_DAYS * DAY, self.earliest(now))
        days = self._parts.ask("summaries", lambda: self.api.summaries(since), now)
        if days:
            yield Listing("engagement", {"newest": days[-1]})

    def _read_usage(self, window: Interval, width: str | None, dimensions: tuple[str, ...]) -> Reading[UsageRow]:
        return self.api.analytics_usage(
            starting_at=window.starting_at,
            ending_at=window.ending_at,
            width=width,
            dimensions=dimensions,
            default_workspace=None,
        )

    def _read_cost(self, window: Interval, width: str | None, dimensions: tuple[str, ...]) -> Reading[CostRow]:
        return self.api.analytics_cost(
            starting_at=window.starting_at,
            ending_at=window.ending_at,
            width=width,
            dimensions=dimensions,
            fan_out=False,
            default_workspace=None,
        )


def group_months(month: int, usage: Reading[UsageRow] | None, cost: Reading[CostRow] | None) -> Iterator[GroupMonth]:
    """Yield what each group used, from reports by group alone; None for one that is not offered."""
    tokens = added_up((row.labels, row.tokens) for bucket in (usage.buckets if usage else ()) for row in bucket.rows)
    usd = added_up((row.labels, (row.amount,)) for bucket in (cost.buckets if cost else ()) for row in bucket.rows)
    for group in sorted({*tokens, *usd}):
        used = tuple(map(int, tokens.get(group, _NO_TOKENS))) if usage else None
        yield GroupMonth(month, group[0], used, Decimal(usd[group][0]) if group in usd else None)


def _seconds(window: Interval, width: str | None) -> int:
    return DAY if width else window.ending_at - window.starting_at

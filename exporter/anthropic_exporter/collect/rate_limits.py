"""Collector ``rate_limits``: what is allowed per minute, and the most that was used in one minute of the last hour."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from anthropic_exporter.collect.base import Listing
from anthropic_exporter.collect.reports import UsageReport
from anthropic_exporter.collect.rounds import Rounds
from anthropic_exporter.errors import BadRequest, NotSupported
from anthropic_exporter.records import NONE, Bucket, PeakMinute, RateLimit, RateLimitGroup, UsageRow
from anthropic_exporter.utc import HOUR, MINUTE, floor

SOURCE = "/v1/organizations/rate_limits"

KINDS = ("input_counted", "input", "output")
"""What the limiters count: without cache reads, with them, and output."""

_DATED = re.compile(r"-\d{8}$")


class RateLimitsApi(UsageReport, Protocol):
    """The part of the Admin API that is read here."""

    def rate_limits(self) -> tuple[list[RateLimitGroup], list[RateLimit]]:
        """Read the limits of the organization."""

    def workspace_rate_limits(self, workspace_id: str) -> list[RateLimit]:
        """Read what a workspace overrides."""


@dataclass(slots=True)
class RateLimitsCollector:
    """Reads configured limits and the peak minute.

    Args:
        rounds: the overrides of workspaces, some in each cycle.
        minutes: whether usage by the minute may be read. The analytics report does not serve: it is hours behind.
    """

    api: RateLimitsApi
    interval: float
    rounds: Rounds[RateLimit]
    minutes: bool
    name: str = field(default="rate_limits", init=False)
    source: str = field(default=SOURCE, init=False)

    def read(self, now: float) -> Iterator[Listing]:
        """Read limits, overrides of some workspaces, and the minutes of the last hour.

        Raises:
            PollError: a read failed. What was yielded before stays valid: each is a whole list.
        """
        groups, limits = self.api.rate_limits()
        yield Listing("rate_limit", {f"{limit.group_id}/{limit.limiter}": limit for limit in limits})
        peaks = self._peaks(groups, now) if self.minutes else None
        # Models that are known by another name, so that a join finds their group.
        yield Listing("rate_limit_group", {group.id: group for group in (peaks[0] if peaks else groups)})
        if peaks:
            yield Listing("peak_minute", {f"{peak.group_id}/{peak.token_type}": peak for peak in peaks[1]})
        overrides = self.rounds.go_on(now)
        yield Listing(
            "workspace_rate_limit",
            {
                f"{workspace}/{limit.group_id}/{limit.limiter}": limit._replace(workspace_id=workspace)
                for workspace, found in overrides.items()
                for limit in found
            },
        )

    def resume_after(self) -> float | None:
        """Return the seconds to the next workspaces that were never asked for."""
        return self.rounds.resume_after()

    def _peaks(
        self, groups: Sequence[RateLimitGroup], now: float
    ) -> tuple[list[RateLimitGroup], list[PeakMinute]] | None:
        """Return the groups with the models that were seen, and their peaks; None where minutes are not served."""
        until = floor(now, MINUTE)
        try:
            reading = self.api.usage_report(
                starting_at=until - HOUR, ending_at=until, width="1m", dimensions=("model",), rows_per_bucket=0
            )
        except (BadRequest, NotSupported):
            return None
        members = membership(groups, {row.labels[0] for bucket in reading.buckets for row in bucket.rows})
        named = [
            group._replace(models=tuple(dict.fromkeys([*group.models, *sorted(members.get(group.id, ()))])))
            for group in groups
        ]
        return named, peaks(reading.buckets, members, [group.id for group in groups if group.models], until)


def membership(groups: Sequence[RateLimitGroup], models: set[str]) -> dict[str, set[str]]:
    """Return by group which of the models count towards it; those of none are in the group ``none``.

    A group names a model by its ID or by its alias, which is the ID without its date.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for model in models:
        names = {model, _DATED.sub("", model)}
        homes = [group.id for group in groups if model in group.models]
        homes = homes or [group.id for group in groups if names.intersection(group.models)]
        for home in homes or [NONE]:
            found[home].add(model)
    return found


def peaks(
    minutes: Sequence[Bucket[UsageRow]], members: Mapping[str, set[str]], always: Sequence[str], until: int
) -> list[PeakMinute]:
    """Return the largest minute of each group and kind; 0 for the groups of ``always`` that used nothing."""
    groups = {
        model: [group for group, names in members.items() if model in names] for model in set().union(*members.values())
    }
    highest = {(group, kind): 0 for group in (*always, *members) for kind in KINDS}
    for minute in minutes:
        if minute.ending_at > until:
            continue
        sums: dict[tuple[str, str], int] = defaultdict(int)
        for row in minute.rows:
            uncached, write_5m, write_1h, read, output = row.tokens
            counted = uncached + write_5m + write_1h
            for home in groups[row.labels[0]]:
                for kind, tokens in zip(KINDS, (counted, counted + read, output), strict=True):
                    sums[home, kind] += tokens
        for key, tokens in sums.items():
            highest[key] = max(highest[key], tokens)
    return [PeakMinute(group, kind, tokens, until) for (group, kind), tokens in highest.items()]

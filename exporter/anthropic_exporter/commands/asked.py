"""What the probes of ``check`` are made for, and how rows become what the estimate of the series takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from anthropic_exporter.api.admin import AdminApi
from anthropic_exporter.collect.base import Listing
from anthropic_exporter.collect.intake import bucketed
from anthropic_exporter.collect.memory import Memory
from anthropic_exporter.collect.plan import analytics_earliest
from anthropic_exporter.commands.probes import Rows
from anthropic_exporter.config import Settings
from anthropic_exporter.records import Bucket, Held, Intake, Interval, Reading, UsageRow, Values, arranger
from anthropic_exporter.utc import DAY, HOUR, floor

DAYS = 7
"""How far back usage and cost are read."""


@dataclass(slots=True)
class Asked:
    """What probes are made for.

    Args:
        api: of the organization.
        settings: which collectors are enabled, and by what usage is grouped.
        source: auto, legacy, analytics or org-scoped.
        now: seconds since 1970 UTC.
        child: whether the organization is one of several that the credential reads.
        memory: for the salt of names that are hashed.
    """

    api: AdminApi
    settings: Settings
    source: str
    now: float
    child: bool = False
    memory: Memory | None = None
    default_workspace: str | None = field(default=None, init=False)
    workspace: str | None = field(default=None, init=False)  # the real ID of a live one
    org_scoped: bool = field(default=False, init=False)

    @property
    def today(self) -> int:
        """The start of the running day."""
        return floor(self.now, DAY)

    @property
    def days(self) -> tuple[int, int]:
        """The days that stand for all: one that is settled, and the running one."""
        return self.today - 2 * DAY, self.today

    @property
    def official(self) -> bool:
        """Whether the documented endpoints are read, and tell of this organization."""
        return self.source != "org-scoped" and not self.child

    @property
    def scoped(self) -> bool:
        """Whether the org-scoped dialect is to be asked: it was chosen, or nothing else has answered."""
        return self.source == "org-scoped" or self.org_scoped

    def reads(self, source: str) -> bool:
        """Return whether a generation of the reports may be read."""
        return self.source in ("auto", source) and not (self.child and source == "legacy")


def since(asked: Asked) -> int:
    """Return where the windows of the analytics reports begin."""
    return max(asked.today - DAYS * DAY, analytics_earliest(asked.now))


def whole_hour(asked: Asked) -> int:
    """Return where they end: they are asked for without a width, which takes whole hours."""
    # Where the year is minutes old there is no whole hour yet, and a range must not be empty.
    return max(floor(asked.now, HOUR), since(asked) + HOUR)


def rows(reading: Reading[Any], *found: Intake | Listing) -> Rows:
    """Count the rows of a report."""
    return Rows(sum(len(bucket.rows) for bucket in reading.buckets), found=found)


def listed(kind: str, objects: Sequence[Any]) -> Rows:
    """Count the objects of a list that have IDs."""
    return Rows(len(objects), found=(Listing(kind, {each.id: each for each in objects}),))


def by_place(kind: str, objects: Sequence[Held]) -> Rows:
    """Count the objects of a list that have none."""
    return Rows(len(objects), found=(Listing(kind, {str(place): each for place, each in enumerate(objects)}),))


def in_order(reading: Reading[UsageRow], asked: tuple[str, ...], wanted: tuple[str, ...]) -> Reading[UsageRow]:
    """Put labels into the stream's order; what was not asked for is none."""
    arrange = arranger(asked, wanted)
    return Reading(
        [
            Bucket(each.starting_at, each.ending_at, [row._replace(labels=arrange(row.labels)) for row in each.rows])
            for each in reading.buckets
        ],
        reading.refreshed_at,
    )


def on_days(stream: str, days: Sequence[int], reading: Reading[Any], values: Callable[[Any], Values]) -> Intake:
    """Put all rows of a report on each of some days, given by their starts in order."""
    found = [row for bucket in reading.buckets for row in bucket.rows]
    window = Interval(days[0], days[-1] + DAY)
    on_each = [Bucket(day, day + DAY, found) for day in days]
    return bucketed(stream, window, Reading(on_each, None), lambda labels: labels, values)

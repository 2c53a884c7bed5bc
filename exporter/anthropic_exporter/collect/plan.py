"""The reading plan: which windows to read again now, and how fine.

Data arrives late and is revised, so every interval is read more than once:

    tier      window               buckets     cadence (multiples of usage.interval)
    hot       the last hour or so  1h or 1m    each poll
    warm      the last two days    1h          15
    cold      the last 35 days     1d          360
    archive   epoch to now         1d          at the first start, then weekly

Each tier contains the ones above it. A tier is also due when the last success lies before the window of the finer
one, so that no outage leaves a gap, however long it was.
"""

import itertools
from dataclasses import dataclass, replace

from anthropic_exporter.records import Interval
from anthropic_exporter.utc import (
    DAY,
    HOUR,
    WEEK,
    floor,
    month_start,
    next_month_start,
    previous_month_start,
)

HOT, WARM, COLD, ARCHIVE = range(4)

RECENT_DAYS = 2
COLD_DAYS = 35
ANALYTICS_FIRST = 1_767_225_600
"""2026-01-01T00:00:00Z."""

SCOPED_DAYS = 395

CHUNK = 31 * DAY
"""The most that one call may span: 31 daily buckets, or 31 days of the analytics reports."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """Seconds between readings of the warm and the cold tier."""

    warm: float
    cold: float


@dataclass(frozen=True, slots=True)
class Progress:
    """When each tier was last read with success; what the next reading can build on."""

    hot_at: float | None = None
    warm_at: float | None = None
    cold_at: float | None = None
    archive_at: float | None = None

    def read(self, tier: int, now: float) -> "Progress":
        """Return the progress after a success: a tier contains the finer ones."""
        return replace(
            self,
            hot_at=now,
            warm_at=now if tier >= WARM else self.warm_at,
            cold_at=now if tier >= COLD else self.cold_at,
            archive_at=now if tier >= ARCHIVE else self.archive_at,
        )


def due(progress: Progress, now: float, cadence: Cadence) -> int:
    """Return the widest tier that is due."""
    today = floor(now, DAY)
    if _overdue(progress.archive_at, now, WEEK) or _before(progress.hot_at, today - COLD_DAYS * DAY):
        return ARCHIVE
    if _overdue(progress.cold_at, now, cadence.cold) or _before(progress.hot_at, today - RECENT_DAYS * DAY):
        return COLD
    if _overdue(progress.warm_at, now, cadence.warm) or _before(progress.hot_at, hot_start(now)):
        return WARM
    return HOT


def base(epoch: int, now: float) -> int:
    """Return the first second that counters or the gauges of the previous month need."""
    return min(epoch, previous_month_start(now))


def hot_start(now: float) -> int:
    """Return where the hot window begins: the hour before the running one."""
    return floor(now, HOUR) - HOUR


def hour_end(now: float) -> int:
    """Return the end of the running hour."""
    return floor(now, HOUR) + HOUR


def oldest(tier: int, now: float, first: int) -> int:
    """Return the first day of a cold or archive reading."""
    return first if tier == ARCHIVE else max(first, floor(now, DAY) - COLD_DAYS * DAY)


def daily(tier: int, now: float, first: int) -> list[Interval]:
    """Return the windows of closed days to read at 1d, in calls of at most 31 days."""
    return chunks(oldest(tier, now, first), floor(now, DAY) - RECENT_DAYS * DAY) if tier >= COLD else []


def hourly(tier: int, now: float, first: int) -> Interval:
    """Return the window to read at 1h, up to the end of the running hour."""
    start = hot_start(now) if tier == HOT else floor(now, DAY) - RECENT_DAYS * DAY
    return Interval(max(start, first), hour_end(now))


def months(epoch: int, first: int, now: float, days_since: int) -> list[Interval]:
    """Return the closed months whose single days are read no more, cut at the epoch.

    For what is only ever summed since the epoch (requests, cost per key) one row a month does, but for days that
    somebody wants one by one.
    """
    until = min(month_start(floor(now, DAY) - COLD_DAYS * DAY), days_since)
    cuts = {first, until, epoch}
    month = month_start(first)
    while month < until:
        cuts.add(month)
        month = next_month_start(month)
    edges = sorted(cut for cut in cuts if first <= cut <= until)
    return [part for start, end in itertools.pairwise(edges) for part in chunks(start, end)]


def sums(
    tier: int, now: float, epoch: int, earliest: int, days_since: int | None = None
) -> list[tuple[Interval, str | None]]:
    """Return the windows, with their widths, of what is only summed: whole months without a width, then days.

    Args:
        days_since: from when single days are wanted, the previous month if not said.
    """
    today = floor(now, DAY)
    first = max(base(epoch, now), earliest)
    if tier < COLD:
        return [(Interval(max(today - RECENT_DAYS * DAY, first), today + DAY), "1d")]
    if tier == COLD:
        return [(part, "1d") for part in chunks(max(today - COLD_DAYS * DAY, first), today + DAY)]
    closed = months(epoch, first, now, previous_month_start(now) if days_since is None else days_since)
    days = closed[-1].ending_at if closed else first
    return [(part, None) for part in closed] + [(part, "1d") for part in chunks(days, today + DAY)]


def chunks(starting_at: int, ending_at: int) -> list[Interval]:
    """Cut a window into calls of at most 31 days."""
    return [Interval(start, min(start + CHUNK, ending_at)) for start in range(starting_at, ending_at, CHUNK)]


def _overdue(last: float | None, now: float, cadence: float) -> bool:
    # A last time in the future means that the clock was set back: read again rather than wait for it.
    return last is None or now - last >= cadence or last > now


def analytics_earliest(now: float) -> int:
    """Return the first midnight that the analytics reports serve: 365 days back, not before 2026.

    Source: SDK types/beta/organization/analytics/usage_list_params.py, ``starting_at``.
    """
    return max(floor(now, DAY) - 364 * DAY, ANALYTICS_FIRST)


def scoped_earliest(now: float) -> int:
    """Return the first midnight that the org-scoped dialect serves: about 13 months back.

    Source: as `api.scoped`, ``starting_at``.
    """
    return floor(now, DAY) - SCOPED_DAYS * DAY


def _before(last: float | None, moment: float) -> bool:
    return last is None or last < moment

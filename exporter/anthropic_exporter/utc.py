"""The UTC calendar in whole seconds since 1970.

UTC has no summer time and Unix time no leap seconds, so hours and days are plain arithmetic; months and years are not.
"""

from datetime import UTC, date, datetime
from typing import Literal

MINUTE = 60
HOUR = 3600
DAY = 86_400
WEEK = 7 * DAY

SECONDS = {"1m": MINUTE, "1h": HOUR, "1d": DAY}
"""Length of each bucket width of the Admin API."""

Since = Literal["year", "month"] | date


def floor(at: float, step: int) -> int:
    """Return the start of the minute, hour or day that holds ``at``."""
    return int(at // step) * step


def month_start(at: float) -> int:
    """Return the first second of the month that holds ``at``."""
    day = datetime.fromtimestamp(at, UTC)
    return _seconds(day.year, day.month)


def next_month_start(at: float) -> int:
    """Return the first second of the month after the one that holds ``at``."""
    day = datetime.fromtimestamp(at, UTC)
    return _seconds(day.year + day.month // 12, day.month % 12 + 1)


def previous_month_start(at: float) -> int:
    """Return the first second of the month before the one that holds ``at``."""
    return month_start(month_start(at) - 1)


def year_start(at: float) -> int:
    """Return the first second of the year that holds ``at``."""
    return _seconds(datetime.fromtimestamp(at, UTC).year, 1)


def epoch(since: Since, at: float) -> int:
    """Return the moment that counters count from (``counters.since``)."""
    if since == "year":
        return year_start(at)
    if since == "month":
        return month_start(at)
    return int(datetime(since.year, since.month, since.day, tzinfo=UTC).timestamp())


def day_text(at: float) -> str:
    """Spell the day of a moment."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _seconds(year: int, month: int) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp())

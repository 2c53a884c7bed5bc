"""RFC 3339 as the API writes it, and whole seconds since 1970 UTC as the rest of the program counts."""

import re
from datetime import UTC, datetime
from functools import lru_cache

from anthropic_exporter.utc import HOUR, MINUTE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# datetime.fromisoformat takes week dates, missing zones and more; a bucket bound must not be guessed at.
_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_LEAP_SECOND = 60
# Years 1 to 9999: what lies outside in UTC, through its zone, could not be written as a date any more.
_FIRST, _END = -62_135_596_800, 253_402_300_800


# A report repeats the same few bounds on each of its rows.
@lru_cache(maxsize=4096)
def parse(text: str) -> int:
    """Whole seconds of an RFC 3339 time; a fraction is dropped.

    Raises:
        ValueError: it is not one, has no zone, or lies outside of the years 1 to 9999.
    """
    return _split(text)[0]


@lru_cache(maxsize=4096)
def parse_bound(text: str) -> int:
    """As `parse`, but a fraction other than zero is refused: dropped, it would hide a bound that is off."""
    seconds, fraction = _split(text)
    if fraction.strip("0"):
        raise ValueError("a bucket bound with a fraction of a second")
    return seconds


def render(seconds: float) -> str:
    """Write e.g. ``2026-11-20T00:00:00Z``; a fraction of a second is dropped."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _split(text: str) -> tuple[int, str]:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError("not an RFC 3339 time with a zone")
    year, month, day, hour, minute, second = (int(part) for part in match.group(1, 2, 3, 4, 5, 6))
    leap = second == _LEAP_SECOND
    moment = datetime(year, month, day, hour, minute, second - leap, tzinfo=UTC)
    seconds = int((moment - _EPOCH).total_seconds()) + leap
    sign, hours, minutes = match.group(8, 9, 10)
    if sign:
        offset = int(hours) * HOUR + int(minutes) * MINUTE
        seconds -= offset if sign == "+" else -offset
    if not _FIRST <= seconds < _END:
        raise ValueError("a time beyond the calendar")
    return seconds, match.group(7) or ""

"""Durations as Prometheus writes them: ``90s``, ``15m``, ``1h30m``, ``35d``."""

import re

# In milliseconds, as Prometheus has them: a year is 365 days, largest unit first.
_UNITS = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,12}}){unit})?" for unit in _UNITS))
# What Prometheus' own 64-bit nanoseconds can hold, to the year.
_LONGEST = 292 * _UNITS["y"]


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as ``1h30m``; each unit at most once, the largest first.

    Raises:
        ValueError: it is not one, or longer than 292 years.
    """
    if text == "0":
        return 0.0
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError("not a duration")
    milliseconds = sum(int(count) * _UNITS[unit] for unit, count in match.groupdict().items() if count)
    if milliseconds > _LONGEST:
        raise ValueError("longer than 292 years")
    return milliseconds / 1000


def format_duration(seconds: float) -> str:
    """Return the shortest spelling that reads back as the same number of whole milliseconds."""
    left = round(seconds * 1000)
    if left == 0:
        return "0s"
    parts = []
    for unit, size in _UNITS.items():
        # Weeks and years are exact only for whole ones: "35d" is what people write, not "5w".
        if unit in {"y", "w"}:
            continue
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)

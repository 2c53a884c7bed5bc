"""Instants as whole seconds since 1970 UTC, and the RFC 3339 text that the API exchanges."""

from datetime import UTC, datetime

MINUTE = 60
HOUR = 3600
DAY = 86_400


def instant(text: str) -> int:
    """Seconds of an RFC 3339 timestamp; fractions of a second are dropped.

    Raises:
        ValueError: it is no timestamp, or names no zone.
    """
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError("no zone")
    return int(parsed.timestamp())


def date(text: str) -> int:
    """Seconds of the UTC midnight that begins a ``YYYY-MM-DD`` day.

    Raises:
        ValueError: it is not exactly such a date.
    """
    return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())


def rfc3339(seconds: float) -> str:
    """Render an instant as the API does: ``2026-11-20T09:00:00Z``."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def floor(seconds: float, width: int) -> int:
    """Find the start of the bucket of that width that holds an instant."""
    return int(seconds // width) * width

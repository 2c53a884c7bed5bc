"""Moments as a person writes them."""

from datetime import UTC, datetime


def at(text: str) -> int:
    """Return the seconds since 1970 of ``2026-03-15`` or ``2026-03-15T12:00``, UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())

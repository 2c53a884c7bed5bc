"""Times in words, for people."""

from datetime import UTC, datetime

_STEPS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_TENTHS_UNTIL = 10


def duration(seconds: float) -> str:
    """Return the largest unit that gives a whole number, and tenths of a second below ten."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _TENTHS_UNTIL and seconds != int(seconds):
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return next(f"{whole // step} {unit}" for step, unit in _STEPS if whole % step == 0)


def ago(seconds: float) -> str:
    """Return an age, in two figures or so: "40 s ago", "5 min ago", "26 h ago"."""
    whole = max(0, int(seconds))
    if whole == 0:
        return "now"
    # The next unit begins at two of it, so that no age is off by more than half.
    return next(f"{whole // step} {unit} ago" for step, unit in _STEPS if whole >= (2 * step if step > 1 else 1))


def moment(when: float, *, machine: bool = False) -> str:
    """Return a point in time, UTC, to the second."""
    form = "%Y-%m-%dT%H:%M:%SZ" if machine else "%Y-%m-%d %H:%M:%S UTC"
    return datetime.fromtimestamp(when, UTC).strftime(form)

"""How a day's spend spreads over its hours, from the organization's own week.

Only the rest of the running day needs this; whole days are known whole. The profile is made of the estimates of the
last two weeks by the hour. After a restart the ledger has hours for two days only, and the profile begins with those.
"""

from collections.abc import Iterable, Mapping

from anthropic_exporter.ledger.windows import Days
from anthropic_exporter.utc import DAY, HOUR

KEPT_DAYS = 15
"""Days that hours are kept for: two of each weekday."""

_HOURS = 24
_SAME_WEEKDAY, _SAME_KIND, _OTHER = 3.0, 1.0, 0.25
_EVEN = 0.05
"""The part of a profile that is the same for all hours: no hour is ever taken to be without spend."""

Shares = tuple[float, ...]
EVEN: Shares = (1 / _HOURS,) * _HOURS


def weekday(day: int) -> int:
    """Return 0 for a Monday to 6 for a Sunday. 1970-01-01 was a Thursday."""
    return (day // DAY + 3) % 7


def profiles(hours: Days, today: int) -> dict[str, Shares]:
    """Return by workspace the share of each hour in a day like ``today``; "" for the whole organization.

    A workspace with little history borrows a day of the organization's.
    """
    sums: dict[str, list[float]] = {}
    days: dict[str, float] = {}
    for day in range(today - (KEPT_DAYS - 1) * DAY, today, DAY):
        weight = _alike(day, today)
        for workspace in _add(sums, hours, day, weight):
            days[workspace] = days.get(workspace, 0.0) + weight
    organization = _shares(sums.get("", []), 0.0, 0.0, EVEN)
    return {
        name: organization if not name else _shares(found, sum(found), days[name], organization)
        for name, found in {"": [0.0] * _HOURS, **sums}.items()
    }


def elapsed(shares: Shares, today: int, until: float) -> float:
    """Return which part of a day's spend has come by ``until``, from 0 to 1."""
    seconds = min(max(until - today, 0.0), float(DAY))
    full, rest = divmod(seconds, HOUR)
    begun = shares[int(full)] * rest / HOUR if full < _HOURS else 0.0
    return min(sum(shares[: int(full)]) + begun, 1.0)


def _alike(day: int, today: int) -> float:
    if weekday(day) == weekday(today):
        return _SAME_WEEKDAY
    return _SAME_KIND if is_weekend(day) == is_weekend(today) else _OTHER


def is_weekend(day: int) -> bool:
    """Return whether a day is a Saturday or Sunday, UTC."""
    return weekday(day) > 4  # noqa: PLR2004 - Friday


def _add(sums: dict[str, list[float]], hours: Days, day: int, weight: float) -> Iterable[str]:
    """Add the hours of one day; return which workspaces have any."""
    seen: set[str] = set()
    for hour in range(_HOURS):
        cells: Mapping[tuple[str, ...], tuple[object, ...]] = hours.day(day + hour * HOUR)
        for labels, values in cells.items():
            usd = float(values[0])  # type: ignore[arg-type] # a number
            if usd > 0:
                seen.update(("", labels[0]))
                for name in ("", labels[0]):
                    sums.setdefault(name, [0.0] * _HOURS)[hour] += weight * usd
    return seen


def _shares(found: list[float], total: float, days: float, borrowed: Shares) -> Shares:
    """Return the shares of hours, mixed with a borrowed day and a little of an even one."""
    total = total or sum(found)
    if total <= 0:
        return borrowed
    own = [usd / total for usd in found]
    part = days / (days + 1.0) if days else 1.0
    mixed = [part * mine + (1 - part) * other for mine, other in zip(own, borrowed, strict=True)]
    return tuple([(1 - _EVEN) * share + _EVEN / _HOURS for share in mixed])

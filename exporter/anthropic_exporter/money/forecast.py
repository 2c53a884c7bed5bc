"""What a period will have cost when it ends, from the days before it and its own.

Every number here is a float: a forecast is not an amount of money.

The days that are known whole say three things. *Weekdays*: how a Sunday compares with a Tuesday, each held against
the week around it, so that growth is not taken for a weekday; with few weeks a weekday leans on its kind (working
day or weekend), and that on the average. *Level*: what an average day costs now, newer days counting more. *Trend*:
by how much the last two weeks differ from the two before, damped, since no growth goes on for ever. The running day
counts for as much as it is over.

The bounds come from the same days: how far each was from what the days before it led to expect. Such errors add up
over the days to come, the level's own drift included. Between the bounds lies the truth four times out of five, as
long as nothing happens that has not happened before.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

ALPHA = 0.2
"""Weight of the newest day in the level; half of the level is made of the last three days and a bit."""

TREND = 0.8
DAMPING = 0.95
STEEPEST = 0.03
"""The share of the trend that is believed, what remains of it after each day, and its limit per day."""

LAG = 2.0
"""Days that the level lies behind, being an average."""

HALF_LIFE = 21.0
"""Days after which a day counts half for weekdays and residuals."""

PRIOR = 0.5
PRIOR_DAYS = 1.5
"""The relative residual taken for granted before there are any, and how many days it counts for."""

Z = 1.2816
"""Standard deviations on each side that hold four fifths of a normal distribution."""

TOO_EARLY = 0.02
"""The part of a first day that says nothing yet."""

_WEEK = 7
_SPAN = 14
_FRIDAY = 4
_LEAST = 0.02
_GROUP_PRIOR, _DAY_PRIOR = 0.5, 1.5


class Forecast(NamedTuple):
    """USD at the end of the period."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Course:
    """What the whole days tell.

    ``level`` is ``weighted / weight``: USD of an average day. ``trend`` is its growth per day (logarithmic),
    ``spread`` the relative residual of a day.
    """

    weekdays: tuple[float, ...]  # Monday first; 1 on average
    weighted: float
    weight: float
    trend: float
    spread: float


def forecast(
    days: Sequence[float], weekday: int, *, spent: float, today: float, elapsed: float, days_left: int
) -> Forecast | None:
    """Return what a period will have cost, or None where nothing can be said yet.

    Args:
        days: USD of the whole days before today, oldest first, without a gap.
        weekday: of today, 0 for a Monday.
        spent: USD of the period so far, today included.
        today: USD of today so far.
        elapsed: which part of a day's spend has usually come by now.
        days_left: whole days of the period after today.
    """
    known = _begun(days)
    if not any(known) and elapsed < TOO_EARLY:
        return None
    course = _course(tuple(known), (weekday - len(known)) % _WEEK)
    factor = course.weekdays[weekday]
    kept = (1 - ALPHA) ** elapsed
    counts = factor * elapsed if elapsed >= TOO_EARLY else 0.0
    weight = course.weight * kept + counts
    level = (course.weighted * kept + (today if counts else 0.0)) / weight if weight else 0.0
    coming = [course.weekdays[(weekday + ahead) % _WEEK] for ahead in range(1, days_left + 1)]
    parts = [factor * (1 - elapsed), *coming]
    rest = level * sum(part * math.exp(course.trend * _reach(ahead)) for ahead, part in enumerate(parts))
    margin = math.exp(Z * _deviation(parts, course.spread))
    return Forecast(spent + rest, spent + rest / margin, spent + rest * margin)


def _begun(days: Sequence[float]) -> Sequence[float]:
    """Return the days from the first with spend: a workload that is new was not cheap before."""
    first = next((index for index, usd in enumerate(days) if usd > 0), len(days))
    return days[first:]


@lru_cache(maxsize=4096)
def _course(days: tuple[float, ...], weekday: int) -> Course:
    """Return what the days tell. The past changes seldom, so this is worked out seldom."""
    weekdays = _weekdays(days, weekday)
    weighted = weight = 0.0
    residuals: list[float] = []
    for index, usd in enumerate(days):
        factor = weekdays[(weekday + index) % _WEEK]
        if weighted > 0:
            expected = weighted / weight * factor
            residuals.append(min(max(usd / expected - 1, -1.0), 3.0) * math.sqrt(factor))
        weighted = weighted * (1 - ALPHA) + max(usd, 0.0)
        weight = weight * (1 - ALPHA) + factor
    return Course(weekdays, weighted, weight, _trend(days), _spread(residuals))


def _weekdays(days: tuple[float, ...], weekday: int) -> tuple[float, ...]:
    relative = _relative(days)
    weights = _recency(len(days))

    def mean(indices: list[int], prior: float, counts: float) -> float:
        total = sum(weights[i] for i in indices) + counts
        return (sum(weights[i] * relative[i] for i in indices) + counts * prior) / total

    of = [(weekday + index) % _WEEK for index in range(len(days))]
    kinds = {
        weekend: mean([i for i, day in enumerate(of) if (day > _FRIDAY) == weekend], 1.0, _GROUP_PRIOR)
        for weekend in (False, True)
    }
    found = [
        max(mean([i for i, day in enumerate(of) if day == wanted], kinds[wanted > _FRIDAY], _DAY_PRIOR), _LEAST)
        for wanted in range(_WEEK)
    ]
    average = sum(found) / _WEEK
    return tuple([factor / average for factor in found])


def _relative(days: tuple[float, ...]) -> list[float]:
    """Return each day against the mean of the week around it."""
    found = []
    for index, usd in enumerate(days):
        first = max(0, min(index - _WEEK // 2, len(days) - _WEEK))
        week = days[first : first + _WEEK]
        around = sum(week) / len(week)
        found.append(usd / around if around > 0 else 1.0)
    return found


def _trend(days: tuple[float, ...]) -> float:
    """Return the growth per day from the last two weeks against the two before; 0 with less history."""
    if len(days) < 2 * _SPAN:
        return 0.0  # one week against another tells more of chance than of growth
    newer, older = sum(days[-_SPAN:]), sum(days[-2 * _SPAN : -_SPAN])
    if newer <= 0 or older <= 0:
        return 0.0
    return TREND * min(max(math.log(newer / older) / _SPAN, -STEEPEST), STEEPEST)


def _spread(residuals: list[float]) -> float:
    weights = _recency(len(residuals))
    squares = sum(w * r * r for w, r in zip(weights, residuals, strict=True))
    return math.sqrt((squares + PRIOR_DAYS * PRIOR**2) / (sum(weights) + PRIOR_DAYS))


def _deviation(parts: list[float], spread: float) -> float:
    """Return the standard deviation of the logarithm of the rest.

    The errors of simple exponential smoothing add up: what one day is off stays in the level, with weight ALPHA, for
    all that come after it.
    """
    total = sum(parts)
    if total <= 0:
        return 0.0
    last = len(parts) - 1
    squares = sum(max(part, _LEAST) * part * (1 + (last - ahead) * ALPHA) ** 2 for ahead, part in enumerate(parts))
    return math.sqrt(math.log1p(squares * spread**2 / total**2))


def _reach(ahead: int) -> float:
    """Return over how many days' worth of trend a day lies ahead, after damping."""
    return LAG + DAMPING * (1 - DAMPING**ahead) / (1 - DAMPING)


def _recency(count: int) -> list[float]:
    return [0.5 ** ((count - 1 - index) / HALF_LIFE) for index in range(count)]

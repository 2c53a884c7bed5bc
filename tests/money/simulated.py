"""Simulated months of daily spend, with hours, for the forecast: what is known beforehand and what comes."""

import math
import random
from dataclasses import dataclass

KINDS = ("steady", "growth", "decline", "new workload", "little history", "no history")
_OFFICE = (0.3,) * 7 + (0.8, 1.2, 1.6, 1.8, 1.7, 1.5, 1.7, 1.8, 1.7, 1.5, 1.1, 0.8, 0.6, 0.5, 0.4, 0.4, 0.3)
BEFORE, MONTH = 31, 31


@dataclass(frozen=True)
class Course:
    """62 days of 24 hours, in USD; the first 31 are history, of which only the last ``history`` days are known."""

    hours: list[list[float]]
    first_weekday: int
    history: int

    @property
    def days(self) -> list[float]:
        return [sum(day) for day in self.hours]

    @property
    def truth(self) -> float:
        """What the month costs in the end."""
        return sum(self.days[BEFORE:])


def course(kind: str, seed: int) -> Course:
    """Return one workspace's two months."""
    chance = random.Random(f"{kind} {seed}")
    base, weekend = chance.uniform(50, 2000), chance.choice([0.15, 0.3, 0.5, 0.8])
    weekdays = (1.0, 1.05, 1.1, 1.05, 0.95, weekend, 0.9 * weekend)
    growth = {"growth": chance.uniform(0.2, 0.8), "decline": -chance.uniform(0.2, 0.6)}.get(kind, chance.gauss(0, 0.05))
    noise = chance.choice([0.08, 0.15, 0.3])
    begins, times = chance.randrange(36, 56), chance.uniform(1.3, 2.2)
    pattern = _OFFICE if weekend < 0.6 else (1.0,) * 24
    first = chance.randrange(7)
    found = []
    for day in range(BEFORE + MONTH):
        level = base * math.exp(growth * (day - BEFORE) / 30)
        if kind == "new workload" and day >= begins:
            level *= times
        usd = level * weekdays[(day + first) % 7] * math.exp(chance.gauss(-(noise**2) / 2, noise))
        hours = [share * math.exp(chance.gauss(0, 0.2)) for share in pattern]
        found.append([usd * hour / sum(hours) for hour in hours])
    history = {"little history": chance.randrange(3, 12), "no history": 0}.get(kind, BEFORE)
    return Course(found, first, history)


def moments(seed: int) -> list[tuple[int, int]]:
    """Return when a forecast is asked for: days of the month, each with an hour."""
    chance = random.Random(seed)
    return [(day, chance.randrange(1, 24)) for day in (0, 1, 3, 6, 10, 15, 20, 25, 29)]

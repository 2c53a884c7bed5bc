"""How much a program or a person uses: a volume per working day, a rhythm over the hours, a succession of models."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from .instants import DAY, date
from .line import Counts, Kind, Line
from .noise import dice

_PER_MILLE = 1000
_ADOPTION_DAYS = 6  # from the first trial of a new model until the old one is gone
_GROWTH_DAYS = 400  # from the birth of the organization until it no longer grows
_NO_GEO = ("claude-opus-4-1", "claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5")  # before the parameter


class Rhythm(Enum):
    """Weights of the 24 UTC hours, and what is left on a weekend, in per mille."""

    EUROPE = ([0, 0, 0, 0, 0, 1, 4, 10, 16, 18, 17, 12, 14, 18, 17, 14, 8, 4, 2, 1, 1, 0, 0, 0], 60)
    AMERICA = ([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 8, 14, 17, 18, 16, 13, 16, 17, 14, 8, 4], 80)
    CUSTOMERS = ([9, 7, 6, 5, 5, 6, 8, 11, 14, 16, 17, 17, 18, 18, 19, 20, 21, 22, 22, 21, 19, 16, 13, 11], 700)
    NIGHTLY = ([0, 20, 40, 38, 22, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1000)
    PIPELINE = ([4, 4, 3, 2, 2, 3, 5, 9, 14, 16, 16, 14, 15, 17, 17, 16, 14, 12, 10, 9, 8, 6, 5, 4], 220)
    STEADY = ([10] * 24, 1000)

    def __init__(self, hours: list[int], weekend: int) -> None:
        self.hours = hours
        self.weekend = weekend


@dataclass(frozen=True, slots=True)
class Workload:
    """What one purpose uses. ``per_request`` are the five token types of a mean request, in the order of the reports.

    ``models`` are (first day, model), oldest first; an empty model ends the workload. ``requests`` are those of a
    full working day; code execution and sessions count theirs as runs of ``milli_hours`` each.
    """

    name: str
    workspace: str
    key: str | None
    models: tuple[tuple[str, str], ...]
    requests: int
    per_request: tuple[int, int, int, int, int]
    rhythm: Rhythm
    tier: str = "standard"
    geo: str = "global"
    speed: str = "standard"
    context_window: str = "0-200k"
    product: str = "messages_api"
    searches_per_mille: int = 0
    milli_hours: int = 0
    kind: Kind = "messages"
    user: str | None = None
    service_account: str | None = None
    long_prompt: bool = False
    terminal: str | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """One model's turn in a workload: days [since, until) in whole days since 1970, ``until`` None while it lasts."""

    line: Line
    workload: Workload
    since: int
    until: int | None
    first: bool  # nothing was there before, so nothing is taken over

    def share(self, day: int) -> int:
        """Per mille of the workload's requests that this model serves on a day."""
        gone = 0 if self.until is None else min(_PER_MILLE, max(0, day - self.until + 1) * _PER_MILLE // _ADOPTION_DAYS)
        if day < self.since:
            return 0
        taken = _PER_MILLE if self.first else min(_PER_MILLE, (day - self.since + 1) * _PER_MILLE // _ADOPTION_DAYS)
        return min(taken, _PER_MILLE - gone)


def turns(workload: Workload) -> Iterator[tuple[str, int, int | None, bool]]:
    """Yield (model, since, until, first) for each model of a workload."""
    begun = [(date(day) // DAY, model) for day, model in workload.models]
    for index, (since, model) in enumerate(begun):
        if model:
            until = begun[index + 1][0] if index + 1 < len(begun) else None
            yield model, since, until, index == 0


def inference_geo(workload: Workload, model: str) -> str:
    """Name the region as the legacy reports do: models older than the parameter have none."""
    return "not_available" if model.startswith(_NO_GEO) else workload.geo


def day_counts(seed: int, track: Track, day: int, born: int) -> Counts | None:
    """Count what a track uses on a day, or None when that is nothing; in whole numbers all the way."""
    share = track.share(day)
    if not share:
        return None
    workload = track.workload
    sides = dice(seed, workload.name, track.line.model, day)
    weekday = workload.rhythm.weekend if (day + 3) % 7 >= 5 else _PER_MILLE  # noqa: PLR2004 - Saturday, Sunday
    growth = min(_PER_MILLE, 550 + 450 * max(0, day - born) // _GROWTH_DAYS)
    mood = 780 + sides[0] * 440 // 255 + (900 if sides[1] < 3 else 0)  # noqa: PLR2004 - about one day in 85 is mad
    requests = workload.requests * share * weekday * growth * mood // _PER_MILLE**4
    if not requests:
        return None
    a, b, c, d, e = (
        requests * mean * (870 + sides[2 + index]) // _PER_MILLE for index, mean in enumerate(workload.per_request)
    )
    searches = requests * workload.searches_per_mille * (870 + sides[8]) // _PER_MILLE**2
    return (a, b, c, d, e, searches, requests, requests * workload.milli_hours)

"""The lively organization: its usage is a function of seed, line and minute, so every reading of it agrees.

A day is drawn first and then split exactly: over hours by the rhythm of the workload, over the minutes of an hour by
chance. So a year of days costs little, and minutes are made only where somebody asks for minutes.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import compress
from typing import NamedTuple

from .company import Company
from .instants import DAY, HOUR, MINUTE, floor
from .inventory import Inventory, Profile
from .line import NOTHING, REQUESTS, Counts, Line, Seen, add
from .noise import cumulate, dice, spread
from .organization import Charge
from .prices import price
from .workload import Track, day_counts

_PER_MILLE = 1000
_NEWEST_CORRECTION = 62 * HOUR  # after the end of a day no correction of it is due


class Cell(NamedTuple):
    """What one line used in one hour, by when the reports know it. Truth is ``prompt`` and ``late``."""

    line: Line
    prompt: Counts
    late: Counts
    late_by: int  # in 255ths of the lateness, counted from the end of the hour
    wrong: Counts  # counted at first, taken back later
    taken_back_at: int


class SeededOrganization:
    """A company of several teams, its history since spring 2025, drawn from a seed.

    Stragglers: one hour in twenty of a line has a part that arrives late. Corrections: one day in thirty of a line has
    an hour of which a part is taken back 6 to 61 hours after the end of the day.
    """

    def __init__(self, seed: int = 1, *, discount: Decimal = Decimal("0.93")) -> None:
        self._seed = seed
        self._discount = discount
        self._company = Company(seed)
        self._born = self._company.profile.created_at // DAY
        # Caches of this object, not of the class: two organizations must not push each other out.
        self._day = lru_cache(maxsize=900)(self._draw_day)
        self._settled = lru_cache(maxsize=900)(self._draw_settled)
        self._hours = lru_cache(maxsize=12)(self._draw_hours)
        self._minutes = lru_cache(maxsize=4)(self._draw_minutes)

    @property
    def profile(self) -> Profile:
        """Who it is."""
        return self._company.profile

    @property
    def revision(self) -> int:
        """Nobody changes it by hand."""
        return 0

    def inventory(self, now: float) -> Inventory:
        """Everything that exists at that instant."""
        return self._company.inventory(now)

    def usage(self, start: int, end: int, seen: Seen) -> Mapping[Line, Counts]:
        """Sum whole days, whole hours and minutes, each from the coarsest level that knows the answer."""
        total: dict[Line, list[int]] = defaultdict(lambda: [0] * 8)
        at = start
        while at < end:
            at = self._take(at, end, seen, total)
        return {line: _counts(values) for line, values in total.items() if any(values)}

    def charges(self, start: int, end: int, seen: Seen) -> Iterable[Charge]:
        """Price the usage day by day."""
        for day in range(floor(start, DAY), end, DAY):
            for line, counts in self.usage(max(start, day), min(end, day + DAY), seen).items():
                yield from price(line, counts, day, self._discount)

    def _take(self, at: int, end: int, seen: Seen, total: dict[Line, list[int]]) -> int:
        """Add the largest aligned piece that begins at an instant; return where it ends."""
        day_ends = at + DAY
        if at % DAY == 0 and day_ends <= end and _is_settled(day_ends, seen):
            for line, counts in self._settled(at // DAY, seen.revised):
                add(total[line], counts)
            return day_ends
        if at > seen.prompt_until:  # nothing has arrived from here on
            return end
        hour_ends = floor(at, HOUR) + HOUR
        if at % HOUR == 0 and hour_ends <= min(end, seen.prompt_until):
            for cell in self._hours(at // DAY)[at // HOUR % 24]:
                for counts in compress((cell.prompt, cell.late, cell.wrong), _arrived(cell, hour_ends, seen)):
                    add(total[cell.line], counts)
            return hour_ends
        ends = min(end, hour_ends)
        arrived = min(ends, floor(seen.prompt_until, MINUTE))
        minutes = slice(at % HOUR // MINUTE, max(0, arrived - floor(at, HOUR)) // MINUTE)
        for cell, *parts in self._minutes(at // HOUR):
            for part in compress(parts, _arrived(cell, hour_ends, seen)):
                for counts in part[minutes]:
                    add(total[cell.line], counts)
        return ends

    def _draw_day(self, day: int) -> tuple[tuple[Track, Counts], ...]:
        drawn = ((track, day_counts(self._seed, track, day, self._born)) for track in self._company.tracks)
        return tuple((track, counts) for track, counts in drawn if counts is not None)

    def _draw_settled(self, day: int, revised: bool) -> tuple[tuple[Line, Counts], ...]:
        """Sum up a day after everything has arrived."""
        if not revised:
            return tuple((track.line, counts) for track, counts in self._day(day))
        settled = []
        for track, counts in self._day(day):
            wrong = self._correction(track, day, counts)
            settled.append((track.line, counts if wrong is None else _minus(counts, wrong[1])))
        return tuple(settled)

    def _hour_counts(self, track: Track, day: int, counts: Counts) -> list[Counts]:
        """Split a day over its hours. Tokens follow requests, so an hour without requests has no tokens."""
        jitter = dice(self._seed, "hours", track.workload.name, track.line.model, day)
        weights = [base * (96 + side) for base, side in zip(track.workload.rhythm.hours, jitter, strict=False)]
        return _split(counts, cumulate(weights))

    def _correction(self, track: Track, day: int, counts: Counts) -> tuple[int, Counts, int] | None:
        """Which hour of a day is partly taken back, how much of it, and when."""
        sides = dice(self._seed, "wrong", track.workload.name, track.line.model, day)
        if sides[0] > 8:  # noqa: PLR2004 - one day in thirty
            return None
        hour = 6 + sides[1] % 16
        share = 80 + sides[2]
        wrong = _part(self._hour_counts(track, day, counts)[hour], share)
        return hour, wrong, (day + 1) * DAY + 6 * HOUR + sides[3] * 13 * MINUTE

    def _draw_hours(self, day: int) -> tuple[tuple[Cell, ...], ...]:
        """Draw the 24 hours of a day, each a tuple of cells."""
        hours: list[list[Cell]] = [[] for _ in range(24)]
        for track, total in self._day(day):
            correction = self._correction(track, day, total)
            late = dice(self._seed, "late", track.workload.name, track.line.model, day)
            for hour, counts in enumerate(self._hour_counts(track, day, total)):
                if not counts[REQUESTS]:
                    continue
                wrong, taken_back_at = NOTHING, 0
                if correction is not None and correction[0] == hour:
                    _, wrong, taken_back_at = correction
                kept = _minus(counts, wrong)
                straggler = _part(kept, 40 + late[63 - hour]) if late[hour] < 13 else NOTHING  # noqa: PLR2004 - 1 in 20
                prompt = _minus(kept, straggler)
                hours[hour].append(Cell(track.line, prompt, straggler, late[(hour + 31) % 64], wrong, taken_back_at))
        return tuple(tuple(cells) for cells in hours)

    def _draw_minutes(self, hour: int) -> tuple[tuple[Cell, list[Counts], list[Counts], list[Counts]], ...]:
        """Split every cell of an hour over its 60 minutes."""
        split = []
        for cell in self._hours(hour // 24)[hour % 24]:
            line = cell.line
            sides = dice(self._seed, "minutes", hour, line.model, line.api_key_id, line.account_id, line.service_tier)
            # A square of chance: some minutes are busy, many are quiet.
            weights = cumulate([side * side for side in sides[:60]])
            split.append((cell, _split(cell.prompt, weights), _split(cell.late, weights), _split(cell.wrong, weights)))
        return tuple(split)


def _is_settled(day_ends: int, seen: Seen) -> bool:
    newest = max(_NEWEST_CORRECTION, seen.lateness)
    return seen.prompt_until >= day_ends and seen.at >= day_ends + newest


def _arrived(cell: Cell, hour_ends: int, seen: Seen) -> tuple[bool, bool, bool]:
    """Tell which of ``prompt``, ``late`` and ``wrong`` a reader knows of."""
    return (
        True,
        not seen.lateness or hour_ends + seen.lateness * cell.late_by / 255 <= seen.at,
        not seen.revised or seen.at < cell.taken_back_at,
    )


def _split(counts: Counts, weights: list[int]) -> list[Counts]:
    """Spread counts over slots: the requests by weight, everything else as the requests."""
    requests = cumulate(spread(counts[REQUESTS], weights))
    by = requests if requests[-1] else weights
    a, b, c, d, e, f, g, h = (spread(value, by) for value in counts)
    return list(zip(a, b, c, d, e, f, g, h, strict=True))


def _part(counts: Counts, per_mille: int) -> Counts:
    return _counts([value * per_mille // _PER_MILLE for value in counts])


def _minus(counts: Counts, other: Counts) -> Counts:
    return _counts([value - less for value, less in zip(counts, other, strict=True)])


def _counts(values: list[int]) -> Counts:
    a, b, c, d, e, f, g, h = values
    return (a, b, c, d, e, f, g, h)

"""The samples of one slice, small enough to be handed on: a series is told by its moves, not by its samples."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from anthropic_exporter.backfill.curve import Moves
from anthropic_exporter.expose.family import Family
from anthropic_exporter.records import Labels


class Points(NamedTuple):
    """Single samples, in order of time."""

    times: Sequence[int]
    values: Sequence[float]


class Series(NamedTuple):
    """One series of a family; with samples at the moments of the slice, or at its own."""

    labels: Labels
    shown: Moves | Points


@dataclass(frozen=True, slots=True)
class Page:
    """The samples of one slice.

    Args:
        times: its moments.
        idle_ttl: seconds without movement after which a series is hidden.
        families: in order of their names, each with its series.
    """

    times: list[int]
    idle_ttl: float
    families: list[tuple[Family, list[Series]]]

    def points(self, shown: Moves | Points) -> Points:
        """Return the samples of a series one by one."""
        if isinstance(shown, Points):
            return shown
        times: list[int] = []
        values: list[float] = []
        for value, first, end in shown.stretches(self.times, self.idle_ttl):
            times += self.times[first:end]
            values += [value] * (end - first)
        return Points(times, values)

    def runs(self) -> Iterator[tuple[Family, Series, Points]]:
        """Yield every series that has samples, with them."""
        for family, found in self.families:
            for series in found:
                points = self.points(series.shown)
                if points.times:
                    yield family, series, points

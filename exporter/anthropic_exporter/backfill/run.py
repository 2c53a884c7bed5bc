"""The whole of a backfill: slice by slice, each read, written, and noted in the journal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from anthropic_exporter.backfill.calendar import SLICE, Epoch, moments, slice_of
from anthropic_exporter.backfill.history import Run
from anthropic_exporter.backfill.journal import Journal
from anthropic_exporter.backfill.openmetrics import Page, Written
from anthropic_exporter.backfill.organization import OrganizationHistory
from anthropic_exporter.expose.family import Family


class Sink(Protocol):
    """Where samples go."""

    def write(self, start: int, page: Page) -> Written:
        """Write one slice, whole or not at all."""


class Watcher(Protocol):
    """Who is told how far it is."""

    def reached(self, at: int) -> None:
        """Take note that everything up to a moment is known."""

    def wrote(self, start: int, last: int, written: Written) -> None:
        """Take note of a finished slice; ``last`` is its last moment."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The moments of one slice."""

    start: int
    moments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """From when to when, and how often. The first and the last sample are at ``first`` and ``until``."""

    first: int
    until: int
    step: int

    def slices(self, epoch: Epoch) -> list[Slice]:
        """Return all slices, in order."""
        found = groupby(moments(self.first, self.until, self.step, epoch), key=slice_of)
        return [Slice(start, tuple(part)) for start, part in found]


def run(
    plan: Plan,
    epoch: Epoch,
    organizations: Sequence[OrganizationHistory],
    sink: Sink,
    journal: Journal,
    watcher: Watcher,
) -> list[Written]:
    """Write everything that is not written yet, and return what became of all slices.

    Raises:
        PollError: the Admin API could not be read.
        ExporterError, OSError: it could not be written. In either case another run goes on from the last slice.
    """
    slices = plan.slices(epoch)
    done = len(journal.done)
    if done < len(slices):
        for one in organizations:
            if done:
                journal.restore(one.alias, one.history)
                one.go_on(slices[done].moments[0])
            else:
                one.begin(plan.first)
    for number, part in enumerate(slices[done:], done):
        # The first moment of the next slice says which series are born there: their 0 is in this one.
        ahead = slices[number + 1].moments[0] if number + 1 < len(slices) else None
        # The first moment of all but the first slice has been looked at from the one before.
        for at in (*(part.moments[1:] if number else part.moments), *([] if ahead is None else [ahead])):
            for one in organizations:
                one.advance(at, ahead or part.moments[-1])
            watcher.reached(at)
        before = None if ahead is None else part.start + SLICE
        written = sink.write(part.start, _page(organizations, before))
        for one in organizations:
            if before is not None:
                one.history.turn_page(before)
        journal.finish(part.start, written, {one.alias: one.history for one in organizations})
        watcher.wrote(part.start, part.moments[-1], written)
    return [written for _, written in journal.done]


def _page(organizations: Sequence[OrganizationHistory], before: int | None) -> Iterator[tuple[Family, Iterator[Run]]]:
    families: dict[str, Family] = {}
    for one in organizations:
        families |= one.families(before)
    for name in sorted(families):
        yield families[name], (run for one in organizations for run in one.runs(name, before))

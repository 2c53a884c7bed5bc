"""The whole of a backfill: slice by slice, each read, written, and noted in the journal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Protocol

from anthropic_exporter.backfill.calendar import SLICE, Epoch, moments, slice_of
from anthropic_exporter.backfill.journal import HistoryState, Journal, state
from anthropic_exporter.backfill.openmetrics import Written
from anthropic_exporter.backfill.organization import OrganizationHistory
from anthropic_exporter.backfill.page import Page
from anthropic_exporter.errors import PollError
from anthropic_exporter.expose.family import Family


class Sink(Protocol):
    """Where samples go."""

    def write(self, start: int, page: Page) -> Callable[[], Written]:
        """Take one slice, to be written whole or not at all; return what waits until it is.

        A sink has one slice at a time: the last one has been waited for.
        """


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

    A slice is read while the one before is being written.

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
    finish: Callable[[], None] = _nothing
    for number, part in enumerate(slices[done:], done):
        # The first moment of the next slice says which series are born there: their 0 is in this one.
        ahead = slices[number + 1].moments[0] if number + 1 < len(slices) else None
        # The first moment of all but the first slice has been looked at from the one before.
        try:
            for at in (*(part.moments[1:] if number else part.moments), *([] if ahead is None else [ahead])):
                for one in organizations:
                    one.advance(at, ahead or part.moments[-1])
                watcher.reached(at)
        except PollError:
            finish()  # the slice before is not lost
            raise
        finish()
        before = None if ahead is None else part.start + SLICE
        wait = sink.write(part.start, _page(organizations, before))
        for one in organizations:
            if before is not None:
                one.history.turn_page(before)
        stood = {one.alias: state(one.history) for one in organizations}
        finish = partial(_finish, part, wait, stood, journal, watcher)
    finish()
    return [written for _, written in journal.done]


def _nothing() -> None:
    """There is no slice before the first."""


def _finish(
    part: Slice, wait: Callable[[], Written], stood: dict[str, HistoryState], journal: Journal, watcher: Watcher
) -> None:
    """Wait until a slice is written, and note it."""
    written = wait()
    journal.finish(part.start, written, stood)
    watcher.wrote(part.start, part.moments[-1], written)


def _page(organizations: Sequence[OrganizationHistory], before: int | None) -> Page:
    """Return the samples of the running slice, whose moments are the same for all organizations."""
    families: dict[str, Family] = {}
    for one in organizations:
        families |= one.families(before)
    history = organizations[0].history
    return Page(
        history.moments(before),
        history.idle_ttl,
        [
            (families[name], [series for one in organizations for series in one.series(name, before)])
            for name in sorted(families)
        ],
    )

"""How far a backfill is: a bar with the time left on a terminal, a line for each slice elsewhere."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from anthropic_exporter.backfill.openmetrics import Written
from anthropic_exporter.utc import day_text

_UNITS = ("B", "kB", "MB", "GB", "TB")
_THOUSAND = 1000


class Watch:
    """Tells a person how far it is.

    Args:
        first: the first moment that is still to be read.
        until: the last one.
        clock: seconds, of which differences count.
    """

    def __init__(self, first: int, until: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._first, self._until = first, max(until, first + 1)
        self._clock = clock
        self._begun = clock()
        self._samples = 0
        self._bar: Progress | None = None
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[samples]} samples,"),
                TimeRemainingColumn(),
                TextColumn("left"),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("reading", total=self._until - self._first, samples="0")

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()

    def reached(self, at: int) -> None:
        """Move the bar."""
        if self._bar:
            self._bar.update(self._task, completed=at - self._first, description=day_text(at))

    def wrote(self, start: int, last: int, written: Written) -> None:
        """Tell of a slice."""
        self._samples += written.samples
        if self._bar:
            self._bar.update(self._task, samples=f"{self._samples:,}")
            return
        what = written.name or f"{day_text(start)} to {day_text(last)}"
        left = ""
        if last < self._until:
            seconds = (self._clock() - self._begun) * (self._until - last) / max(last - self._first, 1)
            left = f", about {duration(seconds)} left"
        click.echo(f"{what}: {written.samples:,} samples, {size(written.size)}{left}")


def size(count: float) -> str:
    """Spell a number of bytes."""
    for unit in _UNITS:
        if count < _THOUSAND or unit == _UNITS[-1]:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= _THOUSAND
    raise AssertionError("the last unit has no limit")


def duration(seconds: float) -> str:
    """Spell a time that is only about right."""
    if seconds < 90:  # noqa: PLR2004 - below that seconds are read more easily
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"  # noqa: PLR2004 - likewise

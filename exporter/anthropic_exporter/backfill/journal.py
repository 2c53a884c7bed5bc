"""What a broken run goes on from: which slices are finished, and where every series stood at the end of the last.

Written anew after each slice, and whole: a crash leaves the journal of the slice before.
"""

import os
from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec

from anthropic_exporter.backfill.curve import Curve
from anthropic_exporter.backfill.history import Due, Gauges, History
from anthropic_exporter.backfill.openmetrics import Written
from anthropic_exporter.errors import ConfigError
from anthropic_exporter.records import Cells, Interval, Labels, Values

FORMAT = "1"

_Cells = list[tuple[Labels, list[int | str]]]


class CurveState(msgspec.Struct, array_like=True):
    """One series at the beginning of a slice. Totals are text: they have more digits than numbers in JSON."""

    family: str
    labels: Labels
    money: bool
    total: str
    high: str
    before: int | float  # of tokens a whole number
    moved_at: int
    moved: bool  # at the first moment of the slice


class HistoryState(msgspec.Struct):
    """One organization at the beginning of a slice."""

    at: int
    in_force: int
    times: list[int]
    curves: list[CurveState]
    overflowed: list[tuple[str, Labels]]
    due: list[tuple[int, str, int, int, _Cells]]
    days: list[tuple[int, str, _Cells]]
    gauges: list[Gauges]


class Contents(msgspec.Struct):
    """The journal."""

    settings: dict[str, str]
    done: list[tuple[int, str, int, int]] = []  # start of the slice, and what was written
    histories: dict[str, HistoryState] = {}
    sent: int = 0  # requests of the running slice that were taken


@dataclass(slots=True)
class Journal:
    """The journal of one run, in a file."""

    path: Path
    contents: Contents = field(default_factory=lambda: Contents({}))

    def open(self, settings: dict[str, str], what: str) -> None:
        """Go on with what there is, or begin; a run that has written nothing binds nobody.

        Args:
            settings: what has to be the same, by the name that a person knows it by.
            what: where it is written to, for messages.

        Raises:
            ConfigError: it belongs to a run with other settings, or cannot be read.
            OSError: it begins, and cannot be written.
        """
        settings = {"the format of the journal": FORMAT, **settings}
        if self.path.exists():
            try:
                self.contents = msgspec.json.decode(self.path.read_bytes(), type=Contents)
            except (OSError, msgspec.MsgspecError) as error:
                raise ConfigError(
                    f"{self.path}: expected the journal of a backfill, which could be read: {error}"
                ) from None
        if not self.contents.done and not self.sent():
            self.contents = Contents(settings)
            self._write()  # that it can be is better known before anything is read
            return
        for name, value in settings.items():
            before = self.contents.settings.get(name, "nothing")
            if before != value:
                raise ConfigError(
                    f"{what} holds a run with {name} {before}, found {value}: go on with the same, or begin elsewhere"
                )

    @property
    def done(self) -> list[tuple[int, Written]]:
        """What is finished."""
        return [(start, Written(name, samples, size)) for start, name, samples, size in self.contents.done]

    def finish(self, start: int, written: Written, stood: dict[str, HistoryState]) -> None:
        """Note that a slice is written, and where the next one begins.

        Args:
            stood: by alias, how each history stood behind the slice.

        Raises:
            OSError: the disk is full, or the like.
        """
        self.contents.done.append((start, *written))
        self.contents.histories = stood
        self.contents.sent = 0
        self._write()

    def note_sent(self, count: int) -> None:
        """Note how much of the running slice was taken."""
        self._sent.write_text(f"{len(self.contents.done)} {count}\n")

    def sent(self) -> int:
        """Return how much of the running slice was taken by a run that broke."""
        if not self._sent.exists():
            return 0
        slices, _, count = self._sent.read_text().strip().partition(" ")
        return int(count) if slices == str(len(self.contents.done)) and count.isdigit() else 0

    def restore(self, alias: str, history: History) -> int:
        """Put a history to where it stood, and return the moment."""
        state = self.contents.histories[alias]
        history.at, history.in_force, history.times = state.at, state.in_force, state.times
        for kept in state.curves:
            curve = Curve(kept.family, kept.labels, money=kept.money, moved_at=kept.moved_at, born=None)
            curve.total, curve.high, curve.before = int(kept.total), int(kept.high), kept.before
            history.keep(curve)
            if kept.moved:
                curve.note(0)
        history.placing.hold([(c.family, c.labels) for c in state.curves], state.overflowed)
        for at, stream, start, end, cells in state.due:
            history.due.setdefault(stream, deque()).append(Due(at, stream, Interval(start, end), _cells(cells)))
        for day, stream, cells in state.days:
            history.days.setdefault(day, {})[stream] = dict(_cells(cells))
        history.gauges = state.gauges
        return state.at

    @property
    def _sent(self) -> Path:
        return self.path.with_suffix(".sent")

    def _write(self) -> None:
        part = self.path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(msgspec.json.encode(self.contents))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)


def state(history: History) -> HistoryState:
    """Return where a history stands; nothing in it moves on with the history."""
    return HistoryState(
        history.at,
        history.in_force,
        [*history.times],
        [
            CurveState(c.family, c.labels, c.money, str(c.total), str(c.high), c.before, c.moved_at, bool(c.places))
            for c in history.curves.values()
        ],
        history.placing.all_overflowed(),
        [(due.at, stream, *due.interval, _told(due.cells)) for stream, queue in history.due.items() for due in queue],
        [(day, stream, _told(cells)) for day, of in history.days.items() for stream, cells in of.items()],
        [*history.gauges],
    )


def _told(cells: Cells) -> _Cells:
    return [(labels, [v if isinstance(v, int) else str(v) for v in values]) for labels, values in cells.items()]


def _cells(told: _Cells) -> dict[Labels, Values]:
    return {labels: tuple([Decimal(v) if isinstance(v, str) else v for v in values]) for labels, values in told}

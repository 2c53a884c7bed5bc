"""The reports of one collector, read in order of time, a window at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from anthropic_exporter.records import Cells, Intake, Interval
from anthropic_exporter.utc import SECONDS, floor

ROWS = 20_000
"""About as many rows are in memory at once, however many groups there are."""

MOST_BUCKETS = {"1h": 168, "1d": 31}
"""What one call may span."""

Read = Callable[[Interval, str], Iterator[Intake]]
Take = Callable[[str, Interval, Cells], None]


@dataclass(slots=True)
class Feed:
    """What one collector reads.

    Args:
        read: reads a window in buckets of a width; raises PollError.
        take: is given every bucket, those of a stream in order.
        daily: whether there are no hours in this report.
        read_to: up to where everything has been read.
    """

    read: Read
    take: Take
    daily: bool
    read_to: int
    _rows: int = ROWS // 24  # of one bucket; not known yet

    def pull(self, until: int, limit: int, width: str) -> None:
        """Read on until everything that ended by then is taken, in windows that end by ``limit``.

        Raises:
            PollError: a read failed.
        """
        width = "1d" if self.daily else width
        step = SECONDS[width]
        while self.read_to + step <= until:
            buckets = max(1, min(MOST_BUCKETS[width], ROWS // max(self._rows, 1)))
            window = Interval(self.read_to, min(self.read_to + buckets * step, floor(limit, step)))
            rows = 0
            for intake in self.read(window, width):
                for interval, cells in intake.buckets.items():
                    rows = max(rows, len(cells))
                    self.take(intake.stream, interval, cells)
            self._rows = max(rows, self._rows // 2) if rows else self._rows
            self.read_to = window.ending_at

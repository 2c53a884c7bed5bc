"""How much of a report is asked for at once: as much as fits into one answer, which is found out by asking."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from anthropic_exporter.errors import TooLarge
from anthropic_exporter.records import Interval

T = TypeVar("T")

MOST_ROWS = 80_000
"""Rows that a reading holds at once, about: two pages of the legacy report."""

_CUT = 8
"""By how much less is asked for when an answer was too large."""


@dataclass(slots=True)
class Portions:
    """The portions of one report at one bucket width.

    Args:
        width: seconds of a bucket.
    """

    width: int
    _most: int = 1 << 20  # buckets

    def suit(self, rows_per_bucket: int) -> None:
        """Ask for no more buckets than hold ``MOST_ROWS``."""
        if rows_per_bucket:
            self._most = min(self._most, max(MOST_ROWS // rows_per_bucket, 1))

    def read(self, window: Interval, read: Callable[[Interval], Iterator[T]]) -> Iterator[T]:
        """Read a window in as many portions as it takes, oldest first; what ``read`` yields of each is whole.

        Args:
            read: asks before it yields anything.

        Raises:
            TooLarge: not even one bucket fits.
            PollError: as ``read``.
        """
        start = window.starting_at
        while start < window.ending_at:
            part = Interval(start, min(start + self._most * self.width, window.ending_at))
            try:
                yield from read(part)
            except TooLarge:
                buckets = -(-(part.ending_at - part.starting_at) // self.width)
                if buckets <= 1:
                    raise
                self._most = max(buckets // _CUT, 1)
            else:
                start = part.ending_at

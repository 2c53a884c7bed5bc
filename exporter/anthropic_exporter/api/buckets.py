"""Which buckets an answer may hold. One that is out of place would be counted twice somewhere."""

from dataclasses import dataclass

from anthropic_exporter.utc import HOUR, floor

from . import times


@dataclass(frozen=True, slots=True)
class Window:
    """The buckets of ``width`` seconds that start in [starting_at, ending_at).

    A start that is not aligned stands for the bucket that holds it: upstream may snap it either way.
    """

    starting_at: int
    ending_at: int
    width: int

    def bucket(self, starting_at: str, ending_at: str) -> tuple[int, int]:
        """Give the nominal bounds of a bucket.

        The end of the bucket that is still running may be told as now; any other must be a width away.

        Raises:
            ValueError: it is not aligned, not as wide as it should be, or outside.
        """
        start, end = times.parse_bound(starting_at), times.parse(ending_at)
        if start % self.width:
            raise ValueError("a bucket that is not aligned to its width")
        if not start < end <= start + self.width:
            raise ValueError("a bucket of another width than asked for")
        if not floor(self.starting_at, self.width) <= start < self.ending_at:
            raise ValueError("a bucket outside the range asked for")
        return start, start + self.width


@dataclass(frozen=True, slots=True)
class Span:
    """The one interval of a report without a width: the range asked for, rounded down to the hour."""

    starting_at: int
    ending_at: int

    def bucket(self, starting_at: str, ending_at: str) -> tuple[int, int]:
        """Give its bounds; upstream may clip the end to what it has.

        Raises:
            ValueError: it is not that interval.
        """
        start, end = times.parse_bound(starting_at), times.parse_bound(ending_at)
        if start != floor(self.starting_at, HOUR) or not start <= end <= self.ending_at:
            raise ValueError("a row of another range than asked for")
        return start, end

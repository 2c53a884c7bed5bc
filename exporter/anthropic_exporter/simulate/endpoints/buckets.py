"""What the two bucketed reports have in common: the window, the paging by buckets, the envelope."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from anthropic_exporter.simulate.call import Answer, Call
from anthropic_exporter.simulate.cursor import cursor, position
from anthropic_exporter.simulate.instants import DAY, HOUR, MINUTE, floor, rfc3339
from anthropic_exporter.simulate.refusal import invalid

WIDTHS = {"1m": MINUTE, "1h": HOUR, "1d": DAY}
#: bucket_width -> (default, highest) number of buckets on a page.
LIMITS = {"1m": (60, 1440), "1h": (24, 168), "1d": (7, 31)}
EMPTY_RANGE = "Invalid date range: ending date must be after starting date"
MAX_GROUP_BY = 5


@dataclass(frozen=True, slots=True)
class Window:
    """Buckets of one width from ``start``; the last one ends at or before ``end``."""

    start: int
    end: int
    width: int

    def starts(self, since: int) -> Iterator[int]:
        """Yield the start of every bucket from an instant on."""
        return iter(range(max(self.start, since), self.end - self.width + 1, self.width))


def group_by(call: Call, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Read ``group_by[]``."""
    names = call.query.choices("group_by[]", allowed)
    if len(names) > MAX_GROUP_BY:
        raise invalid(f"Cannot specify more than {MAX_GROUP_BY} group_by[] dimensions.")
    return names


def bounds(call: Call) -> tuple[int, int | None]:
    """Read ``starting_at`` and ``ending_at``."""
    call.query.required("starting_at")
    starting_at, ending_at = call.query.instant("starting_at"), call.query.instant("ending_at")
    assert starting_at is not None  # noqa: S101 - required() has seen it
    if ending_at is not None and ending_at <= starting_at:
        raise invalid(EMPTY_RANGE)
    return starting_at, ending_at


def window(call: Call, width: int) -> Window:
    """Find the buckets to serve; with the switch, the one that is still running is among them."""
    starting_at, ending_at = bounds(call)
    newest = floor(call.now, width) + (width if call.switches.open_bucket else 0)
    end = newest if ending_at is None else min(newest, floor(ending_at, width))
    return Window(floor(starting_at, width), end, width)


def serve(call: Call, span: Window, size: int, rows: Callable[[int, int], list[dict[str, Any]]]) -> Answer:
    """Answer one page of buckets, empty ones too, and a cursor while there are more."""
    starts = span.starts(position(call) or span.start)
    data: list[dict[str, Any]] = []
    for start in starts:
        if len(data) == size:
            return {"data": data, "has_more": True, "next_page": cursor(call, start)}
        end = start + span.width
        data.append({"starting_at": rfc3339(start), "ending_at": rfc3339(end), "results": rows(start, end)})
    return {"data": data, "has_more": False, "next_page": None}

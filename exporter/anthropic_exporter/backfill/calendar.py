"""At which moments there are samples, and which slice each of them belongs to."""

from collections.abc import Callable, Iterator

from anthropic_exporter.utc import DAY, HOUR

SLICE = 486 * HOUR
"""Seconds of a slice: two hours times 3^5, the largest block that Prometheus makes of at most 31 days. Aligned to
multiples of itself as blocks are, so a file of one slice becomes one block."""

STEPS = tuple(hours * HOUR for hours in (1, 2, 3, 4, 6, 8, 12, 24))
"""Seconds between two samples that can be chosen: whole hours that end with the day."""

NOON = DAY // 2
"""When a day's gauges have their sample on the day after it: the daily panels look there."""

Epoch = Callable[[float], int]


def moments(first: int, until: int, step: int, epoch: Epoch) -> Iterator[int]:
    """Yield the times of the samples of counters in [first, until], in order.

    Where an epoch begins there is one more a second before, which holds the epoch that ends; at its beginning itself
    the counters are 0.
    """
    yield first
    for at in range(first + step, until + 1, step):
        if epoch(at) > epoch(at - 1):
            yield at - 1
        yield at


def slice_of(at: int) -> int:
    """Return the start of the slice that holds a moment."""
    return at // SLICE * SLICE

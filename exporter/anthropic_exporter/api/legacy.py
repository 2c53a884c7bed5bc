"""The buckets of a legacy report: in order, in their place, each of them once."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from anthropic_exporter.records import Bucket

from .buckets import Window
from .endpoint import Endpoint
from .shapes import LegacyPage, Results

R = TypeVar("R")
Row = TypeVar("Row")


def collected(
    endpoint: Endpoint, pages: Sequence[LegacyPage[Results[R]]], window: Window, row: Callable[[R], Row]
) -> list[Bucket[Row]]:
    """Give the buckets of all pages as records.

    Raises:
        SchemaError: a bucket is out of order, out of place or there twice, or ``row`` raised ValueError.
    """
    buckets: list[Bucket[Row]] = []
    for page in pages:
        for told in page.data:
            try:
                start, end = window.bucket(told.starting_at, told.ending_at)
                if buckets and start < buckets[-1].ending_at:
                    raise ValueError("a bucket that came before, or earlier than the one before it")  # noqa: TRY301 - translated with its neighbours
                buckets.append(Bucket(start, end, [row(result) for result in told.results]))
            except ValueError as error:
                raise endpoint.unreadable(str(error)) from None
    return buckets

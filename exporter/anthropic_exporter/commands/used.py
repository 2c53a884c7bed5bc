"""Usage as the ledger holds it, row by row."""

from collections.abc import Iterator
from typing import NamedTuple

from anthropic_exporter.commands.grouping import Facts
from anthropic_exporter.commands.reading import Reading
from anthropic_exporter.money.estimate import PriceDimensions, estimate
from anthropic_exporter.records import TOKEN_TYPES, Interval, Values
from anthropic_exporter.service import streams
from anthropic_exporter.utc import DAY, floor

WORDS = {"workspace_id": "workspace", "api_key_id": "api_key"}
"""What ``--by`` calls a dimension, where that is not its name."""


class Used(NamedTuple):
    """What one combination of dimensions used in one bucket; ``values`` are the token types, then web searches."""

    day: int
    facts: Facts
    dimensions: PriceDimensions
    values: Values


def used(reading: Reading, stream: str, dimensions: tuple[str, ...], window: Interval) -> Iterator[Used]:
    """Yield the rows of a stream of usage in a window; nothing where the stream is not read."""
    accounts = reading.view.accounts
    if not accounts.has(stream):
        return
    for start, cells in accounts.book(stream).cells(*window).items():
        day = floor(start, DAY)
        for labels, values in cells.items():
            told = {WORDS.get(name, name): value for name, value in zip(dimensions, labels, strict=True)}
            yield Used(day, {"day": day, **told}, PriceDimensions.of(dimensions, labels), values)


def unpriced_models(reading: Reading, window: Interval) -> list[str]:
    """Return the models of which some tokens are in no sum: on no bill yet, without a price, not paid in advance."""
    prices = reading.view.accounts.prices
    open_days = {day.day for day in reading.statement.between(*window) if day.spend.basis == "estimated"}
    found = set()
    for row in used(reading, "usage", streams.usage_dimensions(reading.settings.usage.group_by), window):
        tokens = [int(value) for value in row.values[: len(TOKEN_TYPES)]]
        if row.day in open_days and row.dimensions.model not in found:
            told = estimate(prices, row.dimensions, row.day, tokens)
            if any(told.unpriced) and told.reason != "commitment":
                found.add(row.dimensions.model)
    return sorted(found)

"""The gauges of calendar windows, from the sums of a window.

The sums are those of a book: "usage" (five token types), "estimate" (USD of tokens, of web searches) or "cost" (USD).
"""

from collections.abc import Mapping

from anthropic_exporter.expose.family import Sample
from anthropic_exporter.records import TOKEN_TYPES, Labels, Values

_FAMILIES = {
    "usage": "anthropic_usage_{}_tokens",
    "estimate": "anthropic_estimated_cost_{}_usd",
    "cost": "anthropic_cost_{}_usd",
}


def windowed(book: str, window: str) -> str:
    """Return the family of a window; see ``ledger.windows.WINDOWS``."""
    return _FAMILIES[book].format(window)


def window_samples(book: str, sums: Mapping[Labels, Values]) -> list[Sample]:
    """Return the samples of a window."""
    if book == "usage":
        return [
            ((*labels, token_type), count)
            for labels, counts in sums.items()
            for token_type, count in zip(TOKEN_TYPES, counts, strict=True)
        ]
    if book == "estimate":
        return [(labels, sum(usd)) for labels, usd in sums.items()]
    return [(labels, usd[0]) for labels, usd in sums.items()]

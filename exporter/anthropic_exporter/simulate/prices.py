"""List prices of the invented organization, and what a line's counts cost. Written apart from the exporter's own table.

Source: the official price page, autumn of 2026. USD per million tokens; cache writes are 1.25 and 2 times the input.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache

from .instants import date
from .line import MILLI_HOURS, SEARCHES, TOKEN_TYPES, Counts, Line
from .organization import Charge

#: model -> (first day, input, cache read, output); the newest row that has begun counts.
STANDARD: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {
    "claude-fable-5-2": (("2025-01-01", "8", "0.20", "40"),),
    "claude-fable-5-1": (("2025-01-01", "10", "0.25", "50"),),
    "claude-opus-5-5": (("2025-01-01", "4", "0.20", "20"),),
    "claude-opus-5": (("2025-01-01", "5", "0.50", "25"),),
    "claude-opus-4-8": (("2025-01-01", "5", "0.50", "25"),),
    "claude-opus-4-6": (("2025-01-01", "5", "0.50", "25"),),
    "claude-opus-4-5-20251101": (("2025-01-01", "5", "0.50", "25"),),
    "claude-opus-4-1-20250805": (("2025-01-01", "15", "1.50", "75"),),
    "claude-sonnet-5-5": (("2025-01-01", "2", "0.20", "10"), ("2026-10-07", "2", "0.10", "10")),
    "claude-sonnet-5": (("2025-01-01", "2", "0.20", "10"),),
    "claude-sonnet-4-6": (("2025-01-01", "3", "0.30", "15"),),
    "claude-sonnet-4-5-20250929": (("2025-01-01", "3", "0.30", "15"),),
    "claude-haiku-5-5": (("2025-01-01", "0.10", "0.01", "0.50"),),
    "claude-haiku-4-5-20251001": (("2025-01-01", "1", "0.10", "5"),),
    # Billed, but in no public table: what an early-access model looks like from outside.
    "claude-lumen-preview": (("2025-01-01", "6", "0.60", "30"),),
}
#: The same for ``speed`` "fast".
FAST: Mapping[str, tuple[str, str, str]] = {
    "claude-fable-5-2": ("16", "0.40", "80"),
    "claude-opus-5-5": ("8", "0.40", "40"),
    "claude-opus-5": ("10", "1.00", "50"),
    "claude-opus-4-8": ("10", "1.00", "50"),
}
#: Prompts above the step of a model that has one.
LONG: Mapping[str, tuple[str, str, str]] = {"claude-haiku-5-5": ("0.50", "0.05", "2.50")}

_CENTS_PER_TOKEN = Decimal("0.0001")  # of a price of 1 USD per million tokens
_CENTS_PER_SEARCH = Decimal(1)
_CENTS_PER_MILLI_HOUR = {"code_execution": Decimal("0.005"), "session_usage": Decimal("0.008")}

Rates = tuple[Decimal, Decimal, Decimal, Decimal, Decimal]


def _listed(model: str, speed: str | None, long_prompt: bool, day: int) -> tuple[str, str, str] | None:
    if speed == "fast" and model in FAST:
        return FAST[model]
    if long_prompt and model in LONG:
        return LONG[model]
    begun = [row[1:] for row in STANDARD.get(model, ()) if date(row[0]) <= day]
    return begun[-1] if begun else None


@lru_cache(maxsize=4096)
def rates(model: str, day: int, *, tier: str | None, geo: str | None, speed: str | None, long: bool) -> Rates | None:
    """Find the cents per token of each type, or None for a model without a price; ``day`` is the start of a UTC day."""
    listed = _listed(model, speed, long, day)
    if listed is None:
        return None
    fresh, read, out = map(Decimal, listed)
    factor = _CENTS_PER_TOKEN
    if tier == "batch":
        factor *= Decimal("0.5")
    if geo == "us":
        factor *= Decimal("1.1")
    prices = (fresh, fresh * Decimal("1.25"), fresh * 2, read, out)
    return (
        prices[0] * factor,
        prices[1] * factor,
        prices[2] * factor,
        prices[3] * factor,
        prices[4] * factor,
    )


def price(line: Line, counts: Counts, day: int, discount: Decimal) -> Iterator[Charge]:
    """Charge a line for its counts of one UTC day.

    ``discount`` is the part of the list price of tokens that is paid; other components are never discounted.
    Priority tier is a commitment and a subscription is no API usage: neither is charged.
    """
    if line.kind == "subscription" or line.service_tier == "priority":
        return
    if line.kind in _CENTS_PER_MILLI_HOUR:
        runtime = counts[MILLI_HOURS] * _CENTS_PER_MILLI_HOUR[line.kind]
        if runtime:
            yield Charge(line, line.kind, None, runtime, runtime)
        return
    if line.model is not None:
        found = rates(
            line.model,
            day,
            tier=line.service_tier,
            geo=line.inference_geo,
            speed=line.speed,
            long=line.long_prompt,
        )
        for token_type, rate, tokens in zip(TOKEN_TYPES, found or (), counts, strict=False):
            if tokens:
                listed = tokens * rate
                yield Charge(line, "tokens", token_type, listed * discount, listed)
    if counts[SEARCHES]:
        searches = counts[SEARCHES] * _CENTS_PER_SEARCH
        yield Charge(line, "web_search", None, searches, searches)

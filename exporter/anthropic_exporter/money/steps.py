"""How an estimate comes about: from the plain price of every token, one modifier after the other.

Plain is standard tier, worldwide, standard speed, and every cache write at the price of a 5-minute one. What each
modifier adds depends on the order, as with all factors; it is always this one, and the steps add up to the estimate.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from anthropic_exporter.money.estimate import PriceDimensions
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.prices import PriceList, Unpriced
from anthropic_exporter.records import TOKEN_TYPES

_WRITE_5M, _WRITE_1H = (TOKEN_TYPES.index(name) for name in ("cache_creation_5m", "cache_creation_1h"))


class Steps(NamedTuple):
    """USD of one token type of one row of usage: the plain price, and what each modifier adds to it."""

    plain: Decimal
    one_hour_writes: Decimal
    fast: Decimal
    geo: Decimal
    batch: Decimal


def steps(prices: PriceList, dimensions: PriceDimensions, day: int, tokens: Sequence[int]) -> tuple[Steps | None, ...]:
    """Return the steps in the order of TOKEN_TYPES; None for tokens without a known price.

    Args:
        day: midnight UTC, in seconds since 1970.
        tokens: in the order of TOKEN_TYPES.
    """
    model, _, geo, speed, window = dimensions
    actual = prices.price(*dimensions, day)
    if isinstance(actual, Unpriced):
        return (None,) * len(TOKEN_TYPES)
    plain = prices.price(model, "standard", "global", "standard", window, day)
    fast = prices.price(model, "standard", "global", speed, window, day)
    everywhere = prices.price(model, "standard", geo, speed, window, day)
    found: list[Steps | None] = []
    for place, (price, count) in enumerate(zip(actual, tokens, strict=True)):
        if price is None:
            found.append(None)
            continue
        # A price of the user's own can exist without the plain one; such a modifier is then part of the next.
        by_geo = _at(everywhere, place, price)
        by_speed = _at(fast, place, by_geo)
        own = _at(plain, place, by_speed)
        bare = _at(plain, _WRITE_5M, own) if place == _WRITE_1H else own
        changes = (bare, own - bare, by_speed - own, by_geo - by_speed, price - by_geo)
        found.append(Steps(*(EXACT.multiply(change, count) for change in changes)))
    return tuple(found)


def _at(prices: Sequence[Decimal | None] | Unpriced, place: int, otherwise: Decimal) -> Decimal:
    found = None if isinstance(prices, Unpriced) else prices[place]
    return otherwise if found is None else found

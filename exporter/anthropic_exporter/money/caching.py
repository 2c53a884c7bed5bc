"""What prompt caching saved and cost, at list price."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from anthropic_exporter.money.estimate import PriceDimensions
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.prices import PriceList, Unpriced


class CacheEffect(NamedTuple):
    """USD; None where a price is not known."""

    read_savings: Decimal | None  # what the tokens read would have cost more as uncached input
    write_premium_5m: Decimal | None  # what the tokens written cost more than uncached input
    write_premium_1h: Decimal | None


UNKNOWN = CacheEffect(None, None, None)


def cache_effect(prices: PriceList, dimensions: PriceDimensions, day: int, tokens: Sequence[int]) -> CacheEffect:
    """Return what caching meant for some usage of that day; it is linear in the tokens.

    Tier, geography and speed move all prices of a row alike, so a read by batch saves half of what another saves.

    Args:
        tokens: in the order of TOKEN_TYPES.
    """
    found = prices.price(*dimensions, day)
    if isinstance(found, Unpriced) or found.uncached_input is None:
        return UNKNOWN
    plain = found.uncached_input
    _, written_5m, written_1h, read, _ = tokens
    return CacheEffect(
        None if found.cache_read is None else EXACT.multiply(EXACT.subtract(plain, found.cache_read), read),
        _premium(found.cache_creation_5m, plain, written_5m),
        _premium(found.cache_creation_1h, plain, written_1h),
    )


def _premium(price: Decimal | None, plain: Decimal, tokens: int) -> Decimal | None:
    return None if price is None else EXACT.multiply(EXACT.subtract(price, plain), tokens)

"""What usage costs at list price, exactly."""

from collections.abc import Sequence
from decimal import Decimal
from functools import reduce
from typing import NamedTuple, Self

from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.prices import PriceList, Reason, TokenPrices, Unpriced
from anthropic_exporter.records import NONE, TOKEN_TYPES, arranger

#: The ``token_type`` values of an estimate.
ESTIMATE_TYPES = (*TOKEN_TYPES, "web_search")

_NO_PRICES = TokenPrices(None, None, None, None, None)
_NOTHING = Decimal(0)
_NO_TOKENS = (0,) * len(TOKEN_TYPES)


class PriceDimensions(NamedTuple):
    """The dimensions of usage that move its price; "none" for one that the source does not tell."""

    model: str
    service_tier: str = NONE
    inference_geo: str = NONE
    speed: str = NONE
    context_window: str = NONE

    @classmethod
    def of(cls, dimensions: Sequence[str], labels: Sequence[str]) -> Self:
        """Pick them from a row's labels, where ``dimensions`` names what the labels are values of."""
        return cls._make(arranger(tuple(dimensions), cls._fields)(tuple(labels)))


class Estimate(NamedTuple):
    """What some usage costs.

    Which token types have a price depends on the price dimensions and the day alone. So for the same ones the
    estimate of a sum is the sum of the estimates, and that of a difference the difference.
    """

    usd: tuple[Decimal | None, ...]  # in the order of ESTIMATE_TYPES; None where the price is not known
    unpriced: tuple[int, ...]  # tokens that are in no estimate, in the order of TOKEN_TYPES
    reason: Reason | None  # why they are not; None where every type has a price

    def total(self) -> Decimal:
        """Return the sum of what has a price."""
        return reduce(EXACT.add, (usd for usd in self.usd if usd is not None), _NOTHING)


def estimate(
    prices: PriceList, dimensions: PriceDimensions, day: int, tokens: Sequence[int], web_searches: int = 0
) -> Estimate:
    """Return what tokens and web searches cost on that day.

    Args:
        day: midnight UTC, in seconds since 1970.
        tokens: in the order of TOKEN_TYPES. They may be differences, and so negative.
        web_searches: likewise. They have a price also where the tokens have none.

    Raises:
        decimal.Inexact: the result has more digits than ``EXACT`` holds; no real usage does that.
    """
    found = prices.price(*dimensions, day)
    per_token = _NO_PRICES if isinstance(found, Unpriced) else found
    searches = _searches(prices, day, web_searches)
    # As plain loops: each of a million rows of a year comes through here.
    pairs = list(zip(per_token, tokens, strict=True))
    usd = [None if price is None else EXACT.multiply(price, count) for price, count in pairs]
    holes = [price for price in per_token if price is None]
    if not holes:
        return Estimate((*usd, searches), _NO_TOKENS, None)
    unpriced = [count if price is None else 0 for price, count in pairs]
    # A model of which some columns are not known (claude-mythos-preview) has no price for those.
    reason = found.reason if isinstance(found, Unpriced) else "unknown_model"
    return Estimate((*usd, searches), tuple(unpriced), reason)


def amounts(
    prices: PriceList, dimensions: PriceDimensions, day: int, tokens: Sequence[int], web_searches: int = 0
) -> tuple[Decimal, Decimal] | None:
    """Return the sums of an estimate: of tokens that have a price, and of web searches. None where nothing has one.

    They are those of ``estimate`` in a third of the time: a start comes through here with every row of two months.
    """
    rate = prices.rate(*dimensions, day)
    if rate is None and not web_searches:
        return None
    return _NOTHING if rate is None else rate.usd(tokens), _searches(prices, day, web_searches)


def _searches(prices: PriceList, day: int, count: int) -> Decimal:
    return EXACT.multiply(prices.web_search_price(day), count) if count else _NOTHING

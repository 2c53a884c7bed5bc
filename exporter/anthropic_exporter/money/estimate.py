"""What usage costs at list price, exactly."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import NamedTuple, Self

from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.prices import PriceList, Reason, TokenPrices, Unpriced
from anthropic_exporter.records import NONE, TOKEN_TYPES

#: The ``token_type`` values of an estimate.
ESTIMATE_TYPES = (*TOKEN_TYPES, "web_search")

_NO_PRICES = TokenPrices(None, None, None, None, None)
_NOTHING = Decimal(0)


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
        told = (*labels, NONE)
        return cls._make([told[place] for place in _places(tuple(dimensions))])


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
        total = Decimal(0)
        for usd in self.usd:
            if usd is not None:
                total = EXACT.add(total, usd)
        return total


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
    usd: list[Decimal | None] = []
    unpriced: list[int] = []
    whole = True
    # As a plain loop: each of a million rows of a year comes through here twice.
    for price, count in zip(per_token, tokens, strict=True):
        if price is None:
            whole = False
            usd.append(None)
            unpriced.append(count)
        else:
            usd.append(EXACT.multiply(price, count))
            unpriced.append(0)
    usd.append(EXACT.multiply(prices.web_search_price(day), web_searches) if web_searches else _NOTHING)
    # A model of which some columns are not known (claude-mythos-preview) has no price for those.
    reason = found.reason if isinstance(found, Unpriced) else None if whole else "unknown_model"
    return Estimate(tuple(usd), tuple(unpriced), reason)


@cache
def _places(dimensions: tuple[str, ...]) -> list[int]:
    """Return where each price dimension stands among these; behind the last for one that does not."""
    return [dimensions.index(name) if name in dimensions else len(dimensions) for name in PriceDimensions._fields]

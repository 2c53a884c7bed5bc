"""Splitting an amount by weights so that the parts add up to it exactly."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from anthropic_exporter.money.exact import EXACT

K = TypeVar("K")

#: Decimal places of the unit that is given out whole: 10^-18 USD. Every report has far fewer.
PLACES = 18


def units(amount: Decimal) -> int:
    """Return an amount in whole units, for use as a weight; what is finer is cut off."""
    return int(EXACT.scaleb(amount, PLACES))


def allocate(amount: Decimal, weights: Mapping[K, int]) -> dict[K, Decimal]:
    """Split an amount in proportion to weights.

    Each part is rounded down to a unit; the units that are left over go to the largest remainders, ties to the first.
    So the parts add up to the amount, and a weight that equals its part of the amount gets exactly that.

    Args:
        amount: may be negative (a correction of the bill).
        weights: none negative, at least one positive.

    Raises:
        ValueError: there is nothing to split by.
    """
    whole = sum(weights.values())
    if whole <= 0:
        raise ValueError("an amount cannot be split without weights")
    if whole in weights.values():  # most workspaces use a model with one key
        return {key: amount for key, weight in weights.items() if weight and amount}
    exponent = amount.as_tuple().exponent
    places = max(PLACES, -exponent if isinstance(exponent, int) else 0)
    total = int(EXACT.scaleb(amount, places))
    parts = {key: divmod(abs(total) * weight, whole) for key, weight in weights.items()}
    left = abs(total) - sum(part for part, _ in parts.values())
    first = sorted(parts, key=lambda key: -parts[key][1])[:left]
    given = {key: part for key, (part, _) in parts.items()}
    for key in first:
        given[key] += 1
    sign = -1 if total < 0 else 1
    return {key: EXACT.scaleb(Decimal(sign * part), -places) for key, part in given.items() if part}

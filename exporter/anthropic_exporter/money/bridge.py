"""From the estimate of settled days to their bill: each part of the difference under the name of its cause.

A part is looked at by itself: one workspace, model, tier and token type on one day. What the bill has before discounts
(list cost) is held against the estimate first, then what was paid against that. A cause is named only where nothing
else looks like it; the rest is ``other``.
"""

from collections.abc import Iterable, Iterator
from decimal import Context, Decimal
from typing import Literal, NamedTuple

from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.spend import TOKENS, WEB_SEARCH, ZERO, total

Cause = Literal["unpriced", "not_in_usage", "long_prompts", "not_billed", "other", "discount"]

CAUSES: tuple[Cause, ...] = ("unpriced", "not_in_usage", "long_prompts", "not_billed", "other", "discount")
"""``unpriced``: on the bill, and the price list has no price. ``not_in_usage``: code execution and sessions.
``long_prompts``: more than the lower of two prices, and no more than the higher. ``not_billed``: in the usage, less on
the bill before discounts: refused requests. ``discount``: what was paid for less than its list price.
"""

_RATIO = Context(prec=12)
_SAME = Decimal("0.001")
"""How far apart two ratios may lie that are one discount; reports round their amounts."""


class Part(NamedTuple):
    """One part of a settled day. None: the estimate has no price for it, or the bill does not tell list cost."""

    cost_type: str
    estimated: Decimal | None
    listed: Decimal | None
    billed: Decimal
    upper_bound_factor: Decimal


def causes(part: Part, paid: Decimal | None) -> Iterator[tuple[Cause, Decimal]]:
    """Yield what to add to the estimate of a part, by cause, to come to its bill.

    Args:
        paid: billed / list of tokens, for bills that do not tell list cost; see ``common_ratio``.
    """
    listed = _listed(part, paid)
    if part.billed != listed:
        yield "discount", EXACT.subtract(part.billed, listed)
    difference = EXACT.subtract(listed, part.estimated or ZERO)
    if difference:
        known = part.listed is not None or paid is not None
        yield _cause(part, listed, difference, known=known), difference


def common_ratio(parts: Iterable[Part]) -> Decimal | None:
    """Return billed / estimated, where three quarters of the USD of tokens have the same, and it is at most 1.

    That is how a discount (or none) looks on a bill that does not tell list cost: all else moves single parts. None
    where parts differ too much to say.
    """
    ratios = sorted(
        (_RATIO.divide(part.billed, part.estimated), part.estimated)
        for part in parts
        if part.cost_type == TOKENS and part.estimated and part.estimated > 0
    )
    whole, so_far = total(usd for _, usd in ratios), ZERO
    for middle, usd in ratios:
        so_far = EXACT.add(so_far, usd)
        if 2 * so_far >= whole:
            alike = total(usd for ratio, usd in ratios if abs(ratio - middle) <= _SAME)
            return middle if 0 < middle <= 1 and 4 * alike >= 3 * whole else None
    return None


def _listed(part: Part, paid: Decimal | None) -> Decimal:
    """Return the list cost; where the bill does not tell it, the one that a common discount makes likely."""
    if part.listed is not None:
        # More than list cost is no discount, whatever it is; but what is given back is given back less the discount.
        return part.billed if 0 <= part.listed < part.billed else part.listed
    if paid is None or part.cost_type != TOKENS:
        return part.billed
    if part.estimated and abs(_RATIO.divide(part.billed, part.estimated) - paid) <= _SAME:
        return part.estimated
    return _RATIO.divide(part.billed, paid)


def _cause(part: Part, listed: Decimal, difference: Decimal, *, known: bool) -> Cause:
    if part.cost_type not in (TOKENS, WEB_SEARCH):
        return "not_in_usage"
    if part.estimated is None:
        return "unpriced"
    if difference > 0 and listed <= EXACT.multiply(part.estimated, part.upper_bound_factor):
        return "long_prompts"
    # Where nobody knows what is before discounts, a shortfall can be one that is not the same for all.
    return "not_billed" if difference < 0 and known else "other"

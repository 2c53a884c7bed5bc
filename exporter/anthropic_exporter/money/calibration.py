"""How far estimates were from the bill on the days that are settled, and what that says about those that are not."""

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal

from anthropic_exporter.money.spend import TOKENS, WEB_SEARCH, Line, Lines, Spend, add

DAYS = 7
"""How many days before today are looked at."""

COMPARED = (TOKENS, WEB_SEARCH)
"""The cost types that there are estimates of."""

_SMALLEST, _LARGEST = Decimal("0.1"), Decimal(10)
"""Between a discount of 90 % and the double of Haiku 5.5's step of five; what lies outside is no calibration."""

_RATIO = Context(prec=16)
_FACTOR = Context(prec=9)  # a factor is a guess: more digits would only look exact


def errors(days: Iterable[Spend]) -> dict[tuple[str, ...], Decimal]:
    """Return estimated / billed - 1 by workspace and model, over the days that are billed.

    Like is held against like: web searches under the model "none", and nothing that no estimate can have (code
    execution, sessions). Absent where either side is nothing.
    """
    estimated, billed = _sides(days)
    return {
        (workspace_id, model): _RATIO.subtract(_RATIO.divide(estimated[line], usd), 1)
        for line, usd in billed.items()
        for workspace_id, model, _ in (line,)
        if usd > 0 and estimated.get(line, 0) > 0
    }


def factors(days: Iterable[Spend], lines: Iterable[Line]) -> dict[Line, Decimal]:
    """Return by line what to multiply an estimate by: billed / estimated of the settled days.

    A workspace that has no such day takes what its model has in the others. Where no workspace has one there is no
    factor, and the estimate stays as it is.
    """
    estimated, billed = _sides(days)
    shared_estimated: Lines = {}
    shared_billed: Lines = {}
    for line, usd in billed.items():
        if usd > 0 and estimated.get(line, 0) > 0:
            anywhere = ("", *line[1:])
            add(shared_estimated, anywhere, estimated[line])
            add(shared_billed, anywhere, usd)
    found = {}
    for line in lines:
        factor = _factor(billed, estimated, line) or _factor(shared_billed, shared_estimated, ("", *line[1:]))
        if factor:
            found[line] = factor
    return found


def _factor(billed: Mapping[Line, Decimal], estimated: Mapping[Line, Decimal], line: Line) -> Decimal | None:
    if billed.get(line, 0) <= 0 or estimated.get(line, 0) <= 0:
        return None
    return min(max(_FACTOR.divide(billed[line], estimated[line]), _SMALLEST), _LARGEST)


def _sides(days: Iterable[Spend]) -> tuple[Lines, Lines]:
    """Return the sums of both sides over the billed days, of what can be compared."""
    estimated: Lines = {}
    billed: Lines = {}
    for day in days:
        if day.basis != "billed":
            continue
        for sums, lines in ((estimated, day.estimated), (billed, day.billed)):
            for line, usd in lines.items():
                if line[2] in COMPARED:
                    add(sums, line, usd)
    return estimated, billed

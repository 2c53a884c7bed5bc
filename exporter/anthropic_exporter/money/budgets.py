"""Budgets: what was spent of them in their period, and what will have been when it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Protocol

from anthropic_exporter.money.matching import Match
from anthropic_exporter.utc import DAY, WEEK, floor, month_start, next_month_start

_ROUGH = Context(prec=12)


class Budget(Protocol):
    """An entry of ``budgets``. Without any pattern it is about everything that the organization spends."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def usd(self) -> Decimal:
        """How much may be spent in one period."""

    @property
    def period(self) -> str:
        """Day, week (from Monday) or month, in UTC."""

    @property
    def thresholds(self) -> Sequence[Decimal]:
        """The shares of it that somebody wants to hear of."""

    @property
    def match(self) -> Match:
        """What it is about."""


@dataclass(frozen=True, slots=True)
class BudgetState:
    """A budget at one moment.

    ``spent`` is None while it is not known: the streams it needs have not been read since the period began.
    ``forecast`` is None then too, and where nothing can be said yet. ``matched``: whether any spend since the start of
    the month before was of it; if not, its patterns may have a slip.
    """

    name: str
    period: str
    usd: Decimal
    thresholds: tuple[Decimal, ...]
    starting_at: int
    ending_at: int
    spent: Decimal | None
    forecast: float | None
    matched: bool = True

    @property
    def ratio(self) -> Decimal | None:
        """Which part of it is spent."""
        return None if self.spent is None else _ROUGH.divide(self.spent, self.usd)


def period_bounds(period: str, now: float) -> tuple[int, int]:
    """Return [start, end) of the period that holds ``now``."""
    match period:
        case "day":
            return floor(now, DAY), floor(now, DAY) + DAY
        case "week":
            # 1970-01-01 was a Thursday: the Monday before lies three days back.
            monday = floor(now + 3 * DAY, WEEK) - 3 * DAY
            return monday, monday + WEEK
        case "month":
            return month_start(now), next_month_start(now)
        case _:
            raise ValueError(f"no such period: {period}")


def shortest(number: Decimal) -> str:
    """Spell a number as the shortest decimal: 0.8, 1, 1.25."""
    return f"{number.normalize():f}"

"""What one unit of each value of a stream posts: the posters again, asked once for many rows.

A poster is linear, so its answer for a row is the sum of its answers for one unit of each value, times the values.
Years of hours hold the same few label sets over and over; their units are asked for once per label set and per span
of days without a change of prices.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from anthropic_exporter.ledger.counters import Posting
from anthropic_exporter.ledger.intervals import Delta
from anthropic_exporter.money.account import Account
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import Interval, Labels, Number
from anthropic_exporter.utc import DAY


@dataclass(slots=True)
class Linear:
    """The units of one stream.

    They are asked for as those of a combination that was not known before: the zeros that make its series exist are
    among the postings.
    """

    account: Account
    prices: PriceList
    _one: Number = field(init=False)

    def __post_init__(self) -> None:
        # What is settled by the day is money; everything else is counted.
        self._one = Decimal(1) if self.account.stream.settled_only else 1

    def span(self, day: int) -> int:
        """See `PriceList.span`."""
        return self.prices.span(day)

    def unit(self, labels: Labels, day: int, place: int) -> list[Posting]:
        """Return what one unit of the value at that place of a cell posts on a day (its midnight)."""
        values = tuple([self._one if place == at else 0 * self._one for at in range(self.account.stream.width)])
        delta = Delta(Interval(day, day + DAY), labels, values, values, before=False)
        return list(self.account.poster.counters([delta], self.prices))

"""The days that gauges and spend are made of, kept in memory beside the ledger: made of it at a start, moved with it.

Each book of ``postings`` has its days: tokens, estimates, bills; by workspace and model, or by key and model.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise, product

from anthropic_exporter.ledger.book import EVER, Book
from anthropic_exporter.ledger.intervals import Delta, plus
from anthropic_exporter.ledger.windows import Days
from anthropic_exporter.money.hours import KEPT_DAYS
from anthropic_exporter.money.postings import HOURS, Poster
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import Labels, Values
from anthropic_exporter.utc import DAY, WEEK, floor


class DaySums:
    """The days of all books of one organization.

    Args:
        since: from when days are kept, given the time: a midnight.
    """

    def __init__(self, since: Callable[[float], int]) -> None:
        self.since = since
        self._books: dict[str, Days] = {}
        self._from = 0

    def of(self, book: str) -> Days:
        """Return the days of a book."""
        if book not in self._books:
            self._books[book] = Days()
        return self._books[book]

    def fill(self, streams: Iterable[tuple[Book, Poster]], prices: PriceList, now: float) -> None:
        """Make all days anew from the ledger.

        Raises:
            StateError: it cannot be read; the days are as before.
        """
        first = self.since(now)
        made: defaultdict[str, defaultdict[int, dict[Labels, Values]]] = defaultdict(lambda: defaultdict(dict))
        # A week at a time: all rows of two months at once would be most of the memory that the process ever takes.
        weeks = [*range(first, max(int(now), first + 1), WEEK), EVER]
        for (book, poster), (start, before) in product(streams, pairwise(weeks)):
            for name, day, labels, values in poster.days(book.held(start, before=before), prices):
                cells = made[name][day]
                cells[labels] = plus(cells[labels], values) if labels in cells else values
        for name in self._books.keys() | made.keys():
            self.of(name).replace(made[name])
        self._from = first

    def add(self, poster: Poster, deltas: Iterable[Delta], prices: PriceList) -> None:
        """Add what has changed in a stream."""
        # The first day is a midnight, and no slot reaches over one.
        kept = (delta for delta in deltas if delta.slot.starting_at >= self._from)
        for book, day, labels, values in poster.days(kept, prices):
            self.of(book).add(day, labels, values)

    def reach_back(self, now: float) -> bool:
        """Return whether days are wanted that are no longer kept: the clock was set back."""
        return self.since(now) < self._from

    def forget_old(self, now: float) -> None:
        """Drop the days that nobody asks for any more."""
        self._from = self.since(now)
        for days in self._books.values():
            days.forget_before(self._from)
        self.of(HOURS).forget_before(floor(now, DAY) - KEPT_DAYS * DAY)

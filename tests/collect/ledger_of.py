"""What a ledger holds after the readings of a collector: by bucket, replaced window by window."""

from collections import Counter
from dataclasses import dataclass, field

from anthropic_exporter.ledger.book import Book, Stream
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import Intake
from anthropic_exporter.utc import DAY

_WIDTHS = {"usage": 6, "api_key_usage": 6}


@dataclass
class Ledger:
    """Books for whatever streams come, in memory."""

    epoch: int = 0
    store: Store = field(default_factory=lambda: Store(":memory:"))
    books: dict[str, Book] = field(default_factory=dict)
    taken: list[Intake] = field(default_factory=list)

    def take(self, intake: Intake, now: float) -> None:
        """Replace a window."""
        self.taken.append(intake)
        book = self.books.get(intake.stream)
        if book is None:
            stream = Stream(intake.stream, _WIDTHS.get(intake.stream, 1), settle_delay=900)
            book = self.books[intake.stream] = Book(self.store, "main", stream)
        change = book.change(intake, now, self.epoch)
        with self.store.transaction():
            book.write(change)

    def total(self, stream: str = "usage", place: int = 0) -> int:
        """Return the sum over everything of one of the values."""
        return sum(self.by_day(stream, place).values())

    def by_day(self, stream: str = "usage", place: int = 0) -> Counter[int]:
        """Return the sums by the day's first second."""
        sums: Counter[int] = Counter()
        if stream in self.books:
            for start, cells in self.books[stream].cells(0, 1 << 40).items():
                sums[start // DAY * DAY] += sum(values[place] for values in cells.values())
        return +sums

    def labels(self, stream: str = "usage") -> set[tuple[str, ...]]:
        """Return every combination of labels."""
        return {labels for cells in self.books[stream].cells(0, 1 << 40).values() for labels in cells}

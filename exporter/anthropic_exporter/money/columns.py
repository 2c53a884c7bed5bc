"""A stream of several values of which each feeds a family of its own, as it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from anthropic_exporter.ledger.counters import Posting
from anthropic_exporter.ledger.intervals import Delta
from anthropic_exporter.money.postings import Day
from anthropic_exporter.money.prices import PriceList
from anthropic_exporter.records import arranger


@dataclass(frozen=True, slots=True)
class Column:
    """Where one value of a cell goes.

    Args:
        labels: of the family, out of the stream's dimensions.
        fixed: label values that follow them and tell this column from others of the family.
    """

    family: str
    labels: tuple[str, ...]
    fixed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnPoster:
    """Posts each value of a stream to the family of its column; None is a value that is not shown."""

    dimensions: tuple[str, ...]
    columns: tuple[Column | None, ...]

    @property
    def families(self) -> tuple[str, ...]:
        """All families, each once."""
        return tuple(dict.fromkeys(column.family for column in self.columns if column))

    def counters(self, deltas: Iterable[Delta], prices: PriceList) -> Iterator[Posting]:  # noqa: ARG002 - as UsagePoster's
        """Yield what the counted part of differences adds; of a new combination the zeros too."""
        for delta in deltas:
            if not any(delta.counted):
                continue
            for column, amount in zip(self.columns, delta.counted, strict=True):
                if column and (amount or not delta.before):
                    labels = arranger(self.dimensions, column.labels)(delta.labels)
                    yield Posting(column.family, (*labels, *column.fixed), amount)

    def days(self, deltas: Iterable[Delta], prices: PriceList) -> Iterator[Day]:  # noqa: ARG002 - as UsagePoster's
        """Yield nothing: no calendar window is made of these."""
        yield from ()

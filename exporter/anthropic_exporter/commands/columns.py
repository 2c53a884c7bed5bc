"""Tables that commands write out: named columns of texts, whole counts, money and other decimals, and their rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

Kind = Literal["text", "count", "money", "quantity"]
Cell = str | int | Decimal | None


class Column(NamedTuple):
    """A column; a cell of it is empty (None) where the value is not known."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, each of the kind of its column."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]

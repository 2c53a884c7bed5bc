"""What a metric family is, and the samples that stand behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Value = int | float | Decimal
Sample = tuple[tuple[str, ...], Value]


@dataclass(frozen=True, slots=True)
class Family:
    """One row of the catalogue.

    ``name`` is the full exposed name (a counter's ends in ``_total``). ``labels`` are in exposition order and, for
    families about an organization, begin with ``organization_id``. ``collector`` is the name that ``collect[]`` takes;
    "exporter" for the program itself.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str  # as OpenMetrics spells it and as the name ends: "usd", "seconds", "tokens", "ratio", or ""
    labels: tuple[str, ...]
    collector: str
    help: str


@dataclass(frozen=True, slots=True)
class FamilySamples:
    """All samples of one family for one organization; label values are in the order of ``family.labels``."""

    family: Family
    samples: Sequence[Sample]

"""The limit of series for gauges: what does not fit is added to one series, so that sums stay right."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from anthropic_exporter.expose.family import Family, Sample
from anthropic_exporter.ledger.counters import OVERFLOW
from anthropic_exporter.money.exact import EXACT

#: Only what can be added up can be folded. Dates, ages, ratios and names cannot.
_ADDABLE = ("usd", "tokens")
_KEPT_LABELS = ("organization_id", "token_type")


def foldable(family: Family) -> bool:
    """Return whether a family is a gauge that can be added up."""
    return family.kind == "gauge" and family.unit in _ADDABLE and bool(family.labels)


@dataclass(slots=True)
class Folding:
    """Folds the gauges of one organization. Series already shown stay as long as they have a value.

    Args:
        max_per_family: how many series a family may have, not counting those of the overflow.
    """

    max_per_family: int
    _shown: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    _overflowed: dict[str, int] = field(default_factory=dict)

    def fold(self, family: Family, samples: Sequence[Sample]) -> Sequence[Sample]:
        """Return the samples of a family, at most as many as there may be, and the overflow of the others.

        Where there is a choice, the largest are shown by themselves.
        """
        if not foldable(family):
            return samples
        self._overflowed.pop(family.name, None)
        if len(samples) <= self.max_per_family:
            self._shown.pop(family.name, None)
            return samples
        shown = self._choose(family.name, samples)
        self._overflowed[family.name] = len(samples) - len(shown)
        sums: dict[tuple[str, ...], int | Decimal] = {}
        for labels, value in samples:
            if labels not in shown:
                other = _other(family, labels)
                sums[other] = EXACT.add(Decimal(sums.get(other, 0)), Decimal(value))
        return [*(sample for sample in samples if sample[0] in shown), *sums.items()]

    def overflowed(self) -> dict[str, int]:
        """Return for each family how many label sets are in its overflow."""
        return dict(self._overflowed)

    def _choose(self, name: str, samples: Sequence[Sample]) -> set[tuple[str, ...]]:
        before = self._shown.get(name, set())
        shown = {labels for labels, _ in samples if labels in before}
        others = sorted((sample for sample in samples if sample[0] not in before), key=lambda s: (-s[1], s[0]))
        shown.update(labels for labels, _ in others[: max(self.max_per_family - len(shown), 0)])
        self._shown[name] = shown
        return shown


def _other(family: Family, labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(label if name in _KEPT_LABELS else OVERFLOW for name, label in zip(family.labels, labels, strict=True))

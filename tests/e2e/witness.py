"""Compares what Prometheus holds, or one scrape, with what it must hold."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from e2e.parts import Exporter, Prometheus
from e2e.truth import COUNTERS, FAMILIES, Sums, Truth, difference, highest

_SETTLED = 90.0  # seconds; only a failure takes so long


class Witness:
    """Waits until what is told is the truth, and says where it is not.

    Args:
        told: gives the sums of every metric: ``in_prometheus`` or ``in_a_scrape``.
    """

    def __init__(self, told: Callable[[], Mapping[str, Sums]], truth: Truth, wait_until: Callable[..., object]) -> None:
        self._told = told
        self._truth = truth
        self._wait_until = wait_until
        self.states: list[dict[str, Sums]] = []

    def settles(self) -> None:
        """Wait for the truth as it is now, on top of what counters have shown before."""
        state: dict[str, Sums] = {}
        left: dict[str, Any] = {}

        def agrees() -> bool:
            nonlocal state, left
            state = self._truth.families()
            told = self._told()
            left = difference(highest(*self.states, state), told)
            return not left

        try:
            self._wait_until(agrees, _SETTLED)
        except pytest.fail.Exception:
            pytest.fail(f"not the truth, by labels (expected, told): {left}")
        self.states.append(state)


def in_prometheus(prometheus: Prometheus) -> Callable[[], Mapping[str, Sums]]:
    """Return what reads the sums from Prometheus."""
    return lambda: {name: prometheus.sums(name, labels) for name, labels in FAMILIES.items()}


def in_a_scrape(exporter: Exporter) -> Callable[[], Mapping[str, Sums]]:
    """Return what reads the sums from the exporter itself."""

    def told() -> Mapping[str, Sums]:
        found: dict[str, Sums] = {name: defaultdict(Decimal) for name in FAMILIES}
        for (name, pairs), value in exporter.scrape().items():
            if name in FAMILIES and value:
                labels = dict(pairs)
                found[name][tuple(labels[label] for label in FAMILIES[name])] += Decimal(repr(value))
        return found

    return told


def fallen(prometheus: Prometheus) -> list[tuple[str, dict[str, str]]]:
    """Return the series of counters that ever fell, by what Prometheus calls a reset and by each of its samples."""
    resets = [(name, row["metric"]) for name in COUNTERS for row in prometheus.query(f"resets({name}[30m]) > 0")]
    return resets + [
        (name, labels)
        for name in COUNTERS
        for labels, values in prometheus.series(name)
        if any(after < before for before, after in itertools.pairwise(values))
    ]

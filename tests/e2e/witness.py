"""Compares what Prometheus holds with what it must hold."""

from collections.abc import Callable
from typing import Any

import pytest

from e2e.parts import Prometheus
from e2e.truth import COUNTERS, FAMILIES, Sums, Truth, difference, highest, normalised

_SETTLED = 20.0  # seconds


class Witness:
    """Waits until Prometheus holds the truth, and says where it does not."""

    def __init__(self, prometheus: Prometheus, truth: Truth, wait_until: Callable[..., object]) -> None:
        self._prometheus = prometheus
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
            told = {name: normalised(name, self._prometheus.sums(name, labels)) for name, labels in FAMILIES.items()}
            left = difference(highest(*self.states, state), told)
            return not left

        try:
            self._wait_until(agrees, _SETTLED)
        except pytest.fail.Exception:
            pytest.fail(f"Prometheus differs, by labels (expected, told): {left}")
        self.states.append(state)


def fallen(prometheus: Prometheus) -> list[tuple[str, dict[str, str]]]:
    """Return the series of counters that ever fell, by what Prometheus calls a reset and by each of its samples."""
    resets = [(name, row["metric"]) for name in COUNTERS for row in prometheus.query(f"resets({name}[30m]) > 0")]
    return resets + [
        (name, labels)
        for name in COUNTERS
        for labels, values in prometheus.series(name)
        if any(after < before for before, after in zip(values, values[1:], strict=False))
    ]

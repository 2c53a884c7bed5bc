"""What a Prometheus holds of one organization over a window: levels at its ends, and how the samples came in.

Differences of samples at both ends, never ``increase()``: that extrapolates to the edges of the window.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from anthropic_exporter.ledger.counters import OVERFLOW
from anthropic_exporter.verify.prometheus import Prometheus, Series, Steps

FAMILY = "anthropic_usage_tokens_total"
COMPARED = ("workspace_id", "model", "token_type")

STEPS = 500
"""Moments of the window at which the presence of each target is looked at."""

MOST_GAPS = 20
"""Gaps of one target whose beginning is looked up to the second; it costs a query each."""

_SHORTEST_STEP = 1.0
_MISSED = 1.5  # steps
Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A target that delivered samples: what its series carry beside the labels of the exporter."""

    labels: tuple[tuple[str, str], ...]
    since: float
    until: float
    gaps: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        return " ".join(f'{name}="{value}"' for name, value in self.labels) or "a target without labels"


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of one organization.

    ``start`` and ``end`` are the levels of the counters at the ends of the window (of a series that came in later: its
    first), ``before_turn`` at its last moment before counters began again, where that lies inside. ``missing`` are
    labels that the exporter gives and the series do not have; ``compared`` are those that groups are told apart by.
    """

    started_at: float
    start: Mapping[Group, float] = field(default_factory=dict)
    end: Mapping[Group, float] = field(default_factory=dict)
    before_turn: Mapping[Group, float] | None = None
    targets: tuple[Target, ...] = ()
    missing: tuple[str, ...] = ()
    compared: tuple[str, ...] = COMPARED
    resets: int = 0
    last_success: float | None = None

    def increase(self, group: Group) -> float:
        """Return by how much a counter has risen."""
        if self.before_turn is None:
            return self.end.get(group, 0.0) - self.start.get(group, 0.0)
        return self.before_turn.get(group, 0.0) - self.start.get(group, 0.0) + self.end.get(group, 0.0)


@dataclass(frozen=True, slots=True)
class Window:
    """The window that is asked for."""

    start: float
    end: float
    epoch: float  # when counters began to count

    @property
    def turns(self) -> bool:
        """Whether counters began again inside it."""
        return self.start < self.epoch <= self.end


def held(
    prometheus: Prometheus, organization_id: str, labels: tuple[str, ...], window: Window, matchers: Iterable[str] = ()
) -> Held:
    """Return what is held.

    Args:
        labels: those that the exporter gives the family, without ``organization_id``.
        matchers: which series to look at, as in a selector.

    Raises:
        QueryError: Prometheus did not answer.
    """
    chosen = ",".join([f'organization_id="{organization_id}"', *matchers])
    selector = f"{FAMILY}{{{chosen}}}"
    ours = {*labels, "organization_id"}
    width = window.end - window.start
    step = max(_SHORTEST_STEP, width / STEPS)
    every = prometheus.at(f"last_over_time({selector}[{_seconds(width)}])", window.end)
    if not every:
        return Held(window.start)
    carried = {name for series in every for name in series.labels}
    others = tuple(sorted(carried - ours - {"__name__"}))
    missing = tuple(
        name for name in labels if f"exported_{name}" in carried or any(name not in s.labels for s in every)
    )
    compared = tuple(name for name in COMPARED if name in labels and name not in missing)
    if any(OVERFLOW in series.labels.values() for series in every):
        # What did not fit the limit of series is in one of them; only sums over all can be compared.
        compared = tuple(name for name in compared if name == "token_type")
    by = f"count by ({', '.join(others)}) ({selector})"
    newest = f"max by ({', '.join(others)}) (timestamp({selector}))"
    targets = tuple(
        _target(prometheus, steps, newest, step, window)
        for steps in prometheus.over(by, window.start, window.end, step)
    )
    started_at = min((target.since for target in targets), default=window.end)
    start = prometheus.at(selector, started_at)
    # After a turn counters begin at 0: what comes in there brings nothing with it, if they were scraped before.
    until = window.epoch - 1 if window.turns and started_at < window.epoch else window.end
    first = prometheus.at(f"min_over_time({selector}[{_seconds(until - started_at)}])", until)
    end = prometheus.at(selector, window.end)
    succeeded = f'anthropic_exporter_collector_last_success_timestamp_seconds{{{chosen},collector="usage"}}'
    succeeded = f"max(last_over_time({succeeded}[{_seconds(width)}]))"
    return Held(
        started_at=window.start if started_at < window.start + 2 * step else started_at,
        start=_sums([*start, *_came_in(first, start, ours)], compared),
        end=_sums(end or every, compared),
        before_turn=_sums(prometheus.at(selector, window.epoch - 1), compared) if window.turns else None,
        targets=targets,
        missing=missing,
        compared=compared,
        resets=sum(int(s.value) for s in prometheus.at(f"resets({selector}[{_seconds(width)}])", window.end)),
        last_success=next((found.value for found in prometheus.at(succeeded, window.end)), None),
    )


def _target(prometheus: Prometheus, steps: Steps, newest: str, step: float, window: Window) -> Target:
    times = [at for at, _ in steps.values]
    gaps = [(a, b) for a, b in itertools.pairwise(times) if b - a > _MISSED * step]
    if window.end - times[-1] > _MISSED * step:
        gaps.append((times[-1], window.end))
    return Target(
        labels=tuple(sorted(steps.labels.items())),
        since=times[0],
        until=times[-1],
        gaps=tuple(
            (_last_sample(prometheus, steps.labels, newest, start) if place < MOST_GAPS else start, end)
            for place, (start, end) in enumerate(gaps)
        ),
    )


def _last_sample(prometheus: Prometheus, labels: dict[str, str], newest: str, at: float) -> float:
    """Return when the sample was taken that a target still had at a moment: up to five minutes before it."""
    found = prometheus.at(newest, at)
    return next((series.value for series in found if series.labels == labels), at)


def _came_in(first: Iterable[Series], start: Iterable[Series], ours: set[str]) -> Iterator[Series]:
    """Yield the first samples of the series that no target showed when the window began.

    One that is born in the window begins at 0. One that was hidden while nothing moved it, or that the history before
    the exporter does not tell, comes in at the level that it has: that was not used in the window.
    """

    def of_the_exporter(series: Series) -> frozenset[tuple[str, str]]:
        return frozenset((name, value) for name, value in series.labels.items() if name in ours)

    shown = {of_the_exporter(series) for series in start}
    return (series for series in first if of_the_exporter(series) not in shown)


def _sums(found: Iterable[Series], names: tuple[str, ...]) -> dict[Group, float]:
    sums: dict[Group, float] = {}
    for series in found:
        group = tuple(series.labels.get(name, "") for name in names)
        sums[group] = sums.get(group, 0.0) + series.value
    return sums


def _seconds(width: float) -> str:
    return f"{max(1, round(width))}s"

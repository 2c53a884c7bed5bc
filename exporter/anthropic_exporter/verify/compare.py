"""What differs between a Prometheus and the Admin API, and what explains it.

A counter moves when data arrives, not when it was used. So the increase over a window lies between what was used in
the buckets that are inside it whole, the last of them a settle delay ago, and what was used in those that touch it or
the settle delay before it. Everything outside that is a difference. Levels tell causes apart: where the level at the
end is right and the increase is not, the data is there and came late.
"""

import enum
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from anthropic_exporter.api.times import render as instant
from anthropic_exporter.durations import format_duration
from anthropic_exporter.verify.held import Group, Held, Target, Window
from anthropic_exporter.verify.known import Known

BEHIND = 600.0
"""Seconds without a successful poll after which the exporter itself is to blame."""

LOOKBACK = 300.0
"""Seconds that Prometheus shows a series after its last sample, where nothing has marked its end."""

MOST_TOLD = 3
"""Gaps of one target that are told one by one."""


class Cause(enum.StrEnum):
    """What explains a difference; each has its row in docs/backends.md."""

    NO_DATA = "no data"
    BEGINS_LATER = "begins later"
    GAP = "gap"
    DOUBLE_SCRAPE = "double scrape"
    TWO_INSTANCES = "two instances"
    REPLICAS = "replicas"
    TARGET_CHANGED = "target changed"
    RELABELLING = "relabelling"
    MISSING_SERIES = "missing series"
    RESET = "reset"
    BEHIND = "exporter behind"
    LATE_DATA = "late data"
    CORRECTION = "correction downwards"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the samples as a whole. ``wrong`` where numbers made of them are."""

    cause: Cause
    text: str
    wrong: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One group that differs, in tokens. ``difference`` is how far it is outside what is allowed."""

    group: Group
    api: int
    prometheus: float
    difference: float
    cause: Cause


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an increase may be."""

    delay: float  # seconds that data may take
    tolerance: float  # as a share, on top


def findings(held: Held, window: Window) -> Iterator[Finding]:
    """Yield what the samples themselves tell."""
    if not held.targets:
        text = "it holds no anthropic_usage_tokens_total of this organization: is the exporter scraped?"
        yield Finding(Cause.NO_DATA, text, wrong=True)
        return
    yield from _doubles(held.targets)
    if held.missing:
        names = ", ".join(held.missing)
        text = (
            f"series lack the exporter's own {names}: look at relabel_configs, metric_relabel_configs and honor_labels"
        )
        yield Finding(Cause.RELABELLING, text, wrong=True)
    if held.resets and not window.turns:
        why = "two exporters write the same series, or state was lost after a correction"
        text = f"counters fell {held.resets} times: {why}"
        yield Finding(Cause.RESET, text, wrong=True)
    if held.started_at > window.start:
        yield Finding(
            Cause.BEGINS_LATER, f"it holds samples from {instant(held.started_at)} on: compared from there", wrong=False
        )
    last = max(target.until for target in held.targets)
    for target in held.targets:
        # Where another has taken over, the end of one is no gap.
        gaps = [(start, end) for start, end in target.gaps if end < window.end or target.until >= last]
        for text in _told(gaps, window):
            yield Finding(Cause.GAP, f"no samples of {target} {text}", wrong=False)


def _told(gaps: list[tuple[float, float]], window: Window) -> Iterator[str]:
    """Yield each gap, or what is to be said of many: history from before the exporter has a sample an hour."""
    if len(gaps) > MOST_TOLD:
        longest = format_duration(max(end - start for start, end in gaps) // 60 * 60)
        yield f"{len(gaps)} times between {instant(gaps[0][0])} and {_end(gaps[-1], window)}, for {longest} at most"
        return
    for gap in gaps:
        yield f"from {instant(gap[0])} to {_end(gap, window)}"


def _end(gap: tuple[float, float], window: Window) -> str:
    return "now" if gap[1] >= window.end else instant(gap[1])


def rows(held: Held, known: Known, window: Window, allowed: Allowed, found: list[Finding]) -> list[Row]:
    """Return the groups that differ, the largest difference first."""
    if not held.targets:
        return []
    differing = []
    for group in known.groups() | held.end.keys() | held.start.keys():
        low = known.ended(group, held.started_at, window.end - allowed.delay)
        high = known.touched(group, held.started_at - allowed.delay, window.end + 1)
        increase = held.increase(group)
        slack = allowed.tolerance * high
        outside = increase - low if increase < low - slack else increase - high if increase > high + slack else 0.0
        if outside:
            api = known.touched(group, held.started_at, window.end)
            cause = _cause(group, outside, held, known, window, allowed, found)
            differing.append(Row(group, api, increase, outside, cause))
    return sorted(differing, key=lambda row: (-abs(row.difference), row.group))


def _cause(
    group: Group, outside: float, held: Held, known: Known, window: Window, allowed: Allowed, found: list[Finding]
) -> Cause:
    """Return what explains a difference best: what is wrong with all samples first, then what its level tells."""
    level = held.end.get(group, 0.0)
    at_most = known.touched(group, window.epoch, window.end + 1)
    at_least = known.ended(group, window.epoch, window.end - allowed.delay)
    right, less = at_least <= level <= at_most, outside < 0
    last = held.last_success
    causes = (
        *((each.wrong, each.cause) for each in found),
        (less and group not in held.end, Cause.MISSING_SERIES),
        (less and _ends_in_a_gap(held, window), Cause.GAP),
        (less and last is not None and window.end - last > BEHIND, Cause.BEHIND),
        (not less and right, Cause.LATE_DATA),
        (level > at_most or (less and right), Cause.CORRECTION),
    )
    return next((cause for holds, cause in causes if holds), Cause.UNEXPLAINED)


def _ends_in_a_gap(held: Held, window: Window) -> bool:
    return all(any(end >= window.end for _, end in target.gaps) for target in held.targets)


def _doubles(targets: tuple[Target, ...]) -> Iterator[Finding]:
    """Yield which targets deliver the same organization at the same time, and which followed each other."""
    told: set[str] = set()
    for one, other in itertools.combinations(targets, 2):
        mine, theirs = dict(one.labels), dict(other.labels)
        differ = [name for name in sorted(mine.keys() | theirs.keys()) if mine.get(name) != theirs.get(name)]
        first, second = sorted((one, other), key=lambda target: target.until)
        if first.until < second.until and second.since >= first.until - LOOKBACK:
            cause, wrong = Cause.TARGET_CHANGED, False
            text = f"{first} and then {second}: increase() over the change is wrong; pin the label instance"
        elif differ == ["job"]:
            cause, wrong = Cause.DOUBLE_SCRAPE, True
            text = f'two jobs scrape one exporter: job="{mine.get("job")}" and job="{theirs.get("job")}"'
        elif "instance" in differ:
            cause, wrong = Cause.TWO_INSTANCES, True
            text = f"two exporters show one organization: {one} and {other}"
        else:
            cause, wrong = Cause.REPLICAS, True
            text = f"the same series under different {', '.join(differ)}: replicas that nothing deduplicates?"
        if text not in told:
            told.add(text)
            yield Finding(cause, text, wrong)

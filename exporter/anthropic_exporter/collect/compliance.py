"""Collector ``compliance``: how many activities of each type there were since the epoch.

Activities are events: each is counted once, when it is read. The first walk goes from the newest activity back to the
epoch, a few pages at a time; after that the feed is followed from the newest one that was counted. The place in the
feed is committed together with the counts, so that a crash neither loses nor doubles any.

An activity can be read within a minute, so one that comes late may stand behind others that were read before it. The
place therefore stays two minutes behind: what is younger is counted at once, is read again until it is that old, and is
known by its ID in between.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from anthropic_exporter.collect.memory import Memory, recall, remember, written
from anthropic_exporter.errors import CursorLost, SchemaError
from anthropic_exporter.records import Activity, ActivityPage, Cells, Intake, Interval
from anthropic_exporter.utc import DAY, MINUTE, floor

SOURCE = "/v1/compliance/activities"
STREAM = "compliance"
DIMENSIONS = ("activity_type",)

SETTLED = 2 * MINUTE
"""Seconds after which nothing is expected to come in behind an activity."""

AHEAD = DAY
"""Seconds that upstream's clock may be ahead of this machine's."""

AT_ONCE = 5
"""Pages per cycle."""

_KEY = "collector.compliance"

Days = dict[int, dict[str, int]]


class ComplianceApi(Protocol):
    """The part of the Admin API that is read here."""

    def activities(
        self, *, since: int | None = None, older_than: str | None = None, newer_than: str | None = None
    ) -> ActivityPage:
        """Read one page of the feed, newest first."""


@dataclass(frozen=True, slots=True)
class State:
    """Where in the feed counting stands."""

    newest: str = ""  # ID of the newest settled activity that is counted
    young: dict[str, int] = field(default_factory=dict)  # ID and time of those that are counted and not settled
    older: str | None = None  # on a walk back: how far it has come, None once it is over
    since: int = 0  # on the first walk: the epoch that it goes back to
    walked: bool = False  # whether the first walk is over
    day: int = 0  # the day of the newest activity that is counted
    # Counts: on the first walk of all its days so far, afterwards of ``day`` alone.
    counts: Days = field(default_factory=dict)


@dataclass(slots=True)
class ComplianceCollector:
    """Counts the activities of the compliance feed.

    Args:
        pause: seconds to leave for other collectors after each page of a long walk.
    """

    api: ComplianceApi
    interval: float
    pause: float
    epoch: Callable[[float], int]
    memory: Memory
    name: str = field(default="compliance", init=False)
    source: str = field(default=SOURCE, init=False)
    _more: bool = False

    def read(self, now: float) -> Iterator[Intake]:
        """Read what came since the last cycle, or the next pages of the first walk.

        Raises:
            PollError: a page could not be read. What was yielded before is counted, once.
        """
        # Always as committed: what was yielded and not taken has not been counted.
        state = recall(self.memory, _KEY, State)
        if state.walked and state.newest and state.older is None:
            yield from self._follow(state, now)
        else:
            yield from self._walk(state, now)

    def whole_streams(self) -> list[str]:
        """Return the stream once the first walk is over."""
        return [STREAM] if recall(self.memory, _KEY, State).walked else []

    def resume_after(self) -> float | None:
        """Return the seconds to the next pages."""
        return AT_ONCE * self.pause if self._more else None

    def _walk(self, state: State, now: float) -> Iterator[Intake]:
        """Go back from the newest activity to the epoch; an empty feed is walked again until it is not."""
        if state.older is None:
            state = State(since=self.epoch(now), walked=state.walked)
        for _ in range(AT_ONCE):
            page = _sane(self.api.activities(since=state.since, older_than=state.older), state.older, now)
            state = _older(state, page.activities, now - SETTLED)
            self._more = page.more and bool(page.activities)
            if not self._more:
                yield _whole(state)
                return
            remember(self.memory, _KEY, state)

    def _follow(self, state: State, now: float) -> Iterator[Intake]:
        """Count page by page towards now."""
        start = cursor = state.newest
        for _ in range(AT_ONCE):
            page = _sane(self.api.activities(newer_than=cursor), cursor, now)
            self._more = page.more and bool(page.activities)
            before = state
            state, intake = _newer(before, page.activities, now - SETTLED)
            if state != before:
                yield intake
            if not self._more:
                return
            cursor = page.activities[0].id
        # The next cycle begins behind the settled ones; where all that was read is young, it would get no further.
        self._more = state.newest != start


def _sane(page: ActivityPage, cursor: str | None, now: float) -> ActivityPage:
    """Return a page that begins behind its cursor and has nothing of the future.

    Raises:
        CursorLost: it has the activity of the cursor itself, so others that are counted as well.
        SchemaError: an activity of the future; it would become the newest day, which everything later is booked to.
    """
    if any(each.id == cursor for each in page.activities):
        raise CursorLost(f"GET {SOURCE}: upstream does not heed the cursor", endpoint=SOURCE)
    if any(each.created_at > now + AHEAD for each in page.activities):
        raise SchemaError(
            f"GET {SOURCE}: an activity of the future", endpoint=SOURCE, advice="is the clock of this machine right?"
        )
    return page


def _older(state: State, page: Sequence[Activity], settled: float) -> State:
    """Return the state after another page of the first walk, newest first."""
    counts = {day: dict(types) for day, types in state.counts.items()}
    _count(counts, page)
    young = {each.id: each.created_at for each in page if each.created_at > settled}
    old = [each.id for each in page if each.id not in young]
    return replace(
        state,
        newest=state.newest or next(iter(old), ""),
        young=state.young | young,
        day=max([state.day, *(floor(each.created_at, DAY) for each in page)]),
        older=page[-1].id if page else state.older,
        counts=counts,
    )


def _whole(state: State) -> Intake:
    """Return all that the first walk has found."""
    counts = state.counts
    after = replace(
        state, walked=True, older=None, counts={state.day: counts[state.day]} if state.day in counts else {}
    )
    start = state.since - state.since % DAY
    return _intake(start, max([*counts, start]), counts, after)


def _newer(state: State, page: Sequence[Activity], settled: float) -> tuple[State, Intake]:
    """Return what a page of newer activities changes, newest first."""
    counts = {day: dict(types) for day, types in state.counts.items()}
    counts.setdefault(state.day, {})
    # Nothing is added to a day that is over: of that one the other counts are not at hand any more.
    fresh = [each._replace(created_at=max(each.created_at, state.day)) for each in page if each.id not in state.young]
    _count(counts, fresh)
    young = {each.id: each.created_at for each in page if each.created_at > settled}
    old = {each.id: None for each in page if each.id not in young}
    day = max(counts)
    after = replace(
        state,
        newest=next(iter(old), state.newest),
        young={id_: at for id_, at in (state.young | young).items() if id_ not in old},
        day=day,
        counts={day: counts[day]},
    )
    return after, _intake(min(counts), day, counts, after)


def _count(counts: Days, activities: Iterable[Activity]) -> None:
    for (day, word), number in Counter((floor(each.created_at, DAY), each.type) for each in activities).items():
        types = counts.setdefault(day, {})
        types[word] = types.get(word, 0) + number


def _intake(first: int, last: int, counts: Days, after: State) -> Intake:
    buckets: dict[Interval, Cells] = {
        Interval(day, day + DAY): {(word,): (number,) for word, number in counts.get(day, {}).items()}
        for day in range(first, last + DAY, DAY)
    }
    return Intake(STREAM, Interval(first, last + DAY), buckets, note=(_KEY, written(after)))

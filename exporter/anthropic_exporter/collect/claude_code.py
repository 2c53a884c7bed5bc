"""Collector ``claude_code``: what people and machines did with Claude Code, day by day.

Upstream answers one UTC day per call. Today and yesterday are read in each cycle, older days on the cadences of the
reading plan: the day before yesterday with the warm tier, 35 days with the cold one, everything since the epoch at the
first start and then weekly. The long ones are read in the background, a few days at a time; counters are shown once the
history is whole. Every reading replaces its day, so nothing is counted twice however often it is read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from anthropic_exporter.collect import plan
from anthropic_exporter.collect.base import Listing
from anthropic_exporter.collect.intake import added_up
from anthropic_exporter.collect.memory import Memory, recall, remember
from anthropic_exporter.records import ActiveUsers, Cells, ClaudeCodeRecord, Intake, Interval, Labels, Values
from anthropic_exporter.utc import DAY, floor

SOURCE = "/v1/organizations/usage_report/claude_code"

ACTIVITY, TOOLS, MODELS, USERS = "claude_code", "claude_code.tools", "claude_code.models", "claude_code.users"
"""The streams: by customer and terminal, by tool, by model, and by person where people are shown."""

DIMENSIONS = {ACTIVITY: ("customer_type", "terminal_type"), TOOLS: ("tool",), MODELS: ("model",), USERS: ("user",)}
WIDTHS = {ACTIVITY: 5, TOOLS: 2, MODELS: 5, USERS: 6}

AT_ONCE = 5
"""Days of the history per cycle."""

AT_ONCE_UNPACED = 31
"""The same where requests are not limited, so that nothing is to be left to others."""

CUSTOMERS = ("api", "subscription")

Person = Callable[[str], str]


class ClaudeCodeApi(Protocol):
    """The part of the Admin API that is read here."""

    def claude_code(self, day: int) -> list[ClaudeCodeRecord]:
        """Read all records of a day."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the days are read."""

    next_day: int | None = None  # of the walk through older days; None: none is under way
    walk: int = plan.ARCHIVE  # the tier that the walk is for
    tiers: plan.Progress = plan.Progress()


@dataclass(slots=True)
class ClaudeCodeCollector:
    """Reads Claude Code analytics.

    Args:
        pause: seconds to leave for other collectors after each day of the history.
        cadence: of late data.
        person: how people are shown; None: not at all.
    """

    api: ClaudeCodeApi
    interval: float
    pause: float
    cadence: plan.Cadence
    epoch: Callable[[float], int]
    memory: Memory
    person: Person | None
    name: str = field(default="claude_code", init=False)
    source: str = field(default=SOURCE, init=False)
    _recent_at: float | None = None
    _progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self._progress = recall(self.memory, "collector.claude_code", Progress)

    def read(self, now: float) -> Iterator[Intake | Listing]:
        """Read the days that are due.

        Raises:
            PollError: a read failed. What was yielded before stays valid: each is a whole day.
        """
        today = floor(now, DAY)
        if self._is_due(now):
            tier = plan.due(self._progress.tiers, now, self.cadence)
            if tier >= plan.COLD and self._progress.next_day is None:
                self._keep(next_day=plan.oldest(tier, now, self.epoch(now)), walk=tier)
            # The newest last: it moves most, and what is shown of it is then the freshest.
            for day in range(today - (DAY if tier == plan.HOT else plan.RECENT_DAYS * DAY), today + DAY, DAY):
                yield from self._day(day, now)
            self._recent_at = now
            self._reached(min(tier, plan.WARM), now)
        yield from self._history(today, now)

    def whole_streams(self) -> list[str]:
        """Return all streams once the whole history is in."""
        if self._progress.tiers.archive_at is None:
            return []
        return [ACTIVITY, TOOLS, MODELS, *([USERS] if self.person else [])]

    def resume_after(self) -> float | None:
        """Return the seconds to the next days of the history."""
        return None if self._progress.next_day is None else self._at_once() * self.pause

    def _is_due(self, now: float) -> bool:
        last = self._recent_at
        return self._progress.next_day is None or last is None or now - last >= self.interval or last > now

    def _at_once(self) -> int:
        return AT_ONCE if self.pause else AT_ONCE_UNPACED

    def _history(self, today: int, now: float) -> Iterator[Intake]:
        for _ in range(self._at_once()):
            day = self._progress.next_day
            if day is None:
                return
            # The epoch moves at New Year: what lies before it is counted no more.
            day = max(day, self.epoch(now))
            if day >= today - DAY:
                self._keep(next_day=None)
                self._reached(self._progress.walk, now)
                return
            yield from intakes(day, self.api.claude_code(day), self.person)
            self._keep(next_day=day + DAY)

    def _day(self, day: int, now: float) -> Iterator[Intake | Listing]:
        records = self.api.claude_code(day)
        yield from intakes(day, records, self.person)
        if day == floor(now, DAY) - DAY:
            yield _active(day, records)

    def _reached(self, tier: int, now: float) -> None:
        self._keep(tiers=self._progress.tiers.read(tier, now))

    def _keep(self, **changes: object) -> None:
        self._progress = replace(self._progress, **changes)  # type: ignore[arg-type] # fields of Progress, checked by it
        remember(self.memory, "collector.claude_code", self._progress)


Row = tuple[Labels, Values]


def intakes(day: int, records: list[ClaudeCodeRecord], person: Person | None) -> Iterator[Intake]:
    """Yield what the records of one day are in each stream; by person only where people are shown."""
    interval = Interval(day, day + DAY)
    for stream, rows in (
        (ACTIVITY, map(_activity, records)),
        (TOOLS, _tools(records)),
        (MODELS, _models(records)),
    ):
        yield Intake(stream, interval, {interval: _cells(rows)})
    if person:
        yield Intake(USERS, interval, {interval: _cells(_users(records, person))})


def _activity(record: ClaudeCodeRecord) -> Row:
    return (record.customer_type, record.terminal_type), (
        record.sessions,
        record.commits,
        record.pull_requests,
        record.lines_added,
        record.lines_removed,
    )


def _tools(records: list[ClaudeCodeRecord]) -> Iterator[Row]:
    for record in records:
        for tool, accepted, rejected in record.tools:
            yield (tool,), (accepted, rejected)


def _models(records: list[ClaudeCodeRecord]) -> Iterator[Row]:
    for record in records:
        for use in record.models:
            yield (use.model,), (*use.tokens, use.usd)


def _users(records: list[ClaudeCodeRecord], person: Person) -> Iterator[Row]:
    for record in records:
        if record.actor_type != "user_actor":
            continue
        labels = (person(record.actor),)
        yield labels, (record.sessions, 0, 0, 0, 0, 0)
        for use in record.models:
            yield labels, (0, *use.tokens, use.usd)


def _cells(rows: Iterable[Row]) -> Cells:
    """Add up rows of the same labels; what is nothing at all is left out."""
    return {labels: values for labels, values in added_up(rows).items() if any(values)}


def _active(day: int, records: list[ClaudeCodeRecord]) -> Listing:
    """Count the distinct actors of a day; one with several terminals is one."""
    actors: dict[str, set[tuple[str, str]]] = defaultdict(set, {customer: set() for customer in CUSTOMERS})
    for record in records:
        actors[record.customer_type].add((record.actor_type, record.actor))
    return Listing(
        "active_users", {customer: ActiveUsers(day, customer, len(found)) for customer, found in actors.items()}
    )

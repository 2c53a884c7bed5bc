"""One stream of the ledger: what each combination of labels used, over intervals that are read more than once.

A reading replaces its window: rows that changed are overwritten, rows that are gone count 0, finer buckets make room
for a coarser one and the other way round. So reading a window twice changes nothing, and only a whole walk over all
pages is ever taken.

One thing is not believed at once: a reading that drops more than half of what was known. An incident upstream looks
like that, and so does a correction; the third reading in a row that says so is taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from anthropic_exporter.errors import SuspiciousRead
from anthropic_exporter.ledger.intervals import Delta, deltas
from anthropic_exporter.ledger.store import BucketRecord, Store
from anthropic_exporter.records import Cells, Intake, Interval, Labels, Number, Values
from anthropic_exporter.utc import DAY

DOUBTS = 3
"""How many readings in a row must agree before a large drop is believed."""

STABLE_READS = 3
"""How many readings must agree, all after the settle delay, before a young bucket is settled."""

OLD = 2 * DAY
"""A bucket this old is settled with its first reading."""


EVER = 1 << 40
"""A second that no bucket reaches."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A kind of record.

    Args:
        name: how it is called in the store.
        width: how many values a cell has.
        settle_delay: seconds after its end until a bucket can be settled.
        settled_only: counters take a bucket only once it is settled (billed cost).
        tiny: a window with less than this is not worth a doubt.
    """

    name: str
    width: int
    settle_delay: float
    settled_only: bool = False
    tiny: Number = 100_000


@dataclass(frozen=True, slots=True)
class Change:
    """What an intake would do to the ledger."""

    deltas: list[Delta]
    dropped: list[Interval]
    cells: dict[Interval, tuple[Cells, Cells]]  # before and after, of the buckets that differ
    records: dict[Interval, BucketRecord]


@dataclass(slots=True)
class Book:
    """The buckets of one stream of one organization, in the store."""

    store: Store
    organization: str
    stream: Stream
    _number: int = field(init=False)
    _doubts: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._number = self.store.stream(self.organization, self.stream.name)

    def change(self, intake: Intake, now: float, epoch: int) -> Change:
        """Return what an intake changes.

        Raises:
            SuspiciousRead: it drops most of what was known, and has not said so often enough.
        """
        window, fresh = self._aligned(intake)
        records = self.store.buckets(self._number, *window)
        cells = self.store.cells(self._number, self.stream.width, *window)
        before: dict[Interval, Cells] = {i: cells.get(i.starting_at, {}) for i in records}
        self._doubt(window, before, fresh)
        updated = {
            interval: self._record(interval, records.get(interval), before.get(interval), new, intake, now, epoch)
            for interval, new in fresh.items()
        }
        return Change(
            deltas=list(
                deltas(
                    before,
                    fresh,
                    {i: record.counted for i, record in records.items()},
                    {i: record.counted for i, record in updated.items()},
                )
            ),
            dropped=[interval for interval in records if interval not in fresh],
            cells={
                interval: (before.get(interval, {}), new)
                for interval, new in fresh.items()
                if new != before.get(interval, {})
            },
            records=updated,
        )

    def write(self, change: Change) -> None:
        """Write a change (inside a transaction of the store)."""
        self.store.drop_buckets(self._number, change.dropped)
        self.store.write_buckets(self._number, change.records)
        for interval, (before, after) in change.cells.items():
            self.store.write_cells(self._number, interval.starting_at, before, after)

    def recount(self, epoch: int) -> dict[Interval, BucketRecord]:
        """Return the records as they are under another epoch."""
        return {
            interval: record._replace(counted=self._counts(interval, record.settled, epoch))
            for interval, record in self.records(0, EVER).items()
        }

    def write_records(self, records: Mapping[Interval, BucketRecord]) -> None:
        """Write bucket records alone (inside a transaction of the store)."""
        self.store.write_buckets(self._number, records)

    def forget(self) -> None:
        """Drop everything (inside a transaction of the store)."""
        self.store.forget_stream(self._number)

    def records(self, starting_at: float, ending_at: float) -> dict[Interval, BucketRecord]:
        """Return what is remembered of the buckets in a window."""
        return self.store.buckets(self._number, int(starting_at), int(ending_at))

    def cells(self, starting_at: float, ending_at: float) -> dict[int, dict[Labels, Values]]:
        """Return the cells of the buckets that start in [starting_at, ending_at), by bucket start."""
        return self.store.cells(self._number, self.stream.width, int(starting_at), int(ending_at))

    def held(
        self,
        starting_at: int,
        recounted: Mapping[Interval, BucketRecord] | None = None,
        *,
        before: int = EVER,
    ) -> list[Delta]:
        """Return all buckets since then as differences from nothing, counted where their records say so.

        Args:
            recounted: the records to go by, where they are not those of the store.
            before: only buckets that start before that.
        """
        records = self.records(starting_at, before) if recounted is None else recounted
        at = {interval.starting_at: (interval, record.counted) for interval, record in records.items()}
        found = []
        for start, cells in self.cells(starting_at, before).items():
            interval, counts = at[start]
            for labels, values in cells.items():
                counted = values if counts else tuple([0 * value for value in values])
                found.append(Delta(interval, labels, values, counted, before=False))
        return found

    def newest_by_labels(self) -> dict[Labels, int]:
        """Return for each combination of labels the end of the newest bucket that has it."""
        return self.store.newest_by_labels(self._number)

    def first_by_labels(self, starting_at: int) -> dict[Labels, int]:
        """Return for each combination of labels the start of the first bucket since then that has it."""
        return self.store.first_by_labels(self._number, starting_at)

    def newest(self) -> float | None:
        """Return the end of the newest bucket with cells or, for one that still ran, when it last changed."""
        start = self.store.newest(self._number)
        if start is None:
            return None
        interval, record = next(iter(self.records(start, start + 1).items()))
        return min(float(interval.ending_at), record.changed_at)

    def settled_until(self) -> int | None:
        """Return the end of the newest settled bucket that no unsettled one precedes, or None."""
        end = None
        for interval, record in self.records(0, EVER).items():
            if not record.settled:
                break
            end = interval.ending_at
        return end

    def _aligned(self, intake: Intake) -> tuple[Interval, dict[Interval, Cells]]:
        """Return the window and its buckets without what lies inside a coarser bucket that begins before it.

        That bucket is authoritative for its whole interval and is read again on its own cadence.
        """
        window = intake.window
        for held in self.store.buckets(self._number, window.starting_at, window.starting_at + 1):
            if held.starting_at < window.starting_at:
                window = Interval(held.ending_at, max(held.ending_at, window.ending_at))
        for held in self.store.buckets(self._number, window.ending_at - 1, window.ending_at):
            window = Interval(window.starting_at, max(window.ending_at, held.ending_at))
        fresh = {i: cells for i, cells in intake.buckets.items() if i.starting_at >= window.starting_at}
        return window, fresh

    def _doubt(self, window: Interval, before: Mapping[Interval, Cells], after: Mapping[Interval, Cells]) -> None:
        known, said = _mass(before), _mass(after)
        if known <= self.stream.tiny or 2 * said >= known:
            self._doubts.pop(window.starting_at, None)
            return
        doubts = self._doubts.get(window.starting_at, 0) + 1
        if doubts >= DOUBTS:
            self._doubts.pop(window.starting_at, None)
            return
        self._doubts[window.starting_at] = doubts
        raise SuspiciousRead(
            f"{self.stream.name}: upstream now reports {said} where it had reported {known};"
            f" keeping the old numbers until {DOUBTS} readings in a row agree ({doubts} so far)"
        )

    def _record(
        self,
        interval: Interval,
        old: BucketRecord | None,
        before: Cells | None,
        after: Cells,
        intake: Intake,
        now: float,
        epoch: int,
    ) -> BucketRecord:
        changed = old is None or before != after
        ripe = now >= interval.ending_at + self.stream.settle_delay and (
            intake.refreshed_at is None or intake.refreshed_at >= interval.ending_at
        )
        reads = 0 if not ripe else 1 if changed or old is None else old.reads + 1
        # Once settled, settled for good: counters would otherwise give back what they have counted of it.
        settled = (old is not None and old.settled) or (
            ripe and (self.stream.settled_only or reads >= STABLE_READS or now - interval.ending_at >= OLD)
        )
        return BucketRecord(
            read_at=now,
            changed_at=now if changed else old.changed_at if old else now,
            reads=reads,
            settled=settled,
            counted=self._counts(interval, settled, epoch),
        )

    def _counts(self, interval: Interval, settled: bool, epoch: int) -> bool:
        return interval.starting_at >= epoch and (settled or not self.stream.settled_only)


def _mass(reading: Mapping[Interval, Cells]) -> Number:
    return sum(sum(values) for cells in reading.values() for values in cells.values())

"""What each settled bucket adds to each counter, told once, with the bucket's own interval.

Every stream has a cursor: buckets that end before it have been told. What is behind it is told when it has settled.
For each series the sum of what has arrived is remembered, so a push that breaks off in the middle is continued, and a
correction of buckets that were told is seen as a difference: one upwards is added to the newest bucket; one
downwards, which no delta can tell, is held back from the buckets that follow until it is made up for. So the sum of
all deltas of a year is what the counter shows, as far as it has settled.

At least once: where an answer is lost, the same points are sent again with the same intervals.
"""

import decimal
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from anthropic_exporter.expose.otlp.told import Key, Told
from anthropic_exporter.ledger.book import EVER
from anthropic_exporter.ledger.intervals import Delta
from anthropic_exporter.ledger.store import Pushed
from anthropic_exporter.money.accounts import Accounts
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.records import Interval, Labels, Number
from anthropic_exporter.utc import DAY, floor

MOST_CELLS = 20_000
"""Cells of the ledger that one chunk is made of, where there are more: it bounds the memory of a long history."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What one bucket adds to one series."""

    family: str
    labels: Labels  # without the organization
    interval: Interval
    amount: Number


@dataclass(frozen=True, slots=True)
class Chunk:
    """What there is to tell of a stream up to a moment."""

    stream: str
    until: int
    amounts: list[Amount]


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Up to where a stream has been told, and which counters that was."""

    until: int
    epoch: int
    identity: str

    def __str__(self) -> str:
        return json.dumps([self.until, self.epoch, self.identity])


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one moment of the ledger says, from which a chunk is made without holding anybody up.

    ``totals`` and ``behind`` are there when the chunk reaches up to what has settled: the totals of all series, and
    the buckets behind the chunk that are part of them.
    """

    until: int
    newest: Interval
    held: list[Delta]
    totals: Mapping[Key, Number] | None
    behind: list[Delta]


@dataclass(slots=True)
class Deltas:
    """The deltas of one organization."""

    accounts: Accounts
    told: Told

    def chunk(self, stream: str) -> Chunk | None:
        """Return what is to be told next of a stream, or None.

        Raises:
            StateError: the state file cannot be read or written.
        """
        with self.accounts.guard:
            if not self.accounts.complete(stream):
                return None
            settled = self.accounts.freshness(stream).settled_until
            if settled is None:
                return None
            cursor = self._cursor(stream, settled)
            if settled <= cursor.until:
                return None
            taken = self._take(stream, cursor, settled)
        with decimal.localcontext(EXACT):
            by_bucket = self._by_bucket(stream, cursor, taken)
            owed = self._owed(stream, by_bucket, taken)
            return Chunk(stream, taken.until, list(spread(by_bucket, owed, taken.newest)))

    def arrived(self, amounts: Iterable[Amount]) -> None:
        """Note that these have arrived. StateError as for ``chunk``."""
        epochs = {
            family: self.accounts.counts_from(stream)[0]
            for stream in self.accounts.streams()
            for family in self.accounts.account(stream).families
        }
        rows: dict[Key, Pushed] = {}
        with decimal.localcontext(EXACT):
            for amount in amounts:
                key = (amount.family, amount.labels)
                row = rows.get(key) or self.told.get(key)
                counted = amount.amount if amount.interval.ending_at > epochs[amount.family] else 0
                rows[key] = row._replace(delivered=row.delivered + counted, ahead=row.ahead + amount.amount)
        self.told.write(rows)

    def done(self, chunk: Chunk) -> None:
        """Note that all of a chunk has arrived. StateError as for ``chunk``."""
        moved = replace(self._read(chunk.stream) or self._begin(chunk.stream), until=chunk.until)
        ahead = {key: row._replace(ahead=0) for key, row in self._rows(chunk.stream).items() if row.ahead}
        self.told.write(ahead, (_note(chunk.stream), str(moved)))

    def _read(self, stream: str) -> _Cursor | None:
        text = self.told.note(_note(stream))
        return _Cursor(*json.loads(text)) if text else None

    def _begin(self, stream: str) -> _Cursor:
        """Return the cursor of a stream of which nothing was told."""
        epoch, _ = self.accounts.counts_from(stream)
        return _Cursor(epoch, epoch, self.accounts.account(stream).identity)

    def _cursor(self, stream: str, settled: int) -> _Cursor:
        fresh, known = self._begin(stream), self._read(stream)
        _, from_zero = self.accounts.counts_from(stream)
        if known is not None and known == replace(fresh, until=known.until):
            return known
        if known is None:
            if not from_zero:
                return fresh
            # What was there when counters began at 0 is not told.
            rows, moved = dict[Key, Pushed](), replace(fresh, until=settled)
        elif known.identity == fresh.identity and known.until <= fresh.epoch and not from_zero:
            # The New Year: counters start again, and what has not settled of the old one is still to be told.
            rows = {key: row._replace(delivered=0) for key, row in self._rows(stream).items()}
            moved = replace(fresh, until=known.until)
        else:
            # Other labels, or another epoch: what was told already is not told again under new names.
            moved = replace(fresh, until=settled)
            with decimal.localcontext(EXACT):
                behind = self._sums(stream, self.accounts.book(stream).held(settled))
                told = {key: total - behind.get(key, 0) for key, total in self._totals(stream).items()}
            rows = {
                key: self.told.get(key)._replace(delivered=told.get(key, 0), ahead=0)
                for key in {*told, *self._rows(stream)}
            }
        self.told.write(rows, (_note(stream), str(moved)))
        return moved

    def _rows(self, stream: str) -> dict[Key, Pushed]:
        return self.told.of(self.accounts.account(stream).families)

    def _take(self, stream: str, cursor: _Cursor, settled: int) -> _Taken:
        book = self.accounts.book(stream)
        held: list[Delta] = []
        # Where a day has taken the place of its hours the cursor may lie inside it: only totals tell what is new.
        inside = any(each.starting_at < cursor.until for each in book.records(cursor.until, cursor.until + 1))
        until = cursor.until
        while until < settled and (inside or len(held) < MOST_CELLS):
            end = min(floor(until, DAY) + DAY, settled)
            held += book.held(until, before=end)
            # A bucket may be longer than a day (a month of requests): the cursor never stops inside one.
            reach = max((each.ending_at for each in book.records(until, end)), default=end)
            until = max(end, min(reach, settled))
            if until == cursor.epoch:
                break  # what is behind it is in the counters, and this is not
        newest = max(book.records(cursor.until, until), default=Interval(cursor.until, until))
        newest = Interval(max(newest.starting_at, cursor.until), newest.ending_at)
        if until < settled or until <= cursor.epoch:
            return _Taken(until, newest, held, None, [])
        return _Taken(until, newest, held, self._totals(stream), book.held(until, before=EVER))

    def _totals(self, stream: str) -> dict[Key, Number]:
        return {
            (family, labels): counter.total
            for family in self.accounts.account(stream).families
            for labels, counter in self.accounts.counters.items(family)
        }

    def _by_bucket(self, stream: str, cursor: _Cursor, taken: _Taken) -> dict[Interval, dict[Key, Number]]:
        """Return what each bucket adds; of one before the epoch, too, which counters no longer hold."""
        found: dict[Interval, list[Delta]] = {}
        for delta in taken.held:
            old = delta.slot.ending_at <= cursor.epoch
            found.setdefault(delta.slot, []).append(delta._replace(counted=delta.known) if old else delta)
        return {slot: self._sums(stream, found[slot]) for slot in sorted(found)}

    def _owed(
        self, stream: str, by_bucket: Mapping[Interval, Mapping[Key, Number]], taken: _Taken
    ) -> dict[Key, Number]:
        """Return by how much what has arrived of each series falls short."""
        if taken.totals is not None:
            behind = self._sums(stream, taken.behind)
            return {
                key: total - behind.get(key, 0) - self.told.get(key).delivered for key, total in taken.totals.items()
            }
        owed: dict[Key, Number] = {}
        for amounts in by_bucket.values():
            for key, amount in amounts.items():
                owed[key] = owed.get(key, -self.told.get(key).ahead) + amount
        return owed

    def _sums(self, stream: str, deltas: Iterable[Delta]) -> dict[Key, Number]:
        account, counters = self.accounts.account(stream), self.accounts.counters
        sums: dict[Key, Number] = {}
        for posting in account.poster.counters(deltas, self.accounts.prices):
            key = (posting.family, counters.series_of(posting.family, posting.labels))
            sums[key] = sums.get(key, 0) + posting.amount
        return sums


def spread(
    by_bucket: Mapping[Interval, Mapping[Key, Number]], owed: Mapping[Key, Number], newest: Interval
) -> Iterator[Amount]:
    """Yield amounts per bucket that add up to what is owed, where that is more than nothing.

    Args:
        by_bucket: what each bucket says, the oldest first.
        owed: what is to be told of each series; a series that is not in it is told nothing.
        newest: the bucket that takes what no other says.
    """
    buckets: dict[Key, list[tuple[Interval, Number]]] = {}
    for interval, amounts in by_bucket.items():
        for key, amount in amounts.items():
            if amount > 0 and owed.get(key, 0) > 0:
                buckets.setdefault(key, []).append((interval, amount))
    for key, due in owed.items():
        if due <= 0:
            continue
        said = buckets.get(key, [])
        excess = sum((amount for _, amount in said), 0 * due) - due
        extra = -excess if excess < 0 else 0 * due
        for interval, amount in said:
            held_back = min(amount, excess) if excess > 0 else 0 * due
            excess -= held_back
            told = amount - held_back
            if interval == newest:
                told, extra = told + extra, 0 * due
            if told:
                yield Amount(*key, interval, told)
        if extra:
            yield Amount(*key, newest, extra)


def _note(stream: str) -> str:
    return f"pushed.{stream}"

"""What the ledger's state file holds, and transactions over it.

One file for all organizations, one connection, one writer at a time. A transaction is committed before anything it
changed is shown (write-ahead log with full synchronisation), so a value that was ever exposed is found again after a
crash. The file holds usage, never a secret.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from anthropic_exporter.errors import StateError
from anthropic_exporter.ledger.counters import Counter, Staged
from anthropic_exporter.ledger.spelling import padded, read_each, read_labels, read_number, spell_labels, spell_number
from anthropic_exporter.ledger.statefile import COLUMNS, MEMORY, look_into, open_state
from anthropic_exporter.records import Interval, Labels, Number, Values
from anthropic_exporter.utc import DAY


class BucketRecord(NamedTuple):
    """What is remembered of a bucket beside its cells. Times are seconds since 1970 UTC."""

    read_at: float
    changed_at: float
    reads: int  # readings in a row, taken after the settle delay, that changed nothing
    settled: bool
    counted: bool  # whether counters hold its cells


class Pushed(NamedTuple):
    """What a receiver of pushes was told of one series of a counter."""

    starting_at: int  # since when it counts; 0 while that is not known
    delivered: Number  # the sum of all deltas that have arrived, of this epoch
    ahead: Number  # what of them lies behind the cursor of its stream


CounterRow = tuple[str, Labels, Counter]


class Store:
    """The state of all organizations.

    Args:
        path: the file, or ":memory:".
        read_only: look into the file of another process; nothing can be written then.

    Raises:
        StateError: another process holds the file, or it cannot be created or written; from every method: it cannot be
            read or written any more.
    """

    def __init__(self, path: str, clock: Callable[[], float] = time.time, *, read_only: bool = False) -> None:
        self.path = path
        self.persistent = path != MEMORY
        self.last_commit: float | None = None
        self._write_failures = 0
        self._torn = False
        self._clock = clock
        self._guard = threading.RLock()
        self._streams: dict[tuple[str, str], int] = {}
        self._ids: dict[int, dict[Labels, int]] = {}
        self._labels: dict[int, Labels] = {}
        self._file = look_into(path) if read_only else open_state(path)
        self._connection = self._file.connection
        self.loaded = self._file.loaded

    def close(self) -> None:
        """Close the file and let another process have it."""
        with self._guard:
            self._file.close()

    def size_bytes(self) -> int:
        """Return the size of the database, its write-ahead log included."""
        if not self.persistent:
            ((pages,),), ((size,),) = self._rows("PRAGMA page_count"), self._rows("PRAGMA page_size")
            return int(pages * size)
        return sum(p.stat().st_size for p in (Path(self.path), Path(f"{self.path}-wal")) if p.exists())

    def take_write_failures(self) -> int:
        """Return how many transactions failed since this was last asked."""
        with self._guard:
            failures, self._write_failures = self._write_failures, 0
        return failures

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit everything that the block writes, or nothing.

        Raises:
            StateError: the disk is full, the file read-only, or the like. What was there before still is.
        """
        with self._guard:
            if self._torn:
                self._rollback()  # the disk did not even take the end of the last one
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield
                self._connection.execute("COMMIT")
                self.last_commit = self._clock()
            except sqlite3.Error as error:
                self._rollback()
                self._write_failures += 1
                raise StateError(f"{self.path}: state cannot be written: {error}") from error
            except StateError:
                self._rollback()
                self._write_failures += 1
                raise
            except BaseException:
                self._rollback()
                raise

    def meta(self, organization: str, key: str) -> str | None:
        """Return a remembered text, or None."""
        rows = self._rows("SELECT value FROM meta WHERE organization = ? AND key = ?", (organization, key))
        return str(rows[0][0]) if rows else None

    def remembered(self, organization: str) -> dict[str, str]:
        """Return all texts that are remembered of an organization, by key."""
        return dict(self._rows("SELECT key, value FROM meta WHERE organization = ?", (organization,)))

    def set_meta(self, organization: str, key: str, value: str) -> None:
        """Remember a text (inside a transaction)."""
        self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", (organization, key, value))

    def forget_organization(self, organization: str) -> None:
        """Drop everything about an organization (inside a transaction)."""
        for (stream,) in self._rows("SELECT id FROM streams WHERE organization = ?", (organization,)):
            self.forget_stream(stream)
        for table in ("meta", "counters", "overflowed", "inventory", "pushed"):
            self._connection.execute(f"DELETE FROM {table} WHERE organization = ?", (organization,))  # noqa: S608 - fixed names

    def stream(self, organization: str, name: str) -> int:
        """Return the number of a stream, making it when it is new."""
        with self._guard:
            key = (organization, name)
            if key not in self._streams:
                with self.transaction():
                    self._connection.execute("INSERT OR IGNORE INTO streams (organization, name) VALUES (?, ?)", key)
                ((number,),) = self._rows("SELECT id FROM streams WHERE organization = ? AND name = ?", key)
                groups = self._rows("SELECT id, labels FROM groups WHERE stream = ?", (number,))
                self._streams[key], self._ids[number] = number, {}
                for label_set, labels in groups:
                    self._remember(number, label_set, read_labels(labels))
            return self._streams[key]

    def forget_stream(self, stream: int) -> None:
        """Drop all buckets and cells of a stream (inside a transaction)."""
        for table in ("buckets", "cells", "groups"):
            self._connection.execute(f"DELETE FROM {table} WHERE stream = ?", (stream,))  # noqa: S608 - fixed names
        self._ids[stream] = {}

    def forget_before(self, organization: str, moment: int) -> None:
        """Drop the buckets that ended before that, and the combinations of labels that have no other (likewise)."""
        for (stream,) in self._rows("SELECT id FROM streams WHERE organization = ?", (organization,)):
            old = [interval for interval in self.buckets(stream, 0, moment) if interval.ending_at <= moment]
            if not old:
                continue
            self.drop_buckets(stream, old)
            self._connection.execute(
                "DELETE FROM groups WHERE stream = ? AND id NOT IN (SELECT label_set FROM cells WHERE stream = ?)",
                (stream, stream),
            )
            for label_set in self._ids.pop(stream, {}).values():
                del self._labels[label_set]
            self._ids[stream] = {}
            for label_set, labels in self._rows("SELECT id, labels FROM groups WHERE stream = ?", (stream,)):
                self._remember(stream, label_set, read_labels(labels))

    def forget_counters(self, organization: str, keys: Iterable[tuple[str, Labels]]) -> None:
        """Drop single series (inside a transaction)."""
        rows = [(organization, family, spell_labels(labels)) for family, labels in keys]
        for table in ("counters", "pushed"):
            self._connection.executemany(
                f"DELETE FROM {table} WHERE organization = ? AND family = ? AND labels = ?",  # noqa: S608 - fixed
                rows,
            )

    def buckets(self, stream: int, starting_at: int, ending_at: int) -> dict[Interval, BucketRecord]:
        """Return the buckets that lie in or reach into [starting_at, ending_at), in ascending order."""
        rows = self._rows(
            "SELECT starting_at, ending_at, read_at, changed_at, reads, settled, counted FROM buckets"
            " WHERE stream = ? AND starting_at < ? AND ending_at > ? ORDER BY starting_at",
            (stream, ending_at, starting_at),
        )
        return {Interval(r[0], r[1]): BucketRecord(r[2], r[3], r[4], bool(r[5]), bool(r[6])) for r in rows}

    def cells(self, stream: int, width: int, starting_at: int, ending_at: int) -> dict[int, dict[Labels, Values]]:
        """Return the cells of the buckets that start in [starting_at, ending_at), by bucket start."""
        columns = ", ".join(f"v{i}" for i in range(width))
        found: dict[int, dict[Labels, Values]] = {}
        with self._guard:
            for row in self._rows(
                f"SELECT starting_at, label_set, {columns} FROM cells"  # noqa: S608 - fixed names
                " WHERE stream = ? AND starting_at >= ? AND starting_at < ?",
                (stream, starting_at, ending_at),
            ):
                values = row[2:]
                if str in map(type, values):
                    values = tuple([Decimal(v) if isinstance(v, str) else v for v in values])
                found.setdefault(row[0], {})[self._labels[row[1]]] = values
        return found

    def newest(self, stream: int) -> int | None:
        """Return the start of the newest bucket that has cells, or None."""
        ((start,),) = self._rows("SELECT MAX(starting_at) FROM cells WHERE stream = ?", (stream,))
        return None if start is None else int(start)

    def newest_by_labels(self, stream: int) -> dict[Labels, int]:
        """Return for each combination of labels the end of the newest bucket that has it."""
        found: dict[int, int] = {}
        with self._guard:
            newest, reach = self.newest(stream), DAY
            until = -1 if newest is None else newest
            # From the newest day back, further with each step: what is in use today need not be looked for in a year.
            while until >= 0 and len(found) < len(self._ids[stream]):
                rows = self._rows(
                    "SELECT label_set, MAX(ending_at) FROM cells JOIN buckets USING (stream, starting_at)"
                    " WHERE stream = ? AND starting_at > ? AND starting_at <= ? GROUP BY label_set",
                    (stream, until - reach, until),
                )
                found = {**dict(rows), **found}
                until, reach = until - reach, 8 * reach
            return {self._labels[label_set]: end for label_set, end in found.items()}

    def first_by_labels(self, stream: int, starting_at: int) -> dict[Labels, int]:
        """Return for each combination of labels the start of the first bucket since then that has it."""
        with self._guard:
            rows = self._rows(
                "SELECT label_set, MIN(starting_at) FROM cells WHERE stream = ? AND starting_at >= ?"
                " GROUP BY label_set",
                (stream, starting_at),
            )
            return {self._labels[label_set]: start for label_set, start in rows}

    def write_buckets(self, stream: int, records: Mapping[Interval, BucketRecord]) -> None:
        """Write bucket records (inside a transaction)."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO buckets VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(stream, *interval, *record) for interval, record in records.items()],
        )

    def drop_buckets(self, stream: int, intervals: Iterable[Interval]) -> None:
        """Drop buckets and their cells (inside a transaction)."""
        keys = [(stream, interval.starting_at) for interval in intervals]
        self._connection.executemany("DELETE FROM buckets WHERE stream = ? AND starting_at = ?", keys)
        self._connection.executemany("DELETE FROM cells WHERE stream = ? AND starting_at = ?", keys)

    def write_cells(
        self, stream: int, starting_at: int, before: Mapping[Labels, Values], after: Mapping[Labels, Values]
    ) -> None:
        """Write what differs between two readings of one bucket (inside a transaction)."""
        gone = [(stream, starting_at, self._label_set(stream, labels)) for labels in before.keys() - after.keys()]
        self._connection.executemany("DELETE FROM cells WHERE stream = ? AND starting_at = ? AND label_set = ?", gone)
        self._connection.executemany(
            f"INSERT OR REPLACE INTO cells VALUES (?, ?, ?{', ?' * COLUMNS})",  # noqa: S608 - fixed names
            [
                (stream, starting_at, self._label_set(stream, labels), *padded(values))
                for labels, values in after.items()
                if before.get(labels) != values
            ],
        )

    def counters(self, organization: str) -> Iterator[CounterRow]:
        """Yield the counters of an organization."""
        rows = self._rows(
            "SELECT family, labels, total, high, held, hold_until, moved_at FROM counters WHERE organization = ?",
            (organization,),
        )
        told = read_each(row[1] for row in rows)
        for (family, _, total, high, held, hold_until, moved_at), labels in zip(rows, told, strict=True):
            numbers = (read_number(total), read_number(high), read_number(held))
            yield family, labels, Counter(*numbers, hold_until, moved_at)

    def overflowed(self, organization: str) -> list[tuple[str, Labels]]:
        """Return the label sets that went into overflow series."""
        rows = self._rows("SELECT family, labels FROM overflowed WHERE organization = ?", (organization,))
        return [(family, read_labels(text)) for family, text in rows]

    def write_counters(self, organization: str, staged: Staged) -> None:
        """Write staged counters (inside a transaction)."""
        self._connection.executemany(
            "DELETE FROM counters WHERE organization = ? AND family = ? AND labels = ?",
            [(organization, family, spell_labels(labels)) for family, labels in staged.gone],
        )
        self._connection.executemany(
            "DELETE FROM overflowed WHERE organization = ? AND family = ?",
            [(organization, family) for family in staged.reopened],
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO counters VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    organization,
                    family,
                    spell_labels(labels),
                    spell_number(counter.total),
                    spell_number(counter.high),
                    spell_number(counter.held),
                    counter.hold_until,
                    counter.moved_at,
                )
                for (family, labels), counter in staged.counters.items()
            ],
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO overflowed VALUES (?, ?, ?)",
            [(organization, family, spell_labels(labels)) for family, labels in staged.overflowed],
        )

    def forget_families(self, organization: str, families: Iterable[str]) -> None:
        """Drop families whose label sets have changed (inside a transaction)."""
        for family in families:
            for table in ("counters", "overflowed", "pushed"):
                self._connection.execute(
                    f"DELETE FROM {table} WHERE organization = ? AND family = ?",  # noqa: S608 - fixed names
                    (organization, family),
                )

    def pushed(self, organization: str) -> Iterator[tuple[str, Labels, Pushed]]:
        """Yield what a receiver was told of the counters of an organization."""
        rows = self._rows(
            "SELECT family, labels, starting_at, delivered, ahead FROM pushed WHERE organization = ?", (organization,)
        )
        for family, text, starting_at, delivered, ahead in rows:
            yield family, read_labels(text), Pushed(starting_at, read_number(delivered), read_number(ahead))

    def write_pushed(self, organization: str, told: Mapping[tuple[str, Labels], Pushed]) -> None:
        """Write what a receiver was told of some series (inside a transaction)."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO pushed VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    organization,
                    family,
                    spell_labels(labels),
                    row.starting_at,
                    spell_number(row.delivered),
                    spell_number(row.ahead),
                )
                for (family, labels), row in told.items()
            ],
        )

    def inventory(self, organization: str, kind: str) -> dict[str, str]:
        """Return the remembered objects of a kind by ID, as JSON."""
        rows = self._rows("SELECT id, value FROM inventory WHERE organization = ? AND kind = ?", (organization, kind))
        return dict(rows)

    def replace_inventory(self, organization: str, kind: str, values: Mapping[str, str]) -> None:
        """Write all objects of a kind (inside a transaction)."""
        self._connection.execute("DELETE FROM inventory WHERE organization = ? AND kind = ?", (organization, kind))
        self._connection.executemany(
            "INSERT INTO inventory VALUES (?, ?, ?, ?)",
            [(organization, kind, key, value) for key, value in values.items()],
        )

    def _label_set(self, stream: int, labels: Labels) -> int:
        known = self._ids[stream].get(labels)
        if known is not None:
            return known
        text = spell_labels(labels)
        self._connection.execute("INSERT OR IGNORE INTO groups (stream, labels) VALUES (?, ?)", (stream, text))
        ((number,),) = self._rows("SELECT id FROM groups WHERE stream = ? AND labels = ?", (stream, text))
        self._remember(stream, number, labels)
        return int(number)

    def _remember(self, stream: int, label_set: int, labels: Labels) -> None:
        self._ids[stream][labels] = label_set
        self._labels[label_set] = labels

    def _rollback(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")
        self._torn = self._connection.in_transaction
        # Numbers given to label sets inside the transaction are gone with it.
        self._ids = {stream: {} for stream in self._ids}
        with contextlib.suppress(sqlite3.Error):
            for stream, label_set, labels in self._connection.execute("SELECT stream, id, labels FROM groups"):
                if stream in self._ids:
                    self._remember(stream, label_set, read_labels(labels))
        self._streams = {}
        with contextlib.suppress(sqlite3.Error):
            self._streams = {
                (organization, name): number
                for number, organization, name in self._connection.execute("SELECT id, organization, name FROM streams")
                if number in self._ids
            }

    def _rows(self, statement: str, parameters: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._guard:
            try:
                return self._connection.execute(statement, parameters).fetchall()
            except sqlite3.Error as error:
                raise StateError(f"{self.path}: state cannot be read: {error}") from error

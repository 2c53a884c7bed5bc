"""A transaction that writes to every table, and what was there before; also as a program that is killed half-way.

Run with a folder that holds ``template.db``: makes ``1.db``, ``2.db`` … of it, each with a process of its own that is
killed at that statement of the transaction, until one survives; tells their number.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from anthropic_exporter.ledger.counters import Counter, Staged
from anthropic_exporter.ledger.store import BucketRecord, Store
from anthropic_exporter.records import Interval
from anthropic_exporter.utc import HOUR

HOURS = [Interval(n * HOUR, (n + 1) * HOUR) for n in range(10)]
RECORD = BucketRecord(read_at=5.5, changed_at=4.5, reads=2, settled=True, counted=False)
TOKENS = Counter(total=5, high=7, held=0, hold_until=90.0, moved_at=1.5)
KILLED = 9


def fill(store, stream, cells, hour=HOURS[0], before=None):
    """Write one bucket."""
    with store.transaction():
        store.write_buckets(stream, {hour: RECORD})
        store.write_cells(stream, hour.starting_at, before or {}, cells)


def before_it(path):
    """Make a state, and return it with the number of its stream."""
    store = Store(path)
    stream = store.stream("main", "usage")
    fill(store, stream, {("a",): (1,), ("b",): (2,)})
    fill(store, stream, {("c",): (3,)}, HOURS[1])
    with store.transaction():
        store.set_meta("main", "key", "before")
        store.write_counters("main", Staged({("old", ("a",)): TOKENS}, set()))
        store.replace_inventory("main", "workspace", {"v": "before"})
    return store, stream


def busy_transaction(store, stream):
    """Write to every table."""
    with store.transaction():
        store.drop_buckets(stream, [HOURS[1]])
        store.write_buckets(stream, {HOURS[0]: RECORD, HOURS[2]: RECORD})
        store.write_cells(stream, 0, {("a",): (1,), ("b",): (2,)}, {("a",): (7,), ("new",): (8,)})
        store.write_cells(stream, 2 * HOUR, {}, {("newer",): (9,)})
        store.write_counters("main", Staged({("tokens", ("a",)): TOKENS}, {("tokens", ("far",))}))
        store.set_meta("main", "key", "after")
        store.replace_inventory("main", "workspace", {"w": "after"})
        store.forget_families("main", ["old"])


class Deadly:
    """A connection under which the process dies at a chosen statement."""

    def __init__(self, connection: Any, left: int) -> None:
        self._connection = connection
        self._left = left

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                os._exit(KILLED)
            return getattr(self._connection, name)(*arguments)

        return call


def _live(path: Path, statements: int) -> None:
    store = Store(str(path))
    stream = store.stream("main", "usage")
    store._connection = Deadly(store._connection, statements)
    busy_transaction(store, stream)
    os._exit(0)


def _main(folder: Path) -> None:
    for statements in range(1, 100):
        path = folder / f"{statements}.db"
        shutil.copy(folder / "template.db", path)
        child = os.fork()
        if child == 0:
            _live(path, statements)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != KILLED:
            sys.stdout.write(str(statements))
            return


if __name__ == "__main__":
    _main(Path(sys.argv[1]))

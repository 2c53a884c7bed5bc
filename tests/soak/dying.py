"""State files under a process that dies, or a disk that fails, at a chosen statement."""

import itertools
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from anthropic_exporter.ledger.store import Store


class Died(BaseException):
    """The process is gone. Not an Exception: nothing may catch it and go on."""


class Mortal:
    """Passes statements on to SQLite until one is the last: then the process dies there, or the disk fails for it.

    Args:
        connection: the real one.
        last: the number of the statement that is not carried out any more, the first is 1; 0: never.
        disk: whether the disk fails (once, the program goes on) instead of the process.
    """

    def __init__(self, connection: sqlite3.Connection, last: int, *, disk: bool = False) -> None:
        self._connection = connection
        self._last = last
        self._disk = disk
        self.statements = 0
        self.struck = False

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self._count()
        return self._connection.execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self._count()
        return self._connection.executemany(*arguments)

    def close(self) -> None:
        self._connection.close()

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def _count(self) -> None:
        self.statements += 1
        if self.struck and not self._disk:
            raise Died
        if self.statements == self._last:
            self.struck = True
            if self._disk:
                raise sqlite3.OperationalError("database or disk is full")
            raise Died


def strike(store: Store, last: int, *, disk: bool = False) -> Mortal:
    """Let a store's process die (or its disk fail) at the ``last``-th statement from now."""
    mortal = Mortal(store._connection, last, disk=disk)
    store._connection = mortal
    return mortal


def spare(store: Store, mortal: Mortal) -> None:
    """Let a store live on."""
    store._connection = mortal._connection


_NUMBERS = itertools.count()


def leave_behind(store: Store) -> str:
    """Return the path of a copy of what is on the disk at this instant, and close the original.

    Closing would tidy up what a killed process leaves lying about: an unfinished transaction, the write-ahead log.
    """
    path = Path(store.path)
    copy = path.with_name(f"state-{next(_NUMBERS)}.db")
    for suffix in ("", "-wal"):
        if Path(f"{path}{suffix}").exists():
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
    discard(store)
    return str(copy)


def discard(store: Store) -> None:
    """Close a store for good and remove its files."""
    store.close()
    for file in Path(store.path).parent.glob(f"{Path(store.path).name}*"):
        file.unlink()

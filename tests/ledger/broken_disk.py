"""A connection to a state file whose disk fails at a chosen statement."""

import sqlite3
from dataclasses import dataclass
from typing import Any


@dataclass
class BrokenDisk:
    """Passes statements on until one fails: the ``fails_at``-th, and all after it if the disk is ``gone``."""

    connection: sqlite3.Connection
    fails_at: int
    gone: bool = False
    statements: int = 0

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self._count()
        return self.connection.execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self._count()
        return self.connection.executemany(*arguments)

    def close(self) -> None:
        self.connection.close()

    @property
    def in_transaction(self) -> bool:
        return self.connection.in_transaction

    @property
    def failed(self) -> bool:
        return self.statements >= self.fails_at

    def _count(self) -> None:
        self.statements += 1
        if self.statements == self.fails_at or (self.gone and self.failed):
            raise sqlite3.OperationalError("disk I/O error")


@dataclass
class FullDisk(BrokenDisk):
    """Reads go on, no transaction can be begun."""

    fails_at: int = 0

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        if arguments[0].startswith("BEGIN"):
            raise sqlite3.OperationalError("database or disk is full")
        return self.connection.execute(*arguments)


def contents(connection: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything that a state file says, with labels in place of their numbers."""
    queries = {
        "meta": "SELECT * FROM meta WHERE value <> '' ORDER BY 1, 2",
        "buckets": "SELECT * FROM buckets ORDER BY 1, 2",
        "cells": "SELECT cells.stream, starting_at, labels, v0, v1, v2, v3, v4, v5, v6 FROM cells"
        " LEFT JOIN groups ON groups.id = label_set AND groups.stream = cells.stream ORDER BY 1, 2, 3",
        "counters": "SELECT * FROM counters ORDER BY 1, 2, 3",
        "overflowed": "SELECT * FROM overflowed ORDER BY 1, 2, 3",
        "inventory": "SELECT * FROM inventory ORDER BY 1, 2, 3",
    }
    return {name: connection.execute(query).fetchall() for name, query in queries.items()}

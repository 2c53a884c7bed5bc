"""The state file itself: made, locked, checked, and moved aside when it is broken."""

import contextlib
import fcntl
import logging
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from anthropic_exporter.errors import StateError

SCHEMA_VERSION = 1
MEMORY = ":memory:"
LOCK_PATIENCE = 5.0
"""Seconds to wait for another program that looks into the file."""

COLUMNS = 7
"""Values a cell can hold: five token types, web searches, requests."""

_SCHEMA = """
CREATE TABLE meta (organization TEXT, key TEXT, value TEXT, PRIMARY KEY (organization, key)) WITHOUT ROWID;
CREATE TABLE streams (id INTEGER PRIMARY KEY, organization TEXT, name TEXT, UNIQUE (organization, name));
CREATE TABLE groups (id INTEGER PRIMARY KEY, stream INTEGER, labels TEXT, UNIQUE (stream, labels));
CREATE TABLE buckets (
    stream INTEGER, starting_at INTEGER, ending_at INTEGER,
    read_at REAL, changed_at REAL, reads INTEGER, settled INTEGER, counted INTEGER,
    PRIMARY KEY (stream, starting_at)
) WITHOUT ROWID;
CREATE TABLE cells (
    stream INTEGER, starting_at INTEGER, label_set INTEGER, v0, v1, v2, v3, v4, v5, v6,
    PRIMARY KEY (stream, starting_at, label_set)
) WITHOUT ROWID;
CREATE TABLE counters (
    organization TEXT, family TEXT, labels TEXT, total, high, held, hold_until REAL, moved_at REAL,
    PRIMARY KEY (organization, family, labels)
) WITHOUT ROWID;
CREATE TABLE overflowed (
    organization TEXT, family TEXT, labels TEXT, PRIMARY KEY (organization, family, labels)
) WITHOUT ROWID;
CREATE TABLE inventory (
    organization TEXT, kind TEXT, id TEXT, value TEXT, PRIMARY KEY (organization, kind, id)
) WITHOUT ROWID;
"""

# What came later: made in a file of any age, and left alone by a version that does not know it.
_ADDED = """
CREATE TABLE IF NOT EXISTS pushed (
    organization TEXT, family TEXT, labels TEXT, starting_at INTEGER, delivered, ahead,
    PRIMARY KEY (organization, family, labels)
) WITHOUT ROWID;
"""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class StateFile:
    """An open state file. ``loaded`` tells whether it held anything."""

    connection: sqlite3.Connection
    loaded: bool
    lock: IO[str] | None

    def close(self) -> None:
        """Close the file and let another process have it."""
        self.connection.close()
        if self.lock:
            self.lock.close()


def open_state(path: str) -> StateFile:
    """Open the state file, making it and its folder when they do not exist.

    A file that SQLite finds broken, or that a newer version wrote, is moved aside and an empty one begun: the numbers
    are read from upstream again.

    Raises:
        StateError: another process holds it, or it cannot be created or written.
    """
    if path == MEMORY:
        return StateFile(_create(_connect(path)), loaded=False, lock=None)
    lock = _lock(Path(path))
    try:
        connection = _sound(path)
        if connection is not None:
            return StateFile(connection, loaded=True, lock=lock)
        return StateFile(_create(_connect(path)), loaded=False, lock=lock)
    except sqlite3.Error as error:
        lock.close()
        raise StateError(f"{path}: state file cannot be used: {error}") from error


def look_into(path: str) -> StateFile:
    """Open a state file only to read it, beside the process that writes it.

    Raises:
        StateError: there is none, or it cannot be read or is not of this version.
    """
    if not Path(path).is_file():
        raise StateError(f"{path}: there is no state file")
    try:
        connection = sqlite3.connect(
            f"{Path(path).absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=LOCK_PATIENCE,
        )
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error as error:
        raise StateError(f"{path}: state file cannot be read: {error}") from error
    if version != SCHEMA_VERSION:
        connection.close()
        raise StateError(f"{path}: schema version {version}, this program knows {SCHEMA_VERSION}")
    return StateFile(connection, loaded=True, lock=None)


def _lock(path: Path) -> IO[str]:
    """Hold a lock beside the file: two writers would each show half of the truth."""
    if path.is_dir():
        raise StateError(
            f"{path}: expected a state file, found a folder; name a file in it, such as {path / 'state.db'}"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.fdopen(os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StateError(f"{path}: state file cannot be created: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise StateError(
            f"{path}: another anthropic-exporter uses this state file; stop it or set another --state.path"
        ) from error
    return handle


def _sound(path: str) -> sqlite3.Connection | None:
    """Return a connection to a file that holds a usable state, else None with the file moved aside."""
    if not Path(path).stat().st_size:
        return None
    connection = _connect(path)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        check = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if not _broken(error):
            connection.close()
            raise
        version, check = -1, str(error)
    if version == SCHEMA_VERSION and check == "ok":
        connection.executescript(_ADDED)
        return connection
    connection.close()
    if version == 0 and check == "ok":
        return None  # begun, but its first transaction never committed
    why = check if check != "ok" else f"schema version {version}, this program knows {SCHEMA_VERSION}"
    aside = f"{path}.unusable-{int(time.time())}"
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(path + suffix).rename(aside + suffix)
    log.warning("state file is unusable, moved aside; reading everything again", extra={"path": aside, "why": why})
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return None


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=LOCK_PATIENCE)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -4096")
    except sqlite3.DatabaseError as error:
        if not _broken(error):
            connection.close()
            raise
    return connection


def _broken(error: sqlite3.Error) -> bool:
    """Return whether the file itself is to blame, and not a lock, the disk or its permissions."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _create(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.executescript(f"BEGIN;{_SCHEMA}{_ADDED}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")
    return connection

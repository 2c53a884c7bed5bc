import re
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from anthropic_exporter.errors import StateError
from anthropic_exporter.ledger import statefile
from anthropic_exporter.ledger.statefile import SCHEMA_VERSION, open_state
from ledger.broken_disk import BrokenDisk


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "state.db"


def begun(path):
    """Make a state file with something in it."""
    opened = open_state(str(path))
    opened.connection.execute("INSERT INTO meta VALUES ('main', 'key', 'value')")
    opened.close()


def holds_something(opened):
    return opened.connection.execute("SELECT COUNT(*) FROM meta").fetchone()[0] == 1


def moved_aside(path):
    return [found.name for found in path.parent.iterdir() if re.fullmatch(r"state\.db\.unusable-\d+", found.name)]


def test_a_new_state_is_made_with_its_folder(path):
    opened = open_state(str(path))
    assert not opened.loaded
    assert opened.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert opened.connection.execute("PRAGMA synchronous").fetchone() == (2,)
    opened.close()


def test_a_state_is_found_again(path):
    begun(path)
    opened = open_state(str(path))
    assert opened.loaded
    assert holds_something(opened)
    opened.close()


def test_only_the_owner_can_read_it(path):
    opened = open_state(str(path))
    opened.connection.execute("INSERT INTO meta VALUES ('main', 'key', 'value')")
    modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in path.parent.iterdir()}
    assert modes == dict.fromkeys(("state.db", "state.db-wal", "state.db-shm", "state.db.lock"), 0o600)
    opened.close()


def test_a_state_in_memory_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    open_state(":memory:").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(
            lambda path: path.write_bytes(b"no database, but long enough for one" * 200),
            id="no database",
        ),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:5000]), id="cut off"),
        pytest.param(
            lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * (path.stat().st_size - 4096)),
            id="overwritten",
        ),
    ],
)
def test_a_corrupt_file_is_moved_aside(path, damage, caplog):
    begun(path)
    damage(path)
    opened = open_state(str(path))
    assert not opened.loaded
    assert not holds_something(opened)
    opened.close()
    assert len(moved_aside(path)) == 1
    assert "moved aside" in caplog.text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = open_state(str(path))
    assert again.loaded
    again.close()


def test_what_a_newer_version_wrote_is_moved_aside(path, caplog):
    begun(path)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    opened = open_state(str(path))
    assert not opened.loaded
    opened.close()
    assert len(moved_aside(path)) == 1
    assert [record.why for record in caplog.records] == [
        f"schema version {SCHEMA_VERSION + 1}, this program knows {SCHEMA_VERSION}"
    ]


def test_a_state_that_another_program_holds_is_not_moved_aside(path, monkeypatch):
    """Someone looks into the file with an exclusive lock: it is not broken, and must not be lost."""
    monkeypatch.setattr(statefile, "LOCK_PATIENCE", 0.05)
    begun(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StateError, match="state file cannot be used: database is locked"):
        open_state(str(path))
    other.close()
    assert moved_aside(path) == []
    opened = open_state(str(path))
    assert holds_something(opened)
    opened.close()


def test_a_state_that_cannot_be_read_at_the_moment_is_not_moved_aside(path, monkeypatch):
    begun(path)
    connect = statefile._connect
    monkeypatch.setattr(statefile, "_connect", lambda path: BrokenDisk(connect(path), fails_at=2))
    with pytest.raises(StateError, match="state file cannot be used: disk I/O error"):
        open_state(str(path))
    monkeypatch.undo()
    assert moved_aside(path) == []
    open_state(str(path)).close()


def test_a_second_process_is_refused(path):
    opened = open_state(str(path))
    script = "import sys; from anthropic_exporter.ledger.statefile import open_state; open_state(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=False)
    assert f"StateError: {path}: another anthropic-exporter uses this state file; stop it or set another" in done.stderr
    opened.close()
    open_state(str(path)).close()


def test_a_file_in_the_place_of_the_folder_is_a_state_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="state file cannot be created: File exists"):
        open_state(str(tmp_path / "file" / "state.db"))


def test_a_folder_in_the_place_of_the_file_is_a_state_error(tmp_path):
    (tmp_path / "state.db").mkdir()
    with pytest.raises(StateError, match="expected a state file, found a folder"):
        open_state(str(tmp_path / "state.db"))


def test_a_folder_that_takes_no_files_is_a_state_error():
    """/proc takes no files from anyone, root included."""
    if not Path("/proc/self").exists():
        pytest.skip("no /proc on this machine")
    with pytest.raises(StateError, match="state file cannot be created"):
        open_state("/proc/self/state.db")


def test_a_state_whose_making_was_cut_short_is_made_again(path):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    opened = open_state(str(path))
    assert not opened.loaded
    assert not holds_something(opened)
    opened.close()

"""A clock that tests can set, for a simulator in this process and an exporter in its own (libfaketime)."""

import re
import subprocess
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

_SEEN_WITHIN = 1.5
"""Seconds until a running process has noticed: it reads the file at most once a second."""


def instant(text: str) -> float:
    """Return the seconds since 1970 of ``2027-12-31T23:50:00``, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@dataclass
class Clock:
    """Runs as fast as the real one, from wherever it was set to."""

    folder: Path
    _offset: float = field(default=0.0, init=False)

    def set(self, text: str) -> None:
        """Set the clock, and wait until a process that runs under it must have seen that."""
        self._offset = instant(text) - time.time()
        self._file.write_text(f"{self._offset:+f}\n")
        time.sleep(_SEEN_WITHIN)

    def now(self) -> float:
        return time.time() + self._offset

    def environment(self) -> dict[str, str]:
        """Return what makes a process run under this clock. Waits are measured by a clock that is left alone."""
        return {
            "LD_PRELOAD": _library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    @property
    def _file(self) -> Path:
        return self.folder / "clock"


def _library() -> str:
    """Return the path of libfaketime, which only its own command knows."""
    told = subprocess.run(["faketime", "-m", "-f", "+0s", "env"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"^LD_PRELOAD=(\S+)", told, re.MULTILINE)
    assert found, told
    return found[1]


def forget(pid: int) -> None:
    """Remove what libfaketime leaves in shared memory after a process that was killed."""
    for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
        (Path("/dev/shm") / name).unlink(missing_ok=True)

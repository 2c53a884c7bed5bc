"""Files, written by a process of its own: spelling numbers takes as long as reading them, and runs meanwhile.

The process is this module; pages come in by its standard input, and what became of them goes out by its standard
output. It ends when its input does. It is a child made anew and not a copy of the running one, which has threads.
"""

import fcntl
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, cast

from anthropic_exporter.backfill.openmetrics import Files, Written
from anthropic_exporter.backfill.page import Page
from anthropic_exporter.errors import ConfigError, ExporterError

_PART = 500
"""Series that are handed on at once."""


class Gone(ExporterError):  # noqa: N818 - it names what is so, as the other errors do
    """The process that writes has ended by itself."""


@dataclass(slots=True)
class Writer:
    """Writes each slice into a file of its own, one at a time, in another process.

    It is the only one in its folder for as long as that process lives, also where this one is killed.

    Args:
        labels: what Prometheus adds to the live series (``job``, ``instance``).

    Raises:
        ConfigError: another one is at work in that folder.
    """

    folder: Path
    labels: Mapping[str, str]
    _process: subprocess.Popen[bytes] = field(init=False)
    _files: Files = field(init=False)
    _lock: int = field(init=False)
    _part: Path | None = None

    def __post_init__(self) -> None:
        self._files = Files(self.folder, self.labels)
        self._lock = _locked(self.folder)
        # It finds the package where this process has found it, and is not reached by Ctrl-C: ``close`` ends it.
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=[self._lock],
            start_new_session=True,
        )
        self._send(self._files)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def write(self, start: int, page: Page) -> Callable[[], Written]:
        """Take one slice, and return what waits until it is written.

        Raises:
            Gone: the process has ended. What is returned raises that too.
            OSError: the disk is full, or the like.
        """
        self._part = self._files.part(start)
        # In parts: pickle remembers all that it has seen until it is done, here and there.
        parts = [
            (family, found[at : at + _PART]) for family, found in page.families for at in range(0, len(found), _PART)
        ]
        self._send((start, replace(page, families=[]), len(parts)), *parts)
        return self._written

    def close(self) -> None:
        """End the process; of a slice that is being written nothing is left."""
        self._process.kill()
        self._process.communicate()
        os.close(self._lock)
        if self._part is not None:
            self._part.unlink(missing_ok=True)

    def _send(self, *what: object) -> None:
        requests = cast(BinaryIO, self._process.stdin)
        try:
            for each in what:
                pickle.dump(each, requests)
            requests.flush()
        except BrokenPipeError:
            raise self._gone() from None

    def _written(self) -> Written:
        try:
            answer: Written | OSError = pickle.load(cast(BinaryIO, self._process.stdout))  # noqa: S301 - our own process
        except EOFError:
            raise self._gone() from None
        self._part = None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _gone(self) -> Gone:
        status = self._process.wait()
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        return Gone(f"the process that writes files has ended {how}")


def _locked(folder: Path) -> int:
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise ConfigError(f"--output-dir: another backfill is writing into {folder}") from None
    except OSError:
        pass  # a file system without locks
    return lock


def main() -> None:
    """Write what comes in until nothing comes any more."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    files: Files = pickle.load(requests)  # noqa: S301 - from the process that has started this one
    while True:
        try:
            start, page, parts = pickle.load(requests)  # noqa: S301 - likewise
            for _ in range(parts):
                family, found = pickle.load(requests)  # noqa: S301 - likewise
                if not page.families or page.families[-1][0] != family:
                    page.families.append((family, []))
                page.families[-1][1].extend(found)
        except EOFError:
            return
        answer: Written | OSError
        try:
            answer = files.write(start, page)
        except OSError as error:
            answer = error
        del page  # before the next one comes
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    main()

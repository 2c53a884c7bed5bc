"""An exporter of its own process, and what the system says of it."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

SETTINGS = {"upstream": {"requests_per_minute": 0}, "series": {"max_per_family": 10_000_000}}
ENVIRONMENT = {**os.environ, "ANTHROPIC_ADMIN_API_KEY": "bench"}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)  # an installation has its bytecode
COMMAND = (sys.executable, "-m", "anthropic_exporter")
TICKS = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def printing_its_url(*command: str) -> Iterator[tuple[str, int]]:
    """Run a module that prints its URL once it listens; give the URL and the process ID."""
    with subprocess.Popen((sys.executable, "-m", *command), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield (process.stdout.readline().strip() if process.stdout else ""), process.pid
        finally:
            process.kill()


@dataclass(frozen=True)
class Served:
    """A running exporter."""

    url: str
    pid: int
    ready_after: float  # seconds from its start

    def cpu(self) -> float:
        """Return the processor seconds that it has used."""
        return cpu(self.pid)

    def resident(self) -> float:
        """Return its resident memory in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


def cpu(pid: int) -> float:
    """Return the processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@contextlib.contextmanager
def serving(
    upstream: str, folder: Path | None = None, *, limited: bool = False, **sections: object
) -> Iterator[Served]:
    """Run the exporter until its first exposition is whole, and end it afterwards.

    Args:
        limited: with the limits of requests and series that are the default.
    """
    with tempfile.TemporaryDirectory() as own:
        where = folder or Path(own)
        (where / "exporter.yml").write_text(yaml.safe_dump({**({} if limited else SETTINGS), **sections}))
        begun = time.monotonic()
        flags = ("--config.file", where / "exporter.yml", "--anthropic.base-url", upstream)
        more = ("--state.path", where / "state.db", "--web.listen-address", "127.0.0.1:0")
        with (
            (where / "log").open("w+") as log,
            subprocess.Popen((*COMMAND, "serve", *map(str, (*flags, *more))), stderr=log, env=ENVIRONMENT) as process,
        ):
            try:
                told = _await(where / "log", "url=")
                url = told.split("url=")[1].split()[0]
                _ready(url.removesuffix("/metrics"))
                yield Served(url, process.pid, time.monotonic() - begun)
            finally:
                process.terminate()


def _await(log: Path, word: str) -> str:
    while word not in (text := log.read_text()):
        time.sleep(0.01)
    return text


def _ready(url: str) -> None:
    from bench.scraper import Scraper  # noqa: PLC0415 - the scraper knows nothing of processes

    asked = Scraper(f"{url}/-/ready")
    while not asked.scrape()[1].startswith(b"anthropic-exporter is ready"):
        time.sleep(0.02)

"""Real processes of the exporter, killed at random instants in front of the simulator."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from anthropic_exporter.utc import year_start
from e2e.parts import KEY, Exporter, fast_settings
from e2e.script import Script
from e2e.truth import COUNTERS, Truth, difference, highest, reports
from e2e.witness import in_a_scrape
from soak.figures import Broken, Figures
from soak.scraper import Scraper

FAULTS = ("internal_error", "rate_limited_bare", "truncated", "reset", "broken_off")
PATIENCE = 120.0
"""Seconds; only a failure takes so long."""


@dataclass
class Running:
    """One process, as ``e2e.parts.Exporter`` wants it."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def stderr(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self, number: int = signal.SIGTERM, timeout: float = 15.0) -> int:
        """Send a signal to exactly this process, and return its exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        return self.popen.wait(timeout)


class KillTrial:
    """One exporter with one state file, through several kills."""

    def __init__(self, seed: int, folder: Path, figures: Figures) -> None:
        self._random = random.Random(seed)
        self._folder = folder / f"kills-{seed}"
        self._folder.mkdir(parents=True)
        self._figures = figures
        self._script = Script(time.time(), seed)
        self._scraper = Scraper(figures)
        self._processes: list[Running] = []

    def run(self, kills: int) -> None:
        """Kill so often, with usage, corrections and faults between, then let the dust settle."""
        organization = self._script.organization
        switches = Switches(visibility_delay=0.0, refresh_step=2.0, accepted_keys=(KEY,), page_cap=11)
        with Simulator(organization, switches) as simulator, self._exporter(simulator) as exporter:
            exporter.start()
            for number in range(kills):
                simulator.switch(faults=list(FAULTS) * self._random.randrange(2), fault_rate=0.04)
                self._kill(exporter, number)
            simulator.switch(faults=[])
            self._script.grow()
            self._settle(exporter, Truth(simulator, *reports("both", open_bucket=True)))
            self._processes[-1].stop()
        self._figures.histories += 1

    def _kill(self, exporter: Exporter, number: int) -> None:
        """Kill the exporter at an instant of its start, its first reading or its usual polls."""
        if number % 2:
            _wait(lambda: self._watch(exporter) and exporter.is_ready(), "the exporter is not ready")
        corrected = number % 4 == 2
        self._script.change() if corrected else self._script.arrive()
        until = time.monotonic() + self._random.uniform(0.05, 1.5)
        while time.monotonic() < until:
            self._watch(exporter)
            time.sleep(0.02)
        if self._processes[-1].stop(signal.SIGKILL) != -signal.SIGKILL:
            raise Broken(f"the exporter had ended by itself: {self._processes[-1].stderr}")
        self._figures.kills += 1
        self._figures.faults += 1
        if corrected:
            self._script.grow()  # or a lost state could come back lower than what was shown, and rightly so
        if not self._random.randrange(5):
            self._figures.faults += 1
            exporter.remove_state()
            self._scraper.forget()
        exporter.start()

    def _watch(self, exporter: Exporter) -> bool:
        """Hold one scrape against all before."""
        try:
            shown = exporter.scrape()
        except httpx.TransportError:
            return False
        self._figures.steps += 1
        counters = {sample: value for sample, value in shown.items() if sample[0] in COUNTERS}
        self._scraper.look(counters, year_start(time.time()))
        return True

    def _settle(self, exporter: Exporter, truth: Truth) -> None:
        told = in_a_scrape(exporter)
        left: dict[str, Any] = {}

        def agrees() -> bool:
            nonlocal left
            if not (self._watch(exporter) and exporter.is_ready()):
                return False
            found = told()
            left = difference(highest(truth.families()), found)
            return not left

        try:
            _wait(agrees, "the dust does not settle")
        except Broken as error:
            for expected, shown in left.get("anthropic_usage_tokens_total", {}).values():
                self._figures.lost += int(max(0, expected - shown))
                self._figures.doubled += int(max(0, shown - expected))
            raise Broken(f"not the truth, by labels (expected, told): {left}") from error

    @contextlib.contextmanager
    def _exporter(self, simulator: Simulator) -> Iterator[Exporter]:
        key = self._folder / "admin-key"
        key.write_text(KEY)
        (self._folder / "state").mkdir()
        settings = fast_settings(simulator.base_url, key)
        with httpx.Client(trust_env=False, timeout=10) as client:
            try:
                yield Exporter(self._start, client, self._folder, _free_port(), settings)
            finally:
                for process in self._processes:
                    process.stop(signal.SIGKILL)

    def _start(self, command: list[str], env: dict[str, str], cwd: Path) -> Running:
        log = self._folder / f"log-{len(self._processes)}"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                cwd=cwd,
            )
        self._processes.append(Running(popen, log))
        return self._processes[-1]


def _wait(predicate: Callable[[], object], why: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not predicate():
        if time.monotonic() > deadline:
            raise Broken(why)
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fast_folder() -> str | None:
    """Return a folder in memory where there is one: a million commits would wear out a disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

"""Histories by the hundred, in as many processes as there are processors."""

import itertools
import logging
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from soak.figures import Broken, Figures
from soak.kills import KillTrial, fast_folder
from soak.ledger_trial import LedgerTrial
from soak.pipeline_trial import PipelineTrial

STEPS = 300
"""Of one history: long ones have more to compare at each step."""

KILLS = 8
"""Of one exporter with one state file."""

PIPELINE_SHARE = 0.04
"""Of the steps; each takes several times as long as one of the ledger alone."""

Work = tuple[str, int]


def run(steps: int, kills: int, seed: int, processes: int) -> Iterator[tuple[Figures, str]]:
    """Yield the figures of each history, and what was broken in it."""
    work: list[Work] = [("kill", seed + number) for number in range(-(-kills // KILLS))]
    work += _mixed(steps, seed)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(live, work)


def _mixed(steps: int, seed: int) -> list[Work]:
    """Return so many histories that their steps are enough, the two kinds mixed evenly."""
    pipelines = int(steps * PIPELINE_SHARE) // STEPS + 1
    ledgers = int(steps * (1 - PIPELINE_SHARE)) // STEPS + 1
    every = max(1, ledgers // pipelines)
    mixed: list[Work] = []
    for number in itertools.count():
        if number >= ledgers and number >= pipelines * every:
            return mixed
        if number < ledgers:
            mixed.append(("ledger", seed + number))
        if number % every == 0 and number // every < pipelines:
            mixed.append(("pipeline", seed + number))
    return mixed


def live(work: Work) -> tuple[Figures, str]:
    """Live through one history in a process of the pool."""
    logging.disable(logging.CRITICAL)
    kind, seed = work
    trials: dict[str, tuple[Callable[..., Any], int]] = {
        "ledger": (LedgerTrial, STEPS),
        "pipeline": (PipelineTrial, STEPS),
        "kill": (KillTrial, KILLS),
    }
    trial, length = trials[kind]
    figures = Figures()
    with tempfile.TemporaryDirectory(dir=fast_folder()) as folder:
        try:
            trial(seed, Path(folder), figures).run(length)
        except Broken as error:
            return figures, f"BROKEN {kind} history {seed}, step {figures.steps}: {error}"
        except Exception as error:
            return figures, f"FAILED {kind} history {seed}, step {figures.steps}: {error!r}"
    return figures, ""

"""The soak tells a wrong ledger from a right one; otherwise its zeros would mean nothing."""

from functools import partial

import pytest

from anthropic_exporter.utc import DAY
from soak.figures import Broken, Figures
from soak.ledger_trial import STARTS, LedgerTrial
from soak.mutants import MUTANTS, SilentNewYear
from soak.pipeline_trial import PipelineTrial

ENOUGH = 30  # histories; most mutants do not survive the first
STEPS = {LedgerTrial: 120, PipelineTrial: 150}
NEW_YEARS_EVE = (STARTS[0] + DAY,)

# It takes an outage over New Year and more usage after it than before, so a year that is some hours old.
SILENT = "silent New Year"
# In months of polls a disk seldom fails just then.
FIGHTS = [
    (mutant, trial)
    for mutant in MUTANTS
    for trial in STEPS
    if mutant != SILENT and (mutant, trial) != ("shown before it is written", PipelineTrial)
]


@pytest.mark.parametrize(("mutant", "trial"), FIGHTS)
def test_a_wrong_ledger_does_not_survive(tmp_path, mutant, trial):
    lives = partial(trial, folder=tmp_path, parts=MUTANTS[mutant])
    assert not all(survives(lives, seed, STEPS[trial]) for seed in range(ENOUGH))


def test_a_new_year_without_a_zero_does_not_survive(tmp_path):
    assert MUTANTS[SILENT].counters is SilentNewYear
    lives = partial(LedgerTrial, folder=tmp_path, parts=MUTANTS[SILENT], starts=NEW_YEARS_EVE)
    assert not all(survives(lives, seed, 60) for seed in range(10 * ENOUGH))


def survives(lives, seed, steps):
    try:
        lives(seed, figures=Figures()).run(steps)
    except Broken:
        return False
    return True


@pytest.mark.parametrize("trial", STEPS)
def test_the_right_ledger_survives(tmp_path, trial):
    figures = Figures()
    trial(1, tmp_path, figures).run(STEPS[trial])
    assert figures.clean
    assert figures.steps >= STEPS[trial]

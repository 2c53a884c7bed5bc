"""The soak tells a wrong ledger from a right one; otherwise its zeros would mean nothing."""

import pytest

from soak.figures import Broken, Figures
from soak.ledger_trial import LedgerTrial
from soak.mutants import MUTANTS
from soak.pipeline_trial import PipelineTrial

ENOUGH = 12  # histories; most mutants do not survive the second
STEPS = {LedgerTrial: 120, PipelineTrial: 150}


# In months of polls a clock is seldom set back within seconds of a new series, nor does a disk fail just then.
RARE = {"held by the clock", "shown before it is written"}
FIGHTS = [(mutant, LedgerTrial) for mutant in MUTANTS] + [
    (mutant, PipelineTrial) for mutant in MUTANTS if mutant not in RARE
]


@pytest.mark.parametrize(("mutant", "trial"), FIGHTS)
def test_a_wrong_ledger_does_not_survive(tmp_path, mutant, trial):
    assert not all(survives(tmp_path, seed, trial, mutant) for seed in range(ENOUGH))


def survives(folder, seed, trial, mutant):
    try:
        trial(seed, folder, Figures(), MUTANTS[mutant]).run(STEPS[trial])
    except Broken:
        return False
    return True


@pytest.mark.parametrize("trial", STEPS)
def test_the_right_ledger_survives(tmp_path, trial):
    figures = Figures()
    trial(1, tmp_path, figures).run(STEPS[trial])
    assert figures.clean
    assert figures.steps >= STEPS[trial]

"""The bounded soak: what `make soak` does a million times, as often as fits in half a minute."""

import pytest

from soak.figures import Broken, Figures
from soak.kills import KillTrial
from soak.ledger_trial import LedgerTrial
from soak.pipeline_trial import PipelineTrial


@pytest.mark.parametrize("seed", range(11, 19))
def test_a_ledger_holds_what_it_was_told_in_any_order(tmp_path, seed):
    figures = Figures()
    for each in range(seed * 100, seed * 100 + 3):
        LedgerTrial(each, tmp_path, figures).run(250)
    assert figures.clean, figures
    assert figures.steps > 700
    assert figures.faults > 40


@pytest.mark.parametrize("seed", range(11, 17))
def test_the_pipeline_ends_in_the_truth_whatever_happens_to_it(tmp_path, seed):
    figures = Figures()
    PipelineTrial(seed, tmp_path, figures).run(200)
    assert figures.clean, figures
    assert figures.steps > 200


@pytest.mark.parametrize("seed", range(4))
def test_kills_lose_nothing_and_count_nothing_twice(tmp_path, seed):
    """In a long run there are 200 of them."""
    figures = Figures()
    KillTrial(seed, tmp_path, figures).run(6)
    assert figures.clean, figures
    assert figures.kills == 6


def test_figures_are_one_line():
    figures = Figures(histories=2, steps=3000, kills=1)
    figures.add(Figures(histories=1, lost=5))
    assert str(figures) == (
        "histories tried 3; property steps 3,000; days simulated 0; faults injected 0; kills survived 1;"
        " tokens lost 5; tokens double counted 0; counter drops 0"
    )
    assert not figures.clean
    assert issubclass(Broken, AssertionError)

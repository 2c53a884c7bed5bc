"""The tests of each alert notice every small fault that its rule could have."""

import json
import shutil

import pytest

from dashboards.mutations import mutants
from dashboards.rulefiles import ALERTS, cases, run_cases


@pytest.mark.long
@pytest.mark.needs("promtool")
@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_tests_fail_for_every_fault(alert, tmp_path):
    found = {json.dumps(rule): (what, rule) for what, rule in mutants(alert)}
    assert len(found) >= 3
    unnoticed = [
        what for number, (what, rule) in enumerate(found.values()) if _unnoticed(alert, rule, tmp_path / str(number))
    ]
    assert not unnoticed, f"{len(found)} faults tried"


def _unnoticed(alert, rule, folder):
    """Try the cases one by one: the first that fails is enough."""
    for number in _promising(alert):
        if run_cases(alert, rule, folder, [number]):
            shutil.rmtree(folder)
            return False
    return True


def _promising(alert):
    """Return the cases in an order in which faults show early: those that fire, then the others."""
    names = [case["name"] for case in cases(alert)["tests"]]
    return sorted(range(len(names)), key=lambda number: not names[number].startswith("fires"))

"""The tests of each rule notice every small fault that it could have."""

import json
import shutil

import pytest

from dashboards.mutations import mutants, recorded_mutants
from dashboards.rulefiles import (
    ALERTS,
    RECORDING,
    cases,
    needed,
    noticed,
    of_one_exporter,
    run_cases,
    run_recording_cases,
)

pytestmark = [pytest.mark.long, pytest.mark.needs("promtool")]


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_all_cases_are_the_same_with_a_second_exporter(alert, tmp_path):
    assert run_cases(alert, ALERTS[alert], tmp_path, wanted=of_one_exporter(alert), standby=True) == ""


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_tests_fail_for_every_fault(alert, tmp_path):
    found = _distinct(mutants(alert))
    assert len(found) >= 3
    unnoticed = {str(number): rule for number, (_, rule) in enumerate(found)}
    for standby in (False, True):
        for number in _promising(alert, of_one_exporter(alert) if standby else range(len(cases(alert)["tests"]))):
            for key in noticed(alert, unnoticed, number, tmp_path, standby=standby):
                del unnoticed[key]
    assert not unnoticed, f"{[found[int(key)][0] for key in unnoticed]} of {len(found)} faults"


@pytest.mark.parametrize("name", sorted(RECORDING))
def test_tests_fail_for_every_fault_of_what_is_recorded(name, tmp_path):
    found = _distinct(recorded_mutants(name))
    users = [alert for alert in ALERTS if name in needed(ALERTS[alert])]
    unnoticed = [
        what
        for what, rule in found
        if not run_recording_cases(rule, tmp_path)
        and not any(_noticed(alert, ALERTS[alert], tmp_path, recorded=rule) for alert in users)
    ]
    assert not unnoticed, f"{len(found)} faults tried"


def _distinct(found):
    return [(what, rule) for what, rule in {json.dumps(rule): (what, rule) for what, rule in found}.values()]


def _noticed(alert, rule, folder, recorded=None):
    """Try the cases one by one: the first that fails is enough."""
    for standby in (False, True):
        for number in _promising(alert, of_one_exporter(alert) if standby else range(len(cases(alert)["tests"]))):
            failed = run_cases(alert, rule, folder, wanted=[number], recorded=recorded, standby=standby)
            shutil.rmtree(folder)
            if failed:
                return True
    return False


def _promising(alert, numbers):
    """Return the cases in an order in which faults show early: those that fire, then the others."""
    names = [case["name"] for case in cases(alert)["tests"]]
    return sorted(numbers, key=lambda number: not names[number].startswith("fires"))

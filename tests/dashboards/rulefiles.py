"""The rules as data: their sources with tokens, what they name, and which of them an alert needs."""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
RULES = ROOT / "dashboards" / "rules"
TESTS = RULES / "tests"
RUNBOOKS = ROOT / "docs" / "runbooks"
NAMES = ("anthropic-recording.yml", "anthropic-alerts.yml")
Rule = dict[str, Any]

FIRST, SECOND = "exporter:10114", "standby:10114"
"""The exporter of all cases, and one that watches the same organization."""

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*(?::[a-zA-Z0-9_]+)*")


def load(name: str, folder: Path) -> ModuleType:
    """Import a script that is in no package."""
    spec = importlib.util.spec_from_file_location(f"_{name}", folder / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


generator = load("rules", ROOT / "dashboards" / "generate")
THRESHOLDS: Mapping[str, str] = generator.thresholds()


@lru_cache
def groups(name: str, *, source: bool = False) -> list[dict[str, Any]]:
    """Return the groups of a rule file, with tokens in them where the source is asked for."""
    file = RULES / "source" / name if source else RULES / name
    return yaml.safe_load(file.read_text())["groups"]


def rules(name: str, *, source: bool = False) -> dict[str, Rule]:
    """Return the rules of a file by the name they record or raise."""
    return {
        rule.get("record") or rule["alert"]: rule for group in groups(name, source=source) for rule in group["rules"]
    }


RECORDING = rules(NAMES[0])
ALERTS = rules(NAMES[1])
ALERT_SOURCES = rules(NAMES[1], source=True)
RECORDING_SOURCES = rules(NAMES[0], source=True)


def texts(rule: Rule) -> str:
    """Return everything of a rule that may name a metric: its expression and the queries in its annotations."""
    return "\n".join([rule["expr"], *rule.get("annotations", {}).values()])


def needed(rule: Rule) -> set[str]:
    """Return the recorded series that a rule reads, directly or through others."""
    found: set[str] = set()
    waiting = [rule]
    while waiting:
        new = {name for name in _NAME.findall(texts(waiting.pop())) if name in RECORDING} - found
        found |= new
        waiting += [RECORDING[name] for name in new]
    return found


def only(rule: Rule, alert: str, recorded: Rule | None = None) -> dict[str, Any]:
    """Return one rule file with that alert and what it needs, in the groups where they are.

    Args:
        recorded: a recording rule that takes the place of the one of its name.
    """
    names = needed(rule)
    made = []
    for group in (*groups(NAMES[0]), *groups(NAMES[1])):
        kept = [
            rule if each.get("alert") == alert else _replaced(each, recorded)
            for each in group["rules"]
            if each.get("alert") == alert or each.get("record") in names
        ]
        if kept:
            made.append({**group, "rules": kept})
    return {"groups": made}


def _replaced(rule: Rule, other: Rule | None) -> Rule:
    return other if other and rule.get("record") == other["record"] else rule


@lru_cache
def cases(alert: str) -> dict[str, Any]:
    """Return the promtool test file of an alert."""
    return yaml.safe_load((TESTS / f"{alert}.yml").read_text())


def of_one_exporter(alert: str) -> list[int]:
    """Return which cases have one exporter only."""
    return [number for number, case in enumerate(cases(alert)["tests"]) if "two exporters" not in case["name"]]


def with_standby(case: dict[str, Any]) -> dict[str, Any]:
    """Return a case with a second exporter that shows the same: only what is said of an exporter is said twice."""

    def other(part: Any) -> Any:
        return json.loads(json.dumps(part).replace(FIRST, SECOND))

    made: dict[str, Any] = json.loads(json.dumps(case))
    made["input_series"] += [other(each) for each in made["input_series"] if FIRST in each["series"]]
    for check in made["alert_rule_test"]:
        check["exp_alerts"] += [other(each) for each in check["exp_alerts"] if "instance" in each["exp_labels"]]
    return made


def run_cases(
    alert: str,
    rule: Rule,
    folder: Path,
    *,
    wanted: Iterable[int] | None = None,
    recorded: Rule | None = None,
    standby: bool = False,
) -> str:
    """Run the cases of an alert on a rule, which may be a changed one; return "" or what promtool complains about.

    Rules do not know of each other but by name, so leaving out what the alert does not read changes nothing and is
    many times faster.
    """
    return _complaint(_rules(alert, rule, recorded), _wanted(alert, wanted, standby=standby), folder)


def _rules(alert: str, rule: Rule, recorded: Rule | None = None) -> dict[str, Any]:
    file = only(rule, alert, recorded)
    if not any("recording" in name for name in cases(alert)["rule_files"]):
        file["groups"] = [group for group in file["groups"] if "alert" in group["rules"][0]]
    return file


def _wanted(alert: str, numbers: Iterable[int] | None, *, standby: bool) -> dict[str, Any]:
    document = {**cases(alert), "rule_files": ["rules.yml"]}
    if numbers is not None:
        document["tests"] = [document["tests"][number] for number in numbers]
    if standby:
        document["tests"] = [with_standby(case) for case in document["tests"]]
    return document


def noticed(alert: str, changed: Mapping[str, Rule], number: int, folder: Path, *, standby: bool = False) -> set[str]:
    """Run one case of an alert on many changed rules at once; return the keys, words, of those that fail it.

    Each rule raises an alert of its own name, so promtool says which it is about; what they all read is worked out
    once. Where it says something else, as of a file that it cannot read, each is tried by itself.
    """
    found: set[str] = set()
    while left := {key: rule for key, rule in changed.items() if key not in found}:
        file, document = _rules(alert, ALERTS[alert]), _wanted(alert, [number], standby=standby)
        for group in file["groups"]:
            if "alert" in group["rules"][0]:
                group["rules"] = [{**rule, "alert": f"{alert}_{key}"} for key, rule in left.items()]
        [case] = document["tests"]
        checks = [{**check, "alertname": f"{alert}_{key}"} for check in case["alert_rule_test"] for key in left]
        said = _complaint(file, {**document, "tests": [{**case, "alert_rule_test": checks}]}, folder)
        blamed = set(re.findall(rf"(?:alertname|rule): {alert}_(\w+), time: ", said))
        if said and not blamed:
            each = (
                key for key, rule in left.items() if run_cases(alert, rule, folder, wanted=[number], standby=standby)
            )
            return found | set(each)
        found |= blamed
        if not re.search(r"rule: \w+, time: ", said):  # which ends the case for all
            break
    return found


def run_recording_cases(recorded: Rule, folder: Path) -> str:
    """Run the cases of recording rules with one of them changed; return "" or what promtool complains about.

    Only what depends on it can differ, so nothing else is asked or worked out.
    """
    for test in sorted(TESTS.glob("recording*.yml"), key=lambda file: file.stat().st_size):
        document = {**yaml.safe_load(test.read_text()), "rule_files": ["rules.yml"]}
        read: set[str] = set()
        for case in document["tests"]:
            needs = [(check, needed({"expr": check["expr"]})) for check in case["promql_expr_test"]]
            case["promql_expr_test"] = [check for check, names in needs if recorded["record"] in names]
            read = read.union(*(names for _, names in needs if recorded["record"] in names))
        document["tests"] = [case for case in document["tests"] if case["promql_expr_test"]]
        made = [
            {**group, "rules": [_replaced(rule, recorded) for rule in group["rules"] if rule["record"] in read]}
            for group in groups(NAMES[0])
        ]
        file = {"groups": [group for group in made if group["rules"]]}
        if document["tests"] and (complaint := _complaint(file, document, folder)):
            return complaint
    return ""


def _complaint(file: dict[str, Any], document: dict[str, Any], folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yml").write_text(json.dumps(file))
    (folder / "test.yml").write_text(json.dumps(document))
    ran = subprocess.run(
        ["promtool", "test", "rules", str(folder / "test.yml")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr or "failed without a word"

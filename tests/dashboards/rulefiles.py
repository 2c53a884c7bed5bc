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


def only(rule: Rule, alert: str) -> dict[str, Any]:
    """Return one rule file with that alert and what it needs, in the groups where they are."""
    names = needed(rule)
    made = []
    for group in (*groups(NAMES[0]), *groups(NAMES[1])):
        kept = [
            rule if each.get("alert") == alert else each
            for each in group["rules"]
            if each.get("alert") == alert or each.get("record") in names
        ]
        if kept:
            made.append({**group, "rules": kept})
    return {"groups": made}


@lru_cache
def cases(alert: str) -> dict[str, Any]:
    """Return the promtool test file of an alert."""
    return yaml.safe_load((TESTS / f"{alert}.yml").read_text())


def run_cases(alert: str, rule: Rule, folder: Path, wanted: Iterable[int] | None = None) -> str:
    """Run the cases of an alert on a rule, which may be a changed one; return "" or what promtool complains about.

    Rules do not know of each other but by name, so leaving out what the alert does not read changes nothing and is
    many times faster.
    """
    document = {**cases(alert), "rule_files": ["rules.yml"]}
    if wanted is not None:
        document["tests"] = [document["tests"][number] for number in wanted]
    folder.mkdir(parents=True, exist_ok=True)
    file = only(rule, alert)
    if not any("recording" in name for name in cases(alert)["rule_files"]):
        file["groups"] = [group for group in file["groups"] if "alert" in group["rules"][0]]
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

"""The chart, and what Helm makes of it."""

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "anthropic-exporter"
HELMS = ("helm3", "helm4")
FEATURES = tuple(sorted(file.name.removesuffix("-values.yaml") for file in (CHART / "ci").glob("*-values.yaml")))
#: The oldest that the chart takes, one in between, and the newest that Helm 4 was made for.
KUBERNETES = ("1.25", "1.30", "1.35")
OPERATOR = "monitoring.coreos.com/v1"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


def feature(name: str) -> Path:
    return CHART / "ci" / f"{name}-values.yaml"


@cache
def render(helm: str, name: str = "default", kubernetes: str = KUBERNETES[-1], *more: str) -> str:
    """Return everything that the chart makes of a values file."""
    where = ("--namespace", "monitoring", "--kube-version", f"{kubernetes}.0")
    done = run(helm, "template", "there", CHART, *where, "--values", feature(name), *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(text: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(text) if each]


def one(text: str, kind: str) -> dict[str, Any]:
    """Return the only object of a kind."""
    found = [each for each in objects(text) if each["kind"] == kind]
    assert len(found) == 1, [each["metadata"]["name"] for each in found]
    return found[0]


def pods(text: str) -> list[dict[str, Any]]:
    """Return the specs of all pods."""
    found = objects(text)
    return [each["spec"]["template"]["spec"] for each in found if each["kind"] == "StatefulSet"] + [
        each["spec"] for each in found if each["kind"] == "Pod"
    ]


def refusal(helm: str, values: dict[str, Any], folder: Path) -> str:
    """Return what Helm says about values that are refused."""
    file = folder / "values.json"
    file.write_text(json.dumps(values))
    done = run(helm, "template", "there", CHART, "--values", file)
    assert done.returncode != 0
    return done.stderr

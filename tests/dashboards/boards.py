"""The dashboards as data: panels, every query of panels, variables and annotations, and what a query names."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "dashboards" / "grafana"
IMPORT_FOLDER = ROOT / "dashboards" / "grafana-import"
GENERATOR = [sys.executable, str(ROOT / "dashboards" / "generate" / "dashboards.py")]
Board = dict[str, Any]

BOARDS: dict[str, Board] = {file.stem: json.loads(file.read_text()) for file in sorted(FOLDER.glob("*.json"))}

#: What Grafana puts in for variables, as far as Prometheus has to understand it.
VALUES = {"lag": "5m", "__rate_interval": "20m", "__range": "24h", "__interval": "5m"}
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\$?[A-Za-z_][A-Za-z0-9_:]*|[0-9][0-9a-z.]*|[=!]~|!=|>=|<=|==|\S')
_GROUPINGS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS = _GROUPINGS | {"and", "or", "unless", "offset", "bool", "start", "end", "inf", "nan"}


def panels(board: Board) -> list[dict[str, Any]]:
    """Return the panels, without the headings of rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(board: Board) -> Iterator[tuple[str, str]]:
    """Yield where every query of a dashboard stands, and its PromQL."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for annotation in board["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["expr"]


def variables(board: Board) -> dict[str, dict[str, Any]]:
    """Return the variables by name."""
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def used_variables(expr: str) -> set[str]:
    """Return the names of the variables in a query, those of Grafana itself left out."""
    return {name for pair in _VARIABLE.findall(expr) for name in pair if name and not name.isdigit()} - {
        name for name in VALUES if name.startswith("__")
    }


def filled(expr: str) -> str:
    """Return a query with values in place of variables, as All gives them."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return match[0] if name.isdigit() else VALUES.get(name, ".+")

    return _VARIABLE.sub(value, expr)


@dataclass(frozen=True)
class Selector:
    """One selector of a query: what it selects, by what, over what window, as the argument of what."""

    metric: str
    matchers: dict[str, str]
    window: str
    function: str


def selectors(expr: str) -> list[Selector]:
    """Return every selector of a query."""
    tokens = _TOKEN.findall(expr)
    found: list[Selector] = []
    calls: list[str] = []
    pending, at = "", 0
    while at < len(tokens):
        token, after = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else ""
        if token in _GROUPINGS:
            at = tokens.index(")", at) + 1
            continue
        if token == "(":
            calls.append(pending)
            pending = ""
        elif token == ")":
            calls.pop()
        elif re.match(r"[A-Za-z_]", token) and token not in _WORDS:
            if after == "(" or after in _GROUPINGS:
                pending = token
            elif tokens[at - 1] not in {"offset", "@"}:
                matchers, at = _matchers(tokens, at + 1)
                window, at = _window(tokens, at)
                found.append(Selector(token, matchers, window, calls[-1] if calls else ""))
                continue
        at += 1
    return found


def grouped(expr: str) -> set[str]:
    """Return every label that a query groups or joins by."""
    found = re.findall(r"\b(?:by|on|ignoring|group_left|without) \(([^()]*)\)", expr)
    return {label.strip() for labels in found for label in labels.split(",") if label.strip()}


def made(expr: str) -> set[str]:
    """Return the labels that a query makes itself."""
    return set(re.findall(r',\s*"([a-z_]+)",\s*"[^"]*",\s*"[a-z_]*",\s*"[^"]*"\s*\)', expr))


def _matchers(tokens: list[str], at: int) -> tuple[dict[str, str], int]:
    if at >= len(tokens) or tokens[at] != "{":
        return {}, at
    end = tokens.index("}", at)
    inside = [token for token in tokens[at + 1 : end] if token != ","]
    return {inside[i]: "".join(inside[i + 1 : i + 3]) for i in range(0, len(inside), 3)}, end + 1


def _window(tokens: list[str], at: int) -> tuple[str, int]:
    if at >= len(tokens) or tokens[at] != "[":
        return "", at
    end = tokens.index("]", at)
    return "".join(tokens[at + 1 : end]), end + 1

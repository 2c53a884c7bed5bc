"""Small faults that a rule could have, each of which the tests of the alert must notice."""

import copy
import re
from collections.abc import Iterator

from dashboards.rulefiles import ALERT_SOURCES, RECORDING_SOURCES, THRESHOLDS, Rule, generator

_REVERSED = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "==": "!=", "!=": "=="}
_COMPARISON = re.compile(r"(?<=\s)(>=|<=|==|!=|>|<)(?=\s)")
_TOKEN = re.compile(r"@([a-z0-9_]+)@")
_MATCHERS = re.compile(r"\{[^{}]*\}")
_OPERATOR = re.compile(r"^( *)(and|unless|or)\b")
_JOIN = re.compile(r"\n *\* on \([^)]*\) group_left \(\w[^)]*\)\n *organization\w*:\w+:topk")
# Grouped by instance, a least or largest value is of one series: it only drops labels of the target.
_AGGREGATION = re.compile(r"\b(?:sum by|(?:max|min) by \((?!job, instance\b))")
_OTHER_AGGREGATION = {"sum": "max", "max": "sum", "min": "max"}
_SEVERITIES = {"critical": "warning", "warning": "info", "info": "critical"}


def mutants(alert: str) -> Iterator[tuple[str, Rule]]:
    """Yield what was done to the rule of an alert, and the rule, ready to be loaded."""
    source = ALERT_SOURCES[alert]
    yield from _of_expression(source)
    if "for" in source:
        yield "for removed", _filled({key: value for key, value in source.items() if key != "for"})
        yield "for twice as long", _filled({**source, "for": _twice(source["for"])})
    if severity := source.get("labels", {}).get("severity"):
        yield "severity changed", _filled({**source, "labels": {"severity": _SEVERITIES[severity]}})


def recorded_mutants(name: str) -> Iterator[tuple[str, Rule]]:
    """Yield what was done to a recording rule, and the rule, ready to be loaded."""
    yield from _of_expression(RECORDING_SOURCES[name])


def _of_expression(source: Rule) -> Iterator[tuple[str, Rule]]:
    for what, expression in _expressions(source["expr"]):
        yield what, _filled({**source, "expr": expression})
    for token in sorted(set(_TOKEN.findall(source["expr"]))):
        for what, value in _other_values(THRESHOLDS[token]):
            yield f"{token}: {what}", _filled(source, **{token: value})


def _expressions(expression: str) -> Iterator[tuple[str, str]]:
    for found in _COMPARISON.finditer(expression):
        changed = expression[: found.start()] + _REVERSED[found[0]] + expression[found.end() :]
        yield f"{found[0]} reversed in {_line(expression, found.start())}", changed
    for found in _MATCHERS.finditer(expression):
        changed = expression[: found.start()] + expression[found.end() :]
        yield f"matcher dropped: {_line(expression, found.start())}", changed
    for found in _AGGREGATION.finditer(expression):
        name = found[0][:3]
        other = _OTHER_AGGREGATION[name]
        changed = expression[: found.start()] + other + expression[found.start() + len(name) :]
        yield f"{other} in place of {_line(expression, found.start())}", changed
    for found in _JOIN.finditer(expression):
        yield "join of names dropped", expression[: found.start()] + expression[found.end() :]
    if expression.startswith("absent("):
        yield "absent dropped", expression.removeprefix("absent(").removesuffix(")")
    yield from _without_clauses(expression)


def _without_clauses(expression: str) -> Iterator[tuple[str, str]]:
    """Leave out each ``and``, ``unless`` and ``or`` with its operand."""
    lines = expression.split("\n")
    for number, line in enumerate(lines):
        if not (operator := _OPERATOR.match(line)):
            continue
        end = number + 1
        while end < len(lines) and _belongs(lines[end], len(operator[1])):
            end += 1
        yield (
            f"clause dropped: {' '.join(line.split())} {lines[number + 1].strip()}",
            "\n".join(lines[:number] + lines[end:]),
        )


def _belongs(line: str, indent: int) -> bool:
    own = len(line) - len(line.lstrip())
    return own > indent or (
        own == indent and line.strip() != "" and not _OPERATOR.match(line) and line[own] not in "*/+-"
    )


def _other_values(value: str) -> Iterator[tuple[str, str]]:
    try:
        number = float(value)
    except ValueError:
        yield "matches nothing", "nothing-matches-this"
        return
    yield "doubled", f"{number * 2:g}"
    yield "halved", f"{number / 2:g}"


def _twice(duration: str) -> str:
    return f"{2 * int(duration[:-1])}{duration[-1]}"


def _line(expression: str, position: int) -> str:
    return " ".join(expression[expression.rfind("\n", 0, position) + 1 :].split("\n", 1)[0].split())


def _filled(rule: Rule, **other: str) -> Rule:
    """Put thresholds in; the annotations keep theirs, so that only the behaviour gives a fault away."""
    made = copy.deepcopy(rule)
    made["expr"] = generator.fill(made["expr"], {**THRESHOLDS, **other})
    if "annotations" in made:
        made["annotations"] = {name: generator.fill(text, THRESHOLDS) for name, text in made["annotations"].items()}
    return made

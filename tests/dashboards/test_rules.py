"""The rules: fresh, valid, named as promised, tested three ways, with runbooks; and they name only what exists."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from anthropic_exporter.expose import catalogue
from dashboards.rulefiles import (
    ALERT_SOURCES,
    ALERTS,
    NAMES,
    RECORDING,
    ROOT,
    RULES,
    RUNBOOKS,
    TESTS,
    THRESHOLDS,
    cases,
    generator,
    groups,
    noticed,
    of_one_exporter,
    rules,
    run_cases,
    texts,
)

#: The alerts that are promised; others may come, none of these may go.
PROMISED = """
    ExporterDown ExporterAbsent CredentialInvalid CollectorFailing CollectorStale UsageDataDelayed UpstreamThrottled
    UpstreamErrors CounterReset CounterOvershoot SeriesOverflow StateWriteFailing ConfigReloadFailed ModelUnpriced
    CostEstimateDrift BudgetNearlySpent BudgetExceeded BudgetForecastExceeded SpendSpike ApiKeyUsageAnomaly UsageStopped
    CacheHitRatioDrop ApiKeyTooOld ApiKeyExpiringSoon ApiKeyUnused RateLimitNearlySaturated SpendWeekOverWeek
    ApiKeyWithoutOwner PolicyViolated SpendLimitNearlyReached ComplianceChange NewModel CostDataStale
""".split()  # noqa: SIM905 - thirty-three lines would say no more
#: What Prometheus and its client library add.
FOREIGN = {"up", "process_start_time_seconds"}
TARGET_LABELS = {"job", "instance"}
#: Labels that the rules make themselves.
MADE_LABELS = {"family", "severity", "organization_name", "workspace_name", "collector", "threshold", "owner_type"}
_SELECTOR = re.compile(r"(?<![:\w])((?:anthropic|organization|process)\w*(?::\w+)*)(\{[^{}]*\})?(\[[^\]]*\])?")
_GROUPING = re.compile(r"\b(?:by|on|group_left|group_right|ignoring|without) \(([^()]*)\)")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*(?:\"|%q|\\\")")
EVERY = {**RECORDING, **ALERTS}


def _families():
    named = {family.name: family for family in catalogue.families()}
    for family in list(named.values()):
        if family.kind == "histogram":
            named |= {f"{family.name}_{part}": family for part in ("bucket", "sum", "count")}
    return named


def test_generated_files_are_fresh():
    for name, text in generator.generate().items():
        assert (RULES / name).read_text() == text, f"python dashboards/generate/rules.py writes {name}"


def test_every_threshold_is_used_and_every_token_has_one():
    used = set(re.findall(r"@([a-z0-9_]+)@", "".join((RULES / "source" / name).read_text() for name in NAMES)))
    assert used == set(THRESHOLDS)


@pytest.mark.needs("promtool")
def test_prometheus_accepts_the_rules():
    command = ["promtool", "check", "rules", *(str(RULES / name) for name in NAMES)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_cases_of_the_alert_pass(alert, tmp_path):
    assert run_cases(alert, ALERTS[alert], tmp_path) == ""


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_a_second_exporter_of_the_same_organization_changes_nothing(alert, tmp_path):
    """With the first case here, with all of them in test_rule_mutations.py."""
    names = [case["name"] for case in cases(alert)["tests"]]
    wanted = next(number for number in of_one_exporter(alert) if names[number].startswith("fires"))
    assert run_cases(alert, ALERTS[alert], tmp_path, wanted=[wanted], standby=True) == ""


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("file", sorted(TESTS.glob("recording*.yml")), ids=lambda file: file.stem)
def test_cases_of_recording_rules_pass(file):
    ran = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_promised_alerts_exist():
    assert {f"Anthropic{name}" for name in PROMISED} <= set(ALERTS)


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_alert_has_the_three_cases(alert):
    """A case that says it fires expects an alert; one that resolves expects one and then none; a silent one never."""
    seen = set()
    for case in cases(alert)["tests"]:
        kind = case["name"].split(" ", 1)[0]
        counts = [len(check["exp_alerts"]) for check in case["alert_rule_test"]]
        assert {check["alertname"] for check in case["alert_rule_test"]} == {alert}
        if kind == "fires":
            assert counts[-1] > 0
        elif kind == "stays":
            assert not any(counts)
        elif kind == "resolves":
            assert counts[0] > 0
            assert counts[-1] == 0
        else:
            pytest.fail(f"neither fires, stays silent nor resolves: {case['name']}")
        seen.add(kind)
    assert seen == {"fires", "stays", "resolves"}


def test_calendar_gaps_restarts_and_corrections_have_cases():
    names = " ".join(case["name"] for alert in ALERTS for case in cases(alert)["tests"])
    for subject in (
        "month rollover",
        "new month",
        "New Year",
        "restart",
        "gap",
        "catch-up",
        "new series",
        "correction",
    ):
        assert subject in names


@pytest.mark.parametrize("name", sorted(EVERY))
def test_rule_names_only_what_exists(name):
    families = _families()
    text = texts(EVERY[name])
    for metric, matchers, _ in _SELECTOR.findall(text):
        if not metric.startswith(("anthropic_", "organization", "process_")) or ("_" not in metric):
            continue
        if ":" in metric:
            assert metric in RECORDING
        elif metric in families:
            named = set(_MATCHER.findall(matchers))
            assert named <= set(families[metric].labels) | TARGET_LABELS, metric
        elif metric.startswith("anthropic_"):
            pytest.fail(f"no such metric: {metric}")
        else:
            assert metric in FOREIGN | _labels(families)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_rule_groups_by_labels_that_exist(name):
    known = _labels(_families()) | TARGET_LABELS | MADE_LABELS
    for labels in _GROUPING.findall(EVERY[name]["expr"]):
        assert {label.strip() for label in labels.split(",") if label.strip()} <= known


def _labels(families):
    return {label for family in families.values() for label in family.labels}


@pytest.mark.parametrize("name", sorted(EVERY))
def test_no_raw_counter_is_shown_or_compared(name):
    """Counters start again each New Year: they may stand only in front of a range."""
    for metric, _, window in _SELECTOR.findall(texts(EVERY[name])):
        if metric.endswith("_total"):
            assert window or f'"{metric}"' in EVERY[name]["expr"], metric


def test_recording_rules_have_level_metric_and_operations():
    for name in RECORDING:
        assert re.fullmatch(r"organization(_[a-z_]+)?:anthropic_[a-z0-9_]+:[a-z0-9_]+", name)
        assert "_total" not in name


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_alert_tells_what_a_person_needs(alert):
    rule = ALERTS[alert]
    severity = rule.get("labels", {}).get("severity")
    assert severity in {"critical", "warning", "info"} or re.search(r'"severity", "(info|warning)"', rule["expr"])
    assert set(rule["annotations"]) == {"summary", "description", "dashboard_url", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"{THRESHOLDS['runbook_base']}/{alert}.md"
    base = f"{THRESHOLDS['dashboard_base']}/d/anthropic-"
    assert rule["annotations"]["dashboard_url"].startswith(base)
    if re.search(r"\borganization_id\b", rule["expr"]):
        assert "organization_name" in rule["annotations"]["summary"] + rule["annotations"]["description"]


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_alert_has_a_runbook(alert):
    text = (RUNBOOKS / f"{alert}.md").read_text()
    assert text.startswith(f"# {alert}\n")
    assert [line for line in text.split("\n") if line.startswith("## ")] == [
        "## What it means",
        "## What to check",
        "## What to do",
    ]
    for link in re.findall(r"\]\((\w+\.md)\)", text):
        assert (RUNBOOKS / link).exists(), link


def test_runbooks_name_metrics_and_settings_that_exist():
    known = set(_families()) | FOREIGN
    for file in RUNBOOKS.glob("*.md"):
        for metric in re.findall(r"(?<![:\w./-])anthropic_\w+", file.read_text()):
            assert metric in known or any(name.startswith(metric) for name in known), f"{file.name}: {metric}"
        for recorded in re.findall(r"organization\w*:\w+:\w+", file.read_text()):
            assert recorded in RECORDING, f"{file.name}: {recorded}"


def test_runbooks_belong_to_alerts():
    assert {file.stem for file in RUNBOOKS.glob("*.md")} == set(ALERTS)
    assert {file.stem for file in TESTS.glob("Anthropic*.yml")} == set(ALERTS)


@pytest.mark.parametrize("alert", ["BudgetForecastExceeded", "SpendSpike", "SpendWeekOverWeek", "ApiKeyUsageAnomaly"])
def test_cost_alert_is_silent_on_old_data(alert):
    expression = ALERTS[f"Anthropic{alert}"]["expr"]
    assert "cost_data_age_seconds:stale" in expression or "data_fresh:bool" in expression


def test_rule_groups_name_the_interval_that_subqueries_count_on():
    assert {group["interval"] for name in NAMES for group in groups(name)} == {"1m"}


def test_sources_and_results_have_the_same_rules():
    for name in NAMES:
        assert list(rules(name)) == list(rules(name, source=True))
    assert set(ALERT_SOURCES) == set(ALERTS)


def test_mixin_imports_files_of_this_repository():
    folder = ROOT / "dashboards" / "mixin"
    imported = re.findall(r"import(?:str)? '([^']+)'", (folder / "mixin.libsonnet").read_text().split("\n\n", 1)[1])
    assert {Path(name).name for name in imported if "rules" in name} == set(NAMES)
    assert len({name for name in imported if name.endswith(".json")}) == 7
    for name in imported:
        if name.endswith(".json"):
            json.loads((folder / name).read_text())
        else:
            yaml.safe_load((folder / name).read_text())


@pytest.mark.needs("promtool")
def test_changed_rules_that_are_tried_at_once_are_told_apart(tmp_path):
    rule = ALERTS["AnthropicBudgetExceeded"]
    changed = {
        "same": rule,
        "silent": {**rule, "expr": f"({rule['expr']}) < -1e18"},
        "late": {**rule, "for": "10d"},
        "ambiguous": {**rule, "expr": f"({rule['expr']}) * on (absent_label) {{__name__=~'anthropic_.+'}}"},
    }
    assert cases("AnthropicBudgetExceeded")["tests"][0]["name"].startswith("fires")
    assert noticed("AnthropicBudgetExceeded", changed, 0, tmp_path) == {"silent", "late", "ambiguous"}
    unreadable = {**changed, "broken": {**rule, "expr": "sum("}}
    assert noticed("AnthropicBudgetExceeded", unreadable, 0, tmp_path) == set(unreadable) - {"same"}

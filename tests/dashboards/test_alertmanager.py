"""The template prints names, amounts and links; the example configuration knows every alert that it names."""

import json
import re
import subprocess

import pytest
import yaml

from dashboards.rulefiles import ALERTS, ROOT

FOLDER = ROOT / "dashboards" / "alertmanager"
CONFIG = yaml.safe_load((FOLDER / "alertmanager.yml").read_text())


def alert(number, status="firing"):
    return {
        "status": status,
        "labels": {"alertname": "AnthropicApiKeyTooOld", "severity": "info", "api_key_id": f"apikey_{number}"},
        "annotations": {
            "summary": f"Key number-{number} of Halcyon Freight is old",
            "description": f"Key number-{number} was made 100d ago and costs $3.50 <a day>.",
            "dashboard_url": f"http://grafana/d/anthropic-keys?var-api_key_id=apikey_{number}",
            "runbook_url": "http://docs/AnthropicApiKeyTooOld.md",
        },
        "startsAt": "2026-11-20T10:00:00Z",
        "endsAt": "2026-11-20T12:30:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
    }


def rendered(tmp_path, template, alerts, kind="text"):
    status = "firing" if any(each["status"] == "firing" for each in alerts) else "resolved"
    labels = {"alertname": "AnthropicApiKeyTooOld", "severity": "info", "organization_name": "Halcyon Freight"}
    data = {"status": status, "alerts": alerts, "groupLabels": labels, "commonLabels": labels, "commonAnnotations": {}}
    (tmp_path / "data.json").write_text(json.dumps(data))
    command = [
        "amtool", "template", "render", f"--template.glob={FOLDER / 'anthropic.tmpl'}", f"--template.type={kind}",
        f"--template.data={tmp_path / 'data.json'}", f'--template.text={{{{ template "anthropic.{template}" . }}}}',
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.needs("amtool")
def test_one_alert_is_told_by_its_summary(tmp_path):
    assert rendered(tmp_path, "title", [alert(1)]) == "INFO: Key number-1 of Halcyon Freight is old"
    assert rendered(tmp_path, "text", [alert(1)]).strip() == (
        "Key number-1 was made 100d ago and costs $3.50 <a day>.\n"
        "Since 2026-11-20 10:00 UTC"
        " | Dashboard: http://grafana/d/anthropic-keys?var-api_key_id=apikey_1"
        " | Runbook: http://docs/AnthropicApiKeyTooOld.md"
    )


@pytest.mark.needs("amtool")
@pytest.mark.parametrize(("template", "kind"), [("text", "text"), ("html", "html")])
def test_a_runbook_that_is_on_no_server_is_named(tmp_path, template, kind):
    told = alert(1)
    told["annotations"]["runbook_url"] = "docs/runbooks/AnthropicApiKeyTooOld.md"
    text = rendered(tmp_path, template, [told], kind)
    assert "Runbook: docs/runbooks/AnthropicApiKeyTooOld.md" in text
    assert "Runbook</a>" not in text


@pytest.mark.needs("amtool")
def test_several_alerts_are_counted_and_told_one_by_one(tmp_path):
    several = [alert(1), alert(2), alert(3, "resolved")]
    assert rendered(tmp_path, "title", several) == (
        "INFO: AnthropicApiKeyTooOld, 2 firing, 1 resolved (Halcyon Freight)"
    )
    text = rendered(tmp_path, "text", several)
    assert text.count("was made 100d ago") == 2
    assert "Resolved: Key number-3 of Halcyon Freight is old (since 2026-11-20 12:30 UTC)" in text


@pytest.mark.needs("amtool")
def test_what_is_over_is_said_to_be_over(tmp_path):
    title = rendered(tmp_path, "title", [alert(1, "resolved")])
    assert title == "RESOLVED: Key number-1 of Halcyon Freight is old"


@pytest.mark.needs("amtool")
def test_mail_escapes_what_comes_from_outside(tmp_path):
    mail = rendered(tmp_path, "html", [alert(1)], "html")
    assert "&lt;a day&gt;" in mail
    assert '<a href="http://grafana/d/anthropic-keys?var-api_key_id=apikey_1">Dashboard</a>' in mail


def test_the_example_names_alerts_that_exist():
    matchers = [each for rule in CONFIG["inhibit_rules"] for side in rule.values() for each in side if " " in each]
    matchers += [each for route in CONFIG["route"]["routes"] for each in route["matchers"]]
    for matcher in matchers:
        if matcher.startswith("alertname"):
            for pattern in re.search(r'"(.*)"', matcher)[1].split("|"):
                assert any(re.fullmatch(pattern, name) for name in ALERTS), matcher


def test_no_secret_stands_in_the_example():
    text = (FOLDER / "alertmanager.yml").read_text()
    assert not re.search(r"(password|api_url|routing_key|service_key): ", text)


def test_slack_mail_and_pagerduty_print_the_template():
    for receiver in CONFIG["receivers"]:
        for kind in ("slack_configs", "email_configs", "pagerduty_configs"):
            for each in receiver.get(kind, []):
                assert "anthropic.title" in str(each)
                assert "anthropic.text" in str(each)

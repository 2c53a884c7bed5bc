"""The stack to try: each mounted file passes its own tool, and the same set runs without containers."""

import json
import subprocess

import httpx
import pytest
import yaml

from dashboards import stack
from dashboards.rulefiles import ROOT
from e2e.parts import COMMAND, environment

PICTURES = ("prometheus", "alertmanager", "grafana")


def test_what_is_mounted_exists():
    for service in stack.services():
        for source, _ in stack.mounts(service):
            assert source.exists(), f"{service}: {source}"


def test_images_are_pinned_and_ports_are_of_this_machine_only():
    for name, service in stack.services().items():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        if name in PICTURES:
            assert ":" in service["image"].rsplit("/", 1)[1]
            assert "latest" not in service["image"]


@pytest.mark.needs("promtool", "amtool")
def test_each_file_passes_its_own_tool(tmp_path):
    for service in ("prometheus", "alertmanager"):
        stack.lay_out(service, tmp_path)
    for command in (
        ["promtool", "check", "config", tmp_path / "etc/prometheus/prometheus.yml"],
        ["amtool", "check-config", tmp_path / "etc/alertmanager/alertmanager.yml"],
        ["amtool", "check-config", ROOT / "dashboards/alertmanager/alertmanager.yml"],
    ):
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "FAILED" not in ran.stdout


def test_grafana_gets_its_data_source_and_dashboards():
    folder = stack.COMPOSE / "grafana" / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((folder / "dashboards/anthropic.yml").read_text())["providers"]
    mounted = {target: where for where, target in stack.mounts("grafana")}
    files = list(mounted[provider["options"]["path"]].glob("*.json"))
    assert len(files) == 7
    for file in files:
        assert json.loads(file.read_text())["uid"] == file.stem
    home = stack.services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home.rsplit("/", 1)[1] in {file.name for file in files}


@pytest.mark.needs("prometheus", "prometheus-alertmanager")
def test_the_stack_runs_from_these_files(process, free_port, wait_until, tmp_path):
    exporter, prometheus, alertmanager = free_port(), free_port(), free_port()
    stack.lay_out("exporter", tmp_path)
    hosts = {
        "exporter:10114": f"127.0.0.1:{exporter}",
        "alertmanager:9093": f"127.0.0.1:{alertmanager}",
        "_interval: 15s": "_interval: 1s",
    }
    stack.lay_out("prometheus", tmp_path, hosts)
    stack.lay_out("alertmanager", tmp_path)
    stack.hurry(tmp_path)
    command = [
        argument.replace("0.0.0.0:10114", f"127.0.0.1:{exporter}").replace("=/etc", f"={tmp_path}/etc")
        for argument in stack.services()["exporter"]["command"]
    ]
    process([*COMMAND, *command], env=environment())
    running = process(stack.prometheus_command(tmp_path, prometheus))
    process(stack.alertmanager_command(tmp_path, alertmanager))

    with httpx.Client(trust_env=False, timeout=10) as client:

        def ask(port, path):
            try:
                return client.get(f"http://127.0.0.1:{port}{path}").json()
            except (httpx.TransportError, ValueError):
                return None

        def rules():
            answer = ask(prometheus, "/api/v1/rules")
            return [rule for group in answer["data"]["groups"] for rule in group["rules"]] if answer else []

        wait_until(lambda: any(rule.get("alerts") for rule in rules()), 120)
        wait_until(lambda: rules() and all(rule["health"] == "ok" for rule in rules()), 60)
        wait_until(lambda: ask(alertmanager, "/api/v2/alerts"), 60)
        managers = ask(prometheus, "/api/v1/alertmanagers")["data"]["activeAlertmanagers"]
        assert [manager["url"] for manager in managers] == [f"http://127.0.0.1:{alertmanager}/api/v2/alerts"]
        named = ask(alertmanager, "/api/v2/alerts")
    assert {alert["labels"]["organization_name"] for alert in named} == {"Halcyon Freight"}
    assert "many-to-many" not in running.stderr
    assert "duplicate" not in running.stderr

"""What the chart makes: valid for Kubernetes and the operator, locked down, and with what the program expects."""

import json
import subprocess
import sys
from dataclasses import fields
from typing import get_args, get_type_hints

import kubernetes_validate
import pytest
import yaml

from anthropic_exporter.config import Settings, load
from anthropic_exporter.config.organizations import OrganizationEntry
from anthropic_exporter.config.sections import WebSettings
from helm.chart import CHART, FEATURES, HELMS, KUBERNETES, OPERATOR, ROOT, feature, objects, one, pods, render, run

pytestmark = pytest.mark.needs(*HELMS)
MODELS = ROOT / ".tools" / "node" / "node_modules" / "@kubernetes-models" / "prometheus-operator"


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize("name", FEATURES)
def test_every_feature_passes_the_strict_lint(helm, name):
    done = run(helm, "lint", "--strict", CHART, "--values", feature(name))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", FEATURES)
def test_both_helms_make_the_same(name):
    assert objects(render("helm3", name)) == objects(render("helm4", name))


@pytest.mark.parametrize("helm", HELMS)
@pytest.mark.parametrize("kubernetes", KUBERNETES)
@pytest.mark.parametrize("name", FEATURES)
def test_every_object_is_valid_for_kubernetes(helm, kubernetes, name):
    made = [each for each in objects(render(helm, name, kubernetes)) if each["apiVersion"] != OPERATOR]
    assert {"StatefulSet", "Service", "ServiceAccount", "Pod"} <= {each["kind"] for each in made}
    for each in made:
        kubernetes_validate.validate(each, kubernetes, strict=True)


def test_the_validation_sees_a_wrong_field():
    wrong = one(render("helm4"), "Service")
    wrong["spec"]["prots"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES[-1], strict=True)


@pytest.mark.needs("node")
def test_objects_of_the_operator_fit_its_models():
    if not MODELS.is_dir():
        pytest.skip("not installed: @kubernetes-models/prometheus-operator (make tools)")
    made = [each for name in FEATURES for each in objects(render("helm4", name)) if each["apiVersion"] == OPERATOR]
    assert {each["kind"] for each in made} == {"ServiceMonitor", "PodMonitor", "PrometheusRule"}

    def check(these):
        command = ["node", str(ROOT / "tests" / "helm" / "operator_models.js"), str(MODELS)]
        return subprocess.run(command, input=json.dumps(these), capture_output=True, text=True, check=False, timeout=60)

    assert check(made).stderr == ""
    wrong = [{**each, "spec": {}} for each in made]
    assert check(wrong).returncode == 1


@pytest.mark.needs("promtool")
def test_rendered_rules_pass_promtool(tmp_path):
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(one(render("helm4", "full"), "PrometheusRule")["spec"]))
    done = run("promtool", "check", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout


def test_rules_without_values_of_their_own_are_those_of_the_project():
    rendered = one(render("helm4", "default", KUBERNETES[-1], "--set", "prometheusRule.enabled=true"), "PrometheusRule")
    files = ("anthropic-recording.yml", "anthropic-alerts.yml")
    written = [yaml.safe_load((ROOT / "dashboards" / "rules" / file).read_text())["groups"] for file in files]
    assert rendered["spec"]["groups"] == [group for groups in written for group in groups]


def test_rules_take_thresholds_labels_and_leave_alerts_out():
    rendered = one(render("helm4", "full"), "PrometheusRule")
    alerts = {rule["alert"]: rule for group in rendered["spec"]["groups"] for rule in group["rules"] if "alert" in rule}
    assert "AnthropicExporterAbsent" not in alerts
    assert all(rule["labels"]["team"] == "platform" for rule in alerts.values())
    # One alert tells its severity by its expression, and keeps it.
    severities = {name: rule["labels"].get("severity") for name, rule in alerts.items()}
    assert severities["AnthropicExporterDown"] == "critical"
    assert "100" in alerts["AnthropicSpendSpike"]["expr"]
    assert alerts["AnthropicExporterDown"]["annotations"]["runbook_url"].startswith("https://runbooks.example.com/")
    assert rendered["spec"]["groups"][-1]["name"] == "ours"


def test_rules_find_a_job_whose_name_says_nothing():
    more = ("--set", "prometheusRule.enabled=true", "--set", "fullnameOverride=costs")
    text = render("helm4", "default", KUBERNETES[-1], *more)
    assert 'up{job=~"costs"}' in json.dumps(one(text, "PrometheusRule")).replace("\\", "")


def test_copies_of_dashboards_and_rules_are_fresh():
    done = run(sys.executable, ROOT / "helm" / "sync.py", "--check")
    assert done.returncode == 0, done.stderr


def test_there_is_a_config_map_for_each_dashboard():
    made = [
        each
        for each in objects(render("helm4", "full"))
        if each["metadata"].get("labels", {}).get("grafana_dashboard") == "1"
    ]
    files = sorted((CHART / "dashboards").glob("*.json"))
    assert len(made) == len(files)
    for each, file in zip(sorted(made, key=lambda each: next(iter(each["data"]))), files, strict=True):
        assert each["data"] == {file.name: file.read_text()}
        assert each["metadata"]["annotations"]["grafana_folder"] == "Anthropic"
        assert each["metadata"]["namespace"] == "monitoring"
        assert len(json.dumps(each)) < 1_000_000


@pytest.mark.parametrize("name", FEATURES)
def test_every_pod_meets_the_restricted_standard(name):
    made = pods(render("helm4", name))
    assert len(made) == 2
    for pod in made:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 65534
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        kinds = {kind for volume in pod.get("volumes", []) for kind in volume if kind != "name"}
        assert kinds <= {"configMap", "emptyDir", "secret", "persistentVolumeClaim"}
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize("name", FEATURES)
def test_the_key_is_a_file_and_stands_nowhere_else(name):
    text = render("helm4", name)
    (exporter,) = one(text, "StatefulSet")["spec"]["template"]["spec"]["containers"]
    volumes = {each["name"]: each for each in one(text, "StatefulSet")["spec"]["template"]["spec"]["volumes"]}
    assert volumes["admin-key"]["secret"]["defaultMode"] == 0o440
    mounts = {each["name"]: each for each in exporter["volumeMounts"]}
    assert mounts["admin-key"] == {"name": "admin-key", "mountPath": "/run/secrets/anthropic", "readOnly": True}
    assert not [each for each in exporter["env"] if each["name"] in {"ANTHROPIC_ADMIN_API_KEY", "ANTHROPIC_ADMIN_KEY"}]
    assert text.count("sk-ant-") == (1 if name == "full" else 0)


def test_one_instance_label_for_ever():
    for name, kind, key in (
        ("full", "ServiceMonitor", "endpoints"),
        ("pod-monitor", "PodMonitor", "podMetricsEndpoints"),
    ):
        (endpoint,) = one(render("helm4", name), kind)["spec"][key]
        assert endpoint["relabelings"][:2] == [
            {"targetLabel": "instance", "replacement": "there-anthropic-exporter"},
            {"action": "labeldrop", "regex": "pod|container|endpoint"},
        ]
        assert endpoint["honorLabels"] is False
        assert endpoint["port"] == "metrics"


@pytest.mark.parametrize(
    ("values", "scheme", "kind"),
    [
        ((), "http", "httpGet"),
        (("webConfig.existingSecret=web",), "https", "tcpSocket"),
        (("webConfig.existingSecret=web", "webConfig.scheme=http", "probes.type=http"), "http", "httpGet"),
        (("webConfig.content.tls_server_config.cert_file=c",), "https", "httpGet"),
        (
            ("webConfig.content.tls_server_config.client_auth_type=RequireAndVerifyClientCert",),
            "https",
            "tcpSocket",
        ),
    ],
)
def test_probes_and_monitor_follow_the_web_configuration(values, scheme, kind):
    sets = [word for value in (*values, "serviceMonitor.enabled=true") for word in ("--set", value)]
    text = render("helm4", "default", KUBERNETES[-1], *sets)
    (exporter,) = one(text, "StatefulSet")["spec"]["template"]["spec"]["containers"]
    assert one(text, "ServiceMonitor")["spec"]["endpoints"][0]["scheme"] == scheme
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        assert kind in exporter[probe]
        if kind == "httpGet":
            assert exporter[probe][kind].get("scheme", "HTTP") == scheme.upper()


def test_the_settings_file_is_one_that_the_program_takes(tmp_path):
    file = tmp_path / "exporter.yml"
    for name in ("full", "otlp", "existing-secret"):
        file.write_text(one_settings_file(name))
        settings = load({"config.file": str(file)}, {"HOME": str(tmp_path)}, now=1_795_000_000, need_key=False)
        assert settings.config_file == file


def one_settings_file(name):
    maps = [each for each in objects(render("helm4", name)) if "exporter.yml" in each.get("data", {})]
    assert len(maps) == 1
    return maps[0]["data"]["exporter.yml"]


def test_the_schema_knows_exactly_the_sections_of_the_settings_file():
    schema = json.loads((CHART / "values.schema.json").read_text())
    sections = set(Settings.__dataclass_fields__) - {"config_file", "web", "state"}
    assert set(schema["properties"]["config"]["properties"]) == sections


def test_the_schema_knows_exactly_the_keys_of_each_section():
    """So that a typo is refused by Helm, not by a pod that starts again and again."""
    sections = json.loads((CHART / "values.schema.json").read_text())["properties"]["config"]["properties"]
    kinds = {**get_type_hints(Settings), "organizations": tuple[OrganizationEntry, ...]}
    for name, section in sections.items():
        kind, told = (get_args(kinds[name])[0], section["items"]) if "items" in section else (kinds[name], section)
        keys = {field.name for field in fields(kind) if "reader" in field.metadata}
        assert (told["additionalProperties"], set(told["properties"])) == (False, keys), name


def test_every_value_stands_in_the_schema_and_every_part_of_it_in_the_values():
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    def compare(properties, found, path):
        assert set(properties) - {"global"} == set(found), path
        for name, value in found.items():
            inner = properties[name].get("properties")
            if inner and value:
                compare(inner, value, f"{path}.{name}")

    compare(schema["properties"], values, "")


def test_the_port_is_the_default_of_the_program():
    port = WebSettings().listen_address[0].port
    assert one(render("helm4"), "Service")["spec"]["ports"][0]["port"] == port


def test_versions_of_chart_and_program_are_one():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    from anthropic_exporter import __version__  # noqa: PLC0415

    assert chart["appVersion"] == chart["version"] == __version__


@pytest.mark.parametrize(
    ("name", "said", "unsaid"),
    [
        ("default", ["the Admin key", "create secret generic there-anthropic-exporter-admin-key", "the image"], []),
        ("no-persistence", ["state is not kept"], ["the Admin key"]),
        ("tls", ["asks for a password or a client certificate"], ["the Admin key", "somebody who scrapes"]),
        ("full", [], ["STILL MISSING", "state is not kept", "sk-ant-"]),
    ],
)
def test_notes_say_what_is_still_missing(name, said, unsaid):
    # Helm 3 asks a cluster for its version even then.
    done = run("helm4", "install", "there", CHART, "--dry-run=client", "--hide-secret", "--values", feature(name))
    assert done.returncode == 0, done.stderr
    notes = done.stdout.partition("NOTES:")[2]
    assert "helm --namespace default test there" in notes
    for words in said:
        assert words in notes
    for words in unsaid:
        assert words not in notes

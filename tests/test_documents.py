"""The documents say what the program does."""

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from anthropic_exporter.cli import cli, run
from anthropic_exporter.config import load
from anthropic_exporter.config.flags import FLAGS
from anthropic_exporter.expose import catalogue
from anthropic_exporter.money.pricefile import read_text
from anthropic_exporter.verify.compare import Cause

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def _name(document):
    return str(document.relative_to(ROOT))


def test_the_list_of_metrics_is_the_catalogue(capsys):
    """`make docs` writes it."""
    assert run(["metrics", "--format", "markdown"]) == 0
    table = capsys.readouterr().out
    written = (ROOT / "docs" / "metrics.md").read_text()
    assert written[written.index("| name") :] == table


def test_every_metric_of_the_readme_exists():
    names = {family.name for family in catalogue.families()}
    for text in re.findall(r"`(anthropic_[a-z0-9_{},…]+)`", README):
        stem, _, rest = text.partition("{")
        words, _, tail = rest.partition("}")
        for word in words.split(","):
            if word != "…":
                assert f"{stem}{word}{tail}" in names, text


def test_every_flag_and_variable_is_in_the_readme():
    for flag in FLAGS:
        assert f"--{flag.name}`" in README, flag.name
        assert f"`{flag.environment}`" in README, flag.environment


def test_settings_in_the_list_of_backends_can_be_used(tmp_path):
    blocks = re.findall(r"```yaml\n(otlp: .*?)```", (ROOT / "docs" / "backends.md").read_text(), re.DOTALL)
    assert len(blocks) >= 5
    for number, block in enumerate(blocks):
        file = tmp_path / f"{number}.yml"
        file.write_text(block)
        assert load({"config.file": str(file)}, {"HOME": str(tmp_path)}, now=0.0, need_key=False).otlp.enabled


def test_the_price_list_of_the_settings_can_be_read():
    _, example = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "settings.md").read_text(), re.DOTALL)
    listed = read_text(example, "prices.yml")
    assert all((listed.prices, listed.factors, listed.web_search))


@pytest.mark.needs("promtool")
def test_what_the_readme_tells_prometheus_and_the_exporter_is_taken(tmp_path):
    scrape, *settings = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "prometheus.yml").write_text(scrape)
    done = subprocess.run(
        ["promtool", "check", "config", tmp_path / "prometheus.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(settings) == 2
    for block in settings:
        (tmp_path / "exporter.yml").write_text(block)
        load({"config.file": str(tmp_path / "exporter.yml")}, {"HOME": str(tmp_path)}, now=0.0, need_key=False)


@pytest.mark.parametrize("document", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=_name)
def test_every_command_of_a_document_is_taken(document):
    blocks = "\n".join(re.findall(r"```console\n(.*?)```", document.read_text(), re.DOTALL)).replace("\\\n", " ")
    for command in re.findall(r"^\$ anthropic-exporter (.*)$", blocks, re.MULTILINE):
        name, *arguments = shlex.split(command, comments=True)
        found = cli.get_command(click.Context(cli), name)
        assert found, command
        found.make_context(name, arguments).close()


QUERIES = {
    document: re.findall(r"```promql\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    for document in ("README.md", "docs/queries.md", "docs/money.md")
}


@pytest.mark.needs("promtool")
def test_every_query_of_a_document_is_one(tmp_path):
    rules = [
        {"record": f"{document.split('.')[0].replace('/', ':').lower()}:{number}", "expr": query}
        for document, queries in QUERIES.items()
        for number, query in enumerate(queries)
    ]
    assert len(rules) > 15
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "documents", "rules": rules}]}))
    done = subprocess.run(
        ["promtool", "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_metric_and_label_that_a_query_asks_for_exists():
    families = {family.name: family for family in catalogue.families()}
    for query in (query for queries in QUERIES.values() for query in queries):
        for metric, matchers in re.findall(r"\b(anthropic_\w+)(\{[^}]*\})?", query):
            family = families[metric.removesuffix("_bucket")]
            assert set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\s*\"", matchers)) <= set(family.labels), query
        labels = {label for family in families.values() for label in family.labels} | {"le"}
        for grouping in re.findall(r"(?:by|on|group_left|group_right) \(([^()]*)\)", query):
            assert set(re.findall(r"\w+", grouping)) <= labels, query


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_that_verify_names_is_explained(cause):
    rows = [line for line in (ROOT / "docs" / "backends.md").read_text().splitlines() if line.startswith("| `")]
    assert any(f"`{cause}`" in row.split("|")[1] for row in rows)


def test_every_alert_that_a_document_names_exists():
    """Nobody can wait for an alert that no rule fires."""
    rules = yaml.safe_load((ROOT / "dashboards" / "rules" / "anthropic-alerts.yml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    for name in ("failures.md", "numbers.md", "money.md"):
        named = set(re.findall(r"\bAnthropic[A-Z][A-Za-z]+", (ROOT / "docs" / name).read_text()))
        assert named <= alerts, name
    faults = (ROOT / "docs" / "failures.md").read_text()
    rows = [line.split(" | ") for line in faults.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) >= 30
    assert [row[0] for row in rows if len(row) != 4] == [], "each says what the metrics do, who is told, what to do"


def test_every_place_that_the_plan_of_the_house_names_exists():
    text = (ROOT / "docs" / "architecture.md").read_text()
    places = re.findall(r"`([a-z_/]+/[A-Za-z_./-]*)`", text)
    assert len(places) > 30
    package = ROOT / "exporter" / "anthropic_exporter"
    assert [place for place in places if not ((ROOT / place).exists() or (package / place).exists())] == []


@pytest.mark.parametrize("document", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/**/*.md")), ids=_name)
def test_links_inside_the_project_lead_somewhere(document):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target

import json

import pytest

from anthropic_exporter.cli import run


def metrics(capsys, *flags):
    assert run(["metrics", *flags]) == 0
    return capsys.readouterr().out


def test_a_table_has_a_line_for_each_metric_and_needs_no_key(capsys, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_ADMIN_KEY", raising=False)
    header, *lines = metrics(capsys).splitlines()
    assert header.split() == ["name", "type", "unit", "labels", "collector", "help"]
    names = [line.split()[0] for line in lines]
    assert "anthropic_usage_tokens_total" in names
    assert names == sorted(set(names))


def test_json_says_the_same_as_the_table(capsys):
    records = json.loads(metrics(capsys, "--format", "json"))
    assert [record["name"] for record in records] == [line.split()[0] for line in metrics(capsys).splitlines()[1:]]
    assert all(set(record) == {"name", "type", "unit", "labels", "collector", "help", "otlp"} for record in records)
    tokens = next(record for record in records if record["name"] == "anthropic_usage_tokens_total")
    assert tokens["otlp"] == {"name": "anthropic.usage.tokens", "unit": "{token}"}


def test_labels_follow_group_by(capsys, tmp_path):
    file = tmp_path / "exporter.yml"
    file.write_text("usage: {group_by: [model]}")
    records = json.loads(metrics(capsys, "--format", "json", "--config.file", str(file)))
    [tokens] = [record for record in records if record["name"] == "anthropic_usage_tokens_total"]
    assert tokens["labels"] == ["organization_id", "model", "token_type"]


def test_markdown_is_a_table(capsys):
    header, rule, *lines = metrics(capsys, "--format", "markdown").splitlines()
    assert header.startswith("| name | type |")
    assert rule == "| --- | --- | --- | --- | --- | --- |"
    assert all(line.replace("\\|", "").count("|") == 7 for line in lines)


def test_an_unknown_format_exits_2(capsys):
    assert run(["metrics", "--format", "xml"]) == 2
    assert "xml" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--log.level=loud", "--nothing"])
def test_a_bad_flag_exits_2(flag, capsys):
    assert run(["metrics", flag]) == 2
    assert capsys.readouterr().err.startswith("error: ")

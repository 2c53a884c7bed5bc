import platform
import subprocess
import sys

import pytest

from anthropic_exporter import __version__, logs, service
from anthropic_exporter.cli import COMMANDS, run
from anthropic_exporter.errors import PollError

CANARY = "sk-ant-admin01-canary-0123"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path):
    for name in ("ANTHROPIC_ADMIN_API_KEY", "ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_KEY_FILE", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture
def served(monkeypatch):
    """Return what the service was run with; it stands in for the part that polls and serves."""
    calls = []

    def start(settings, reload, *_):
        calls.append((settings, reload))
        return 0

    monkeypatch.setattr(service, "run", start)
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    return calls


def test_version_tells_version_revision_and_python(capsys):
    assert run(["version"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"anthropic-exporter {__version__}"
    assert lines[1].startswith("revision: ")
    assert lines[2] == f"python: {platform.python_version()}"


def test_the_flag_that_everybody_tries_does_the_same(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith(f"anthropic-exporter {__version__}")


def test_version_imports_neither_server_nor_client():
    code = (
        "import sys; from anthropic_exporter.cli import run; run(['version']);"
        "sys.exit(bool({'httpx', 'uvicorn', 'starlette', 'yaml', 'rich', 'msgspec'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["dmeo"], "error: no such command: dmeo; did you mean demo?"),
        (["sk-ant-admin01-canary"], f"error: no such command: <redacted>; there are {', '.join(COMMANDS)}"),
    ],
)
def test_a_command_that_is_none_brings_those_that_are(capsys, typed, said):
    assert run(typed) == 2
    assert capsys.readouterr().err == f"{said}\n"


def test_help_is_understood_as_a_word_too(capsys):
    assert run(["help"]) == 0
    assert capsys.readouterr().out.startswith("Usage: anthropic-exporter [OPTIONS] COMMAND")
    assert run(["help", "version"]) == 0
    assert capsys.readouterr().out.startswith("Usage: anthropic-exporter version")


def test_help_lists_every_command_without_importing_it(capsys):
    assert run(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_list_exists(name, capsys):
    assert run([name, "--help"]) == 0
    assert f"Usage: anthropic-exporter {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [f"--anthropic.admin-key={CANARY}"],
        ["serve", "--anthropic.admin-key", CANARY],
        [CANARY],
        ["serve", CANARY],
        ["check", f"--{CANARY}"],
        ["serve", "--config.file", CANARY],
        ["serve", "--log.level", CANARY],
    ],
)
def test_a_wrong_command_line_exits_2_and_shows_no_key(arguments, capsys):
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert "canary" not in captured.err
    assert not captured.out


@pytest.mark.parametrize("arguments", [[], ["serve"], ["check"], ["--log.level", "debug"]])
def test_without_a_key_it_exits_2_and_says_what_to_set(arguments, capsys):
    assert run(arguments) == 2
    assert "error: ANTHROPIC_ADMIN_API_KEY: expected an Admin key, found none" in capsys.readouterr().err


def test_every_problem_of_the_settings_is_a_line(tmp_path, capsys):
    file = tmp_path / "exporter.yml"
    file.write_text("usage: {interval: 1}\ncost: {interval: 2}\n")
    assert run(["serve", "--config.file", str(file)]) == 2
    assert [line.partition(": expected")[0] for line in capsys.readouterr().err.splitlines()] == [
        f"error: {file}: usage.interval",
        f"error: {file}: cost.interval",
    ]


@pytest.mark.parametrize("command", [[], ["serve"]])
def test_serve_runs_the_service_with_the_settings(command, served, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", CANARY)
    flags = ["--web.listen-address", ":0", "--web.listen-address", "[::1]:0", "--web.enable-lifecycle"]
    assert run([*command, *flags, "--log.level=warning"]) == 0
    [(settings, _)] = served
    assert [str(address) for address in settings.web.listen_address] == [":0", "[::1]:0"]
    assert (settings.web.enable_lifecycle, settings.log.level) == (True, "warn")


def test_reload_reads_the_file_again_with_the_same_flags(served, monkeypatch, tmp_path):
    file = tmp_path / "exporter.yml"
    file.write_text("cost: {interval: 1m}")
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", CANARY)
    run(["serve", "--config.file", str(file), "--log.format=json"])
    [(before, reload)] = served
    file.write_text("cost: {interval: 2m}\nlog: {format: logfmt}")
    after = reload()
    assert (before.cost.interval, after.cost.interval) == (60.0, 120.0)
    assert after.log.format == "json"


def test_serve_logs_the_settings_without_the_key(served, monkeypatch, caplog):
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-api03-canary")
    with caplog.at_level("INFO"):
        run(["serve"])
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert "effective settings" in logged
    assert "this looks like an inference key" in logged
    assert "canary" not in logged
    assert served


def test_another_error_of_ours_exits_1(monkeypatch, capsys):
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", CANARY)

    def fail(*_):
        raise PollError(f"no use {CANARY}")

    monkeypatch.setattr(service, "run", fail)
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    assert run(["serve"]) == 1
    assert capsys.readouterr().err == "error: no use <redacted>\n"


def test_the_module_runs_as_the_command_does():
    done = subprocess.run(
        [sys.executable, "-m", "anthropic_exporter", "version"], check=True, capture_output=True, text=True
    )
    assert done.stdout.startswith(f"anthropic-exporter {__version__}")

import signal
import socket
import types

import pytest

from anthropic_exporter import logs, service
from anthropic_exporter.cli import run
from anthropic_exporter.commands.findings import announce, found
from anthropic_exporter.config import ListenAddress

EXPOSITION = """\
# HELP anthropic_organization_info x
# TYPE anthropic_organization_info gauge
anthropic_organization_info{organization_id="o",organization_name="Example Works"} 1
# HELP anthropic_workspace_info x
# TYPE anthropic_workspace_info gauge
anthropic_workspace_info{organization_id="o",workspace_id="default",workspace_name="Default",status="active"} 1
anthropic_workspace_info{organization_id="o",workspace_id="wrkspc_1",workspace_name="A",status="active"} 1
anthropic_workspace_info{organization_id="o",workspace_id="none",workspace_name="none",status="active"} 1
# HELP anthropic_api_key_info x
# TYPE anthropic_api_key_info gauge
anthropic_api_key_info{organization_id="o",api_key_id="apikey_1",api_key_name="a",workspace_id="default"} 1
anthropic_api_key_info{organization_id="o",api_key_id="none",api_key_name="none",workspace_id="none"} 1
# HELP anthropic_usage_today_tokens x
# TYPE anthropic_usage_today_tokens gauge
anthropic_usage_today_tokens{organization_id="o",workspace_id="default",model="m1",token_type="output"} 1000
anthropic_usage_today_tokens{organization_id="o",workspace_id="default",model="m2",token_type="output"} 234
# HELP anthropic_spend_today_usd x
# TYPE anthropic_spend_today_usd gauge
anthropic_spend_today_usd{organization_id="o",workspace_id="default",model="m1"} 1.25
"""


@pytest.fixture
def served(monkeypatch):
    """Return the settings that the service was run with; it stands in for the part that polls and serves."""
    calls = []

    def start(settings, reload, *_):
        calls.extend([settings, reload()])

    monkeypatch.setattr(service, "run", start)
    monkeypatch.setattr(logs, "configure", lambda *_: None)
    return calls


def test_what_was_found_is_said_in_a_line():
    assert found(EXPOSITION) == (
        "Example Works with 2 workspaces, 1 API key, 2 models; today 1,234 tokens and 1.25 USD"
    )


def test_what_is_not_known_is_left_out():
    assert found("") == "an organization with 0 workspaces, 0 API keys, 0 models"


def test_spend_that_is_not_known_is_estimated_cost():
    text = EXPOSITION.replace("anthropic_spend_today_usd", "anthropic_estimated_cost_today_usd")
    assert found(text).endswith("tokens and 1.25 USD")


def test_a_demo_needs_nothing_and_keeps_nothing(served, monkeypatch, tmp_path):
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-canary")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://example.com")
    assert run(["demo", "--state.path", str(tmp_path / "mine.db"), "--log.format=json"]) == 0
    settings, again = served
    [organization] = settings.organizations
    assert organization.base_url.startswith("http://127.0.0.1:")
    assert organization.credential.value() == "sk-ant-oat01-simulated"
    assert "canary" not in organization.credential.value()
    assert organization.credential.value() not in f"{settings} {settings!r}"
    assert str(tmp_path / "mine.db") != settings.state.path
    assert (settings.log.level, settings.log.format) == ("warn", "json")
    assert again == settings


def test_a_demo_has_budgets_owners_and_a_policy_unless_a_file_says_otherwise(served, tmp_path):
    file = tmp_path / "exporter.yml"
    file.write_text("budgets: [{name: mine, usd: 1}]")
    assert run(["demo"]) == run(["demo", f"--config.file={file}"]) == 0
    own, _, given, _ = served
    assert own.budgets
    assert own.ownership
    assert own.policies
    assert ([budget.name for budget in given.budgets], given.policies) == (["mine"], ())


def test_a_demo_listens_where_it_is_told_to(served):
    assert run(["demo", "--web.listen-address", ":1", "--web.listen-address", "127.0.0.1:0"]) == 0
    assert served[0].web.listen_address == (ListenAddress("", 1), ListenAddress("127.0.0.1", 0))


def test_a_demo_finds_another_port_when_its_own_is_taken(served):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", 10114))
            other.listen()
        except OSError:
            pass  # somebody else has it, which serves as well
        assert run(["demo"]) == 0
    assert served[0].web.listen_address == (ListenAddress("127.0.0.1", 0),)


@pytest.mark.parametrize("command", ["demo", "serve"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_normal_end_also_while_starting(command, number, served, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-canary")
    monkeypatch.setattr(service, "run", lambda *_: signal.raise_signal(number))
    before = signal.getsignal(signal.SIGTERM)
    assert run([command, "--web.listen-address", "127.0.0.1:0"]) == 0
    assert signal.getsignal(signal.SIGTERM) == before
    assert not served


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_a_hangup_while_starting_is_no_end_but_a_reload_once_it_runs(command, monkeypatch):
    """As systemd sends it to a service that is told to reload a moment after it was started."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-canary")
    heard = []

    def start(_settings, _reload, hangup, *_):
        signal.raise_signal(signal.SIGHUP)
        heard.append(hangup.is_set())

    monkeypatch.setattr(service, "run", start)
    before = signal.getsignal(signal.SIGHUP)
    assert run([command, "--web.listen-address", "127.0.0.1:0"]) == 0
    assert heard == [True]
    assert signal.getsignal(signal.SIGHUP) == before


def test_bad_settings_exit_2(capsys):
    assert run(["demo", "--log.level", "loud"]) == 2
    assert capsys.readouterr().err == 'error: --log.level: expected debug, info, warn or error, found "loud"\n'


def test_it_announces_the_url_and_what_was_found_and_how_to_stop(capsys):
    exposition = types.SimpleNamespace(body=EXPOSITION.encode)
    announce("http://127.0.0.1:1/metrics", types.SimpleNamespace(exposition=lambda: exposition))
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == "ready: http://127.0.0.1:1/metrics"
    assert second.startswith("found: Example Works with")
    assert third == "stop with Ctrl-C"

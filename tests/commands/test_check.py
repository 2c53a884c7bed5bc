import pytest

from anthropic_exporter.cli import run
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches

ENDPOINTS = [
    "/v1/organizations/me",
    "/v1/organizations/workspaces",
    "/v1/organizations/users",
    "/v1/organizations/invites",
    "/v1/organizations/api_keys",
    "/v1/organizations/usage_report/messages",
    "/v1/organizations/analytics/usage",
    "/v1/organizations/cost_report",
    "/v1/organizations/analytics/cost",
]


@pytest.fixture
def check(monkeypatch, tmp_path, capsys):
    """Return what checks a fake organization, and gives the exit status and the rows of the table."""

    def run_check(switches=None, settings="", key=None):
        with Simulator(switches=switches or Switches()) as fake:
            monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", key or fake.admin_key)
            monkeypatch.setenv("ANTHROPIC_BASE_URL", fake.base_url)
            file = tmp_path / "exporter.yml"
            file.write_text(settings)
            status = run(["check", "--config.file", str(file), "--log.level=error", "--state.path=:memory:"])
        out = capsys.readouterr().out
        header, *lines = out.splitlines()
        assert header.split() == ["endpoint", "status", "rows", "what", "to", "do"]
        assert "sk-ant-admin01-sim" not in out
        return status, {line.split()[0]: line for line in lines}

    return run_check


def test_a_good_key_can_use_every_endpoint(check):
    status, rows = check()
    assert status == 0
    assert list(rows) == ENDPOINTS
    assert all(row.split()[1] == "ok" and int(row.split()[2]) > 0 for row in rows.values())


def test_what_is_switched_off_is_not_asked(check):
    off = "inventory: {enabled: false}\nusage: {enabled: false}\n"
    _, rows = check(settings=off)
    assert list(rows) == [ENDPOINTS[0], *ENDPOINTS[7:]]


@pytest.mark.parametrize(
    ("source", "asked"), [("legacy", ENDPOINTS[5:9:2]), ("analytics", ENDPOINTS[6:9:2]), ("auto", ENDPOINTS[5:])]
)
def test_only_the_chosen_generation_is_asked(check, source, asked):
    _, rows = check(settings=f"organizations: [{{source: {source}}}]\ninventory: {{enabled: false}}\n")
    assert list(rows) == [ENDPOINTS[0], *asked]


def test_what_is_not_offered_is_shown_and_exits_1(check):
    status, rows = check(Switches(generation="legacy"))
    assert status == 1
    assert rows["/v1/organizations/analytics/usage"].split()[1:3] == ["404", "-"]
    assert rows["/v1/organizations/usage_report/messages"].split()[1] == "ok"


@pytest.mark.parametrize(
    ("generation", "endpoint", "lost"),
    [
        ("legacy", "/v1/organizations/analytics/usage", "without it requests are not counted"),
        ("legacy", "/v1/organizations/analytics/cost", "without it there is no list cost, no cost per key"),
        ("analytics", "/v1/organizations/usage_report/messages", "without it tokens come from analytics/usage"),
        ("analytics", "/v1/organizations/cost_report", "without it billed cost comes from analytics/cost alone"),
    ],
)
def test_a_missing_endpoint_says_what_there_is_without_it(check, generation, endpoint, lost):
    _, rows = check(Switches(generation=generation, generation_off_status=403))
    assert lost in rows[endpoint]


def test_an_inference_key_is_told_apart(check):
    status, rows = check(key="sk-ant-api03-canary")
    assert status == 1
    row = rows["/v1/organizations/me"]
    assert row.split()[1:3] == ["401", "-"]
    assert "this is an inference key" in row
    assert "Console → Settings → Admin keys" in row
    assert "canary" not in row


def test_a_wrong_admin_key_says_where_to_make_one(check):
    status, rows = check(Switches(accepted_keys=("sk-ant-admin01-other",)), key="sk-ant-admin01-canary")
    assert status == 1
    assert {row.split()[1] for row in rows.values()} == {"401"}
    assert all("Admin key" in row for row in rows.values())

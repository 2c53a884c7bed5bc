"""``check``: the whole table for each kind of organization, and the series that it will have."""

import time

import pytest

from anthropic_exporter.api.retry import Policy
from anthropic_exporter.cli import run
from anthropic_exporter.expose.catalogue import COLLECTORS
from anthropic_exporter.simulate.inventory import Inventory, Profile
from anthropic_exporter.simulate.scripted import DEFAULT_WORKSPACE, WORKSPACE, Event, ScriptedOrganization
from anthropic_exporter.simulate.server import Simulator
from anthropic_exporter.simulate.switches import Switches
from anthropic_exporter.utc import DAY
from simulate.harness import line

ORG = "/v1/organizations"
CONSOLE = [
    ("organization", f"{ORG}/me"),
    ("workspaces", f"{ORG}/workspaces"),
    ("usage", f"{ORG}/usage_report/messages"),
    ("usage", f"{ORG}/analytics/usage"),
    ("api_key_usage", f"{ORG}/usage_report/messages"),
    ("api_key_usage", f"{ORG}/analytics/usage"),
    ("cost", f"{ORG}/cost_report"),
    ("cost", f"{ORG}/analytics/cost"),
    ("api_keys", f"{ORG}/api_keys"),
    ("members", f"{ORG}/users"),
    ("members", f"{ORG}/workspaces/{{id}}/members"),
    ("invites", f"{ORG}/invites"),
    ("service_accounts", f"{ORG}/service_accounts"),
    ("rate_limits", f"{ORG}/rate_limits"),
    ("rate_limits", f"{ORG}/workspaces/{{id}}/rate_limits"),
    ("spend_limits", f"{ORG}/spend_limits"),
    ("spend_limits", f"{ORG}/spend_limits/effective"),
    ("spend_limits", f"{ORG}/spend_limit_increase_requests"),
    ("claude_code", f"{ORG}/usage_report/claude_code"),
]
OF_A_WORKSPACE = {f"{ORG}/workspaces/{{id}}/members", f"{ORG}/workspaces/{{id}}/rate_limits"}
ENTERPRISE = [
    *(row for row in CONSOLE if row[1] not in OF_A_WORKSPACE),
    ("enterprise", f"{ORG}/analytics/usage"),
    ("enterprise", f"{ORG}/analytics/cost"),
    ("enterprise", f"{ORG}/analytics/summaries"),
    ("enterprise", f"{ORG}/rbac_groups"),
    ("compliance", "/v1/compliance/activities"),
]
SCOPED = [
    ("organization", f"{ORG}/me"),
    ("organization", ORG),
    ("workspaces", f"{ORG}/{{id}}/workspaces"),
    *CONSOLE[2:4],
    ("usage", f"{ORG}/{{id}}/usage_report/messages"),
    *(row for row in CONSOLE[4:] if row[1] not in OF_A_WORKSPACE),
]
ALL_ON = "enterprise: {enabled: true}\ncompliance: {enabled: true}\n"
ENTERPRISE_KEY = "sk-ant-api01-canary"
TOKEN = "sk-ant-oat01-canary"


class Table:
    """What was printed: rows by (collector, endpoint), and the series by family."""

    def __init__(self, out):
        endpoints, _, series = out.partition("\n\nseries, estimated from what the last 7 days used\n\n")
        header, *lines = endpoints.splitlines()
        assert header.split() == ["collector", "endpoint", "status", "rows", "what", "to", "do"]
        place = header.index("what")
        self.rows = {tuple(row.split()[:2]): row.replace("not asked", "not-asked").split()[2:4] for row in lines}
        self.advice = {tuple(row.split()[:2]): row[place:].strip() for row in lines}
        self.series = {row.split()[0]: row for row in series.splitlines()[1:]}

    def status(self, *row):
        return self.rows[row][0]


@pytest.fixture
def check(monkeypatch, tmp_path, capsys):
    """Return what checks a fake organization, and gives the exit status and the table."""

    def run_check(switches=None, settings="", key=None, organization=None):
        with Simulator(organization, switches or Switches()) as fake:
            monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", key or fake.admin_key)
            monkeypatch.setenv("ANTHROPIC_BASE_URL", fake.base_url)
            file = tmp_path / "exporter.yml"
            file.write_text(settings)
            status = run(["check", "--config.file", str(file), "--state.path=:memory:"])
        told = capsys.readouterr()
        assert "sk-ant-admin01-sim" not in told.out + told.err
        assert told.err == ""
        return status, Table(told.out)

    return run_check


def test_a_token_of_a_console_organization_can_use_all_that_the_organization_has(check):
    status, table = check(key=TOKEN)
    assert status == 0
    assert list(table.rows) == CONSOLE
    unlike = {row for row, (told, _) in table.rows.items() if told != "ok"}
    assert unlike == {("spend_limits", CONSOLE[16][1]), ("spend_limits", CONSOLE[17][1])}
    assert all(int(rows) > 0 for told, rows in table.rows.values() if told == "ok")
    assert table.advice[CONSOLE[16]] == "nothing: organizations of this kind do not have it"
    assert table.advice[CONSOLE[17]] == "as above"


def test_every_collector_is_asked_for():
    asked = {collector for collector, _ in (*CONSOLE, *ENTERPRISE)}
    assert {*asked, "exporter"} == set(COLLECTORS), "commands/endpoints.py has no probe of it"


def test_an_admin_key_lacks_service_accounts_and_nothing_can_be_done_about_it(check):
    status, table = check()
    assert status == 0
    assert table.status(*CONSOLE[12]) == "not-asked"
    assert table.advice[CONSOLE[12]].startswith("nothing: only an OAuth token")


def test_a_key_of_claude_enterprise_needs_nothing_of_what_only_the_console_has(check):
    switches = Switches(console=False, enterprise=True, compliance=True)
    status, table = check(switches, ALL_ON, ENTERPRISE_KEY)
    assert status == 0
    assert list(table.rows) == ENTERPRISE
    assert table.advice[ENTERPRISE[0]] == "nothing: only Console organizations have it"
    served = {row for row, (told, _) in table.rows.items() if told == "ok"}
    assert served == {
        ("usage", f"{ORG}/analytics/usage"),
        ("api_key_usage", f"{ORG}/analytics/usage"),
        ("cost", f"{ORG}/analytics/cost"),
        ("members", f"{ORG}/users"),
        ("invites", f"{ORG}/invites"),
        *(row for row in ENTERPRISE if row[0] in ("spend_limits", "enterprise", "compliance")),
    }


def test_an_org_scoped_organization_needs_nothing_of_what_its_dialect_does_not_have(check):
    status, table = check(Switches(generation="org-scoped"))
    assert status == 0
    assert list(table.rows) == SCOPED
    assert table.advice[SCOPED[0]] == "nothing: the org-scoped dialect does not have it"
    served = {row for row, (told, _) in table.rows.items() if told == "ok"}
    assert served == {SCOPED[1], SCOPED[2], SCOPED[5]}
    assert "anthropic_usage_tokens_total" in table.series


def test_a_configured_dialect_asks_for_nothing_else_of_the_reports(check):
    _, table = check(Switches(generation="org-scoped"), "organizations: [{source: org-scoped}]\n")
    assert list(table.rows)[:3] == [SCOPED[1], SCOPED[2], SCOPED[5]]
    assert not [row for row in table.rows if "cost" in row[1] or "analytics" in row[1]]


def test_a_child_is_asked_for_what_it_has(check):
    child = Profile("org_01Child", "Child", 1_735_689_600)
    inventory = Inventory(workspaces=(DEFAULT_WORKSPACE, WORKSPACE), children=(child,))
    organization = ScriptedOrganization([], inventory=inventory)
    status, table = check(settings=f"organizations: [{{organization_id: {child.id}}}]\n", organization=organization)
    assert status == 0
    assert list(table.rows) == [CONSOLE[3], CONSOLE[5], CONSOLE[7]]


def test_what_is_switched_off_is_not_asked(check):
    off = "".join(f"{name}: {{enabled: false}}\n" for name in ("inventory", "usage", "limits", "claude_code"))
    _, table = check(settings=off)
    assert list(table.rows) == [CONSOLE[0], CONSOLE[6], CONSOLE[7]]


@pytest.mark.parametrize(("source", "word"), [("legacy", "report"), ("analytics", "analytics")])
def test_only_the_chosen_generation_is_asked(check, source, word):
    _, table = check(settings=f"organizations: [{{source: {source}}}]\n")
    asked = [row for row in table.rows if row[0] in ("usage", "api_key_usage", "cost")]
    assert len(asked) == 3
    assert all(word in endpoint for _, endpoint in asked)


def test_what_is_not_offered_is_shown_and_exits_1(check):
    status, table = check(Switches(generation="legacy"))
    assert status == 1
    assert table.rows["usage", f"{ORG}/analytics/usage"] == ["404", "-"]
    assert table.status("usage", f"{ORG}/usage_report/messages") == "ok"


@pytest.mark.parametrize(
    ("generation", "row", "lost"),
    [
        ("legacy", CONSOLE[3], "without it requests are not counted"),
        ("legacy", CONSOLE[7], "without it there is no list cost, no cost per key"),
        ("analytics", CONSOLE[2], "without it tokens come from analytics/usage"),
        ("analytics", CONSOLE[6], "without it billed cost comes from analytics/cost alone"),
    ],
)
def test_a_missing_endpoint_says_what_there_is_without_it(check, generation, row, lost):
    _, table = check(Switches(generation=generation, generation_off_status=403))
    assert lost in table.advice[row]


def test_an_inference_key_is_told_apart(check):
    status, table = check(key="sk-ant-api03-canary")
    assert status == 1
    assert table.rows[CONSOLE[0]] == ["401", "-"]
    assert table.advice[CONSOLE[0]].startswith("this is an inference key")
    assert "Console → Settings → Admin keys" in table.advice[CONSOLE[0]]
    assert "canary" not in str(table.advice)
    assert table.series == {}


def test_a_dead_key_says_once_where_to_make_another(check):
    status, table = check(Switches(accepted_keys=("sk-ant-admin01-other",)), key="sk-ant-admin01-canary")
    assert status == 1
    assert {told for told, _ in table.rows.values()} == {"401", "not-asked"}
    first, *others = [advice for row, advice in table.advice.items() if row[0] != "service_accounts"]
    assert "use an Admin key" in first
    assert set(others) == {"as above"}


def test_a_missing_scope_and_a_beta_that_is_not_enabled_say_so(check):
    status, table = check(Switches(spend_limits=False), ALL_ON)
    assert status == 1
    summaries = table.advice["enterprise", f"{ORG}/analytics/summaries"]
    assert "Needed: ['read:analytics']" in summaries
    assert summaries.startswith("make a key that has the scope named here")
    caps = table.advice["spend_limits", f"{ORG}/spend_limits"]
    assert caps.startswith("ask Anthropic to enrol the organization in the beta named here")
    assert "spend-limit-reads-2026-09-26" in caps


def test_a_wrong_address_is_told_from_an_organization_that_lacks_everything(check):
    status, table = check(Switches(faults=("not_found",)))
    assert status == 1
    assert table.advice[CONSOLE[0]].startswith("look at base_url: the Admin API is not there")


def test_a_wrong_clock_is_told(check, monkeypatch):
    assert check()[0] == 0
    monkeypatch.setattr(Policy, "ahead", lambda *_: 40 * DAY + 62.0)
    monkeypatch.setattr(f"{__name__}.Table", str)
    status, out = check()
    assert status == 1
    assert "\nThe clock of this machine is 40d1m ahead of the API's; set it (NTP).\n" in out


def test_where_nothing_answers_one_request_has_to_wait_and_no_more(free_port, monkeypatch, capsys):
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-admin01-simulated")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", base_url := f"http://127.0.0.1:{free_port()}")
    assert run(["check", "--state.path=:memory:"]) == 1
    header, row, blank, remark = capsys.readouterr().out.splitlines()
    assert row.split()[:2] == ["organization", "/v1/organizations/me"]
    assert f"look at network, proxy, base_url, and status.anthropic.com (no connection to {base_url[7:]}: " in row
    assert (header.split()[0], blank) == ("collector", "")
    assert remark == f"Nothing answers at {base_url}; the other endpoints were not asked."


def test_several_organizations_have_a_table_each(check, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("ONE", "sk-ant-admin01-one")
    monkeypatch.setenv("TWO", "sk-ant-admin01-two")
    with Simulator(switches=Switches(accepted_keys=("sk-ant-admin01-two",))) as fake:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", fake.base_url)
        file = tmp_path / "exporter.yml"
        entries = ", ".join(f"{{alias: {name.lower()}, admin_key_env: {name}}}" for name in ("ONE", "TWO"))
        file.write_text(f"organizations: [{entries}]\n")
        assert run(["check", "--config.file", str(file), "--state.path=:memory:"]) == 1
    one, two = capsys.readouterr().out.split("\norganization two, ")
    assert one.startswith("organization one, http://127.0.0.1")
    assert " 401 " in one
    assert " 401 " not in two


def test_a_family_above_its_limit_is_named_with_what_to_do(check):
    now = time.time()
    lines = [line(f"claude-opus-5-{number}", service_tier="standard") for number in range(30)]
    events = [Event(int(now) - 90_000, each, uncached=1, output=1, requests=1) for each in lines]
    _, table = check(
        Switches(visibility_delay=0), "series: {max_per_family: 20}\n", organization=ScriptedOrganization(events)
    )
    row = table.series["anthropic_usage_tokens_total"]
    count = int(row.split()[1])
    assert count >= 30
    assert f"{count - 20} label sets go into __other__: raise series.max_per_family, or group by less" in row
    assert "anthropic_organization_info" not in table.series

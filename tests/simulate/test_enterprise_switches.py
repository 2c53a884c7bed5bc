import pytest

from simulate.harness import NOW

CONSOLE = ("me", "api_keys", "workspaces", "rate_limits", "usage_report/messages", "usage_report/claude_code")
ENTERPRISE = ("analytics/summaries?starting_date=2026-11-01", "rbac_groups", "spend_limits/effective")


@pytest.fixture
def ask(fake, company):
    fake.serve(company)
    return lambda path: fake.client.get(path).status_code


@pytest.mark.parametrize("path", CONSOLE)
def test_an_enterprise_organization_has_nothing_of_a_console_one(ask, fake, path):
    fake.simulator.switch(console=False, enterprise=True)
    assert ask(path) == 403


@pytest.mark.parametrize("path", ["users", "invites", *ENTERPRISE])
def test_an_enterprise_organization_answers_its_own(ask, fake, path):
    fake.simulator.switch(console=False, enterprise=True)
    assert ask(path) == 200


@pytest.mark.parametrize(("path", "status"), list(zip(ENTERPRISE, (403, 403, 400), strict=True)))
def test_a_console_organization_has_nothing_of_an_enterprise_one(ask, path, status):
    assert ask(path) == status


def test_a_key_made_in_claude_ai_is_taken_by_an_enterprise_organization_only(fake, company):
    fake.serve(company)
    headers = {"x-api-key": "sk-ant-api01-canary-of-the-enterprise-tests"}
    assert fake.client.get("users", headers=headers).status_code == 401
    fake.simulator.switch(enterprise=True)
    assert fake.client.get("users", headers=headers).status_code == 200


def test_a_day_is_summed_up_on_the_afternoon_of_the_next(fake, company):
    fake.serve(company)
    fake.simulator.switch(enterprise=True)
    path = "analytics/summaries?starting_date=2026-11-01"
    before = len(fake.client.get(path).json()["data"])
    fake.clock.now = NOW + 6 * 3600
    assert len(fake.client.get(path).json()["data"]) == before + 1
    fake.clock.now = NOW


def test_spend_can_be_unavailable_for_the_moment(fake, company):
    fake.serve(company)
    fake.simulator.switch(enterprise=True, spend_unavailable=True)
    rows = fake.client.get("spend_limits/effective?limit=1000").json()["data"]
    assert {row["period_to_date_spend"] for row in rows} == {"0"}

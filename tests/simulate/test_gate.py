import pytest

from anthropic_exporter.simulate.switches import InvalidSwitch, Switches
from simulate.harness import HEADERS, KEY

BARE = {"anthropic-version": "2023-06-01"}


def status(fake, headers, path="me"):
    # The client's own headers would be merged in, so ask for exactly these.
    request = fake.client.build_request("GET", path)
    for name in ("x-api-key", "anthropic-version", "anthropic-beta"):
        del request.headers[name]
    request.headers.update(headers)
    return fake.client.send(request)


@pytest.mark.parametrize(
    "headers", [{"x-api-key": KEY}, {"Authorization": f"Bearer {KEY}"}, {"authorization": f"bearer {KEY}"}]
)
def test_both_header_forms_are_accepted(fake, headers):
    assert status(fake, BARE | headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no key"),
        pytest.param({"x-api-key": ""}, id="empty key"),
        pytest.param({"x-api-key": "sk-ant-api03-canary-inference"}, id="inference key"),
        pytest.param({"authorization": "Bearer sk-ant-api03-canary"}, id="inference bearer"),
        pytest.param({"authorization": f"Basic {KEY}"}, id="other scheme"),
    ],
)
def test_a_wrong_key_is_401_with_always_the_same_words(fake, headers):
    response = status(fake, BARE | headers)
    assert response.status_code == 401
    assert response.json() == {
        "type": "error",
        "error": {"type": "authentication_error", "message": "invalid x-api-key"},
        "request_id": response.headers["request-id"],
    }


def test_keys_can_be_listed_and_rotated(fake):
    fake.simulator.switch(accepted_keys=["sk-ant-admin01-canary-old"])
    assert fake.refusal("me")[0] == 401
    fake.simulator.switch(accepted_keys=["sk-ant-admin01-canary-old", KEY])
    assert fake.get("me").status_code == 200
    fake.simulator.switch(accepted_keys=None)
    assert fake.get("me").status_code == 200


def test_keys_are_shown_nowhere():
    switches = Switches(accepted_keys=(KEY,))
    assert KEY not in repr(switches)
    assert KEY not in str(switches.public())
    assert switches.public()["accepted_keys"] == 1
    with pytest.raises(InvalidSwitch) as caught:
        switches.changed({"accepted_keys": KEY})
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(("version", "expected"), [("2023-06-01", 200), ("2026-10-21", 200), ("2020-01-01", 400)])
def test_known_versions_are_accepted(fake, version, expected):
    assert status(fake, {"x-api-key": KEY, "anthropic-version": version}).status_code == expected


def test_a_version_is_required(fake):
    assert status(fake, {"x-api-key": KEY}).status_code == 400


def test_every_answer_names_its_request_and_its_organization(fake):
    answers = [fake.get(path) for path in ("me", "users", "nothing", "usage_report/messages", "service_accounts")]
    assert {answer.status_code for answer in answers} == {200, 404, 400, 403}
    ids = [answer.headers["request-id"] for answer in answers]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith("req_") for each in ids)
    organization = fake.simulator.world.organization.profile.id
    assert {answer.headers["anthropic-organization-id"] for answer in answers} == {organization}


def test_above_the_rate_there_is_a_429_until_the_minute_has_passed(fake):
    fake.serve(fake.simulator.world.organization, Switches(requests_per_minute=3))
    assert [fake.get("me").status_code for _ in range(3)] == [200] * 3
    limited = fake.get("me")
    assert limited.status_code == 429
    assert float(limited.headers["retry-after"]) == 60
    fake.clock.now += 60
    assert fake.get("me").status_code == 200


def test_nothing_can_be_written(fake):
    assert fake.client.post("api_keys/apikey_01A", json={"status": "inactive"}).status_code == 405
    assert fake.client.delete("users/user_01A").status_code == 405


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("analytics/summaries", 403),
        ("analytics/users", 403),
        ("analytics/apps/chat/projects", 403),
        ("analytics/usage_report", 403),
        ("rbac_groups", 403),
        ("/v1/compliance/activities", 403),
        ("spend_limits/effective", 400),
        ("spend_limit_increase_requests", 400),
        ("nothing", 404),
        ("/elsewhere", 404),
    ],
)
def test_what_a_console_organization_does_not_have(fake, path, expected):
    url = f"{fake.simulator.base_url}{path}" if path.startswith("/") else path
    response = fake.client.get(url)
    assert response.status_code == expected
    if expected == 403:
        assert response.json()["error"]["message"].startswith("Missing required scopes. Got: ['api:admin']")
    if expected == 400:
        assert response.json()["error"]["details"]["error_code"] == "organization_type_not_supported"


@pytest.mark.parametrize(
    ("generation", "gone"),
    [
        ("legacy", "analytics/usage"),
        ("legacy", "analytics/cost"),
        ("analytics", "cost_report"),
        ("analytics", "usage_report/messages"),
    ],
)
@pytest.mark.parametrize("expected", [404, 403])
def test_a_generation_can_be_off(fake, generation, gone, expected):
    asked = {"starting_at": "2026-11-18T00:00:00Z"}
    assert fake.get(gone, **asked).status_code == 200
    fake.simulator.switch(generation=generation, generation_off_status=expected)
    assert fake.refusal(gone, **asked)[0] == expected
    assert fake.get("me").status_code == 200


def test_the_key_is_not_in_the_log_of_requests(fake):
    fake.get("me")
    assert KEY not in repr(fake.simulator.world.log)
    assert HEADERS["x-api-key"] == KEY

import json
import time

import httpx
import pytest

from anthropic_exporter.simulate.faults import UNKNOWN_FIELD, UNKNOWN_WORD
from anthropic_exporter.simulate.instants import instant
from anthropic_exporter.simulate.scripted import Event, ScriptedOrganization
from anthropic_exporter.simulate.switches import Switches
from simulate.harness import MESSAGES, NOW, PROMPT, line

HOURLY = {"starting_at": "2026-11-19T07:00:00Z", "bucket_width": "1h"}


@pytest.fixture
def faulty(fake, company):
    fake.serve(company, PROMPT)

    def switch(*faults, **switches):
        fake.simulator.switch(faults=list(faults), **switches)
        return fake

    return switch


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("unauthorized", 401, "authentication_error"),
        ("forbidden", 403, "permission_error"),
        ("not_found", 404, "not_found_error"),
        ("rate_limited", 429, "rate_limit_error"),
        ("rate_limited_reset", 429, "rate_limit_error"),
        ("rate_limited_bare", 429, "rate_limit_error"),
        ("internal_error", 500, "api_error"),
        ("unavailable", 503, "api_error"),
        ("timeout", 504, "timeout_error"),
        ("overloaded", 529, "overloaded_error"),
    ],
)
def test_an_error_has_its_status_and_its_type(faulty, fault, status, kind):
    response = faulty(fault).get("me")
    assert response.status_code == status
    assert response.json()["error"]["type"] == kind


def test_a_429_tells_when_to_come_back_or_not(faulty):
    told = faulty("rate_limited", retry_after=7).get("me").headers
    assert told["retry-after"] == "7"
    assert "anthropic-ratelimit-requests-reset" not in told
    reset = faulty("rate_limited_reset", retry_after=7).get("me").headers
    assert "retry-after" not in reset
    assert 7 <= instant(reset["anthropic-ratelimit-requests-reset"]) - NOW <= 8
    bare = faulty("rate_limited_bare").get("me").headers
    assert not {"retry-after", "anthropic-ratelimit-requests-reset"} & set(bare)


def test_bodies_that_are_not_json(faulty):
    assert faulty("html").get("me").status_code == 502
    response = faulty("html_ok").get("me")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert faulty("empty").get("me").content == b""
    with pytest.raises(json.JSONDecodeError):
        faulty("truncated").get("me").json()


@pytest.mark.parametrize(("fault", "error"), [("reset", httpx.ReadError), ("broken_off", httpx.RemoteProtocolError)])
def test_connections_break(faulty, fault, error):
    fake = faulty(fault)
    with pytest.raises(error):
        fake.get("me")
    assert faulty().get("me").status_code == 200


def test_answers_are_slow(faulty):
    begun = time.monotonic()
    assert faulty("slow", slow_seconds=0.2).get("me").status_code == 200
    assert time.monotonic() - begun >= 0.2
    assert faulty("slow_loris", slow_seconds=0.1).get("me").json()["type"] == "organization"
    assert time.monotonic() - begun >= 0.29


def test_an_answer_that_is_too_slow_times_out(faulty):
    fake = faulty("slow_loris", slow_seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        fake.client.get("me", timeout=0.1)


def test_unknown_fields_and_words_appear(faulty):
    answer = faulty("unknown_fields").ask("users", limit=2)
    assert UNKNOWN_FIELD in answer
    assert all(UNKNOWN_FIELD in user for user in answer["data"])
    answer = faulty("unknown_values").ask(MESSAGES, **HOURLY, group_by__="service_tier")
    tiers = [row["service_tier"] for bucket in answer["data"] for row in bucket["results"]]
    assert tiers.count(UNKNOWN_WORD) == 1


@pytest.mark.parametrize(("path", "gone"), [("users", "id"), ("cost_report", "amount"), (MESSAGES, "output_tokens")])
def test_documented_fields_are_missing(faulty, path, gone):
    asked = {} if path == "users" else {"starting_at": "2026-11-17T00:00:00Z"}
    (first, *_) = faulty("missing_fields").ask(path, **asked)["data"]
    assert gone not in (first["results"][0] if "results" in first else first)


def test_a_cursor_expires_but_not_a_first_page(faulty):
    fake = faulty("expired_cursor", page_cap=1)
    page = fake.ask(MESSAGES, **HOURLY)["next_page"]
    assert fake.refusal(MESSAGES, **HOURLY, page=page)[0] == 410


@pytest.mark.parametrize("path", [MESSAGES, "users"])
def test_a_cursor_leads_in_circles(faulty, path):
    fake = faulty("looping_cursor", page_cap=1)
    asked = HOURLY if path == MESSAGES else {}
    name, field = ("page", "next_page") if path == MESSAGES else ("after_id", "last_id")
    answer = fake.ask(path, **asked)
    again = fake.ask(path, **asked, **{name: answer[field]})
    assert again[field] == answer[field]
    assert again["has_more"] is True


def test_faults_hit_only_their_paths(faulty):
    fake = faulty("internal_error", fault_paths=["/v1/organizations/us"])
    assert fake.get("users").status_code == 500
    assert fake.get("me").status_code == 200


def test_faults_end_after_their_number(faulty):
    fake = faulty("overloaded", fault_limit=2)
    assert [fake.get("me").status_code for _ in range(4)] == [529, 529, 200, 200]
    assert [faulty("overloaded", fault_limit=1).get("me").status_code for _ in range(2)] == [529, 529]


def test_a_share_of_requests_is_hit_and_the_same_ones_for_a_seed(fake):
    def statuses(seed):
        switches = Switches(faults=("internal_error", "overloaded"), fault_rate=0.5, fault_seed=seed)
        fake.serve(ScriptedOrganization(), switches)
        return [fake.get("me").status_code for _ in range(40)]

    first = statuses(1)
    assert set(first) == {200, 500, 529}
    assert 8 < first.count(200) < 32
    assert first == statuses(1) != statuses(2)


def test_a_fault_of_a_report_leaves_the_truth_alone(fake):
    fake.serve(
        ScriptedOrganization([Event(NOW - 7200, line(), 5)]), Switches(visibility_delay=0, faults=("unknown_values",))
    )
    fake.ask(MESSAGES, **HOURLY, group_by__="service_tier")
    held = fake.simulator.totals(NOW // 60 * 60 - 86_400, NOW // 60 * 60)["published"]["tokens"]
    assert [row["service_tier"] for row in held] == ["standard"]

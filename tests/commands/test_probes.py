"""What one probe makes of an answer."""

from collections import Counter

import httpx
import pytest

from anthropic_exporter.commands.asked import Asked
from anthropic_exporter.commands.endpoints import probes
from anthropic_exporter.commands.probes import Credential, attempt, judge
from anthropic_exporter.config.settings import Settings
from api.harness import Upstream, bucket, error, legacy_page, usage_row

USAGE = "/v1/organizations/usage_report/messages"
EFFECTIVE = "/v1/organizations/spend_limits/effective"
NOW = 1_795_078_800  # 2026-11-19T09:00
DAY = ("2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z")
PLAIN = Credential()


def outcome(handler, endpoint=USAGE, credential=PLAIN):
    asked = Asked(Upstream(handler).api, Settings(), "auto", NOW)
    found = [(probe, attempt(probe)) for probe in probes(asked) if probe.endpoint == endpoint]
    return judge(*found[0], credential)


def refuse_speed(request):
    if "speed" in request.url.params.get_list("group_by[]"):
        return error(400, message="group_by: speed is not a valid value")
    return httpx.Response(200, json=legacy_page([bucket(*DAY, usage_row(model="m"))]))


def test_a_dimension_that_is_refused_is_left_out_as_the_exporter_does():
    found = outcome(refuse_speed)
    assert (found.good, found.rows) == (True, 1)
    assert found.advice == "upstream refuses to group by speed; fast mode is not told apart"
    (intake,) = found.found
    assert {labels for cells in intake.buckets.values() for labels in cells} == {
        ("default", "m", "none", "not_available", "none")
    }


def test_another_bad_request_stays_one():
    found = outcome(lambda _: error(400, message="bucket_width: no"))
    assert (found.good, found.status, found.rows) == (False, "400", None)
    assert "bucket_width: no" in found.advice


@pytest.mark.parametrize(("status", "without"), [(403, True), (404, True), (401, False), (529, False)])
def test_only_what_is_not_offered_says_what_is_lost(status, without):
    found = outcome(lambda _: error(status))
    assert (found.status, found.good) == (str(status), False)
    assert ("without it tokens come from analytics/usage" in found.advice) == without


@pytest.mark.parametrize(
    ("status", "code", "credential", "advice"),
    [
        (403, None, Credential(enterprise=True), "nothing: only Console organizations have it"),
        (404, None, Credential(org_scoped=True), "nothing: the org-scoped dialect does not have it"),
        (400, "organization_type_not_supported", PLAIN, "nothing: organizations of this kind do not have it"),
    ],
)
def test_what_nobody_can_change_needs_nothing_and_fails_nothing(status, code, credential, advice):
    found = outcome(lambda _: error(status, code=code), credential=credential)
    assert (found.good, found.advice) == (True, advice)


@pytest.mark.parametrize(
    ("status", "code", "credential", "advice"),
    [
        (400, "organization_not_enrolled_in_beta", PLAIN, "ask Anthropic to enrol the organization"),
        (400, "organization_on_hold", PLAIN, "the organization is suspended"),
        (402, "linked_organization_billing_unavailable", PLAIN, "see billing"),
        (401, None, PLAIN, "the key is revoked, expired or cut short: use an Admin key"),
        (401, None, Credential(inference=True), "this is an inference key"),
        (404, None, Credential(elsewhere=True), "look at base_url"),
        (404, None, Credential(elsewhere=True, org_scoped=True), "look at base_url"),
        (403, None, Credential(org_scoped=True), "this key or organization may not read"),
        (429, None, PLAIN, "try again later"),
        (503, None, PLAIN, "look at network"),
    ],
)
def test_every_failure_says_what_to_do_and_is_one(status, code, credential, advice):
    found = outcome(lambda _: error(status, code=code), credential=credential)
    assert found.advice.startswith(advice)
    assert not found.good


def test_a_scope_that_is_missing_is_named():
    message = "Missing required scopes. Got: ['api:admin'] Needed: ['read:spend_limits']"
    found = outcome(lambda _: error(403, "permission_error", message), EFFECTIVE)
    assert found.advice.startswith(
        "make a key that has the scope named here (permission_error: Missing required scopes"
    )
    assert "read:spend_limits" in found.advice
    assert "req_test" not in found.advice


def test_no_answer_is_told_from_an_answer():
    def handler(request):
        raise httpx.ConnectError("refused")

    assert outcome(handler).status == "no answer"
    assert outcome(handler, "/v1/organizations/service_accounts").status == "not asked"


def test_each_endpoint_is_asked_once_for_each_purpose():
    asked = Counter()

    def handler(request):
        asked[request.url.path] += 1
        return error(404)

    upstream = Upstream(handler)
    for probe in probes(Asked(upstream.api, Settings(), "auto", NOW)):
        attempt(probe)
    # Twice: by the dimensions of usage and by those of keys.
    twice = {"/v1/organizations/usage_report/messages", "/v1/organizations/analytics/usage"}
    assert {path for path, count in asked.items() if count > 1} == twice
    assert max(asked.values()) == 2

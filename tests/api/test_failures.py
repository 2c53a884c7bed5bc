import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter import errors
from anthropic_exporter.api.failures import failure
from anthropic_exporter.api.transport import Answer
from api.harness import CANARY, error

NAME = "/v1/organizations/me"


def judged(response, key=CANARY):
    return failure(NAME, Answer(response.status_code, response.headers, response.content), key)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        pytest.param(error(400), errors.BadRequest, id="400"),
        pytest.param(
            error(400, message="Invalid date range: ending date must be after starting date"),
            errors.EmptyRange,
            id="400 empty range",
        ),
        *[
            pytest.param(error(status, code=code), errors.NotSupported, id=f"{status} {code}")
            for code in (
                "organization_type_not_supported",
                "organization_not_enrolled_in_beta",
                "parent_organization_required",
            )
            for status in (400, 403, 404)
        ],
        pytest.param(error(400, code="organization_on_hold"), errors.BadRequest, id="400 on hold"),
        pytest.param(error(401, "authentication_error", "invalid x-api-key"), errors.AuthError, id="401"),
        pytest.param(httpx.Response(401), errors.AuthError, id="401 without a body"),
        pytest.param(error(402, "billing_error"), errors.BadRequest, id="402"),
        pytest.param(error(403, "permission_error"), errors.NotSupported, id="403"),
        pytest.param(error(404, "not_found_error"), errors.NotSupported, id="404"),
        pytest.param(httpx.Response(404), errors.NotSupported, id="404 without a body"),
        pytest.param(httpx.Response(400, html="<p>no plain HTTP here"), errors.Unavailable, id="400 of a proxy"),
        pytest.param(httpx.Response(401, html="<p>log in"), errors.Unavailable, id="401 of a proxy"),
        pytest.param(httpx.Response(403, html="<p>blocked"), errors.Unavailable, id="403 of a proxy"),
        pytest.param(httpx.Response(404, html="<p>nginx"), errors.Unavailable, id="404 of a proxy"),
        pytest.param(error(408), errors.Unavailable, id="408"),
        pytest.param(error(409, "conflict_error"), errors.Unavailable, id="409"),
        pytest.param(error(410), errors.CursorLost, id="410"),
        pytest.param(error(413), errors.BadRequest, id="413"),
        pytest.param(error(422), errors.BadRequest, id="422"),
        pytest.param(error(429, "rate_limit_error"), errors.RateLimited, id="429"),
        pytest.param(error(500, "api_error"), errors.Unavailable, id="500"),
        pytest.param(httpx.Response(502, html="<h1>Bad Gateway</h1>"), errors.Unavailable, id="502 html"),
        pytest.param(error(504, "timeout_error"), errors.Unavailable, id="504"),
        pytest.param(error(529, "overloaded_error"), errors.Unavailable, id="529"),
        pytest.param(httpx.Response(302, headers={"location": "/login"}), errors.BadRequest, id="302"),
        pytest.param(httpx.Response(304), errors.BadRequest, id="304"),
    ],
)
def test_each_status_is_one_kind_of_error(response, kind):
    found = judged(response)
    assert type(found) is kind
    assert found.status == response.status_code
    assert found.endpoint == NAME
    assert f"HTTP {response.status_code}" in str(found)


def test_the_message_says_what_upstream_said_and_under_which_id():
    found = judged(error(400, message="starting_at: Field required"))
    assert str(found) == (
        "GET /v1/organizations/me: HTTP 400 invalid_request_error: starting_at: Field required (req_test)"
    )


@pytest.mark.parametrize(
    ("key", "words"),
    [
        pytest.param("sk-ant-api03-canary", "is an inference key (sk-ant-api03-…)", id="inference"),
        pytest.param("sk-ant-api01-canary", "scoped key of Claude Enterprise", id="enterprise"),
        pytest.param(CANARY, "may be revoked", id="admin"),
        pytest.param("canary", "may be revoked", id="other"),
    ],
)
def test_401_says_which_key_is_needed_and_where_to_make_it(key, words):
    found = judged(error(401, "authentication_error", "invalid x-api-key"), key)
    assert words in str(found)
    assert "An Admin key (sk-ant-admin01-…) is needed: Claude Console → Settings → Admin keys" in str(found)
    assert "canary" not in str(found) + found.advice


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(error(403, code="organization_not_enrolled_in_beta"), id="beta"),
        pytest.param(error(403, message="Missing required scopes. Got: ['api:admin']"), id="scope"),
        pytest.param(error(403), id="403"),
        pytest.param(error(404), id="404"),
        pytest.param(error(401), id="401"),
        pytest.param(error(429, code="enforced_spend_limit_reached"), id="spend limit"),
        pytest.param(error(400, code="organization_on_hold"), id="on hold"),
    ],
)
def test_what_a_person_can_help_has_advice(response):
    assert judged(response).advice


def test_a_missing_scope_is_named():
    found = judged(error(403, message="Missing required scopes. Got: ['api:admin'] Needed: ['read:analytics']"))
    assert "read:analytics" in str(found)
    assert "scope" in found.advice


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://login.example.com/sso?token=hidden#hidden", "https://login.example.com/sso"),
        ("https://user:hidden@example.com/a", "https://example.com/a"),
        ("//example.com/a", "//example.com/a"),
        ("/a?hidden", "/a"),
        ("", "nowhere"),
    ],
)
def test_a_redirect_says_where_it_pointed_but_not_with_what(location, shown):
    found = str(judged(httpx.Response(307, headers={"location": location})))
    assert f"a redirect to {shown} that is not followed" in found
    assert "hidden" not in found


def test_a_body_that_is_no_error_is_described_not_shown():
    found = str(judged(httpx.Response(500, html="<h1>internal detail</h1>")))
    assert "a body of 24 bytes (text/html; charset=utf-8)" in found
    assert "internal" not in found


@pytest.mark.parametrize("place", ["message", "type", "code", "request-id", "content-type", "location"])
def test_a_key_that_upstream_echoes_is_hidden(place):
    headers = {name: CANARY for name in ("request-id", "content-type", "location") if name == place}
    fields = {name: CANARY for name in ("message", "code") if name == place}
    kind = CANARY if place == "type" else "api_error"
    shown = [judged(error(status, kind, headers=headers, **fields)) for status in (400, 401, 307, 403)]
    shown.append(judged(httpx.Response(500, content=CANARY, headers=headers)))
    assert all("canary" not in f"{found!s}{found!r}{found.advice}" for found in shown)


@given(
    st.integers(300, 599),
    st.binary(max_size=60)
    | st.sampled_from(
        [b'{"error": []}', b'{"error": {"type": 1, "message": [], "details": 3}}', b"[" * 100_000, b'"\xff"', b"[]"]
    ),
)
def test_any_error_body_gives_a_short_message(status, body):
    found = failure(NAME, Answer(status, httpx.Headers(), body), CANARY)
    assert isinstance(found, errors.PollError)
    assert str(found).isprintable()
    assert len(str(found)) < 800

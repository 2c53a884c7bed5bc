import logging
import time
import traceback
from email.utils import formatdate

import httpx
import pytest

from anthropic_exporter import errors
from anthropic_exporter.api import inventory
from anthropic_exporter.errors import ConfigError
from api.harness import BASE, CANARY, Upstream, answers, error, me, ok

ME = "/v1/organizations/me"
REFUSED = error(401, "authentication_error", "invalid x-api-key")


def test_a_success_is_counted_and_says_that_the_key_is_valid():
    upstream = Upstream(answers(ok(me())))
    upstream.api.organization()
    assert upstream.seen.requests == [(ME, "200")]
    assert upstream.seen.valid == [True]
    assert upstream.stop.waits == []


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(error(500), id="500"),
        pytest.param(error(529), id="529"),
        pytest.param(error(408), id="408"),
        pytest.param(error(409), id="409"),
        pytest.param(error(429), id="429"),
        pytest.param(httpx.Response(502, html="<p>Bad Gateway"), id="502 html"),
        pytest.param(httpx.Response(200, html="<p>Welcome"), id="200 html"),
        pytest.param(httpx.Response(200), id="200 empty"),
        pytest.param(httpx.Response(200, content=b'{"id": "x", "na'), id="200 cut off"),
        pytest.param(httpx.Response(200, content=b'{"id": "\xff"}'), id="200 not UTF-8"),
        pytest.param(httpx.ConnectError("refused"), id="no connection"),
        pytest.param(httpx.ReadTimeout("late"), id="timeout"),
        pytest.param(httpx.RemoteProtocolError("broken off"), id="broken off"),
    ],
)
def test_a_passing_failure_is_tried_twice_more(failure):
    upstream = Upstream(answers(failure, failure, ok(me())))
    assert upstream.api.organization().name == "Harbour Tools"
    assert len(upstream.seen.requests) == 3
    assert len(upstream.stop.waits) == 2
    assert all(0 <= wait <= 2 for wait in upstream.stop.waits)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (error(500), errors.Unavailable),
        (error(429), errors.RateLimited),
        (httpx.Response(200, html="<p>Welcome"), errors.SchemaError),
        (httpx.Response(200), errors.SchemaError),
        (httpx.ConnectError("refused"), errors.Unavailable),
    ],
    ids=["500", "429", "html", "empty", "no connection"],
)
def test_three_failures_are_enough(failure, kind):
    upstream = Upstream(answers(failure, failure, failure))
    with pytest.raises(kind):
        upstream.api.organization()


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (error(400), errors.BadRequest),
        (error(403), errors.NotSupported),
        (error(404), errors.NotSupported),
        (httpx.Response(403, html="<p>blocked"), errors.Unavailable),
        (httpx.Response(302, headers={"location": BASE}), errors.BadRequest),
        (error(500, headers={"x-should-retry": "false"}), errors.Unavailable),
        (ok({"id": 5}), errors.SchemaError),
        (error(429, code="enforced_spend_limit_reached"), errors.RateLimited),
    ],
    ids=["400", "403", "404", "403 html", "302", "told not to", "wrong shape", "spend limit"],
)
def test_what_cannot_pass_is_asked_once(failure, kind):
    upstream = Upstream(answers(failure))
    with pytest.raises(kind):
        upstream.api.organization()
    assert upstream.stop.waits == []


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (
            httpx.Response(200, html="<p>"),
            "HTTP 200 with a body of 3 bytes (text/html; charset=utf-8) that is not JSON",
        ),
        (httpx.Response(200), "HTTP 200 with an empty body (req_1)"),
        (ok({}), "missing required field `id` (req_1)"),
    ],
    ids=["html", "empty", "wrong shape"],
)
def test_an_unreadable_answer_is_described_and_numbered(response, message):
    response.headers["request-id"] = "req_1"
    with pytest.raises(errors.SchemaError) as caught:
        Upstream(lambda _: response).api.organization()
    assert message in str(caught.value)
    assert str(caught.value).endswith("(req_1)")
    assert caught.value.endpoint == ME


def test_waits_grow_and_are_jittered():
    upstream = Upstream(answers(error(500), error(500), ok(me())))
    inventory.organization(upstream.reader(jitter=lambda: 0.5))
    assert upstream.stop.waits == [0.25, 0.5]


def test_a_short_hint_is_waited_for():
    upstream = Upstream(answers(error(429, headers={"retry-after": "4"}), ok(me())))
    upstream.api.organization()
    assert sum(upstream.stop.waits) == 4


def test_a_long_hint_ends_the_cycle_and_pauses_all():
    upstream = Upstream(answers(error(429, headers={"retry-after": "60"}), ok(me())))
    with pytest.raises(errors.RateLimited) as caught:
        upstream.api.organization()
    assert caught.value.retry_after == 60
    assert upstream.stop.waits == []
    upstream.api.organization()
    assert upstream.stop.waits == [60]


def test_a_503_pauses_nobody_else():
    upstream = Upstream(answers(error(503, headers={"retry-after": "60"}), ok(me())))
    with pytest.raises(errors.Unavailable) as caught:
        upstream.api.organization()
    assert caught.value.retry_after == 60
    upstream.api.organization()
    assert upstream.stop.waits == []


def test_retries_are_paced_too():
    upstream = Upstream(answers(error(500), error(500), ok(me())), rate=1)
    upstream.api.organization()
    assert upstream.stop.now >= 1000 + 2 * 60


def test_a_401_is_tried_again_with_a_new_key():
    upstream = Upstream(answers(REFUSED, ok(me())), CANARY + "-old", CANARY + "-new")
    upstream.api.organization()
    assert [request.headers["x-api-key"] for request in upstream.sent] == [CANARY + "-old", CANARY + "-new"]
    assert upstream.seen.valid == [False, True]


def test_a_401_is_not_tried_again_with_the_same_key():
    upstream = Upstream(answers(REFUSED))
    with pytest.raises(errors.AuthError):
        upstream.api.organization()
    assert upstream.key.refreshes == 1
    assert upstream.seen.valid == [False]


def test_two_new_keys_in_a_row_are_not_tried_for_ever():
    upstream = Upstream(answers(REFUSED, REFUSED), "one", "two", "three", "four")
    with pytest.raises(errors.AuthError):
        upstream.api.organization()
    assert upstream.key.refreshes == 1


def test_a_401_is_tried_again_when_another_thread_has_read_the_new_key():
    upstream = Upstream(answers(REFUSED, ok(me())))
    values = iter(["old", "new", "new"])
    upstream.key.value = lambda: next(values)
    upstream.api.organization()
    assert [request.headers["x-api-key"] for request in upstream.sent] == ["old", "new"]


def raising(*_):
    raise ConfigError("key file: no such file")


def test_a_key_that_cannot_be_read_is_a_matter_of_the_credential():
    upstream = Upstream(answers())
    upstream.key.value = raising
    with pytest.raises(errors.AuthError, match="no such file"):
        upstream.api.organization()
    assert upstream.seen.valid == [False]


def test_a_key_that_cannot_be_read_after_a_401_is_too():
    upstream = Upstream(answers(REFUSED))
    upstream.key.refresh = raising
    with pytest.raises(errors.AuthError, match="no such file"):
        upstream.api.organization()


@pytest.mark.parametrize("tail", ["\n", " ", "\r\nx: y", "\u2026", "ä", "\x00", "\x7f"])
def test_a_key_that_no_header_can_hold_is_refused_without_being_shown(tail):
    upstream = Upstream(answers(), CANARY + tail)
    with pytest.raises(errors.AuthError) as caught:
        upstream.api.organization()
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_an_empty_key_is_refused():
    upstream = Upstream(answers())
    upstream.key.value = lambda: ""
    with pytest.raises(errors.AuthError, match="empty"):
        upstream.api.organization()


@pytest.mark.parametrize(
    ("status", "valid"),
    [(200, [True]), (400, [True]), (403, [True]), (404, [True]), (302, []), (401, [False]), (407, [])],
)
def test_what_an_answer_says_about_the_key(status, valid):
    upstream = Upstream(answers(ok(me()) if status == 200 else error(status)))
    if status == 200:
        upstream.api.organization()
    else:
        with pytest.raises(errors.PollError):
            upstream.api.organization()
    assert upstream.seen.valid == valid


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404])
def test_a_web_page_says_nothing_about_the_key_whatever_its_status(status):
    """A proxy or a portal speaks: the alert on the credential would send people to replace a key that is good."""
    upstream = Upstream(lambda _: httpx.Response(status, html="<p>Please log in"))
    with pytest.raises(errors.PollError) as caught:
        upstream.api.organization()
    assert not isinstance(caught.value, errors.AuthError)
    assert upstream.seen.valid == []
    assert upstream.key.refreshes == 0


def test_a_500_says_nothing_about_the_key():
    upstream = Upstream(answers(error(500), error(500), error(500)))
    with pytest.raises(errors.Unavailable):
        upstream.api.organization()
    assert upstream.seen.valid == []


def test_no_answer_is_counted_as_an_error():
    upstream = Upstream(answers(httpx.ConnectError("refused"), error(500), ok(me())))
    upstream.api.organization()
    assert upstream.seen.codes == ["error", "500", "200"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.Response(502, html="<p>Bad Gateway"), id="502"),
        pytest.param(httpx.Response(200, html="<p>Welcome"), id="web page"),
        pytest.param(httpx.Response(302, headers={"location": "/login"}), id="redirect"),
        pytest.param(error(401), id="nobody's key"),
    ],
)
def test_what_the_api_did_not_say_names_no_organization(answer):
    """The state of an organization is dropped when the credential turns out to be another's."""
    answer.headers["anthropic-organization-id"] = "another"
    upstream = Upstream(lambda _: answer)
    with pytest.raises(errors.PollError):
        upstream.api.organization()
    assert upstream.api.organization_header is None


def test_how_far_the_clock_is_ahead_is_known_from_the_newest_answer_that_tells():
    later = formatdate(time.time() + 86_400, usegmt=True)
    upstream = Upstream(answers(ok(me()), ok(me(), {"date": later}), ok(me())))
    told = [(upstream.api.organization(), upstream.api.clock_ahead)[1] for _ in range(3)]
    assert told[0] is None
    assert told[1:] == [pytest.approx(-86_400, abs=3600)] * 2


def test_the_newest_organization_header_is_kept():
    name = "anthropic-organization-id"
    upstream = Upstream(answers(error(403, headers={name: "one"}), ok(me(), {name: "two"}), ok(me())))
    assert upstream.api.organization_header is None
    with pytest.raises(errors.NotSupported):
        upstream.api.organization()
    assert upstream.api.organization_header == "one"
    upstream.api.organization()
    upstream.api.organization()
    assert upstream.api.organization_header == "two"


def test_stopping_ends_a_wait():
    upstream = Upstream(answers(error(500)))
    upstream.stop.wait = lambda _: upstream.stop.set() or True
    with pytest.raises(errors.Unavailable, match="stopping"):
        upstream.api.organization()


def test_nothing_is_sent_after_the_stop():
    upstream = Upstream(answers())
    upstream.stop.set()
    with pytest.raises(errors.Unavailable, match="stopping"):
        upstream.api.organization()
    assert upstream.sent == []


def echo(request):
    """An upstream that says back all it was told, wherever it can."""
    told = request.headers["x-api-key"]
    headers = dict.fromkeys(("request-id", "anthropic-organization-id", "location", "content-type"), told)
    status = int(request.url.path.rsplit("/", 1)[1]) if request.url.path[-1].isdigit() else 400
    return httpx.Response(status, content=f'{{"error": {{"type": "{told}", "message": "{told}"}}}}', headers=headers)


def broken(kind):
    def handler(request):
        raise kind(f"cannot send {request.headers['x-api-key']}")

    return handler


@pytest.mark.parametrize("key", [CANARY, "canary-without-a-known-prefix"])
@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(echo, id="echo"),
        pytest.param(lambda _: httpx.Response(200, content=CANARY), id="body"),
        pytest.param(lambda _: ok({CANARY: CANARY, "data": CANARY}), id="json"),
        pytest.param(lambda _: ok(me(**{CANARY: CANARY})), id="unknown field"),
        pytest.param(lambda _: httpx.Response(401, content=CANARY), id="401"),
        pytest.param(lambda _: httpx.Response(307, headers={"location": f"https://x/{CANARY}?{CANARY}"}), id="307"),
        pytest.param(broken(httpx.ConnectError), id="connect"),
        pytest.param(broken(httpx.LocalProtocolError), id="protocol"),
    ],
)
def test_the_key_is_seen_nowhere(handler, key, caplog):
    caplog.set_level(logging.DEBUG)
    upstream = Upstream(handler, key)
    texts = []
    try:
        upstream.api.organization()
    except errors.PollError as failure:
        texts += [str(failure), repr(failure), failure.advice, *traceback.format_exception(failure)]
    texts += [repr(upstream.api), repr(upstream.reader()), str(upstream.api.organization_header)]
    texts += [str(upstream.seen.requests), str(upstream.seen.drifts), caplog.text]
    assert [line for text in texts for line in text.splitlines() if "canary" in line] == []

import time

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter import errors
from anthropic_exporter.api.retry import LONGEST_HINT, RETRIES, Policy
from anthropic_exporter.api.transport import Answer

# 2026-11-20T09:00:00Z
WALL = 1795165200.0
POLICY = Policy(jitter=lambda: 1.0, wall=lambda: WALL)


def answer(status, **headers):
    return Answer(status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), b"")


RESET = "anthropic_ratelimit_requests_reset"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="none"),
        pytest.param({"retry_after_ms": "1500"}, 1.5, id="ms"),
        pytest.param({"retry_after": "7"}, 7, id="seconds"),
        pytest.param({"retry_after": "0.25"}, 0.25, id="fraction"),
        pytest.param({"retry_after": "Fri, 20 Nov 2026 09:00:30 GMT"}, 30, id="date"),
        pytest.param({RESET: "2026-11-20T09:01:00Z"}, 60, id="reset"),
        pytest.param({"retry_after_ms": "1500", "retry_after": "7", RESET: "2026-11-20T09:01:00Z"}, 1.5, id="1st"),
        pytest.param({"retry_after": "7", RESET: "2026-11-20T09:01:00Z"}, 7, id="2nd"),
        pytest.param({"retry_after_ms": "soon", "retry_after": "7"}, 7, id="bad ms"),
        pytest.param({"retry_after": "soon", RESET: "2026-11-20T09:01:00Z"}, 60, id="bad seconds"),
        pytest.param({"retry_after": "0"}, None, id="zero"),
        pytest.param({"retry_after": "-3"}, None, id="negative"),
        pytest.param({"retry_after": "nan"}, None, id="nan"),
        pytest.param({"retry_after": "inf"}, None, id="inf"),
        pytest.param({"retry_after": "Fri, 20 Nov 2026 08:59:00 GMT"}, None, id="date in the past"),
        pytest.param({RESET: "2026-11-20T08:59:00Z"}, None, id="reset in the past"),
        pytest.param({RESET: "later"}, None, id="bad reset"),
        pytest.param({"retry_after": "4294967"}, LONGEST_HINT, id="absurd"),
        pytest.param(
            {RESET: "2026-11-20T12:01:00Z", "date": "Fri, 20 Nov 2026 12:00:00 GMT"}, 60, id="by upstream's clock"
        ),
    ],
)
def test_the_first_usable_hint_counts(headers, seconds):
    assert POLICY.hint(answer(429, **headers)) == seconds


@pytest.mark.parametrize(
    "date",
    [
        pytest.param("Fri Nov 20 09:00:30 2026", id="asctime, which has no zone"),
        pytest.param("Friday, 20-Nov-26 09:00:30 GMT", id="RFC 850"),
        pytest.param("Fri, 20 Nov 2026 09:00:30 -0000", id="no zone told"),
        pytest.param("Fri, 20 Nov 2026 09:00:30", id="zone left out"),
    ],
)
def test_a_date_is_utc_wherever_the_exporter_runs(date, monkeypatch):
    """RFC 9110, 5.6.7: recipients take all three forms, and the time is always UTC."""
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert POLICY.hint(answer(429, retry_after=date)) == 30
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_reset_of_the_rate_limit_is_no_hint_on_other_answers():
    assert POLICY.hint(answer(503, **{RESET: "2026-11-20T09:01:00Z"})) is None
    assert POLICY.hint(answer(503, retry_after="3")) == 3


@given(st.sampled_from(["retry_after_ms", "retry_after", RESET, "date"]), st.text(st.characters(codec="ascii")))
def test_any_header_text_is_a_sane_hint_or_none(name, value):
    hint = POLICY.hint(answer(429, **{name: value}))
    assert hint is None or 0 < hint <= LONGEST_HINT


def waits(kind, status=None, **headers):
    """The waits of a request that fails the same way each time."""
    given_answer = None if status is None else answer(status, **headers)
    found = []
    for retries in range(RETRIES + 1):
        failure = kind("", retry_after=None if given_answer is None else POLICY.hint(given_answer))
        found.append(POLICY.wait(failure, given_answer, retries))
    return found


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param(waits(errors.Unavailable), [0.5, 1.0, None], id="no answer"),
        pytest.param(waits(errors.Unavailable, 500), [0.5, 1.0, None], id="500"),
        pytest.param(waits(errors.Unavailable, 529), [0.5, 1.0, None], id="529"),
        pytest.param(waits(errors.Unavailable, 408), [0.5, 1.0, None], id="408"),
        pytest.param(waits(errors.Unavailable, 409), [0.5, 1.0, None], id="409"),
        pytest.param(waits(errors.Unavailable, 503, retry_after="3"), [3, 3, None], id="503 with a hint"),
        pytest.param(waits(errors.Unavailable, 503, retry_after="60"), [None] * 3, id="503 with a long hint"),
        pytest.param(waits(errors.RateLimited, 429), [1.0, 2.0, None], id="429"),
        pytest.param(waits(errors.RateLimited, 429, retry_after="5"), [5, 5, None], id="429 with a hint"),
        pytest.param(waits(errors.RateLimited, 429, retry_after="5.1"), [None] * 3, id="429 with a long hint"),
        pytest.param(waits(errors.RateLimited, 429, x_should_retry="false"), [None] * 3, id="429 told not to"),
        pytest.param(waits(errors.Unavailable, 500, x_should_retry="false"), [None] * 3, id="500 told not to"),
        pytest.param(waits(errors.BadRequest, 400), [None] * 3, id="400"),
        pytest.param(waits(errors.BadRequest, 400, x_should_retry="true"), [0.5, 1.0, None], id="400 told to"),
        pytest.param(waits(errors.AuthError, 401, x_should_retry="true"), [None] * 3, id="401 told to"),
        pytest.param(waits(errors.CursorLost, 410), [None] * 3, id="410"),
        pytest.param(waits(errors.NotSupported, 403), [None] * 3, id="403"),
        pytest.param(waits(errors.Unavailable, 403), [None] * 3, id="403 of a proxy"),
        pytest.param(waits(errors.Unavailable, 401), [None] * 3, id="401 of a proxy"),
        pytest.param(waits(errors.SchemaError, 200), [0.5, 1.0, None], id="200 that is not JSON"),
        pytest.param(waits(errors.SchemaError), [None] * 3, id="too large"),
    ],
)
def test_what_is_asked_again_and_when(found, expected):
    assert found == expected


@given(st.floats(0, 1), st.integers(0, RETRIES - 1), st.sampled_from([429, 500]))
def test_jitter_is_full(jitter, retries, status):
    kind, first = (errors.RateLimited, 1.0) if status == 429 else (errors.Unavailable, 0.5)
    wait = Policy(jitter=lambda: jitter).wait(kind(""), answer(status), retries)
    assert wait == pytest.approx(jitter * first * 2**retries)

import httpx
import pytest

from anthropic_exporter.api import inventory
from anthropic_exporter.api.breaker import FIRST, LONGEST, THRESHOLD, Breaker
from anthropic_exporter.api.endpoint import Endpoint
from anthropic_exporter.errors import AuthError, NotSupported, PollError, RateLimited, SchemaError, Unavailable
from api.harness import Upstream, answers, error, me, ok

ENDPOINT, OTHER = Endpoint("/v1/organizations/me"), Endpoint("/v1/organizations/users")
BROKEN = Unavailable("HTTP 500")


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def broken(failures=THRESHOLD):
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(failures):
        breaker.note(ENDPOINT, BROKEN)
    return breaker, clock


def pause(breaker):
    """Return how long the endpoint is to be left alone, 0 when it may be asked."""
    try:
        breaker.admit(ENDPOINT)
    except Unavailable as refusal:
        return refusal.retry_after
    return 0


def test_a_refusal_tells_why():
    with pytest.raises(Unavailable, match="HTTP 500; not asked for now, as it failed 5 times in a row"):
        broken()[0].admit(ENDPOINT)


def test_a_few_failures_stop_nobody():
    assert pause(broken(THRESHOLD - 1)[0]) == 0


def test_an_endpoint_that_keeps_failing_is_left_alone_and_no_other():
    breaker, _ = broken()
    assert pause(breaker) == 1
    breaker.admit(OTHER)


def test_after_the_pause_one_may_try_while_the_others_wait_for_what_comes_of_it():
    breaker, clock = broken(THRESHOLD + 3)
    clock.now += 8
    assert pause(breaker) == 0
    assert pause(breaker) == FIRST
    breaker.note(ENDPOINT, BROKEN)
    assert pause(breaker) == LONGEST


def test_pauses_double_up_to_ten_seconds():
    breaker, clock = broken()
    pauses = []
    for _ in range(8):
        pauses.append(pause(breaker))
        clock.now += pauses[-1]
        assert pause(breaker) == 0
        assert breaker.note(ENDPOINT, BROKEN)
    assert pauses == [1, 2, 4, 8, LONGEST, LONGEST, LONGEST, LONGEST]


@pytest.mark.parametrize("answer", [None, NotSupported("403"), AuthError("401"), RateLimited("429")])
def test_any_answer_of_the_api_ends_it(answer):
    breaker, clock = broken()
    clock.now += 1
    breaker.admit(ENDPOINT)
    assert not breaker.note(ENDPOINT, answer)
    assert [pause(breaker) for _ in range(3)] == [0, 0, 0]


def test_a_try_that_is_never_over_does_not_close_it_for_good():
    breaker, clock = broken()
    clock.now += 1
    breaker.admit(ENDPOINT)
    clock.now += LONGEST
    assert pause(breaker) == 0


@pytest.mark.parametrize("failure", [error(500), httpx.ConnectError("no"), httpx.Response(200, html="<p>Hello")])
def test_what_fails_all_the_time_takes_few_requests_and_the_rest_goes_on(failure):
    def handler(request):
        if request.url.path != ENDPOINT.name:
            return ok({"data": [], "has_more": False, "first_id": None, "last_id": None})
        if isinstance(failure, Exception):
            raise failure
        return failure

    upstream = Upstream(handler)
    reader = upstream.reader()
    for _ in range(60):  # ten minutes
        with pytest.raises(PollError):
            inventory.organization(reader)
        inventory.members(reader)
        upstream.stop.wait(10)
    asked = sum(endpoint == ENDPOINT.name for endpoint, _ in upstream.seen.requests)
    assert asked < 70, "one a cycle, where each cycle would ask three times"
    assert sum(endpoint == OTHER.name for endpoint, _ in upstream.seen.requests) == 60


def test_it_heals_by_itself():
    upstream = Upstream(answers(*[error(500)] * THRESHOLD, ok(me())))
    reader = upstream.reader()
    with pytest.raises(Unavailable):
        inventory.organization(reader)
    with pytest.raises(Unavailable):
        inventory.organization(reader)
    with pytest.raises(Unavailable, match="not asked for now"):
        inventory.organization(reader)
    upstream.stop.wait(1)
    assert inventory.organization(reader).name == "Harbour Tools"


def test_an_answer_that_cannot_be_read_is_an_answer_all_the_same():
    upstream = Upstream(answers(*[ok({})] * (THRESHOLD + 2)))
    reader = upstream.reader()
    for _ in range(THRESHOLD + 2):
        with pytest.raises(SchemaError, match="id"):
            inventory.organization(reader)

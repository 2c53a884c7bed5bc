"""The limits, driven on an event loop of their own without a server."""

import asyncio

import pytest

from anthropic_exporter.web.limits import Limits


class Recorder:
    """A request and what was answered to it."""

    def __init__(self, path="/metrics"):
        self.scope = {"type": "http", "method": "GET", "path": path, "headers": []}
        self.sent = []

    async def receive(self):
        return {"type": "http.request"}

    async def send(self, message):
        self.sent.append(message)

    @property
    def status(self):
        return self.sent[0]["status"]


async def ask(app, path="/metrics"):
    request = Recorder(path)
    await app(request.scope, request.receive, request.send)
    return request


def holding(release):
    """An application that answers when told to."""

    async def app(_scope, _receive, send):
        await release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})

    return app


def test_more_requests_than_the_limit_are_refused_until_one_is_done():
    async def scenario():
        release = asyncio.Event()
        limits = Limits(holding(release), in_flight=2)
        held = [asyncio.create_task(ask(limits)) for _ in range(2)]
        await asyncio.sleep(0)
        refused = await ask(limits)
        release.set()
        served = await asyncio.gather(*held)
        return refused, [*served, await ask(limits)]

    refused, served = asyncio.run(scenario())
    assert refused.status == 503
    assert b"Limit of 2 requests" in refused.sent[1]["body"]
    assert [request.status for request in served] == [200, 200, 200]


def test_health_is_told_under_any_load():
    async def scenario():
        release = asyncio.Event()
        limits = Limits(holding(release), in_flight=0)
        release.set()
        return await ask(limits, "/-/healthy"), await ask(limits, "/-/ready")

    healthy, ready = asyncio.run(scenario())
    assert healthy.status == 200
    assert ready.status == 503


def test_an_answer_that_takes_too_long_is_given_up():
    async def scenario():
        limits = Limits(holding(asyncio.Event()), in_flight=1, seconds=0.01)
        return [await ask(limits) for _ in range(2)]  # the place is free again

    assert [request.status for request in asyncio.run(scenario())] == [503, 503]


def test_a_client_that_takes_too_long_gets_no_second_answer():
    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.Event().wait()

    request = asyncio.run(ask(Limits(app, seconds=0.01)))
    assert [message["type"] for message in request.sent] == ["http.response.start"]


def test_a_timeout_from_inside_is_not_taken_for_its_own():
    async def app(_scope, _receive, _send):
        raise TimeoutError("from inside")

    with pytest.raises(TimeoutError, match="from inside"):
        asyncio.run(ask(Limits(app)))

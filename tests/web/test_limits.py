"""The limits, driven on an event loop of their own without a server."""

import asyncio

import pytest

from anthropic_exporter.web.limits import ABORT, Limits


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


def test_more_requests_than_there_are_places_wait_for_their_turn():
    async def scenario():
        release = asyncio.Event()
        limits = Limits(holding(release), at_a_time=2)
        asked = [asyncio.create_task(ask(limits)) for _ in range(9)]
        done, _ = await asyncio.wait(asked, timeout=0.01)
        release.set()
        return done, await asyncio.gather(*asked)

    done, served = asyncio.run(scenario())
    assert not done
    assert [request.status for request in served] == [200] * 9


def test_a_request_that_has_waited_long_enough_is_refused_and_its_place_goes_to_another():
    async def scenario():
        release = asyncio.Event()
        limits = Limits(holding(release), at_a_time=1, seconds=0.05)
        held = asyncio.create_task(ask(limits))
        await asyncio.sleep(0)
        refused = [ask(limits) for _ in range(3)]
        return [*await asyncio.gather(*refused), await held, await ask(limits)]

    *refused, _, last = asyncio.run(scenario())
    assert [request.status for request in refused if b"Limit of 1 requests" in request.sent[1]["body"]] == [503] * 3
    assert b"too long" in last.sent[1]["body"]  # it had the place


class Deaf(Recorder):
    """Takes the head of an answer and nothing after it, until it is cut off."""

    def __init__(self):
        super().__init__()
        self.cut = asyncio.Event()
        self.scope["state"] = {ABORT: self.cut.set}

    async def receive(self):
        await self.cut.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        await super().send(message)
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()


async def ask_without_reading(app):
    request = Deaf()
    await app(request.scope, request.receive, request.send)
    return request


def test_clients_that_never_read_lose_their_places_to_others_in_a_moment():
    async def scenario():
        release = asyncio.Event()
        release.set()
        limits = Limits(holding(release), at_a_time=4, seconds=60, patience=0.01)
        deaf = [asyncio.create_task(ask_without_reading(limits)) for _ in range(40)]
        await asyncio.sleep(0)
        served = await asyncio.wait_for(asyncio.gather(*(ask(limits) for _ in range(8))), 30)
        cut = [task for task in deaf if task.done()]
        for task in deaf:
            task.cancel()
        return served, [task.result() for task in cut]

    served, cut = asyncio.run(scenario())
    assert [request.status for request in served] == [200] * 8
    assert len(cut) >= 36
    assert all(request.cut.is_set() for request in cut)


def test_a_client_that_never_reads_keeps_its_place_while_nobody_wants_it():
    async def scenario():
        release = asyncio.Event()
        release.set()
        limits = Limits(holding(release), at_a_time=1, seconds=0.1, patience=0.001)
        deaf = asyncio.create_task(ask_without_reading(limits))
        done, _ = await asyncio.wait([deaf], timeout=0.02)
        return done, await deaf  # and then it has taken too long

    done, deaf = asyncio.run(scenario())
    assert not done
    assert deaf.cut.is_set()


def test_health_and_readiness_are_told_under_any_load():
    async def scenario():
        release = asyncio.Event()
        limits = Limits(holding(release), at_a_time=0, seconds=0.01)
        release.set()
        return [await ask(limits, path) for path in ("/-/healthy", "/-/ready", "/metrics")]

    assert [request.status for request in asyncio.run(scenario())] == [200, 200, 503]


def test_an_answer_that_takes_too_long_is_given_up():
    async def scenario():
        limits = Limits(holding(asyncio.Event()), at_a_time=1, seconds=0.01)
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

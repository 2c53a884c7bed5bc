"""Headers, users and request rate, as a client of the application meets them."""

import asyncio
import contextlib
import json
import threading

import bcrypt
import httpx
import pytest

from anthropic_exporter.web.app import create_app
from anthropic_exporter.web.door import RETRY_AFTER, Door
from anthropic_exporter.web.guard import MOST_WAITING, Guard, Rate
from anthropic_exporter.web.webconfig import RateLimit
from web.pretend_site import PretendSite

HASH = bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode()
ALICE = ("alice", "correct horse")
PATHS = ("/", "/metrics", "/-/healthy", "/-/ready", "/nothing")


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Guarded:
    """An application behind a web configuration that can be written anew."""

    def __init__(self, folder):
        self.file = folder / "web.yml"
        self.clock = Clock()
        self.told = []

    def write(self, **config):
        # As a mounted secret is: another file under the same name.
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(config))
        new.replace(self.file)

    @contextlib.asynccontextmanager
    async def client(self, app=None):
        self.door = Door(self.file, self.clock)
        self.door.report_to(self.told.append)
        guard = Guard(app or create_app(PretendSite()), self.door, self.clock)
        transport = httpx.ASGITransport(guard)
        async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
            yield client


@pytest.fixture
def guarded(tmp_path):
    return Guarded(tmp_path)


def test_every_path_asks_for_a_password(guarded):
    guarded.write(basic_auth_users={"alice": HASH})

    async def ask():
        async with guarded.client() as client:
            for path in PATHS:
                for auth in (None, ("alice", "wrong"), ("bob", "correct horse"), ("", "")):
                    answer = await client.get(path, auth=auth)
                    assert answer.status_code == 401
                    assert answer.headers["www-authenticate"] == 'Basic realm="anthropic-exporter", charset="UTF-8"'
                    assert answer.text == "401 Unauthorized\n"
                assert (await client.get(path, auth=ALICE)).status_code in {200, 404}

    asyncio.run(ask())


def test_without_users_nobody_is_asked(guarded):
    guarded.write()

    async def ask():
        async with guarded.client() as client:
            assert (await client.get("/metrics")).status_code == 200

    asyncio.run(ask())


def test_users_are_read_again_without_a_restart(guarded):
    guarded.write(basic_auth_users={"alice": HASH})

    async def ask():
        async with guarded.client() as client:
            assert (await client.get("/metrics", auth=ALICE)).status_code == 200
            new = bcrypt.hashpw(b"another", bcrypt.gensalt(4)).decode()
            guarded.write(basic_auth_users={"alice": new})
            assert (await client.get("/metrics", auth=ALICE)).status_code == 401
            assert (await client.get("/metrics", auth=("alice", "another"))).status_code == 200

    asyncio.run(ask())
    assert guarded.told == [True, True]


def test_a_broken_new_file_leaves_the_old_one_in_force_and_says_so_once(guarded, caplog):
    guarded.write(basic_auth_users={"alice": HASH})

    async def ask():
        async with guarded.client() as client:
            guarded.write(basic_auth_users={"alice": "secret words"})
            for _ in range(3):
                guarded.clock.now += RETRY_AFTER
                assert (await client.get("/metrics", auth=ALICE)).status_code == 200
                assert (await client.get("/metrics")).status_code == 401
            guarded.write(basic_auth_users={"alice": HASH})
            assert (await client.get("/metrics", auth=ALICE)).status_code == 200

    asyncio.run(ask())
    refusals = [record for record in caplog.records if "stays in force" in record.message]
    assert len(refusals) == 1
    assert "basic_auth_users.alice: expected a password hashed with bcrypt" in refusals[0].why
    assert "secret words" not in caplog.text
    assert guarded.told[0] is True
    assert False in guarded.told
    assert guarded.told[-1] is True


def test_a_file_that_is_gone_for_a_moment_lets_nobody_in_who_was_not(guarded):
    guarded.write(basic_auth_users={"alice": HASH})

    async def ask():
        async with guarded.client() as client:
            guarded.file.unlink()
            assert (await client.get("/metrics")).status_code == 401
            assert (await client.get("/metrics", auth=ALICE)).status_code == 200

    asyncio.run(ask())
    assert guarded.told == [True, False]


def test_headers_are_on_every_answer_and_replace_our_own(guarded):
    headers = {"Content-Security-Policy": "default-src 'self'", "Strict-Transport-Security": "max-age=60"}
    guarded.write(http_server_config={"headers": headers}, basic_auth_users={"alice": HASH})

    async def ask():
        async with guarded.client() as client:
            for path in PATHS:
                for auth in (None, ALICE):
                    answer = await client.get(path, auth=auth)
                    for name, value in headers.items():
                        assert answer.headers.get_list(name) == [value]

    asyncio.run(ask())


def test_the_request_rate_is_limited_over_all_clients(guarded):
    guarded.write(rate_limit={"interval": "2s", "burst": 3})

    async def ask():
        async with guarded.client() as client:
            statuses = [(await client.get("/metrics")).status_code for _ in range(5)]
            assert statuses == [200, 200, 200, 429, 429]
            guarded.clock.now += 2
            assert (await client.get("/metrics")).status_code == 200
            assert (await client.get("/metrics")).headers["retry-after"] == "1"

    asyncio.run(ask())


def test_a_bucket_is_never_fuller_than_its_burst():
    clock = Clock()
    rate = Rate(clock)
    limit = RateLimit(interval=1.0, burst=2)
    assert rate.allows(limit)
    clock.now = 1000.0
    assert [rate.allows(limit) for _ in range(3)] == [True, True, False]


def test_known_passwords_do_not_wait_for_those_who_guess(guarded, monkeypatch):
    guarded.write(basic_auth_users={"alice": HASH})
    guessing, go_on = threading.Event(), threading.Event()
    compare = bcrypt.checkpw

    def slow(given, hashed):
        if given != b"correct horse":
            guessing.set()
            assert go_on.wait(10)
        return compare(given, hashed)

    monkeypatch.setattr(bcrypt, "checkpw", slow)

    async def ask():
        async with guarded.client() as client:
            assert (await client.get("/metrics", auth=ALICE)).status_code == 200
            guesses = [
                asyncio.create_task(client.get("/metrics", auth=("alice", f"guess {number}")))
                for number in range(MOST_WAITING + 5)
            ]
            await asyncio.to_thread(guessing.wait, 10)
            assert (await client.get("/metrics", auth=ALICE)).status_code == 200
            go_on.set()
            statuses = [(await guess).status_code for guess in guesses]
            assert statuses.count(401) == MOST_WAITING
            assert statuses.count(503) == 5

    asyncio.run(ask())


def test_first_scrapes_at_once_cost_one_check(guarded, monkeypatch):
    guarded.write(basic_auth_users={"alice": HASH})
    checks = []
    compare = bcrypt.checkpw
    monkeypatch.setattr(bcrypt, "checkpw", lambda given, hashed: checks.append(given) or compare(given, hashed))

    async def ask():
        async with guarded.client() as client:
            answers = await asyncio.gather(*(client.get("/-/healthy", auth=ALICE) for _ in range(MOST_WAITING)))
            assert {answer.status_code for answer in answers} == {200}

    asyncio.run(ask())
    assert len(checks) == 1

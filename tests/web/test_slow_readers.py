"""Scrapers that do not read, and very many that do, against the server on loopback."""

import asyncio
import contextlib
import resource
import socket

import httpx
import pytest

from anthropic_exporter.expose.catalogue import families
from anthropic_exporter.expose.family import FamilySamples
from anthropic_exporter.expose.text import Renderer
from anthropic_exporter.web.protocol import TimedProtocol
from web.pretend_site import PretendSite
from web.test_server import running

REQUEST = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def large_site():
    """Return a site whose exposition is larger than the buffers of a connection: 13 MB."""
    family = next(row for row in families() if row.name == "anthropic_invites")
    labels = ("o" * 600, "s" * 600)
    assert family.labels == ("organization_id", "status", "role")
    return PretendSite(
        shown=Renderer().render([FamilySamples(family, [((*labels, str(number)), 1) for number in range(10_000)])])
    )


@contextlib.contextmanager
def deaf(server, count, requests=20):
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(count):
            scraper = stack.enter_context(socket.socket())
            scraper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            scraper.connect(("127.0.0.1", httpx.URL(server.urls[0]).port))
            scraper.sendall(REQUEST * requests)
            found.append(scraper)
        yield found


def _send_for_ever(scraper):
    while True:
        scraper.sendall(b"X")  # the other end is gone, at the latest when it says so


@pytest.mark.parametrize("count", [40, 200])  # fewer and more than there are places
def test_scrapers_that_never_read_cost_the_others_no_answer(large_site, count):
    with running(large_site) as server, deaf(server, count), httpx.Client(trust_env=False, timeout=60) as client:
        answers = [client.get(f"{server.urls[0]}/metrics", headers={"accept-encoding": "gzip"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 4
    assert all(answer.content.startswith(large_site.shown.body()) for answer in answers)


@pytest.mark.parametrize("requests", [1, 20])
def test_a_scraper_that_never_reads_is_cut_off_though_nobody_waits(monkeypatch, large_site, requests):
    monkeypatch.setattr(TimedProtocol, "read_timeout", 0.2)
    with running(large_site) as server, deaf(server, 1, requests) as (scraper,):
        scraper.settimeout(30)
        with pytest.raises(ConnectionError):
            _send_for_ever(scraper)


def test_a_thousand_scrapers_at_once_are_all_served():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096) if hard > 0 else 4096, hard))

    async def scrape(port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = await reader.read()
        writer.close()
        return answer

    async def scrape_all(port):
        return await asyncio.gather(*(scrape(port) for _ in range(1000)))

    try:
        with running() as server:
            answers = asyncio.run(scrape_all(httpx.URL(server.urls[0]).port))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert {answer.split(b" ", 2)[1] for answer in answers} == {b"200"}

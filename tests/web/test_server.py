"""The server as a process and in a thread, on loopback."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.web import server as server_module
from anthropic_exporter.web.app import create_app
from anthropic_exporter.web.protocol import TimedProtocol
from anthropic_exporter.web.server import WebServer
from web.pretend_site import PretendSite

PROGRAM = """
from web.pretend_site import PretendSite
from anthropic_exporter.web.app import create_app
from anthropic_exporter.web.server import WebServer

with WebServer(["127.0.0.1:0", "127.0.0.1:0"]) as server:
    server.run(create_app(PretendSite()), lambda urls: print(*urls, flush=True))
print("after", flush=True)
"""


@contextlib.contextmanager
def running(site=None, addresses=("127.0.0.1:0",)):
    with WebServer(addresses) as server:
        ready = threading.Event()
        app = create_app(site or PretendSite())
        thread = threading.Thread(target=server.run, args=(app, lambda _: ready.set()))
        thread.start()
        try:
            assert ready.wait(10)
            yield server
        finally:
            server.stop()
            thread.join(10)
            assert not thread.is_alive()


@contextlib.contextmanager
def process():
    where = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, env=where) as started:
        try:
            yield started, started.stdout.readline().split()
        finally:
            started.kill()


@pytest.mark.parametrize("which", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_normally_even_with_idle_connections(which):
    with process() as (started, urls), httpx.Client() as client:
        assert client.get(f"{urls[0]}/-/healthy").status_code == 200
        began = time.monotonic()
        started.send_signal(which)
        rest, _ = started.communicate(timeout=10)
        assert rest == "after\n"  # run() returned
        assert started.returncode == 0
        assert time.monotonic() - began < 5


def test_a_client_that_never_ends_its_request_cannot_hold_up_the_end():
    with process() as (started, urls):
        with socket.create_connection(("127.0.0.1", httpx.URL(urls[0]).port)) as stuck:
            stuck.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")  # and never the end of it
            began = time.monotonic()
            started.send_signal(signal.SIGTERM)
            started.communicate(timeout=10)
        assert started.returncode == 0
        assert time.monotonic() - began < 5


def test_every_address_is_served():
    with running(addresses=["127.0.0.1:0", "127.0.0.1:0"]) as server:
        assert len(set(server.urls)) == 2
        for url in server.urls:
            assert httpx.get(f"{url}/-/ready").text == "anthropic-exporter is ready.\n"


def test_a_port_in_use_is_known_before_anything_runs_and_leaves_nothing_open():
    with WebServer(["127.0.0.1:0"]) as taken:
        port = httpx.URL(taken.urls[0]).port
        with pytest.raises(ConfigError, match="in use"):
            WebServer(["127.0.0.1:0", f"127.0.0.1:{port}"])


def test_stop_before_run_is_not_lost():
    with WebServer(["127.0.0.1:0"]) as server:
        server.stop()
        thread = threading.Thread(target=server.run, args=(create_app(PretendSite()),))
        thread.start()
        thread.join(10)
        assert not thread.is_alive()


def test_stop_does_not_wait_for_a_tick(monkeypatch):
    monkeypatch.setattr(server_module, "TICK", 3600.0)
    with running() as server:
        assert httpx.get(f"{server.urls[0]}/-/healthy").status_code == 200


def test_headers_name_no_server_and_one_date():
    with running() as server:
        for path in ("/", "/metrics", "/nothing"):
            answer = httpx.get(server.urls[0] + path)
            assert "server" not in answer.headers
            assert len(answer.headers.get_list("date")) == 1


def test_a_scrape_over_the_wire_is_the_same_in_every_coding():
    site = PretendSite()
    with running(site) as server:
        url = f"{server.urls[0]}/metrics"
        plain = httpx.get(url, headers={"accept-encoding": "identity"})
        packed = httpx.get(url, headers={"accept-encoding": "gzip"})
        head = httpx.head(url, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content.startswith(site.shown.body())
    assert packed.content.startswith(site.shown.body())
    assert head.content == b""
    assert int(head.headers["content-length"]) > site.shown.size


def test_one_connection_serves_many_requests():
    with running() as server, httpx.Client() as client:
        for _ in range(3):
            assert client.get(f"{server.urls[0]}/metrics").headers.get("connection") != "close"


@pytest.mark.parametrize("sent", [b"", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_a_connection_without_a_whole_request_is_cut(monkeypatch, sent):
    monkeypatch.setattr(TimedProtocol, "header_timeout", 0.05)
    with running() as server:
        port = httpx.URL(server.urls[0]).port
        with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
            if sent:
                slow.sendall(sent)
            with contextlib.suppress(ConnectionResetError):
                assert slow.recv(1) == b""


def read_until(connection, words):
    received = b""
    while words not in received:
        part = connection.recv(4096)
        assert part, f"closed after {received!r}"
        received += part


def test_the_time_for_headers_does_not_cut_a_connection_between_requests(monkeypatch):
    monkeypatch.setattr(TimedProtocol, "header_timeout", 0.05)
    with running() as server:
        port = httpx.URL(server.urls[0]).port
        with socket.create_connection(("127.0.0.1", port), timeout=10) as kept:
            request = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
            kept.sendall(request)
            read_until(kept, b"is healthy")
            kept.settimeout(0.2)
            with pytest.raises(TimeoutError):  # four times as long, and neither end nor reset
                kept.recv(1)
            kept.settimeout(10)
            kept.sendall(request)
            read_until(kept, b"is healthy")

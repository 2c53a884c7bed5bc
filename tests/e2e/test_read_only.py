"""Nothing but GET is sent, and only to where the settings say."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from e2e.parts import KEY, requests_of
from e2e.script import Script


def test_only_get_is_sent(simulate, exporter, wait_until):
    script = Script(time.time(), seed=10)
    simulator = simulate(script.organization)
    served = exporter(simulator)
    wait_until(served.has_run, 60)
    simulator.switch(faults=["unauthorized"])
    wait_until(lambda: served.value("anthropic_up") == 0, 90)
    assert {request.method for request in requests_of(simulator)} == {"GET"}
    assert len({request.path for request in requests_of(simulator)}) >= 7


@contextmanager
def answering(status, location=None):
    """Serve one answer on loopback; give the address and the list of what was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("x-api-key")))
            self.send_response(status)
            if location:
                self.send_header("location", location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(exporter, wait_until, status):
    with answering(200) as (elsewhere, stolen), answering(status, f"{elsewhere}/v1/organizations/me") as (here, asked):
        served = exporter(here)
        wait_until(lambda: served.value("anthropic_up") == 0, 90)
        wait_until(lambda: len(asked) >= 5, 90)
        assert {key for _, key in asked} == {KEY}, "the settings' own address is given the key"
        assert stolen == []
        assert "that is not followed" in served.get("/").text

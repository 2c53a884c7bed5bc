"""Against real sockets: what a mock transport cannot do wrong."""

import contextlib
import socket
import threading
import time

import pytest

from anthropic_exporter.api.endpoint import Call, Endpoint
from anthropic_exporter.api.transport import Transport
from anthropic_exporter.errors import PollError, Unavailable
from api.harness import CANARY

CALL = Call(Endpoint("/v1/organizations/me"))
TIMEOUT = 0.4
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


class Server:
    """Accepts connections on loopback and lets ``script`` misbehave on each."""

    def __init__(self, script):
        self._script = script
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.over = threading.Event()
        self.connections = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            # A client that a failed test leaves open must not keep this thread.
            connection.settimeout(5)
            with connection, contextlib.suppress(OSError):
                self._script(self, connection)

    def close(self):
        self.over.set()
        # Wakes the accept; closing alone does not on Linux.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def drip(self, connection, data):
        """Send one byte at a time, each well within any timeout per read."""
        for byte in data:
            if self.over.wait(0.02):
                return
            connection.sendall(bytes([byte]))


@pytest.fixture
def serve():
    servers = []

    def start(script):
        servers.append(Server(script))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def failed(server):
    client = Transport(server.url, TIMEOUT)
    began = time.monotonic()
    try:
        with pytest.raises(PollError) as caught:
            client.get(CALL, CANARY)
    finally:
        client.close()
    assert time.monotonic() - began < TIMEOUT + 2
    assert CANARY not in str(caught.value)
    return caught.value


def silent(server, connection):
    connection.recv(4096)
    server.over.wait(30)


def dripping_head(server, connection):
    connection.recv(4096)
    server.drip(connection, HEAD + b"x-padding: " + b"a" * 5000)


def dripping_body(server, connection):
    connection.recv(4096)
    connection.sendall(HEAD + b"content-length: 5000\r\n\r\n")
    server.drip(connection, b" " * 5000)


def dripping_chunks(server, connection):
    connection.recv(4096)
    connection.sendall(HEAD + b"transfer-encoding: chunked\r\n\r\n")
    server.drip(connection, b"1\r\n \r\n" * 1000)


@pytest.mark.parametrize("script", [silent, dripping_head, dripping_body, dripping_chunks])
def test_the_timeout_is_for_the_whole_answer(serve, script):
    assert isinstance(failed(serve(script)), Unavailable)


def reset(_, connection):
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def hangs_up(_, connection):
    connection.recv(4096)


def cut_off(_, connection):
    connection.recv(4096)
    connection.sendall(HEAD + b'content-length: 5000\r\n\r\n{"id": "x"}')


def cut_off_chunks(_, connection):
    connection.recv(4096)
    connection.sendall(HEAD + b'transfer-encoding: chunked\r\n\r\n5\r\n{"id"\r\n')


def not_http(_, connection):
    connection.recv(4096)
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


@pytest.mark.parametrize("script", [reset, hangs_up, cut_off, cut_off_chunks, not_http])
def test_an_answer_that_breaks_off_is_unavailable(serve, script):
    assert isinstance(failed(serve(script)), Unavailable)


def test_nothing_listening_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    client = Transport(url, TIMEOUT)
    with pytest.raises(Unavailable, match="Connection refused"):
        client.get(CALL, CANARY)


def two_answers(server, connection):
    for _ in range(2):
        connection.recv(4096)
        connection.sendall(HEAD + b"content-length: 2\r\n\r\n{}")
    server.over.wait(30)


def test_a_deadline_ends_with_its_request_and_not_with_the_connection(serve):
    server = serve(two_answers)
    client = Transport(server.url, TIMEOUT)
    assert client.get(CALL, CANARY).body == b"{}"
    assert client._deadline.at is None
    assert client.get(CALL, CANARY).body == b"{}"
    assert server.connections == 1
    client.close()

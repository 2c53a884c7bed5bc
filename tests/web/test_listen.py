import errno
import os
import socket
from contextlib import closing

import pytest

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.web.listen import Address, _reason, bind, parse, url


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":10114", Address("", 10114)),
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("0.0.0.0:80", Address("0.0.0.0", 80)),
        ("[::1]:10114", Address("::1", 10114)),
        ("[::]:10114", Address("::", 10114)),
        ("localhost:65535", Address("localhost", 65535)),
    ],
)
def test_addresses_are_read_as_go_reads_them(text, address):
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10114",
        "localhost",
        "::1:10114",
        "[::1]",
        "127.0.0.1:http",
        ":65536",
        ":-1",
        ":\u0661",
        "http://x:1",
        ":1\n",
    ],
)
def test_what_is_no_address_is_refused_with_what_was_expected(text):
    with pytest.raises(ConfigError, match=r"web\.listen-address: expected host:port"):
        parse(text)


def reaches(listening, host):
    with closing(socket.create_connection((host, listening.getsockname()[1]), timeout=5)):
        return True


def test_an_empty_host_is_every_interface():
    with bind(":0") as listening:
        assert reaches(listening, "127.0.0.1")
        assert url(listening) == f"http://localhost:{listening.getsockname()[1]}"


@needs_ipv6
@pytest.mark.parametrize("text", [":0", "[::]:0"])
def test_every_interface_means_both_families(text):
    with bind(text) as listening:
        assert reaches(listening, "127.0.0.1")
        assert reaches(listening, "::1")


@needs_ipv6
def test_an_ipv6_address_is_bracketed_in_its_url():
    with bind("[::1]:0") as listening:
        assert reaches(listening, "::1")
        assert url(listening, "https") == f"https://[::1]:{listening.getsockname()[1]}"


def test_a_name_is_looked_up():
    with bind("localhost:0") as listening:
        assert url(listening) == f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_port_in_use_is_told_plainly():
    with bind("127.0.0.1:0") as taken:
        text = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ConfigError, match=f"cannot listen on {text}: the port is in use by another process"):
            bind(text)


def test_every_interface_is_taken_if_one_family_is():
    with bind(":0") as taken, pytest.raises(ConfigError, match="in use"):
        bind(f":{taken.getsockname()[1]}")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EADDRINUSE, "in use"),
        (errno.EADDRNOTAVAIL, "no such address"),
        (errno.EACCES, "may not use that port"),
        (errno.ENOBUFS, "No buffer space"),
    ],
)
def test_what_the_system_refuses_is_told_plainly(number, words):
    assert words in _reason(OSError(number, os.strerror(number)))

"""Listen addresses, as Go takes them: ``:10114``, ``127.0.0.1:0``, ``[::1]:10114``, ``host:10114``."""

import errno
import re
import socket
from typing import NamedTuple

from anthropic_exporter.errors import ConfigError

_ADDRESS = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<host>[^\[\]:]*)):(?P<port>[0-9]{1,5})", re.ASCII)
_LARGEST_PORT = 65535
_WILDCARDS = {"", "0.0.0.0", "::"}  # noqa: S104 - recognised here, not bound


class Address(NamedTuple):
    """Where to listen. An empty host is every interface, over IPv4 and IPv6."""

    host: str
    port: int


def parse(text: str) -> Address:
    """Read a listen address.

    Raises:
        ConfigError: it is none.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > _LARGEST_PORT:
        raise ConfigError(f'--web.listen-address: expected host:port, :port or [IPv6 address]:port, found "{text}"')
    return Address(match["v6"] or match["host"] or "", int(match["port"]))


def bind(text: str) -> socket.socket:
    """Return a socket that listens there.

    Raises:
        ConfigError: the address is none, not of this machine, or taken.
    """
    address = parse(text)
    try:
        if address.host in {"", "::"}:
            listening = _every_interface(address)
        else:
            family, where = _resolve(address)
            listening = socket.create_server(where, family=family)
        # Connections inherit it; else the end of an answer may wait 40 ms for the scraper's acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        raise ConfigError(f"--web.listen-address: cannot listen on {text}: {_reason(error)}") from error
    return listening


def url(listening: socket.socket, scheme: str = "http") -> str:
    """Return a URL without a path that reaches the socket from this machine."""
    host, port = listening.getsockname()[:2]
    if host in _WILDCARDS:
        host = "localhost"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _every_interface(address: Address) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            where = ("", address.port)
            return socket.create_server(where, family=socket.AF_INET6, dualstack_ipv6=True)
        except OSError as error:
            # Compiled in but switched off, as in many containers.
            if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                raise
    return socket.create_server(("", address.port))


def _resolve(address: Address) -> tuple[socket.AddressFamily, tuple[str, int]]:
    """Return one address of the host; IPv4 if it has one, as Go does."""
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, where = min(found, key=lambda each: each[0] != socket.AF_INET)
    return family, (str(where[0]), address.port)


def _reason(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "the port is in use by another process"
    if error.errno == errno.EACCES:
        return "this user may not use that port"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address"
    return error.strerror or "unknown error"

"""Readers of URLs and addresses."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from anthropic_exporter.api.loopback import is_loopback
from anthropic_exporter.config.reader import Place, each
from anthropic_exporter.secrets import REDACTED

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_.-]*)):(?P<port>[0-9]{1,5})")
_LAST_PORT = 65535
_URL_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_URL = re.compile(r"[!-~]+")  # printable ASCII without the space


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where the HTTP server listens; an empty host is every address, port 0 any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def base_url(value: object, place: Place) -> str:
    """Read the URL of the Admin API. The key is sent there: it is https unless it stays on this machine."""
    expected = "an https:// URL, or http:// to this machine"
    if not isinstance(value, str):
        place.refuse(expected, value)
    host, scheme = _endpoint(value, expected, place)
    if scheme == "http" and not is_loopback(host):
        place.refuse(expected, value)
    return value.rstrip("/")


def push_url(value: object, place: Place) -> str:
    """Read the URL that telemetry is sent to; empty for none."""
    expected = "an http:// or https:// URL"
    if not isinstance(value, str):
        place.refuse(expected, value)
    if value:
        _endpoint(value, expected, place)
    return value


def _endpoint(value: str, expected: str, place: Place) -> tuple[str, str]:
    """Return host and scheme of a URL without anything behind its path."""
    try:
        url = urlsplit(value)
        _ = url.port
    except ValueError:
        place.refuse(expected, value)
    if url.username is not None or url.password is not None:
        place.refuse_because(f"expected {expected} without a user in it, found {REDACTED}")
    if (
        not url.hostname
        or url.scheme not in {"http", "https"}
        or url.query
        or url.fragment
        or not _URL.fullmatch(value)
    ):
        place.refuse(expected, value)
    return url.hostname, url.scheme


def listen_address(value: object, place: Place) -> ListenAddress:
    """Read ``host:port``, ``[v6]:port`` or ``:port``."""
    expected = "host:port, [address]:port or :port"
    match = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if match is None or int(match["port"]) > _LAST_PORT:
        place.refuse(expected, value)
    if match["v6"]:
        try:
            ipaddress.IPv6Address(match["v6"])
        except ValueError:
            place.refuse(expected, value)
    return ListenAddress(host=match["v6"] or match["name"], port=int(match["port"]))


def listen_addresses(value: object, place: Place) -> tuple[ListenAddress, ...]:
    """Read one address or a list of different ones."""
    if not isinstance(value, list):
        return (listen_address(value, place),)
    if not value:
        place.refuse("host:port, or a list of such", value)
    read = each(((place.item(index), item) for index, item in enumerate(value)), listen_address)
    for index, address in enumerate(read):
        if address.port and address in read[:index]:
            place.item(index).refuse("every address once", str(address))
    return tuple(read)


def telemetry_path(value: object, place: Place) -> str:
    """Read the path of the exposition."""
    if not isinstance(value, str) or not _URL_PATH.fullmatch(value) or value.startswith("/-/"):
        place.refuse("a path such as /metrics, not below /-/", value)
    return value

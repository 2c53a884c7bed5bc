"""Readers of single values: what a setting may be, and how a refusal says so."""

import datetime as dt
import ipaddress
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from anthropic_exporter.config.reader import Place, Reader, each, items, show, words
from anthropic_exporter.durations import parse_duration
from anthropic_exporter.secrets import REDACTED
from anthropic_exporter.utc import Since

#: What the legacy usage report can be grouped by; the API takes at most five of them.
DIMENSIONS = (
    "account_id",
    "api_key_id",
    "context_window",
    "inference_geo",
    "model",
    "service_account_id",
    "service_tier",
    "speed",
    "workspace_id",
)
_MOST_DIMENSIONS = 5
_SHORTEST_INTERVAL = 0.1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_.-]*)):(?P<port>[0-9]{1,5})")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LAST_PORT = 65535
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_URL_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_URL = re.compile(r"[!-~]+")  # printable ASCII without the space
_INLINE_FLAGS = re.compile(r"\(\?[aimsux]+\)")


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where the HTTP server listens; an empty host is every address, port 0 any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def boolean(value: object, place: Place) -> bool:
    """Read true or false, and no other word for them."""
    if not isinstance(value, bool):
        place.refuse("true or false", value)
    return value


def choice(*names: str) -> Reader[str]:
    """Read one of some words."""

    def read(value: object, place: Place) -> str:
        if not isinstance(value, str) or value not in names:
            place.refuse(words(names), value)
        return value

    return read


def log_level(value: object, place: Place) -> str:
    """Read a log level; ``warning`` is another word for ``warn``."""
    return "warn" if value == "warning" else choice("debug", "info", "warn", "error")(value, place)


def whole_number(least: int) -> Reader[int]:
    """Read an integer from ``least`` up."""

    def read(value: object, place: Place) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            place.refuse(f"a whole number from {least} up", value)
        return value

    return read


def number(value: object, place: Place) -> float:
    """Read a number from 0 up."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        place.refuse("a number from 0 up", value)
    return float(value)


def amount(value: object, place: Place) -> Decimal:
    """Read an amount of money, exactly as it is written."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value <= 0:
        place.refuse("an amount above 0", value)
    return Decimal(value)


def thresholds(value: object, place: Place) -> tuple[Decimal, ...]:
    """Read shares of a budget, in ascending order."""
    expected = "a list of ascending numbers above 0"
    if not isinstance(value, list):
        place.refuse(expected, value)
    read: list[Decimal] = []
    for index, item in enumerate(value):
        if isinstance(item, bool) or not isinstance(item, int | Decimal) or item <= 0:
            place.item(index).refuse("a number above 0", item)
        if read and item <= read[-1]:
            place.item(index).refuse(f"a number above {read[-1]}, the one before", item)
        read.append(Decimal(item))
    return tuple(read)


def duration(value: object, place: Place) -> float:
    """Read a duration, in seconds."""
    return _duration(value, place, "a duration such as 90s, 15m or 1h30m", least=0)


def positive_duration(value: object, place: Place) -> float:
    """Read a duration that is not nothing, in seconds."""
    return _duration(value, place, "a duration above 0s such as 90s, 15m or 1h30m", least=0.001)


def interval(value: object, place: Place) -> float:
    """Read a duration that something is repeated after, in seconds."""
    return _duration(value, place, "a duration of at least 100ms such as 60s", least=_SHORTEST_INTERVAL)


def _duration(value: object, place: Place, expected: str, least: float) -> float:
    # A bare 0 needs no unit, in Prometheus' own files too.
    text = "0" if value == 0 and not isinstance(value, bool) else value
    try:
        seconds = parse_duration(text) if isinstance(text, str) else -1.0
    except ValueError:
        seconds = -1.0
    if seconds < least:
        place.refuse(expected, value)
    return seconds


def text(value: object, place: Place) -> str:
    """Read a text that may be empty."""
    if not isinstance(value, str):
        place.refuse("a text", value)
    return value


def name(value: object, place: Place) -> str:
    """Read a name that becomes a label value and part of messages."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        place.refuse("a name of 1 to 63 letters, digits, '.', '_' or '-'", value)
    return value


def label_value(value: object, place: Place) -> str:
    """Read a text that becomes a label value."""
    if not isinstance(value, str) or not value or not value.isprintable():
        place.refuse("a text of printable characters", value)
    return value


def variable(value: object, place: Place) -> str:
    """Read the name of an environment variable."""
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value):
        place.refuse("the name of an environment variable", value)
    return value


def path(value: object, place: Place) -> Path:
    """Read the name of a file; a relative one is relative to the settings file that names it."""
    if not isinstance(value, str) or not value or "\0" in value:
        place.refuse("the name of a file", value)
    return place.folder / Path(value).expanduser()


def readable_file(value: object, place: Place) -> Path | None:
    """Read the name of a file that can be opened; an empty name is none."""
    if value == "":
        return None
    found = path(value, place)
    try:
        with found.open("rb"):
            return found
    except OSError as error:
        place.refuse_because(f"expected a readable file, found {show(str(found))}: {error.strerror}")


def state_path(value: object, place: Place) -> str:
    """Read where the state is kept; ``:memory:`` keeps none."""
    return ":memory:" if value == ":memory:" else str(path(value, place))


def pattern(value: object, place: Place) -> re.Pattern[str]:
    """Read a regular expression, compiled so that it matches whole values only."""
    if not isinstance(value, str):
        place.refuse("a regular expression", value)
    # Flags for the whole expression must stay in front of the anchor.
    flags = _INLINE_FLAGS.match(value)
    start = flags.end() if flags else 0
    try:
        re.compile(value)
        return re.compile(rf"{value[:start]}\A(?:{value[start:]})\Z")
    except (re.error, OverflowError, RecursionError) as error:
        place.refuse_because(f"expected a regular expression, found {show(value)}: {error}")


def patterns(value: object, place: Place) -> tuple[re.Pattern[str], ...]:
    """Read a list of at least one regular expression."""
    expected = "a list of regular expressions"
    if value == []:
        place.refuse(expected, value)
    return items(pattern, expected)(value, place)


def dimensions(value: object, place: Place) -> tuple[str, ...]:
    """Read what the usage report is grouped by: these become labels."""
    read = items(choice(*DIMENSIONS), f"a list of 1 to {_MOST_DIMENSIONS} dimensions")(value, place)
    if not 1 <= len(read) <= _MOST_DIMENSIONS:
        place.refuse_because(f"expected 1 to {_MOST_DIMENSIONS} dimensions, found {len(read)}")
    for index, dimension in enumerate(read):
        if dimension in read[:index]:
            place.item(index).refuse("every dimension once", dimension)
    return read


def since(value: object, place: Place) -> Since:
    """Read where counters start: with the year, with the month, or on a day of the past."""
    if value == "year":
        return "year"
    if value == "month":
        return "month"
    day = _date(value)
    if day is None or day > place.today:
        place.refuse("year, month or a date such as 2026-01-01 that is not in the future", value)
    return day


def _date(value: object) -> dt.date | None:
    # fromisoformat alone would take 20260101 and 2026-W01-1 as well.
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None


def base_url(value: object, place: Place) -> str:
    """Read the URL of the Admin API. The key is sent there: it is https unless it stays on this machine."""
    expected = "an https:// URL, or http:// to this machine"
    if not isinstance(value, str):
        place.refuse(expected, value)
    host, scheme = _endpoint(value, expected, place)
    if scheme == "http" and not _loopback(host):
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


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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

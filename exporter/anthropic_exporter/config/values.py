"""Readers of single values: what a setting may be, and how a refusal says so."""

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from typing import NoReturn

from anthropic_exporter.config.reader import Place, Reader, items, show, words
from anthropic_exporter.durations import parse_duration
from anthropic_exporter.records import MOST_DIMENSIONS, USAGE_DIMENSIONS
from anthropic_exporter.utc import Since

_SHORTEST_INTERVAL = 0.1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PLAIN = re.compile(r"true|false|[0-9]+(\.[0-9]+)?")
_LARGEST_THRESHOLD = 10
_INLINE_FLAGS = re.compile(r"\(\?[aimsux]+\)")


def boolean(value: object, place: Place) -> bool:
    """Read true or false, and no other word for them."""
    if not isinstance(value, bool):
        _refuse_plain(place, "true or false", value)
    return value


def _refuse_plain(place: Place, expected: str, value: object) -> NoReturn:
    hint = "; write it without quotes" if isinstance(value, str) and _PLAIN.fullmatch(value) else ""
    place.refuse_because(f"expected {expected}, found {show(value)}{hint}")


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
            _refuse_plain(place, f"a whole number from {least} up", value)
        return value

    return read


def number(value: object, place: Place) -> float:
    """Read a number from 0 up."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        _refuse_plain(place, "a number from 0 up", value)
    return float(value)


def amount(value: object, place: Place) -> Decimal:
    """Read an amount of money, exactly as it is written."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value <= 0:
        _refuse_plain(place, "an amount above 0", value)
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
        if item > _LARGEST_THRESHOLD:
            place.item(index).refuse("a share of the budget such as 0.8, which is 80 %", item)
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


def identifier(value: object, place: Place) -> str:
    """Read an ID of the API."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        place.refuse("an ID of letters, digits, '_' or '-'", value)
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
    expected = "the name of a file"
    if not isinstance(value, str) or not value or "\0" in value:
        place.refuse(expected, value)
    try:
        return place.folder / Path(value).expanduser()
    except RuntimeError:  # ~nobody
        place.refuse(expected, value)


def optional_path(value: object, place: Place) -> Path | None:
    """Read the name of a file; an empty name is none."""
    return None if value == "" else path(value, place)


def readable_file(value: object, place: Place) -> Path | None:
    """Read the name of a file that can be opened; an empty name is none."""
    found = optional_path(value, place)
    if found is None:
        return None
    try:
        with found.open("rb"):
            return found
    except OSError as error:
        place.refuse_because(f'expected a readable file, found "{found}": {error.strerror}')


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
    read = items(choice(*USAGE_DIMENSIONS), f"a list of 1 to {MOST_DIMENSIONS} dimensions")(value, place)
    if not 1 <= len(read) <= MOST_DIMENSIONS:
        place.refuse_because(f"expected 1 to {MOST_DIMENSIONS} dimensions, found {len(read)}")
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

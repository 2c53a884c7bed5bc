"""Query parameters, read as strictly as the API reads them."""

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import TypeVar

from . import instants
from .refusal import invalid

T = TypeVar("T")
_IGNORED = ("beta",)  # sent by some generated clients; means nothing


class Query:
    """The decoded parameters of one request, in the order they came. Readers raise a 400 for what they cannot take."""

    def __init__(self, items: Iterable[tuple[str, str]]) -> None:
        self._items = [(name, value) for name, value in items if name not in _IGNORED]

    def names(self) -> set[str]:
        """All names that were sent."""
        return {name for name, _ in self._items}

    def fingerprint(self, path: str) -> str:
        """Identify the request but for its page: a cursor is bound to it."""
        rest = sorted((name, value) for name, value in self._items if name != "page")
        return blake2b(repr((path, rest)).encode(), digest_size=6).hexdigest()

    def expect(self, names: Iterable[str]) -> None:
        """Refuse parameters that the endpoint does not know."""
        unknown = sorted(self.names() - set(names))
        if unknown:
            raise invalid(f"Unknown query parameter: '{unknown[0]}'")

    def text(self, name: str) -> str | None:
        """Read one value."""
        found = self.texts(name)
        if len(found) > 1:
            raise invalid(f"{name}: Input should be given once")
        return found[0] if found else None

    def texts(self, name: str) -> tuple[str, ...]:
        """Read all values of a repeated parameter; the name includes its brackets."""
        return tuple(value for each, value in self._items if each == name)

    def required(self, name: str) -> str:
        """Read one value that must be there."""
        found = self.text(name)
        if found is None:
            raise invalid(f"{name}: Field required")
        return found

    def instant(self, name: str) -> int | None:
        """Read an RFC 3339 timestamp with a zone, as seconds."""
        return self._parsed(name, instants.instant, "a valid datetime with timezone")

    def date(self, name: str) -> int | None:
        """Read a UTC date, as seconds of its midnight."""
        return self._parsed(name, instants.date, "a valid date in the format YYYY-MM-DD")

    def integer(self, name: str, default: int, highest: int) -> int:
        """Read a number from 1 to the highest."""
        value = self._parsed(name, int, "a valid integer")
        if value is None:
            return default
        if value < 1:
            raise invalid(f"{name}: Input should be greater than or equal to 1")
        if value > highest:
            raise invalid(f"{name}: Input should be less than or equal to {highest}")
        return value

    def flag(self, name: str) -> bool:
        """Read ``true`` or ``false``; absent is false."""
        return self.choice(name, ("true", "false")) == "true"

    def choice(self, name: str, words: Iterable[str]) -> str | None:
        """Read one of some words."""
        value = self.text(name)
        return None if value is None else _known(name, value, words)

    def choices(self, name: str, words: Iterable[str]) -> tuple[str, ...]:
        """Read a list of which every entry is one of some words; doubles count once."""
        return tuple(dict.fromkeys(_known(name, value, words) for value in self.texts(name)))

    def _parsed(self, name: str, parse: Callable[[str], T], expected: str) -> T | None:
        value = self.text(name)
        if value is None:
            return None
        try:
            return parse(value)
        except (ValueError, OverflowError):
            raise invalid(f"{name}: Input should be {expected}") from None


def _known(name: str, value: str, words: Iterable[str]) -> str:
    if value not in words:
        raise invalid(f"{name}: Input should be {', '.join(repr(word) for word in words)}")
    return value

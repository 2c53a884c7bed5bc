"""Strict reading of plain values into typed ones. A refusal names the place, what was expected and what came.

A reader is a function of a value and the place where it stands. It returns the typed value or refuses.
Containers go on after a refusal, so that all problems of a file are told together.
"""

import dataclasses
import datetime as dt
import difflib
import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from anthropic_exporter.secrets import REDACTED, looks_like_key, mask

T = TypeVar("T")
_LONGEST_SHOWN = 60


class Refused(Exception):  # noqa: N818 - never leaves this package
    """The value at this place cannot be used; the problem has been noted."""


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a value stands: the file, flag or variable, and the path of keys in it."""

    source: str  # "exporter.yml", or "" where the path alone says it ("--log.level")
    path: str
    problems: list[str] = dataclasses.field(repr=False)
    today: dt.date  # UTC
    folder: Path = dataclasses.field(default_factory=Path)  # what a relative file name is relative to

    def key(self, name: str) -> "Place":
        """Return the place of a key in the mapping here."""
        return dataclasses.replace(self, path=f"{self.path}.{name}" if self.path else name)

    def item(self, index: int) -> "Place":
        """Return the place of an item of the list here."""
        return dataclasses.replace(self, path=f"{self.path}[{index}]")

    def note(self, problem: str) -> None:
        """Note a problem of the value here."""
        where = ": ".join(part for part in (self.source, self.path) if part)
        self.problems.append(mask(f"{where}: {problem}"))

    def refuse(self, expected: str, found: object) -> NoReturn:
        """Note that something else was expected here, and give the value up."""
        self.refuse_because(f"expected {expected}, found {show(found)}")

    def refuse_because(self, problem: str) -> NoReturn:
        """Note a problem in words of its own, and give the value up."""
        self.note(problem)
        raise Refused


Reader = Callable[[object, Place], T]


def show(value: object) -> str:
    """Return how a value of the file appears in a message: short, and never a secret."""
    if value is None:
        return "nothing"
    if isinstance(value, bool | int | Decimal):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = str(value)
    if mask(text) != text:
        return REDACTED
    return json.dumps(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…", ensure_ascii=False)


def words(names: Iterable[str]) -> str:
    """Return ``a, b or c``."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def each(values: Iterable[tuple[Place, object]], reader: Reader[T]) -> list[T]:
    """Read every value before refusing any."""
    read, refused = [], False
    for place, value in values:
        try:
            read.append(reader(value, place))
        except Refused:
            refused = True
    if refused:
        raise Refused
    return read


def items(reader: Reader[T], what: str) -> Reader[tuple[T, ...]]:
    """Read a list whose items one reader takes."""

    def read(value: object, place: Place) -> tuple[T, ...]:
        if not isinstance(value, list):
            place.refuse(what, value)
        return tuple(each(((place.item(index), item) for index, item in enumerate(value)), reader))

    return read


def named_items(reader: Reader[T], what: str, key: str) -> Reader[tuple[T, ...]]:
    """Read a list whose items have a name of their own, under this key."""

    def read(value: object, place: Place) -> tuple[T, ...]:
        found = items(reader, what)(value, place)
        first: dict[str, int] = {}
        for index, item in enumerate(found):
            name = getattr(item, key)
            earlier = first.setdefault(name, index)
            if earlier != index:
                place.item(index).key(key).refuse(f"a unique {key}, {place.item(earlier).path} has it too", name)
        return found

    return read


def setting(reader: Reader[T], default: T) -> T:
    """Declare a field of a section: how it is read from a file, and its default."""
    field: T = dataclasses.field(default=default, metadata={"reader": reader})
    return field


def required(reader: Reader[T]) -> T:
    """Declare a field of a section that has no default."""
    field: T = dataclasses.field(metadata={"reader": reader})
    return field


def part(kind: type[T]) -> T:
    """Declare a field that is a section, each of whose settings has a default."""
    return setting(section(kind), default=kind())


def section(kind: type[T]) -> Reader[T]:
    """Read a mapping into a dataclass whose fields were made by ``setting`` and ``required``."""

    def read(value: object, place: Place) -> T:
        return kind(**keys(kind, value, place))

    return read


def keys(kind: type, value: object, place: Place) -> dict[str, Any]:
    """Return the fields that a mapping sets, each read; a section without any content is an empty mapping."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        place.refuse("a mapping", value)
    fields = {field.name: field for field in dataclasses.fields(kind) if "reader" in field.metadata}
    read: dict[str, Any] = {}
    refused = unknown_keys(value, tuple(fields), place)
    for name, field in fields.items():
        if name not in value and field.default is not dataclasses.MISSING:
            continue
        try:
            read[name] = field.metadata["reader"](value.get(name), place.key(name))
            _refuse_key(value.get(name), place.key(name))
        except Refused:
            refused = True
    if refused:
        raise Refused
    return read


def _refuse_key(value: object, place: Place) -> None:
    """Refuse a key of the API where any text would be right, a name say: it would end up in labels."""
    if isinstance(value, str) and looks_like_key(value):
        place.refuse_because(f"expected no key in this file, found {REDACTED}; use admin_key_file")


def unknown_keys(value: Mapping[Any, object], known: tuple[str, ...], place: Place) -> bool:
    """Note every key that is not known, and what was probably meant; return whether there was one."""
    unknown = [str(name) for name in value if name not in known]
    for name in unknown:
        near = difflib.get_close_matches(name, known, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        # A key of YAML may be any text, so it is shown as carefully as a value.
        shown = place.key(name if name.isidentifier() else show(name))
        shown.note(f"expected {words(known)}, found an unknown key{meant}")
    return bool(unknown)

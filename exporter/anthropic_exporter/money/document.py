"""A YAML document of which every value is checked, with errors that say where it stands."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NoReturn

import yaml

from anthropic_exporter.errors import ConfigError

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# The lengths keep every product and sum within the digits of exact.EXACT.
_DECIMAL = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?")
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Node:
    """One value of the document, and where it stands.

    Each reading method returns the value as the type it is named after, or raises ConfigError with
    ``file: path: expected …, found …``.
    """

    file: str
    path: str  # as in prices[3].input; "" is the document
    value: object

    def fail(self, expected: str, found: str | None = None) -> NoReturn:
        """Refuse the value."""
        where = f"{self.file}: {self.path}" if self.path else self.file
        raise ConfigError(f"{where}: expected {expected}, found {found or _shown(self.value)}")

    def mapping(self, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> dict[str, "Node"]:
        """Return the values by key, of which none is missing and none unknown."""
        known = (*required, *optional)
        fields = dict(self.entries(f"a mapping with the keys {', '.join(known)}"))
        for key, node in fields.items():
            if key not in known:
                node.fail(f"one of the keys {', '.join(known)}", f"the unknown key {_shown(key)}")
        for key in required:
            if key not in fields:
                self._child(key, None).fail("a value", "no such key")
        return fields

    def entries(self, expected: str) -> Iterator[tuple[str, "Node"]]:
        """Yield the keys and values of a mapping with free keys."""
        if not isinstance(self.value, dict):
            self.fail(expected)
        for key, value in self.value.items():
            if not isinstance(key, str):
                self.fail("keys that are strings", _shown(key))
            yield key, self._child(key, value)

    def items(self) -> Iterator["Node"]:
        """Yield the items of a list."""
        if not isinstance(self.value, list):
            self.fail("a list")
        for index, value in enumerate(self.value):
            yield Node(self.file, f"{self.path}[{index}]", value)

    def word(self) -> str:
        """Return a string without blanks, such as a model ID."""
        if not isinstance(self.value, str) or not self.value or any(map(str.isspace, self.value)):
            self.fail("a word without blanks")
        return self.value

    def text(self) -> str:
        """Return a string."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.fail("a text")
        return self.value

    def one_of(self, words: tuple[str, ...]) -> str:
        """Return one of the given words."""
        if not isinstance(self.value, str) or self.value not in words:
            self.fail(" or ".join(words))
        return self.value

    def flag(self) -> bool:
        """Return a boolean."""
        if not isinstance(self.value, bool):
            self.fail("true or false")
        return self.value

    def amount(self) -> Decimal:
        """Return a decimal that is written as a string: a YAML number would already be rounded to binary."""
        if not isinstance(self.value, str) or not _DECIMAL.fullmatch(self.value):
            self.fail('a decimal in quotes, not negative, such as "2.50"')
        return Decimal(self.value)

    def day(self) -> int:
        """Return a date as its midnight UTC, in seconds since 1970."""
        expected = "a date such as 2026-10-07"
        if not isinstance(self.value, str) or not _DATE.fullmatch(self.value):
            self.fail(expected)
        try:
            found = date.fromisoformat(self.value)
        except ValueError:
            self.fail(expected)
        return int(datetime(found.year, found.month, found.day, tzinfo=UTC).timestamp())

    def _child(self, key: str, value: object) -> "Node":
        return Node(self.file, f"{self.path}.{key}" if self.path else key, value)


def parse(text: str, file: str) -> Node:
    """Read a YAML document.

    Args:
        file: its name, for the errors.

    Raises:
        ConfigError: it is not YAML, or a mapping has a key twice.
    """
    try:
        # A safe loader: _Loader adds checks to yaml.SafeLoader and no constructors.
        return Node(file, "", yaml.load(text, _Loader))  # noqa: S506
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(f"{file}: expected YAML, found {_problem(error)}") from error


class _Loader(yaml.SafeLoader):
    """YAML without the surprises: a date stays text, so that day() can say where a bad one is."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the base class declares it; this is its copy without timestamps
        first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:  # noqa: ANN401 - as the untyped base has it
        # Without this the second of two prices in one row would win silently.
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f'the key "{key.value}" twice', problem_mark=key.start_mark)
            seen.add(key.value)
        return node


def _problem(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{error.problem} in line {mark.line + 1}, column {mark.column + 1}"
    return " ".join(str(error).split())


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nothing"
    # As JSON a string stays on one line, whatever is in it.
    shown = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"

"""Bytes to typed values, and what in those bytes is not as documented.

Values are decoded once, by msgspec, straight into structs; that skips unknown fields without making objects
of them (a usage page of 5 MB takes some 10 ms). So what is unknown is looked for in a second, shallow pass:
`msgspec.Raw` cuts the page into members without decoding them, and of each list only the first, the last and
the three longest elements are opened. The longest, because a field that is new makes its element longer; all
rows of one answer come from one serializer, so a field that one of them has, its neighbours have. This costs
less than the decoding itself; to look at every row would cost several times as much, on each poll, to find
out what one row tells.
"""

import heapq
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from functools import cache
from typing import Generic, TypeVar, get_origin

import msgspec
from msgspec import inspect

from .shapes import Shape

T = TypeVar("T", bound=Shape)

_MISSING = re.compile(r"missing required field `([^`]*)`")
_LONGEST_ROWS = 3
_MOST_DIGITS = 20
_Members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_Elements = msgspec.json.Decoder(list[msgspec.Raw])


def _decimal(text: str) -> Decimal:
    """Read a JSON number with all its digits; NaN, which no reader takes, where its exponent is past counting."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return Decimal("NaN")


_Exact = msgspec.json.Decoder(float_hook=_decimal)


class NotJson(Exception):  # noqa: N818 - a verdict on the body, turned into a PollError by its only caller
    """The body is empty, cut off, or something else than JSON: another attempt may fare better."""


class Mismatch(Exception):  # noqa: N818 - likewise
    """The body is JSON of another shape; ``missing`` is the documented field that is not there, or ""."""

    def __init__(self, message: str, missing: str = "") -> None:
        super().__init__(message)
        self.missing = missing


class Decoder(Generic[T]):
    """Reads one kind of answer."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._documented = inspect.type_info(kind)
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind, float_hook=_decimal)

    def decode(self, body: bytes) -> T:
        """Give the values.

        Raises:
            NotJson: it cannot be parsed.
            Mismatch: a field is missing, of the wrong type, or out of its range.
        """
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            if "got `float`" in str(error):
                return self._decode_integral(body)
            raise _mismatch(error) from None
        except RecursionError:
            raise Mismatch("nested deeper than any answer is") from None
        except ValueError as error:
            # UnicodeDecodeError is a ValueError too, and quotes what it could not decode.
            raise NotJson(str(error) if isinstance(error, msgspec.DecodeError) else "not UTF-8") from None

    def _decode_integral(self, body: bytes) -> T:
        """Read it once more, with 12.0 taken for 12; 12.5 still fails."""
        try:
            return msgspec.convert(_integral(_Exact.decode(body)), self._kind)
        except msgspec.ValidationError as error:
            raise _mismatch(error) from None
        except (ValueError, RecursionError):
            raise NotJson("not JSON throughout") from None

    def drift(self, body: bytes) -> set[tuple[str, str]]:
        """Give the (kind, field name) of what a sample of the body has or lacks against the documentation.

        Only for a body that `decode` has taken.
        """
        found: set[tuple[str, str]] = set()
        # What fails is a member that nobody reads: its name has been noted, its inside does not matter.
        with suppress(ValueError, RecursionError):
            _compare(body, self._documented, found)
        return found


def _mismatch(error: msgspec.ValidationError) -> Mismatch:
    # msgspec's texts name types and field names that we declared, never values.
    missing = _MISSING.search(str(error))
    return Mismatch(str(error), missing.group(1) if missing else "")


def _integral(value: object) -> object:
    if isinstance(value, dict):
        return {name: _integral(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_integral(member) for member in value]
    return int(value) if isinstance(value, Decimal) and _is_integral(value) else value


def _is_integral(value: Decimal) -> bool:
    # The exponent is looked at first: to expand 1e999999999 would take all memory.
    return value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS and value == int(value)


def _compare(raw: bytes | msgspec.Raw, kind: inspect.Type, found: set[tuple[str, str]]) -> None:
    if isinstance(kind, inspect.ListType):
        for element in _sample(_Elements.decode(raw)):
            _compare(element, kind.item_type, found)
    if not isinstance(kind, inspect.StructType):
        return
    members = _Members.decode(raw)
    # A generic struct is named with its parameter; the class stands behind that.
    shape = _known(get_origin(kind.cls) or kind.cls)
    found.update(("unknown_field", name) for name in members.keys() - shape.all)
    found.update(("missing_field", name) for name in shape.expected - members.keys())
    for field in kind.fields:
        member = members.get(field.encode_name)
        inner = _without_none(field.type)
        if member is not None and inner is not None and not _is_null(member):
            _compare(member, inner, found)


def _is_null(raw: msgspec.Raw) -> bool:
    # By length first: to copy a whole page for this would cost more than the comparison.
    return len(raw) == len(b"null") and bytes(raw) == b"null"


def _sample(elements: list[msgspec.Raw]) -> Iterator[msgspec.Raw]:
    if len(elements) <= _LONGEST_ROWS + 2:
        yield from elements
        return
    yield elements[0]
    yield elements[-1]
    yield from heapq.nlargest(_LONGEST_ROWS, elements[1:-1], key=len)


def _without_none(kind: inspect.Type) -> inspect.StructType | inspect.ListType | None:
    for candidate in kind.types if isinstance(kind, inspect.UnionType) else (kind,):
        if isinstance(candidate, inspect.StructType | inspect.ListType):
            return candidate
    return None


class _Known(msgspec.Struct, frozen=True):
    all: frozenset[str]
    expected: frozenset[str]


@cache
def _known(cls: type[Shape]) -> _Known:
    read = frozenset(cls.__struct_encode_fields__)
    return _Known(read | cls.unread, read - cls.sometimes)

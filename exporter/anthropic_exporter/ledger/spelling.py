"""How the state file spells labels and numbers, and how they are read again."""

import json
from collections.abc import Iterable
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import cast

from anthropic_exporter.ledger.statefile import COLUMNS
from anthropic_exporter.records import Labels, Number, Values


def spell_labels(labels: Labels) -> str:
    """Spell labels as ``json.dumps`` does, which takes three times as long for so little."""
    return f"[{', '.join([encode_basestring_ascii(label) for label in labels])}]"


def read_labels(spelled: str) -> Labels:
    """Read labels."""
    return tuple(json.loads(spelled))


def read_each(spelled: Iterable[str]) -> list[Labels]:
    """Read many labels as one text: a start reads tens of thousands."""
    return [tuple(labels) for labels in json.loads(f"[{','.join(spelled)}]")]


def spell_number(value: Number) -> int | str:
    """Spell a number so that SQLite keeps it exactly: whole numbers as such, money as text."""
    return str(value) if isinstance(value, Decimal) else value


def read_number(stored: int | str) -> Number:
    """Read a number."""
    return Decimal(stored) if isinstance(stored, str) else stored


def padded(values: Values) -> list[int | str | None]:
    """Spell the values of a cell; what it does not have is null."""
    spelled = map(spell_number, values) if Decimal in map(type, values) else cast("tuple[int, ...]", values)
    return [*spelled, *([None] * (COLUMNS - len(values)))]

"""What rows of an export can be told apart by, and how amounts are added up under it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from anthropic_exporter.commands.amounts import date
from anthropic_exporter.commands.columns import Cell, Column, Table
from anthropic_exporter.commands.reading import Reading
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.records import NONE

Facts = Mapping[str, str | int]
"""What a part of an amount is about: "day" in seconds since 1970 (the month is the day's), the rest as its label."""

_NAMED: Mapping[str, tuple[str, ...]] = {
    "workspace": ("workspace_id", "workspace_name"),
    "api_key": ("api_key_id", "api_key_name"),
}
"""What has a name beside its ID."""


@dataclass(slots=True)
class Groups:
    """Sums of measures by some facts. A measure that nothing was added to is not known.

    Args:
        conclude: gives further measures of a row from its sums.
    """

    by: Sequence[str]
    measures: Sequence[Column]
    conclude: Callable[[Mapping[str, Cell]], Mapping[str, Cell]] = dict
    _sums: dict[tuple[str | int, ...], dict[str, Cell]] = field(default_factory=dict)

    def add(self, facts: Facts, measure: str, amount: int | Decimal) -> None:
        """Add a part, exactly."""
        sums = self._group(facts)
        before = sums.get(measure)
        if isinstance(before, Decimal) or isinstance(amount, Decimal):
            sums[measure] = EXACT.add(Decimal(before or 0), Decimal(amount))
        else:
            sums[measure] = amount + (before if isinstance(before, int) else 0)

    def note(self, facts: Facts, measure: str, word: str) -> None:
        """Note a word about a part; all words of a group are told."""
        sums = self._group(facts)
        words = {word, *str(sums.get(measure) or word).split("+")}
        sums[measure] = "+".join(sorted(words))

    def table(self, reading: Reading) -> Table:
        """Return the rows in order, with the organization and with names joined."""
        columns = [Column("organization_id", "text"), *(column for name in self.by for column in _columns(name))]
        rows = [
            [
                reading.id,
                *(cell for name, value in zip(self.by, key, strict=True) for cell in _cells(reading, name, value)),
                *({**sums, **self.conclude(sums)}.get(measure.name) for measure in self.measures),
            ]
            for key, sums in sorted(self._sums.items(), key=lambda item: tuple(map(_order, item[0])))
        ]
        return Table([*columns, *self.measures], rows)

    def _group(self, facts: Facts) -> dict[str, Cell]:
        return self._sums.setdefault(tuple([_fact(facts, name) for name in self.by]), {})


def workspace_name(reading: Reading, workspace_id: str) -> str:
    """Return what a workspace is called; its ID where no list has it."""
    known = reading.entities.workspaces.get(workspace_id)
    return known.name if known else workspace_id


def api_key_name(reading: Reading, api_key_id: str) -> str:
    """Return what a key is called; its ID where no list has it."""
    known = reading.entities.keys.get(api_key_id)
    return known.name if known else api_key_id


_NAMES: Mapping[str, Callable[[Reading, str], str]] = {"workspace": workspace_name, "api_key": api_key_name}


def _fact(facts: Facts, name: str) -> str | int:
    return date(int(facts["day"]))[: len("2026-07")] if name == "month" else facts[name]


def _columns(name: str) -> list[Column]:
    return [Column(column, "text") for column in _NAMED.get(name, (name,))]


def _cells(reading: Reading, name: str, value: str | int) -> list[Cell]:
    if isinstance(value, int):
        return [date(value)]
    if name in _NAMES:
        return [value, "" if value == NONE else _NAMES[name](reading, value)]
    return [value]


def _order(value: str | int) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, value)

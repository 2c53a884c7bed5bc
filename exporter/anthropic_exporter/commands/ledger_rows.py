"""The ledger as tables: usage, cost and keys, by whatever is asked for."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from anthropic_exporter.commands.columns import Column, Table
from anthropic_exporter.commands.grouping import Facts, Groups
from anthropic_exporter.commands.reading import Reading
from anthropic_exporter.config import Settings
from anthropic_exporter.money.estimate import PriceDimensions, estimate
from anthropic_exporter.money.spend import TOKENS, add
from anthropic_exporter.records import NONE, TOKEN_TYPES, Interval, Values
from anthropic_exporter.service import streams
from anthropic_exporter.utc import DAY, floor

_TOKENS = [Column(f"{token_type}_tokens", "count") for token_type in TOKEN_TYPES]
_SEARCHES = len(TOKEN_TYPES)

USAGE = (
    *_TOKENS,
    Column("web_searches", "count"),
    Column("estimated_usd", "money"),
    Column("unpriced_tokens", "count"),
)
COST = (
    Column("spend_usd", "money"),
    Column("basis", "text"),
    Column("billed_usd", "money"),
    Column("list_usd", "money"),
    Column("estimated_usd", "money"),
)
KEYS = (Column("spend_usd", "money"), *_TOKENS)

_WORDS = {"workspace_id": "workspace", "api_key_id": "api_key"}
"""What ``--by`` calls a dimension, where that is not its name."""


class Used(NamedTuple):
    """What one combination of dimensions used on one day; ``values`` are the token types, then web searches."""

    facts: Facts
    dimensions: PriceDimensions
    values: Values


def fields(what: str, settings: Settings) -> tuple[str, ...]:
    """Return what a kind of export can be told apart by."""
    if what == "usage":
        told = streams.usage_dimensions(settings.usage.group_by)
        return ("day", *(_WORDS.get(name, name) for name in told))
    return ("day", "workspace", "model", "cost_type" if what == "cost" else "api_key")


def usage(reading: Reading, settings: Settings, by: Sequence[str], window: Interval) -> Table:
    """Return tokens, web searches and what they cost at list price."""
    groups = Groups(by, USAGE)
    for used in _used(reading, "usage", streams.usage_dimensions(settings.usage.group_by), window):
        _add_tokens(groups, used)
        groups.add(used.facts, "web_searches", int(used.values[_SEARCHES]))
        day = used.facts["day"]
        tokens = [int(value) for value in used.values[:_SEARCHES]]
        found = estimate(reading.view.accounts.prices, used.dimensions, int(day), tokens, int(used.values[_SEARCHES]))
        groups.add(used.facts, "unpriced_tokens", sum(found.unpriced))
        if found.reason is None or found.total():
            groups.add(used.facts, "estimated_usd", found.total())
    return groups.table(reading)


def cost(reading: Reading, by: Sequence[str], window: Interval) -> Table:
    """Return spend, and beside it what was billed, at which list price, and what was estimated."""
    groups = Groups(by, COST)
    for day in reading.statement.between(*window):
        for line, usd in day.lines.items():
            facts = _line_facts(day.day, line)
            groups.add(facts, "spend_usd", usd)
            groups.note(facts, "basis", day.spend.basis)
        for measure, lines in (("billed_usd", day.spend.billed), ("estimated_usd", day.spend.estimated)):
            for line, usd in lines.items():
                groups.add(_line_facts(day.day, line), measure, usd)
    for (at, workspace_id, model, cost_type), usd in listed(reading, window).items():
        groups.add(_line_facts(at, (workspace_id, model, cost_type)), "list_usd", usd)
    return groups.table(reading)


def keys(reading: Reading, by: Sequence[str], window: Interval) -> Table:
    """Return spend and tokens of API keys; tokens only where no workspace is asked for, since no report tells both."""
    measures = KEYS[:1] if "workspace" in by else KEYS
    groups = Groups(by, measures)
    for day in reading.statement.between(*window):
        for (workspace_id, model, api_key_id), usd in day.by_key.items():
            facts: Facts = {"day": day.day, "workspace": workspace_id, "model": model, "api_key": api_key_id}
            groups.add(facts, "spend_usd", usd)
    if len(measures) > 1:
        for used in _used(reading, "api_key_usage", streams.KEY_DIMENSIONS, window):
            _add_tokens(groups, used)
    return groups.table(reading)


def listed(reading: Reading, window: Interval) -> dict[tuple[int, str, str, str], Decimal]:
    """Return what the bill was before discounts, by day, workspace_id, model and cost_type; where it is told."""
    accounts = reading.view.accounts
    found: dict[tuple[int, str, str, str], Decimal] = {}
    if not accounts.has("cost.list"):
        return found
    for start, cells in accounts.book("cost.list").cells(*window).items():
        for (workspace_id, model, _, cost_type, _), values in cells.items():
            # As ``money.spend`` has it: what is not for tokens has no model.
            line = (floor(start, DAY), workspace_id, model if cost_type == TOKENS else NONE, cost_type)
            add(found, line, values[0])
    return found


def quantities(reading: Reading, settings: Settings, window: Interval) -> dict[tuple[int, str, str], list[int]]:
    """Return tokens and web searches by day, workspace_id and model."""
    groups: dict[tuple[int, str, str], list[int]] = {}
    for used in _used(reading, "usage", streams.usage_dimensions(settings.usage.group_by), window):
        facts = used.facts
        place = (int(facts["day"]), str(facts.get("workspace", NONE)), str(facts.get("model", NONE)))
        counts = groups.setdefault(place, [0, 0])
        counts[0] += sum(int(value) for value in used.values[:_SEARCHES])
        counts[1] += int(used.values[_SEARCHES])
    return groups


def _used(reading: Reading, stream: str, dimensions: tuple[str, ...], window: Interval) -> Iterator[Used]:
    accounts = reading.view.accounts
    if not accounts.has(stream):
        return
    for start, cells in accounts.book(stream).cells(*window).items():
        for labels, values in cells.items():
            told = zip(dimensions, labels, strict=True)
            facts: Mapping[str, str | int] = {
                "day": floor(start, DAY),
                **{_WORDS.get(name, name): value for name, value in told},
            }
            yield Used(facts, PriceDimensions.of(dimensions, labels), values)


def _add_tokens(groups: Groups, used: Used) -> None:
    for column, amount in zip(_TOKENS, used.values, strict=False):  # web searches come after the tokens
        groups.add(used.facts, column.name, int(amount))


def _line_facts(day: int, line: tuple[str, str, str]) -> Facts:
    workspace_id, model, cost_type = line
    return {"day": day, "workspace": workspace_id, "model": model, "cost_type": cost_type}

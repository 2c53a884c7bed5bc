"""The ledger as tables: usage, cost and keys, by whatever is asked for."""

from collections.abc import Sequence
from decimal import Decimal

from anthropic_exporter.commands import detail
from anthropic_exporter.commands.columns import Column, Table
from anthropic_exporter.commands.detail import details, spread
from anthropic_exporter.commands.grouping import Facts, Groups
from anthropic_exporter.commands.reading import Reading
from anthropic_exporter.commands.used import WORDS, Used, used
from anthropic_exporter.config import Settings
from anthropic_exporter.money.daybook import DayBook
from anthropic_exporter.money.estimate import estimate
from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.money.keys import KeyLines
from anthropic_exporter.money.spend import Lines, add
from anthropic_exporter.records import TOKEN_TYPES, Interval
from anthropic_exporter.service import streams

_TOKENS = [Column(f"{token_type}_tokens", "count") for token_type in TOKEN_TYPES]
_SEARCHES = len(TOKEN_TYPES)

USAGE = (
    *_TOKENS,
    Column("web_searches", "count"),
    Column("estimated_usd", "money"),
    Column("estimated_max_usd", "money"),
    Column("unpriced_tokens", "count"),
)
COST = (
    Column("spend_usd", "money"),
    Column("basis", "text"),
    Column("billed_usd", "money"),
    Column("list_usd", "money"),
    Column("estimated_usd", "money"),
    Column("estimated_max_usd", "money"),
)
KEYS = (Column("spend_usd", "money"), *_TOKENS)

TIMES = ("day", "month")
OWNED = ("api_key", "team", "environment", "cost_center")
"""What can only be told key by key."""

FINE = ("service_tier", "token_type")
"""What only the lines of the bill and of usage tell."""


def fields(what: str, settings: Settings) -> tuple[str, ...]:
    """Return what a kind of export can be told apart by."""
    if what == "usage":
        told = streams.usage_dimensions(settings.usage.group_by)
        return (*TIMES, *(WORDS.get(name, name) for name in told))
    if what == "keys":
        return (*TIMES, "workspace", "model", *OWNED)
    return (*TIMES, "workspace", "model", "cost_type", *FINE, *OWNED)


def usage(reading: Reading, settings: Settings, by: Sequence[str], window: Interval) -> Table:
    """Return tokens, web searches and what they cost at list price."""
    groups, prices = Groups(by, USAGE), reading.view.accounts.prices
    for row in used(reading, "usage", streams.usage_dimensions(settings.usage.group_by), window):
        _add_tokens(groups, row)
        groups.add(row.facts, "web_searches", int(row.values[_SEARCHES]))
        tokens = [int(value) for value in row.values[:_SEARCHES]]
        found = estimate(prices, row.dimensions, row.day, tokens, int(row.values[_SEARCHES]))
        groups.add(row.facts, "unpriced_tokens", sum(found.unpriced))
        if found.reason is None or found.total():
            _add_estimate(groups, reading, row.facts, found.total(), row.day, row.dimensions.model)
    return groups.table(reading)


def cost(reading: Reading, settings: Settings, by: Sequence[str], window: Interval) -> Table:
    """Return spend, and beside it what was billed, at which list price, and what was estimated."""
    groups = Groups(by, COST)
    found = details(reading, settings, window)
    for day in reading.statement.between(*window):
        known = found.get(day.day, detail.Day())
        if any(name in OWNED for name in by):
            _add_by_key(groups, reading, day, known)
        else:
            _add_in_detail(groups, reading, day, known)
    return groups.table(reading)


def keys(reading: Reading, by: Sequence[str], window: Interval) -> Table:
    """Return spend and tokens of API keys; tokens only where no workspace or owner is asked for.

    No report tells the workspace of a key's tokens, and owners are told by workspaces too.
    """
    told = set(by) <= {*TIMES, "model", "api_key"}
    groups = Groups(by, KEYS if told else KEYS[:1])
    for day in reading.statement.between(*window):
        for line, usd in day.by_key.items():
            groups.add(_key_facts(day, line), "spend_usd", usd)
    if told:
        for row in used(reading, "api_key_usage", streams.KEY_DIMENSIONS, window):
            _add_tokens(groups, row)
    return groups.table(reading)


def lines(details: detail.Details) -> Lines:
    """Return the sums by workspace, model and kind of cost."""
    found: Lines = {}
    for part, usd in details.items():
        add(found, part.line, usd)
    return found


def _add_in_detail(groups: Groups, reading: Reading, day: DayBook, known: detail.Day) -> None:
    billed = day.spend.basis == "billed"
    for part, usd in spread(day.lines, known.billed if billed else known.estimated).items():
        facts = detail.facts(day.day, part)
        groups.add(facts, "spend_usd", usd)
        groups.note(facts, "basis", day.spend.basis)
    for part, usd in known.billed.items():
        groups.add(detail.facts(day.day, part), "billed_usd", usd)
    for part, usd in known.listed.items():
        groups.add(detail.facts(day.day, part), "list_usd", usd)
    # The lines and not the parts: a line of nothing (usage too small to cost anything) is known, and known to be 0.
    for part, usd in spread(day.spend.estimated, known.estimated).items():
        _add_estimate(groups, reading, detail.facts(day.day, part), usd, day.day, part.model)


def _add_by_key(groups: Groups, reading: Reading, day: DayBook, known: detail.Day) -> None:
    for line, usd in day.by_key.items():
        facts = _key_facts(day, line)
        groups.add(facts, "spend_usd", usd)
        groups.note(facts, "basis", day.spend.basis)
    for measure, amounts in (("billed_usd", day.spend.billed), ("list_usd", lines(known.listed))):
        _add_split(groups, day, measure, day.split(amounts))
    for line, usd in day.split(day.spend.estimated, as_estimated=True).items():
        _add_estimate(groups, reading, _key_facts(day, line), usd, day.day, line[1])


def _add_split(groups: Groups, day: DayBook, measure: str, found: KeyLines) -> None:
    for line, usd in found.items():
        groups.add(_key_facts(day, line), measure, usd)


def _add_estimate(groups: Groups, reading: Reading, facts: Facts, usd: Decimal, day: int, model: str) -> None:
    groups.add(facts, "estimated_usd", usd)
    most = reading.view.accounts.prices.upper_bound_factor(model, day)
    groups.add(facts, "estimated_max_usd", EXACT.multiply(usd, most))


def _add_tokens(groups: Groups, row: Used) -> None:
    for column, amount in zip(_TOKENS, row.values, strict=False):  # web searches come after the tokens
        groups.add(row.facts, column.name, int(amount))


def _key_facts(day: DayBook, line: tuple[str, ...]) -> Facts:
    workspace_id, model, api_key_id = line
    owner = day.owner(workspace_id, api_key_id)
    return {"day": day.day, "workspace": workspace_id, "model": model, "api_key": api_key_id, **owner._asdict()}

"""Spend of one UTC day: billed where the day is settled, estimated elsewhere; never both, never neither.

A day is taken whole from one side, for all workspaces and models at once, so the seam between both cannot count
anything twice. What a line is for:

* Tokens are a line per workspace and model.
* Everything else has the model "none": web searches, code execution, sessions. The legacy report tells no model for
  them, so the estimate's web searches and the searches that the analytics report tells by model go there too. Nothing
  changes its line when a day settles.
* Code execution and sessions are in the bill only, so they are in spend from the day's settlement on.
* Priority tokens are paid for in advance and tokens without a price are not guessed: no estimate, no line, until a
  bill has one. ``unpriced`` says for which workspaces and models that is so.

A settled day without any billed tokens though usage was priced has not been billed yet: upstream can take two days.
It stays estimated for ``UNBILLED``, then the empty bill is believed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, TypeVar

from anthropic_exporter.money.exact import EXACT
from anthropic_exporter.records import NONE, Labels, Number, Values
from anthropic_exporter.utc import DAY

K = TypeVar("K")

TOKENS = "tokens"
WEB_SEARCH = "web_search"

UNBILLED = 3 * DAY
"""Seconds after its end that a day may take to appear on the bill."""

ZERO = Decimal(0)

#: workspace_id, model, cost_type.
Line = tuple[str, str, str]
Lines = dict[Line, Decimal]
Basis = Literal["billed", "estimated"]


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What is known of one day. A mapping that is None belongs to a stream that is not read, or not whole.

    Args:
        day: its midnight UTC, in seconds since 1970.
        usage: tokens by (workspace_id, model), in the order of TOKEN_TYPES.
        estimate: USD of tokens and of web searches, by (workspace_id, model).
        bill: USD by (workspace_id, model, cost_type), as known now.
        settled: whether the bill is final as far as anybody can tell.
    """

    day: int
    usage: Mapping[Labels, Values] | None
    estimate: Mapping[Labels, Values] | None
    bill: Mapping[Labels, Values] | None
    settled: bool


@dataclass(frozen=True, slots=True)
class Spend:
    """Both sides of one day, and the one that counts."""

    day: int
    basis: Basis
    lines: Lines
    estimated: Lines  # at list price, not calibrated
    billed: Lines
    unpriced: frozenset[tuple[str, str]]  # (workspace_id, model) used but in no line


def spend(facts: DayFacts, now: float) -> Spend:
    """Return the spend of a day."""
    estimated = estimated_lines(facts.estimate or {}, facts.usage or {})
    billed = billed_lines(facts.bill or {})
    basis = _basis(facts, estimated, billed, now)
    lines = billed if basis == "billed" else estimated
    priced = {line[:2] for line in lines}
    unpriced = {by[:2] for by, tokens in (facts.usage or {}).items() if any(tokens) and by[:2] not in priced}
    return Spend(
        facts.day,
        basis,
        lines,
        estimated,
        billed,
        frozenset() if basis == "billed" else frozenset((by[0], by[1]) for by in unpriced),
    )


def calibrated(spend: Spend, factors: Mapping[Line, Decimal]) -> Spend:
    """Return the same day with its estimate multiplied by line; a billed day stays as it is."""
    if spend.basis == "billed" or not factors:
        return spend
    lines = {line: EXACT.multiply(usd, factors[line]) if line in factors else usd for line, usd in spend.lines.items()}
    return replace(spend, lines=lines)


def estimated_lines(estimate: Mapping[Labels, Values], usage: Mapping[Labels, Values]) -> Lines:
    """Return the lines of an estimate; no line where tokens were used and none has a price."""
    lines: Lines = {}
    for (workspace_id, model), (tokens, searches) in estimate.items():
        if tokens or not any(usage.get((workspace_id, model), ())):
            add(lines, (workspace_id, model, TOKENS), tokens)
        if searches:
            add(lines, (workspace_id, NONE, WEB_SEARCH), searches)
    return lines


def billed_lines(bill: Mapping[Labels, Values]) -> Lines:
    """Return the lines of a bill; what is not for tokens loses the model that only some reports tell."""
    lines: Lines = {}
    for (workspace_id, model, cost_type), values in bill.items():
        add(lines, (workspace_id, model if cost_type == TOKENS else NONE, cost_type), values[0])
    return lines


def add(sums: dict[K, Decimal], key: K, amount: Number) -> None:
    """Add an amount to a sum, exactly."""
    sums[key] = EXACT.add(sums[key], amount) if key in sums else Decimal(amount)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return a sum, exactly."""
    result = ZERO
    for amount in amounts:
        result = EXACT.add(result, amount)
    return result


def _basis(facts: DayFacts, estimated: Lines, billed: Lines, now: float) -> Basis:
    if facts.bill is None:
        return "estimated"
    if facts.estimate is None:
        return "billed"
    if not facts.settled:
        return "estimated"
    late = now < facts.day + DAY + UNBILLED and any(estimated.values())
    if late and not any(usd for line, usd in billed.items() if line[2] == TOKENS):
        return "estimated"
    return "billed"

"""Spend of one day by API key, so that the keys of a workspace add up to the workspace.

Where the bill is told by key, each key gets what the bill says. Elsewhere a workspace's line is split by what its
keys' usage costs at list price. No report tells keys and workspaces together, so the inventory says which workspace a
key belongs to; a key that belongs to none (or is not listed) takes its part from what the keys of a workspace leave.

What no key claims stays with the key "none": use of the Console without a key, code execution and sessions where the
bill is not told by key, and usage so fresh that the per-key reading has not seen it yet.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from anthropic_exporter.money.allocation import allocate, units
from anthropic_exporter.money.spend import TOKENS, WEB_SEARCH, ZERO, Lines, Spend, add
from anthropic_exporter.records import NONE, Labels, Number, Values

#: workspace_id, model, api_key_id.
KeyLine = tuple[str, ...]
KeyLines = dict[KeyLine, Decimal]

Claims = dict[str, int]  # by key, in the units of ``allocation``
Home = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What is known of the keys of one day.

    Args:
        estimates: USD of tokens and of web searches, by (api_key_id, model).
        bill: USD by (api_key_id, model); None where it is not told, or not settled.
        home: the workspace of a key, or None.
    """

    estimates: Mapping[Labels, Values]
    bill: Mapping[Labels, Values] | None
    home: Home


def by_key(spend: Spend, facts: KeyFacts, amounts: Lines | None = None) -> KeyLines:
    """Return the day's spend by workspace, model and key; it adds up to the day's lines.

    Args:
        amounts: what to split in the same way instead of the spend: what the day costs by another measure.
    """
    lines = spend.lines if amounts is None else amounts
    if spend.basis == "billed" and facts.bill:
        return _as_billed(lines, spend.billed, facts, facts.bill)
    return _as_estimated(lines, spend.estimated, facts)


def _as_estimated(lines: Lines, estimated: Lines, facts: KeyFacts) -> KeyLines:
    claims: dict[tuple[str, str], Claims] = {}
    for (key, model), (tokens, searches) in facts.estimates.items():
        if tokens:
            _claim(claims.setdefault((model, TOKENS), {}), key, tokens)
        if searches:
            _claim(claims.setdefault((NONE, WEB_SEARCH), {}), key, searches)
    found: KeyLines = {}
    wholes = _groups(estimated)
    for group, amounts in _groups(lines).items():
        bases = {workspace_id: units(usd) for workspace_id, usd in wholes.get(group, {}).items()}
        _place(found, group[0], amounts, bases, claims.get(group, {}), facts.home)
    return found


def _as_billed(lines: Lines, billed: Lines, facts: KeyFacts, bill: Mapping[Labels, Values]) -> KeyLines:
    """Give each key what it was billed.

    The bill of a key does not tell tokens from searches. What is left of a key's bill when its tokens are placed is
    for what has no model.
    """
    left: Claims = {}
    tokens: dict[str, Claims] = {}
    for (key, model), values in bill.items():
        whole = units(Decimal(values[0]))
        # Another measure (list cost) is split like the bill; what was given back weighs as much as what was paid.
        whole = whole if lines is billed else abs(whole)
        searches = units(Decimal(facts.estimates.get((key, model), (ZERO, ZERO))[1]))
        for_tokens = 0 if model == NONE else max(whole - searches, 0)
        tokens.setdefault(model, {})[key] = for_tokens
        left[key] = left.get(key, 0) + max(whole - for_tokens, 0)
    found: KeyLines = {}
    merged, wholes = _by_model(lines), _by_model(billed)
    if lines is billed:
        _give_back(found, merged, wholes, facts.home, bill)
    for model in sorted(merged, key=lambda model: model == NONE):
        claims = left if model == NONE else tokens.get(model, {})
        bases = {workspace_id: units(usd) for workspace_id, usd in wholes.get(model, {}).items()}
        over = _place(found, model, merged[model], bases, claims, facts.home)
        if model != NONE:
            for key, rest in over.items():
                left[key] = left.get(key, 0) + rest
    return found


def _groups(lines: Lines) -> dict[tuple[str, str], dict[str, Decimal]]:
    """Return lines by (model, cost_type), then by workspace."""
    groups: dict[tuple[str, str], dict[str, Decimal]] = {}
    for (workspace_id, model, cost_type), usd in lines.items():
        groups.setdefault((model, cost_type), {})[workspace_id] = usd
    return groups


def _give_back(
    found: KeyLines,
    merged: dict[str, dict[str, Decimal]],
    wholes: dict[str, dict[str, Decimal]],
    home: Home,
    bill: Mapping[Labels, Values],
) -> None:
    """Place what keys were given back, and take it out of what is split by what the others were billed."""
    for (key, model), (usd, *_) in bill.items():
        place = home(key)
        if usd >= 0 or place is None or place not in merged.get(model, {}):
            continue
        add(found, (place, model, key), usd)
        for sums in (merged[model], wholes.get(model, {})):
            add(sums, place, -usd)
        if not merged[model][place]:
            del merged[model][place]


def _by_model(lines: Lines) -> dict[str, dict[str, Decimal]]:
    """Return lines by model, then by workspace."""
    found: dict[str, dict[str, Decimal]] = {}
    for (workspace_id, model, _), usd in lines.items():
        add(found.setdefault(model, {}), workspace_id, usd)
    return found


def _claim(claims: Claims, key: str, usd: Number) -> None:
    claims[key] = claims.get(key, 0) + units(Decimal(usd))


def _place(
    found: KeyLines,
    model: str,
    amounts: Mapping[str, Decimal],
    bases: Mapping[str, int],
    claims: Claims,
    home: Home,
) -> Claims:
    """Split one model's lines of all workspaces by the claims of keys; return what of the claims was not met.

    Args:
        bases: by workspace, what all its keys together can claim; claims beyond that are cut in proportion.
    """
    at_home: dict[str, Claims] = {}
    roaming: Claims = {}
    for key, claim in claims.items():
        if key == NONE or claim <= 0:
            continue
        place = home(key)
        if place is not None and (place in amounts or place in bases):
            at_home.setdefault(place, {})[key] = claim
        else:
            roaming[key] = claim
    rests = {at: max(bases.get(at, 0) - sum(at_home.get(at, {}).values()), 0) for at in amounts}
    wanted = sum(roaming.values())
    pool = max(sum(rests.values()), wanted, 1)
    over = dict(claims)
    for workspace_id, usd in amounts.items():
        own, rest = at_home.get(workspace_id, {}), rests[workspace_id]
        weights = {key: claim * pool for key, claim in own.items()}
        if rest:
            weights |= {key: claim * rest for key, claim in roaming.items()}
            weights[NONE] = rest * (pool - wanted)
        parts = allocate(usd, weights) if weights else {NONE: usd}
        for key, part in parts.items():
            add(found, (workspace_id, model, key), part)
            over[key] = over.get(key, 0) - units(part)
    return {key: rest for key, rest in over.items() if rest > 0 and key != NONE}

"""One day of spend under every view that is asked for: by model, workspace, key, owner and budget.

A day is made once and its sums are kept; when anything it was made from changes, another day takes its place.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from anthropic_exporter.money.budgets import Budget
from anthropic_exporter.money.entities import Entities
from anthropic_exporter.money.keys import KeyFacts, KeyLines, by_key
from anthropic_exporter.money.matching import Match, captures
from anthropic_exporter.money.ownership import Owner, Rule, owner
from anthropic_exporter.money.policies import Policy
from anthropic_exporter.money.spend import Lines, Spend, add
from anthropic_exporter.records import NONE

Sums = dict[tuple[str, ...], Decimal]


class Rules(NamedTuple):
    """What the settings say about money."""

    ownership: Sequence[Rule] = ()
    budgets: Sequence[Budget] = ()
    policies: Sequence[Policy] = ()
    calibrate: bool = False


class Attribution:
    """Whose a line is and which budgets it belongs to, under the names that hold now. Answers are kept."""

    def __init__(self, rules: Rules, entities: Entities) -> None:
        self.rules = rules
        self.entities = entities
        self._owners: dict[tuple[str, str], Owner] = {}
        self._matches: dict[tuple[int, str, str, str], bool] = {}

    def owner(self, workspace_id: str, api_key_id: str) -> Owner:
        """Return the owner of what a key spends in a workspace."""
        asked = (workspace_id, api_key_id)
        if asked not in self._owners:
            self._owners[asked] = owner(self.rules.ownership, self.entities, workspace_id, api_key_id)
        return self._owners[asked]

    def budgeted(self, budget: int, workspace_id: str, model: str, api_key_id: str) -> bool:
        """Return whether a line counts towards a budget, given its place in the settings."""
        asked = (budget, workspace_id, model, api_key_id)
        if asked not in self._matches:
            match = self.rules.budgets[budget].match
            self._matches[asked] = self._is_about(match, workspace_id, model, api_key_id)
        return self._matches[asked]

    def _is_about(self, match: Match, workspace_id: str, model: str, api_key_id: str) -> bool:
        facts = self.entities.facts(workspace_id, api_key_id, model)
        facts |= self.owner(workspace_id, api_key_id)._asdict()
        return captures(match, facts, self.entities.tags(workspace_id)) is not None


class DayBook:
    """One day. ``keys`` is None where usage is not read by key: everything is the key "none"'s then."""

    def __init__(self, spend: Spend, keys: KeyFacts | None, attribution: Attribution) -> None:
        self.spend = spend
        self._keys = keys
        self._attribution = attribution
        self._budgets: dict[int, Sums] = {}

    @property
    def day(self) -> int:
        """Midnight UTC."""
        return self.spend.day

    @property
    def lines(self) -> Lines:
        """USD by (workspace_id, model, cost_type)."""
        return self.spend.lines

    @cached_property
    def by_model(self) -> Sums:
        """USD by (workspace_id, model)."""
        return _summed(((line[:2], usd) for line, usd in self.spend.lines.items()))

    @cached_property
    def by_workspace(self) -> Sums:
        """USD by (workspace_id,)."""
        return _summed(((line[:1], usd) for line, usd in self.spend.lines.items()))

    @cached_property
    def by_key(self) -> KeyLines:
        """USD by (workspace_id, model, api_key_id)."""
        if self._keys is None:
            return {(workspace_id, model, NONE): usd for (workspace_id, model), usd in self.by_model.items()}
        return by_key(self.spend, self._keys)

    @cached_property
    def by_owner(self) -> Sums:
        """USD by (team, environment, cost_center)."""
        owned = self._attribution.owner
        return _summed(((owned(workspace_id, key), usd) for (workspace_id, _, key), usd in self.by_key.items()))

    @cached_property
    def by_home(self) -> Sums:
        """USD by (api_key_id, workspace_id)."""
        return _summed((((key, workspace_id), usd) for (workspace_id, _, key), usd in self.by_key.items()))

    def split(self, amounts: Lines, *, as_estimated: bool = False) -> KeyLines:
        """Return what the day costs by another measure, over the keys: as its spend is split, or by the estimates."""
        if self._keys is None:
            return _summed(((workspace_id, model, NONE), usd) for (workspace_id, model, _), usd in amounts.items())
        spend = replace(self.spend, basis="estimated") if as_estimated else self.spend
        return by_key(spend, self._keys, amounts)

    def owner(self, workspace_id: str, api_key_id: str) -> Owner:
        """Return the owner of what a key spends in a workspace."""
        return self._attribution.owner(workspace_id, api_key_id)

    def budget(self, index: int) -> Sums:
        """USD by (workspace_id,) of what counts towards a budget."""
        if index not in self._budgets:
            belongs = self._attribution.budgeted
            self._budgets[index] = _summed(
                ((line[0],), usd) for line, usd in self.by_key.items() if belongs(index, *line)
            )
        return self._budgets[index]


def _summed(parts: Iterable[tuple[tuple[str, ...], Decimal]]) -> Sums:
    sums: Sums = {}
    for key, usd in parts:
        add(sums, key, usd)
    return sums

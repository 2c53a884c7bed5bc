"""Whose spend it is: rules over names and tags, of which the first that matches counts."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from anthropic_exporter.money.entities import Entities
from anthropic_exporter.money.matching import Match, captures
from anthropic_exporter.records import NONE


class Owner(NamedTuple):
    """Who pays. "none": the rule that matched does not say."""

    team: str
    environment: str
    cost_center: str


UNOWNED = Owner("unowned", NONE, NONE)


class Rule(Protocol):
    """An entry of ``ownership``; what is None there comes from a named group of a pattern."""

    @property
    def match(self) -> Match:
        """What the rule is about."""

    @property
    def team(self) -> str | None:
        """The team, as written."""

    @property
    def environment(self) -> str | None:
        """The environment, as written."""

    @property
    def cost_center(self) -> str | None:
        """The cost center, as written."""


def owner(rules: Sequence[Rule], entities: Entities, workspace_id: str, api_key_id: str) -> Owner:
    """Return the owner of what a key spends in a workspace; a named group goes before what is written."""
    facts, tags = entities.facts(workspace_id, api_key_id), entities.tags(workspace_id)
    for rule in rules:
        groups = captures(rule.match, facts, tags)
        if groups is not None:
            return Owner(
                groups.get("team") or rule.team or NONE,
                groups.get("environment") or rule.environment or NONE,
                groups.get("cost_center") or rule.cost_center or NONE,
            )
    return UNOWNED

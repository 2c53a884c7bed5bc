"""Whether an entry of the settings is about something: every one of its patterns has to match."""

import re
from collections.abc import Mapping
from typing import Protocol

Patterns = tuple[tuple[str, re.Pattern[str]], ...]

#: What can only be told key by key.
BY_KEY = frozenset({"api_key_id", "api_key_name", "team", "environment", "cost_center"})


class Match(Protocol):
    """``match:`` of a budget, an ownership rule or a policy, as the settings hold it."""

    @property
    def fields(self) -> Patterns:
        """Pairs of a name (workspace_id, workspace_name, api_key_id, api_key_name, model, team …) and a pattern."""

    @property
    def workspace_tags(self) -> Patterns:
        """Pairs of the key of a tag and the pattern of its value."""


def captures(match: Match, facts: Mapping[str, str], tags: Mapping[str, str]) -> dict[str, str] | None:
    """Return the named groups of all patterns, or None where one does not match. What is not known matches nothing."""
    found: dict[str, str] = {}
    for patterns, values in ((match.fields, facts), (match.workspace_tags, tags)):
        for name, pattern in patterns:
            matched = pattern.fullmatch(values[name]) if name in values else None
            if matched is None:
                return None
            found.update({group: value for group, value in matched.groupdict().items() if value})
    return found


def by_key(match: Match) -> bool:
    """Return whether what matches can only be told key by key."""
    return any(name in BY_KEY for name, _ in match.fields)

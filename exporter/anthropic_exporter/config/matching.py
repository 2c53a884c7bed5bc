"""``match:`` of budgets, ownership and policies: which names, IDs and tags an entry is about."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from anthropic_exporter.config.reader import Place, Reader, Refused, unknown_keys
from anthropic_exporter.config.values import pattern

#: What ``match`` can look at. A tag has a key of its own, so it takes a mapping.
ENTITIES = ("workspace_id", "workspace_name", "workspace_tag", "api_key_id", "api_key_name", "model")
#: What ownership finds out, so that budgets can be set for it.
OWNER = ("team", "environment", "cost_center")
#: The alias of an organization, where several are read and a budget is not about each of them.
ORGANIZATION = "organization"
_TAG = "workspace_tag"


@dataclass(frozen=True, slots=True)
class Match:
    """What an entry is about: every pattern has to match. Without any, it is about everything."""

    fields: tuple[tuple[str, re.Pattern[str]], ...] = ()  # (workspace_name, pattern) …
    workspace_tags: tuple[tuple[str, re.Pattern[str]], ...] = ()  # (key of the tag, pattern of its value)

    @property
    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Every pattern, whatever it looks at."""
        return tuple(pattern for _, pattern in self.fields + self.workspace_tags)

    def within(self, alias: str) -> "Match | None":
        """Return what of it is left to match inside an organization; None where it is about others."""
        if not all(pattern.fullmatch(alias) for name, pattern in self.fields if name == ORGANIZATION):
            return None
        return Match(tuple(field for field in self.fields if field[0] != ORGANIZATION), self.workspace_tags)


def match(*names: str) -> Reader[Match]:
    """Read a mapping of some of these names to regular expressions."""

    def read(value: object, place: Place) -> Match:
        if not isinstance(value, Mapping):
            place.refuse("a mapping of names to regular expressions", value)
        if not value:
            place.refuse_because("expected at least one name to match, found none")
        refused = unknown_keys(value, names, place)
        fields, tags = [], []
        for key, item in value.items():
            try:
                if key == _TAG and key in names:
                    tags.extend(_tags(item, place.key(key)))
                elif key in names:
                    fields.append((key, pattern(item, place.key(key))))
            except Refused:
                refused = True
        if refused:
            raise Refused
        return Match(fields=tuple(fields), workspace_tags=tuple(tags))

    return read


def _tags(value: object, place: Place) -> list[tuple[str, re.Pattern[str]]]:
    if not isinstance(value, Mapping) or not value:
        place.refuse("a mapping of tag keys to regular expressions", value)
    return [(str(key), pattern(item, place.key(str(key)))) for key, item in value.items()]

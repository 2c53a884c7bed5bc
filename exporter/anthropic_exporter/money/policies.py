"""Which workspaces use models that they may not use."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from anthropic_exporter.money.entities import Entities
from anthropic_exporter.money.matching import Match, captures
from anthropic_exporter.utc import DAY

#: How long after its last use a violation holds. Not until midnight: a job that runs at 23:00 would show for an hour.
HOLDS = DAY


class Policy(Protocol):
    """An entry of ``policies``."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def match(self) -> Match:
        """The workspaces that it is about."""

    @property
    def allowed_models(self) -> tuple[re.Pattern[str], ...]:
        """What these may use; a model has to match one of them whole."""


class Violation(NamedTuple):
    """A workspace used a model that a policy does not allow it."""

    policy: str
    workspace_id: str
    model: str


def violations(
    policies: Sequence[Policy], entities: Entities, last_used: Mapping[tuple[str, str], int], now: float
) -> Iterator[Violation]:
    """Yield what holds now.

    Args:
        last_used: by workspace and model, the end of the newest bucket with usage.
    """
    for (workspace_id, model), end in last_used.items():
        if end <= now - HOLDS:
            continue
        facts, tags = entities.facts(workspace_id, model=model), entities.tags(workspace_id)
        for policy in policies:
            if captures(policy.match, facts, tags) is None:
                continue
            if not any(pattern.fullmatch(model) for pattern in policy.allowed_models):
                yield Violation(policy.name, workspace_id, model)

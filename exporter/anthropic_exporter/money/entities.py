"""Names and tags of what spend is about, for the patterns of ownership, budgets and policies."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.records import NONE

Tags = tuple[tuple[str, str], ...]


class WorkspaceNames(NamedTuple):
    """What a workspace is called."""

    name: str
    tags: Tags


class KeyNames(NamedTuple):
    """What an API key is called, and where it belongs ("none": to no workspace)."""

    name: str
    workspace_id: str


@dataclass(frozen=True, slots=True)
class Entities:
    """The workspaces and keys of an organization, also those that are no longer listed."""

    workspaces: Mapping[str, WorkspaceNames]
    keys: Mapping[str, KeyNames]

    @classmethod
    def of(cls, inventory: Inventory) -> Self:
        """Take the names from the inventory."""
        workspaces = [*inventory.workspaces(gone=True), *inventory.workspaces()]
        keys = [*inventory.api_keys(gone=True), *inventory.api_keys()]
        return cls(
            {workspace.id: WorkspaceNames(workspace.name, workspace.tags) for workspace in workspaces},
            {key.id: KeyNames(key.name, key.workspace_id) for key in keys},
        )

    def facts(self, workspace_id: str, api_key_id: str = NONE, model: str = NONE) -> dict[str, str]:
        """Return what a pattern can look at, by the names that ``match`` takes.

        A workspace that is not listed goes by its ID, as on ``anthropic_workspace_info``: the default workspace is
        "default" where no list has it. A key without a name has none, so no pattern of names takes keyless spend by
        accident; ``api_key_id: none`` takes it on purpose.
        """
        found = {"workspace_id": workspace_id, "api_key_id": api_key_id, "model": model}
        if workspace_id != NONE:
            known = self.workspaces.get(workspace_id)
            found["workspace_name"] = known.name if known else workspace_id
        if api_key_id in self.keys:
            found["api_key_name"] = self.keys[api_key_id].name
        return found

    def tags(self, workspace_id: str) -> dict[str, str]:
        """Return the tags of a workspace."""
        known = self.workspaces.get(workspace_id)
        return dict(known.tags) if known else {}

    def home(self, api_key_id: str) -> str | None:
        """Return the workspace of a key, or None where it has none or is not known."""
        known = self.keys.get(api_key_id)
        return known.workspace_id if known and known.workspace_id != NONE else None

"""Collectors of what the organization has: itself, workspaces, members, invites, API keys.

Each reads a whole list; a name that is no longer listed stays known, so that old series keep their name.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from anthropic_exporter.collect.base import Directory, InventoryObject, Listing
from anthropic_exporter.errors import NotSupported
from anthropic_exporter.records import (
    DEFAULT_WORKSPACE,
    ApiKey,
    Invite,
    Member,
    Organization,
    Workspace,
    WorkspaceMember,
)


class InventoryApi(Protocol):
    """The part of the Admin API that is read here."""

    def organization(self) -> Organization:
        """Read the organization of the credential."""

    def workspaces(self) -> tuple[list[Workspace], str | None]:
        """Read all workspaces, and the default one's real ID where it can be found."""

    def workspace_members(self, workspace_id: str) -> list[WorkspaceMember]:
        """Read the members of one workspace."""

    def members(self) -> list[Member]:
        """Read all users."""

    def invites(self) -> list[Invite]:
        """Read all invitations."""

    def api_keys(self, default_workspace: str | None) -> tuple[list[ApiKey], str | None]:
        """Read all API keys."""


@dataclass(frozen=True, slots=True)
class ListCollector:
    """A collector that reads one list at a time, in one cycle."""

    name: str
    source: str
    interval: float
    listings: Callable[[], Iterator[Listing]]

    def read(self, now: float) -> Iterator[Listing]:  # noqa: ARG002 - the protocol's parameter; a list has no window
        """Read the lists."""
        return self.listings()


def inventory_collectors(
    api: InventoryApi, directory: Directory, interval: float, workspaces: Callable[[], list[Workspace]]
) -> list[ListCollector]:
    """Return the collectors of the inventory, in the order in which they are best first run.

    Args:
        workspaces: the ones that were last listed; members are read per workspace.
    """
    return [
        ListCollector("organization", "/v1/organizations/me", interval, lambda: _organization(api)),
        ListCollector("workspaces", "/v1/organizations/workspaces", interval, lambda: _workspaces(api, directory)),
        ListCollector("api_keys", "/v1/organizations/api_keys", interval, lambda: _api_keys(api, directory)),
        ListCollector("members", "/v1/organizations/users", interval, lambda: _members(api, directory, workspaces)),
        ListCollector("invites", "/v1/organizations/invites", interval, lambda: _invites(api)),
    ]


def _organization(api: InventoryApi) -> Iterator[Listing]:
    organization = api.organization()
    yield Listing("organization", {organization.id: organization})


def _workspaces(api: InventoryApi, directory: Directory) -> Iterator[Listing]:
    try:
        workspaces, default = api.workspaces()
    except NotSupported:
        directory.found(None)
        raise
    directory.found(default)
    yield _listing("workspace", workspaces)


def _api_keys(api: InventoryApi, directory: Directory) -> Iterator[Listing]:
    keys, default = api.api_keys(directory.default_workspace)
    if default and not directory.default_workspace:
        directory.found(default)
        keys, _ = api.api_keys(default)
    yield _listing("api_key", keys)


def _members(api: InventoryApi, directory: Directory, workspaces: Callable[[], list[Workspace]]) -> Iterator[Listing]:
    yield _listing("member", api.members())
    found: dict[str, InventoryObject] = {}
    for workspace in workspaces():
        if workspace.archived:
            continue
        real = directory.default_workspace if workspace.id == DEFAULT_WORKSPACE else workspace.id
        if real is None:
            continue
        try:
            members = api.workspace_members(real)
        except NotSupported:
            continue  # archived or deleted since it was listed
        for member in members:
            found[f"{workspace.id}/{member.user_id}"] = member._replace(workspace_id=workspace.id)
    yield Listing("workspace_member", found)


def _invites(api: InventoryApi) -> Iterator[Listing]:
    yield _listing("invite", api.invites())


def _listing(kind: str, objects: Sequence[Workspace | ApiKey | Member | Invite]) -> Listing:
    return Listing(kind, {found.id: found for found in objects})

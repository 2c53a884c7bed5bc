"""Collectors of what the organization has: itself, workspaces, members, invites, API keys, service accounts.

Each reads a whole list; a name that is no longer listed stays known, so that old series keep their name.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from anthropic_exporter.collect.base import Collector, Directory, Listing
from anthropic_exporter.collect.rounds import Rounds
from anthropic_exporter.errors import NotSupported
from anthropic_exporter.records import (
    ApiKey,
    Invite,
    Member,
    Organization,
    ServiceAccount,
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

    def service_accounts(self) -> list[ServiceAccount]:
        """Read all service accounts."""


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


@dataclass(slots=True)
class MembersCollector:
    """Reads the users, and of some workspaces in turn their members."""

    api: InventoryApi
    interval: float
    rounds: Rounds[WorkspaceMember]
    name: str = field(default="members", init=False)
    source: str = field(default="/v1/organizations/users", init=False)

    def read(self, now: float) -> Iterator[Listing]:
        """Read all users, then the members of the next workspaces."""
        yield _listing("member", self.api.members())
        yield Listing(
            "workspace_member",
            {
                f"{workspace}/{member.user_id}": member._replace(workspace_id=workspace)
                for workspace, members in self.rounds.go_on(now).items()
                for member in members
            },
        )

    def resume_after(self) -> float | None:
        """Return the seconds to the next workspaces that were never asked for."""
        return self.rounds.resume_after()


def inventory_collectors(
    api: InventoryApi,
    directory: Directory,
    interval: float,
    workspaces: Callable[[], list[Workspace]],
    members: Sequence[WorkspaceMember] = (),
) -> list[Collector]:
    """Return the collectors of the inventory, in the order in which they are best first run.

    Args:
        workspaces: the ones that were last listed; members are read per workspace.
        members: what is known of those from before the start.
    """
    known: dict[str, list[WorkspaceMember]] = {}
    for member in members:
        known.setdefault(member.workspace_id, []).append(member)
    rounds = Rounds(api.workspace_members, workspaces, directory, known)
    return [
        ListCollector("organization", "/v1/organizations/me", interval, lambda: _organization(api)),
        ListCollector("workspaces", "/v1/organizations/workspaces", interval, lambda: _workspaces(api, directory)),
        ListCollector("api_keys", "/v1/organizations/api_keys", interval, lambda: _api_keys(api, directory)),
        MembersCollector(api, interval, rounds),
        ListCollector("invites", "/v1/organizations/invites", interval, lambda: _invites(api)),
        ListCollector(
            "service_accounts", "/v1/organizations/service_accounts", interval, lambda: _service_accounts(api)
        ),
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


def _invites(api: InventoryApi) -> Iterator[Listing]:
    yield _listing("invite", api.invites())


def _service_accounts(api: InventoryApi) -> Iterator[Listing]:
    yield _listing("service_account", api.service_accounts())


def _listing(kind: str, objects: Sequence[Workspace | ApiKey | Member | Invite | ServiceAccount]) -> Listing:
    return Listing(kind, {found.id: found for found in objects})

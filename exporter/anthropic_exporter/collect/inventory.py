"""Collectors of what the organization has: itself, workspaces, members, invites, API keys, service accounts.

Each reads a whole list; a name that is no longer listed stays known, so that old series keep their name.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from anthropic_exporter.collect.base import Collector, Directory, Listing
from anthropic_exporter.collect.capability import Capability
from anthropic_exporter.collect.rounds import Rounds
from anthropic_exporter.errors import NotSupported, PollError
from anthropic_exporter.records import (
    ApiKey,
    Invite,
    Member,
    Organization,
    ServiceAccount,
    Workspace,
    WorkspaceMember,
)

ORGANIZATION = "/v1/organizations/me"
SCOPED_ORGANIZATION = "/v1/organizations"
WORKSPACES = "/v1/organizations/workspaces"
SCOPED_WORKSPACES = "/v1/organizations/{id}/workspaces"


class InventoryApi(Protocol):
    """The part of the Admin API that is read here."""

    def organization(self) -> Organization:
        """Read the organization of the credential."""

    def scoped_organization(self) -> Organization:
        """Read the same in the org-scoped dialect."""

    def scoped_workspaces(self) -> list[Workspace]:
        """Read the workspaces that are not archived, in that dialect."""

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
class PlainList:
    """A list that is read whole from one endpoint, and that nothing else waits for.

    Args:
        collector: the name of its collector.
        endpoint: which has it.
        kind: of the objects, as the inventory calls it.
        read: reads it.
        loses: what the exporter does without where the endpoint is not offered.
        console: only Console organizations have it.
    """

    collector: str
    endpoint: str
    kind: str
    read: Callable[[InventoryApi], Sequence[Invite | ServiceAccount]]
    loses: str
    console: bool = False


PLAIN_LISTS = (
    PlainList("invites", "/v1/organizations/invites", "invite", lambda api: api.invites(), "invites are not counted"),
    PlainList(
        "service_accounts",
        "/v1/organizations/service_accounts",
        "service_account",
        lambda api: api.service_accounts(),
        "service accounts are not counted",
        console=True,
    ),
)


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


@dataclass(frozen=True, slots=True)
class OfferedCollector:
    """The same, where one of several endpoints has the list."""

    name: str
    interval: float
    offers: Sequence[tuple[str, Callable[[], Listing]]]
    capability: Capability

    @property
    def source(self) -> str:
        """The endpoint that has it."""
        return self.capability.endpoint

    def read(self, now: float) -> Iterator[Listing]:
        """Read the list."""
        yield self.capability.ask(self.offers, now)[1]


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


def identity_collectors(
    api: InventoryApi, directory: Directory, interval: float, *, official: bool, scoped: bool
) -> list[Collector]:
    """Return the collectors of what both dialects of the API know: the organization and its workspaces.

    Args:
        official: whether the documented endpoints are asked.
        scoped: whether those of the org-scoped dialect are asked, where the others are unknown.
    """
    organization: list[tuple[str, Callable[[], Listing]]] = []
    workspaces: list[tuple[str, Callable[[], Listing]]] = []
    if official:
        organization.append((ORGANIZATION, lambda: _organization(api.organization())))
        workspaces.append((WORKSPACES, lambda: _workspaces(api, directory)))
    if scoped:
        organization.append((SCOPED_ORGANIZATION, lambda: _organization(api.scoped_organization())))
        workspaces.append((SCOPED_WORKSPACES, lambda: _scoped_workspaces(api, directory)))
    return [
        OfferedCollector(name, interval, offers, Capability(name, directory.memory))
        for name, offers in (("organization", organization), ("workspaces", workspaces))
    ]


def inventory_collectors(
    api: InventoryApi,
    directory: Directory,
    interval: float,
    workspaces: Callable[[], list[Workspace]],
    members: Sequence[WorkspaceMember] = (),
) -> list[Collector]:
    """Return the collectors of the rest of the inventory, in the order in which they are best first run.

    Args:
        workspaces: the ones that were last listed; members are read per workspace.
        members: what is known of those from before the start.
    """
    known: dict[str, list[WorkspaceMember]] = {}
    for member in members:
        known.setdefault(member.workspace_id, []).append(member)
    rounds = Rounds(api.workspace_members, workspaces, directory, known)
    return [
        ListCollector("api_keys", "/v1/organizations/api_keys", interval, lambda: _api_keys(api, directory)),
        MembersCollector(api, interval, rounds),
        *(ListCollector(each.collector, each.endpoint, interval, partial(_plain, api, each)) for each in PLAIN_LISTS),
    ]


def _organization(organization: Organization) -> Listing:
    return Listing("organization", {organization.id: organization})


def _workspaces(api: InventoryApi, directory: Directory) -> Listing:
    try:
        workspaces, default = api.workspaces()
    except NotSupported:
        directory.found(None)
        raise
    except PollError:
        directory.unlisted()
        raise
    directory.found(default)
    return _listing("workspace", workspaces)


def _scoped_workspaces(api: InventoryApi, directory: Directory) -> Listing:
    directory.found(None)
    return _listing("workspace", api.scoped_workspaces())


def _api_keys(api: InventoryApi, directory: Directory) -> Iterator[Listing]:
    keys, default = api.api_keys(directory.default_workspace)
    if default and not directory.default_workspace:
        directory.found(default)
        keys, _ = api.api_keys(default)
    yield _listing("api_key", keys)


def _plain(api: InventoryApi, asked: PlainList) -> Iterator[Listing]:
    yield _listing(asked.kind, asked.read(api))


def _listing(kind: str, objects: Sequence[Workspace | ApiKey | Member | Invite | ServiceAccount]) -> Listing:
    return Listing(kind, {found.id: found for found in objects})

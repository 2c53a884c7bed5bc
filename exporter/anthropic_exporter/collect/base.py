"""What every collector is, and what collectors of one organization tell each other."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

import msgspec

from anthropic_exporter.collect.capability import Memory
from anthropic_exporter.errors import Unavailable
from anthropic_exporter.records import ApiKey, Intake, Invite, Member, Organization, Workspace, WorkspaceMember


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole list of one kind of object, on its way into the inventory."""

    kind: str
    objects: dict[str, "InventoryObject"]


InventoryObject = Organization | Workspace | ApiKey | Member | WorkspaceMember | Invite


class Collector(Protocol):
    """One kind of data of one organization.

    ``read`` runs one cycle: it yields whole readings, each of which the caller commits before it asks for the next,
    and notes its progress once all are in. It raises PollError when the cycle is lost; what was yielded before stays.
    """

    @property
    def name(self) -> str:
        """The collector's name, as in ``collect[]``."""

    @property
    def interval(self) -> float:
        """Seconds between the starts of two cycles."""

    @property
    def source(self) -> str:
        """The endpoint that serves it, or "" while that is not known."""

    def read(self, now: float) -> Iterator[Intake | Listing]:
        """Run one cycle."""


@dataclass(slots=True)
class Directory:
    """What one collector finds out and others need: the real ID of the default workspace.

    The legacy reports call it null, the analytics reports by its ID; both become ``default``. So no analytics row
    can be read before the workspaces were asked once.
    """

    memory: Memory
    _asked: bool = False
    _lock: Lock = field(default_factory=Lock)

    @property
    def default_workspace(self) -> str | None:
        """The ID, or None where it is not known."""
        return self.memory.get("default_workspace") or None

    def found(self, default_workspace: str | None) -> None:
        """Note the answer of a listing, which may be that it cannot be told."""
        with self._lock:
            self._asked = True
            if default_workspace and default_workspace != self.default_workspace:
                self.memory.set("default_workspace", default_workspace)

    def require(self) -> str | None:
        """Return the ID for a read of the analytics reports.

        Raises:
            Unavailable: the workspaces have not been asked yet, so rows could get a label that they lose later.
        """
        if not self._asked and self.default_workspace is None:
            raise Unavailable("waiting for the list of workspaces, to know the default one", advice="")
        return self.default_workspace


def remember(memory: Memory, key: str, value: object) -> None:
    """Keep a value as JSON."""
    memory.set(key, msgspec.json.encode(value).decode())

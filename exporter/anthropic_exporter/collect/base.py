"""What every collector is, and what collectors of one organization tell each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol, runtime_checkable

import msgspec

from anthropic_exporter.collect.capability import Memory
from anthropic_exporter.errors import Unavailable
from anthropic_exporter.records import Held, Intake


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole list of one kind of object, on its way into the inventory."""

    kind: str
    objects: Mapping[str, Held]


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


@runtime_checkable
class Streaming(Protocol):
    """A collector that fills streams of the ledger."""

    def whole_streams(self) -> list[str]:
        """Return the streams that have been read whole from the epoch, after a cycle that ended well."""


@runtime_checkable
class Resuming(Protocol):
    """A collector that reads something long in parts, so that no other has to wait for it."""

    def resume_after(self) -> float | None:
        """Return the seconds until the next part, after a cycle that ended well; None: there is none left."""


@dataclass(slots=True)
class Directory:
    """What one collector finds out and others need: the real ID of the default workspace.

    The legacy reports call it null, the analytics reports by its ID; both become ``default``. So no analytics row
    can be read before the workspaces were asked once.
    """

    memory: Memory
    stop: Event
    patience: float = 60.0
    _asked: Event = field(default_factory=Event)

    @property
    def default_workspace(self) -> str | None:
        """The ID, or None where it is not known."""
        return self.memory.get("default_workspace") or None

    def found(self, default_workspace: str | None) -> None:
        """Note the answer of a listing, which may be that it cannot be told."""
        if default_workspace and default_workspace != self.default_workspace:
            self.memory.set("default_workspace", default_workspace)
        self._asked.set()

    def require(self) -> str | None:
        """Return the ID for a read of the analytics reports, waiting for the first listing.

        Raises:
            Unavailable: the workspaces could not be asked, so rows could get a label that they lose later.
        """
        known = self.default_workspace
        waited = 0.0
        while known is None and not self._asked.wait(0.1):
            waited += 0.1
            if self.stop.is_set() or waited >= self.patience:
                raise Unavailable("the list of workspaces is not there yet, so the default one is not known")
        return known or self.default_workspace


def remember(memory: Memory, key: str, value: object) -> None:
    """Keep a value as JSON."""
    memory.set(key, msgspec.json.encode(value).decode())

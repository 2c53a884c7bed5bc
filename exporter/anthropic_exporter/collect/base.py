"""What every collector is, and what collectors of one organization tell each other."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol, runtime_checkable

from anthropic_exporter.collect.memory import Memory
from anthropic_exporter.errors import NotSupported, Unavailable
from anthropic_exporter.records import Held, Intake

log = logging.getLogger(__name__)


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

    Args:
        ask: lists the workspaces; second, the real ID of the default one where that can be told.
        patience: seconds to wait for the collector of workspaces, which asks first.
    """

    memory: Memory
    stop: Event
    ask: Callable[[], tuple[object, str | None]]
    patience: float = 60.0
    _begun: Event = field(default_factory=Event)
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
        self._begun.set()

    def unlisted(self) -> None:
        """Note that no collector lists workspaces, or that its listing failed: whoever needs the ID asks for it."""
        self._begun.set()

    def require(self) -> str | None:
        """Return the ID for a read of the analytics reports, waiting for the first listing.

        Raises:
            PollError: the workspaces could not be asked, so rows could get a label that they lose later.
        """
        if self.default_workspace is None and not self._asked.is_set():
            self._wait()
            if not self._asked.is_set():
                self._find()
        return self.default_workspace

    def _wait(self) -> None:
        until = time.monotonic() + self.patience
        while not self._begun.wait(0.1):
            if self.stop.is_set() or time.monotonic() >= until:
                raise Unavailable("the list of workspaces is not there yet, so the default one is not known")

    def _find(self) -> None:
        try:
            _, default = self.ask()
        except NotSupported:
            default = None
        else:
            if default is None:
                log.warning(
                    "upstream does not tell which workspace is the default one; reports that name it by its ID do not"
                    ' say "default"'
                )
        self.found(default)

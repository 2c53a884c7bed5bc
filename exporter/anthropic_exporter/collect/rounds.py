"""What has to be asked for one workspace at a time: some of them in each cycle, in turn.

An organization can have hundreds of workspaces. To ask for all of them at once would take the requests of several
minutes from every other collector; so a cycle asks for a few, the ones that were never asked for first, then those
that were asked longest ago. While some were never asked for, the next cycle follows soon.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from anthropic_exporter.collect.base import Directory
from anthropic_exporter.errors import NotSupported
from anthropic_exporter.records import DEFAULT_WORKSPACE, Workspace

T = TypeVar("T")

AT_ONCE = 20
"""Workspaces per cycle and collector. Two such collectors take a third of the default rate while they begin."""

SOON = 120.0
"""Seconds to the next cycle while there are workspaces that were never asked for."""


@dataclass(slots=True)
class Rounds(Generic[T]):
    """What is known of each live workspace.

    Args:
        ask: reads what there is of one workspace, by its real ID.
        workspaces: the ones that were last listed.
        known: what is known from before the start, by workspace.
        with_default: whether the default workspace is asked for, too.
    """

    ask: Callable[[str], list[T]]
    workspaces: Callable[[], Sequence[Workspace]]
    directory: Directory
    known: dict[str, list[T]] = field(default_factory=dict)
    with_default: bool = True
    _asked_at: dict[str, float] = field(default_factory=dict)

    def go_on(self, now: float) -> dict[str, list[T]]:
        """Ask for some workspaces, and return what is known of all of them.

        Raises:
            PollError: one could not be asked; what was read before is kept for the next cycle.
        """
        live = self._live()
        self.known = {workspace: found for workspace, found in self.known.items() if workspace in live}
        for workspace in self._next(live):
            try:
                self.known[workspace] = self.ask(live[workspace])
            except NotSupported:
                self.known.pop(workspace, None)  # archived or deleted since it was listed
            self._asked_at[workspace] = now
        return self.known

    def resume_after(self) -> float | None:
        """Return the seconds to the next cycle, or None where none was missed."""
        return SOON if self._live().keys() - self.known.keys() - self._asked_at.keys() else None

    def _next(self, live: dict[str, str]) -> list[str]:
        # Known from before the start counts as asked for long ago.
        return sorted(live, key=lambda each: self._asked_at.get(each, 0.0 if each in self.known else -1.0))[:AT_ONCE]

    def _live(self) -> dict[str, str]:
        """Return the real ID of each workspace that can be asked for."""
        found: dict[str, str] = {}
        for workspace in self.workspaces():
            if workspace.archived or (workspace.id == DEFAULT_WORKSPACE and not self.with_default):
                continue
            real = self.directory.default_workspace if workspace.id == DEFAULT_WORKSPACE else workspace.id
            if real is not None:
                found[workspace.id] = real
        return found

"""What collectors remember from one process to the next."""

import threading
from dataclasses import dataclass

from anthropic_exporter.errors import Unavailable
from anthropic_exporter.ledger.store import Store


@dataclass(slots=True)
class StoreMemory:
    """What collectors remember, in the state file."""

    store: Store
    organization: str
    stop: threading.Event

    def get(self, key: str) -> str | None:
        """Return what was remembered, or None."""
        return self.store.meta(self.organization, key) or None

    def set(self, key: str, value: str) -> None:
        """Remember a text.

        Raises:
            Unavailable: the organization is no longer read; what comes after it must not find this.
        """
        with self.store.transaction():
            if self.stop.is_set():
                raise Unavailable("stopping")
            self.store.set_meta(self.organization, key, value)

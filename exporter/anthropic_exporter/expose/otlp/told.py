"""What a receiver was told of each series of a counter, remembered over restarts."""

import threading
from collections.abc import Iterable, Mapping

from anthropic_exporter.errors import StateError
from anthropic_exporter.ledger.store import Pushed, Store
from anthropic_exporter.records import Labels

Key = tuple[str, Labels]
"""A family and the labels of a series, without the organization."""

NOTHING = Pushed(0, 0, 0)


class Told:
    """The rows of one organization, in memory and in the state file.

    Args:
        organization: the alias, which names it in the state file.
        retired: set once the alias is another organization's; what comes after must not find anything of this one.

    Raises:
        StateError: from every method but ``get``: the state file cannot be read or written.
    """

    def __init__(self, store: Store, organization: str, retired: threading.Event) -> None:
        self._store = store
        self._organization = organization
        self._retired = retired
        self._rows: dict[Key, Pushed] = {(family, labels): row for family, labels, row in store.pushed(organization)}

    def get(self, key: Key) -> Pushed:
        """Return what was told of a series."""
        return self._rows.get(key, NOTHING)

    def of(self, families: Iterable[str]) -> dict[Key, Pushed]:
        """Return what was told of all series of some families."""
        names = set(families)
        return {key: row for key, row in self._rows.items() if key[0] in names}

    def write(self, rows: Mapping[Key, Pushed], *notes: tuple[str, str]) -> None:
        """Remember rows, and texts under their keys, together."""
        # What has arrived has arrived, whatever the disk says: in memory first.
        self._rows.update(rows)
        with self._store.transaction():
            if self._retired.is_set():
                raise StateError(f"{self._organization} is another organization now")
            self._store.write_pushed(self._organization, rows)
            for key, text in notes:
                self._store.set_meta(self._organization, key, text)

    def note(self, key: str) -> str | None:
        """Return a remembered text, or None."""
        return self._store.meta(self._organization, key) or None

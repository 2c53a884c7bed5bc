"""What the organization has, as last listed; and the names of what it once had.

A list replaces the one before. What is no longer listed is not counted any more, but its name stays known: usage of
a deleted key or workspace is still shown, and would lose its name in every join.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import ApiKey, Invite, Member, Organization, Workspace, WorkspaceMember

Record = Organization | Workspace | ApiKey | Member | WorkspaceMember | Invite

KINDS: dict[str, type[Record]] = {
    "organization": Organization,
    "workspace": Workspace,
    "api_key": ApiKey,
    "member": Member,
    "workspace_member": WorkspaceMember,
    "invite": Invite,
}

_NAMED = ("organization", "workspace", "api_key")
"""The kinds whose vanished objects are remembered."""


@dataclass(slots=True)
class Inventory:
    """The lists of one organization, in the store and in memory."""

    store: Store
    organization: str
    _listed: dict[str, dict[str, Record]] = field(default_factory=dict)
    _gone: dict[str, dict[str, Record]] = field(default_factory=dict)

    def load(self) -> None:
        """Take what the store holds."""
        for kind, shape in KINDS.items():
            if self.store.meta(self.organization, f"listed.{kind}") is None:
                continue
            listed, gone = self._listed.setdefault(kind, {}), self._gone.setdefault(kind, {})
            for key, text in self.store.inventory(self.organization, kind).items():
                is_listed, value = msgspec.json.decode(text, type=tuple[bool, shape])  # type: ignore[valid-type]
                (listed if is_listed else gone)[key] = value

    def take(self, kind: str, objects: Mapping[str, Record], now: float) -> None:
        """Replace the list of a kind.

        Raises:
            StateError: it could not be written; the old list stays.
        """
        before = self._listed.get(kind, {})
        gone = {key: value for key, value in (self._gone.get(kind, {}) | before).items() if key not in objects}
        if kind not in _NAMED:
            gone = {}
        with self.store.transaction():
            if objects != before or kind not in self._listed:
                self.store.replace_inventory(
                    self.organization,
                    kind,
                    {key: _text(value, listed=True) for key, value in objects.items()}
                    | {key: _text(value, listed=False) for key, value in gone.items()},
                )
            self.store.set_meta(self.organization, f"listed.{kind}", repr(now))
        self._listed[kind], self._gone[kind] = dict(objects), gone

    def known(self, kind: str) -> bool:
        """Return whether the kind was ever listed."""
        return kind in self._listed

    def organizations(self) -> list[Organization]:
        """Return the organization of the credential, in a list of one, or none while it is not known."""
        return [value for value in self._listed.get("organization", {}).values() if isinstance(value, Organization)]

    def workspaces(self, *, gone: bool = False) -> list[Workspace]:
        """Return the workspaces, or those that are no longer listed."""
        return [value for value in self._of("workspace", gone=gone) if isinstance(value, Workspace)]

    def api_keys(self, *, gone: bool = False) -> list[ApiKey]:
        """Return the API keys, or those that are no longer listed."""
        return [value for value in self._of("api_key", gone=gone) if isinstance(value, ApiKey)]

    def members(self) -> list[Member]:
        """Return the users."""
        return [value for value in self._of("member") if isinstance(value, Member)]

    def workspace_members(self) -> list[WorkspaceMember]:
        """Return the roles in workspaces."""
        return [value for value in self._of("workspace_member") if isinstance(value, WorkspaceMember)]

    def invites(self) -> list[Invite]:
        """Return the invitations."""
        return [value for value in self._of("invite") if isinstance(value, Invite)]

    def _of(self, kind: str, *, gone: bool = False) -> list[Record]:
        return list((self._gone if gone else self._listed).get(kind, {}).values())


def _text(value: Record, *, listed: bool) -> str:
    return msgspec.json.encode((listed, value)).decode()

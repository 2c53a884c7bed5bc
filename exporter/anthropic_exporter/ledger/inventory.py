"""What the organization has, as last listed; and the names of what it once had.

A list replaces the one before. What is no longer listed is not counted any more, but its name stays known: usage of
a deleted key or workspace is still shown, and would lose its name in every join.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import (
    ActiveUsers,
    ApiKey,
    Engagement,
    GroupMonth,
    Held,
    Invite,
    Member,
    Organization,
    PeakMinute,
    RateLimit,
    RateLimitGroup,
    ServiceAccount,
    SpendLimit,
    SpendRequest,
    UserGroup,
    Workspace,
    WorkspaceMember,
)

T = TypeVar("T")

KINDS: dict[str, type[Held]] = {
    "organization": Organization,
    "workspace": Workspace,
    "api_key": ApiKey,
    "member": Member,
    "workspace_member": WorkspaceMember,
    "invite": Invite,
    "service_account": ServiceAccount,
    "rate_limit_group": RateLimitGroup,
    "rate_limit": RateLimit,
    "workspace_rate_limit": RateLimit,
    "peak_minute": PeakMinute,
    "spend_limit": SpendLimit,
    "spend_request": SpendRequest,
    "active_users": ActiveUsers,
    "user_group": UserGroup,
    "group_month": GroupMonth,
    "engagement": Engagement,
}

_NAMED = ("organization", "workspace", "api_key")
"""The kinds whose vanished objects are remembered."""


@dataclass(slots=True)
class Inventory:
    """The lists of one organization, in the store and in memory."""

    store: Store
    organization: str
    _listed: dict[str, dict[str, Held]] = field(default_factory=dict)
    _gone: dict[str, dict[str, Held]] = field(default_factory=dict)

    def load(self, kinds: Iterable[str] = KINDS) -> None:
        """Take what the store holds of these kinds; of others a collector that is switched off may have left some."""
        for kind in kinds:
            shape = KINDS[kind]
            if self.store.meta(self.organization, f"listed.{kind}") is None:
                continue
            listed, gone = self._listed.setdefault(kind, {}), self._gone.setdefault(kind, {})
            for key, text in self.store.inventory(self.organization, kind).items():
                is_listed, value = msgspec.json.decode(text, type=tuple[bool, shape])  # type: ignore[valid-type]
                (listed if is_listed else gone)[key] = value

    def take(self, kind: str, objects: Mapping[str, Held], now: float) -> None:
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

    def listed(self, kind: str, shape: type[T]) -> list[T]:
        """Return what is listed of a kind."""
        return [value for value in self._of(kind) if isinstance(value, shape)]

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

    def _of(self, kind: str, *, gone: bool = False) -> list[Held]:
        return list((self._gone if gone else self._listed).get(kind, {}).values())


def _text(value: Held, *, listed: bool) -> str:
    return msgspec.json.encode((listed, value)).decode()

"""What the organization has, as last listed; and the names of what it once had.

A list replaces the one before. What is no longer listed is not counted any more, but its name stays known: usage of
a deleted key or workspace is still shown, and would lose its name in every join.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

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


class Kind(NamedTuple):
    """A kind of list.

    Args:
        shape: what each object of it is.
        section: of the settings, by which its collector is switched off.
        named: it gives series their names. What vanishes from the list is remembered, and the list is of use when it
            is not read any more.
    """

    shape: type[Held]
    section: str
    named: bool = False


KINDS = {
    "organization": Kind(Organization, "inventory", named=True),
    "workspace": Kind(Workspace, "inventory", named=True),
    "api_key": Kind(ApiKey, "inventory", named=True),
    "member": Kind(Member, "inventory"),
    "workspace_member": Kind(WorkspaceMember, "inventory"),
    "invite": Kind(Invite, "inventory"),
    "service_account": Kind(ServiceAccount, "inventory"),
    "rate_limit_group": Kind(RateLimitGroup, "limits"),
    "rate_limit": Kind(RateLimit, "limits"),
    "workspace_rate_limit": Kind(RateLimit, "limits"),
    "peak_minute": Kind(PeakMinute, "limits"),
    "spend_limit": Kind(SpendLimit, "limits"),
    "spend_request": Kind(SpendRequest, "limits"),
    "active_users": Kind(ActiveUsers, "claude_code"),
    "user_group": Kind(UserGroup, "enterprise"),
    "group_month": Kind(GroupMonth, "enterprise"),
    "engagement": Kind(Engagement, "enterprise"),
}


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
            shape = KINDS[kind].shape
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
        if not KINDS[kind].named:
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

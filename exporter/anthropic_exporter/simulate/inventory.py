"""What an organization consists of beside its usage: workspaces, keys, people, limits. Times are seconds since 1970."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Profile:
    """Who the organization is."""

    id: str  # UUID: /me, the Claude Code report, the response header
    name: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace; exactly one of an organization is its default one."""

    id: str
    name: str
    created_at: int
    archived_at: int | None = None
    default: bool = False
    default_inference_geo: str = "global"
    allowed_inference_geos: tuple[str, ...] | None = None  # None: unrestricted
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key; ``workspace_id`` is None for a principal's key that belongs to the organization."""

    id: str
    name: str
    workspace_id: str | None
    created_at: int
    status: str = "active"
    expires_at: int | None = None
    created_by: str | None = None  # user_… or svac_…
    principal: str | None = None  # user_… or svac_…


@dataclass(frozen=True, slots=True)
class User:
    """A member of the organization."""

    id: str
    name: str
    email: str
    role: str
    added_at: int


@dataclass(frozen=True, slots=True)
class Membership:
    """A user's role in one workspace."""

    workspace_id: str
    user_id: str
    role: str


@dataclass(frozen=True, slots=True)
class Invite:
    """An invitation; it lasts 21 days."""

    id: str
    email: str
    role: str
    status: str
    invited_at: int
    accepted_at: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An identity for machines."""

    id: str
    name: str
    created_at: int
    role: str = "developer"
    archived_at: int | None = None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Configured limits of one group; ``overrides`` are (workspace_id, limiter) -> value."""

    id: str
    group_id: str
    group_type: str
    limits: Mapping[str, int]
    display_name: str | None = None
    models: tuple[str, ...] | None = None
    overrides: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SpendLimit:
    """A cap on spending; ``amount`` is in whole cents, None where there is no numeric cap."""

    id: str
    amount: int | None
    scope: Mapping[str, str]
    created_at: int
    updated_at: int
    period: str = "monthly"
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A group of people in Claude Enterprise."""

    id: str
    name: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that exists at one instant."""

    workspaces: tuple[Workspace, ...]
    api_keys: tuple[ApiKey, ...] = ()
    users: tuple[User, ...] = ()
    memberships: tuple[Membership, ...] = ()
    invites: tuple[Invite, ...] = ()
    service_accounts: tuple[ServiceAccount, ...] = ()
    rate_limits: tuple[RateLimit, ...] = ()
    spend_limits: tuple[SpendLimit, ...] = ()
    groups: tuple[UserGroup, ...] = ()
    children: tuple[Profile, ...] = ()  # organizations whose parent this one is

    @property
    def default_workspace_id(self) -> str:
        """The real ID of the default workspace, or "" where the organization has none."""
        return next((workspace.id for workspace in self.workspaces if workspace.default), "")

"""The invented company: its tables turned into IDs, inventory and tracks of usage."""

from collections.abc import Iterator
from functools import lru_cache
from uuid import UUID

from . import roster
from .instants import DAY, date, floor
from .inventory import (
    ApiKey,
    Inventory,
    Invite,
    Membership,
    Profile,
    RateLimit,
    ServiceAccount,
    SpendLimit,
    User,
    UserGroup,
    Workspace,
)
from .line import Line
from .noise import dice, identifier
from .workload import Track, Workload, inference_geo, turns
from .workloads import WORKLOADS

_MONTH = 30 * DAY
_MORNING = 9 * 3600  # people make things at nine


class Company:
    """One company per seed: the same people and programs, other IDs and other luck."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.id = lru_cache(maxsize=None)(self._id)
        born = date(roster.BORN)
        self.profile = Profile(str(UUID(bytes=dice(seed, "organization")[:16], version=4)), roster.NAME, born)
        self._workspaces = tuple(self._make_workspaces())
        self.tracks = tuple(track for workload in WORKLOADS for track in self._tracks(workload))

    def _id(self, prefix: str, name: str) -> str:
        """Find the ID of a thing by its name."""
        return identifier(prefix, self._seed, name)

    def inventory(self, now: float) -> Inventory:
        """Everything that was made before an instant, as it is at that instant."""
        return Inventory(
            workspaces=tuple(
                Workspace(
                    id=each.id,
                    name=each.name,
                    created_at=each.created_at,
                    archived_at=each.archived_at if each.archived_at and each.archived_at <= now else None,
                    default=each.default,
                    default_inference_geo=each.default_inference_geo,
                    allowed_inference_geos=each.allowed_inference_geos,
                    tags=each.tags,
                )
                for each in self._workspaces
                if each.created_at <= now or each.default
            ),
            api_keys=tuple(key for key in self._keys(now) if key.created_at <= now),
            users=tuple(user for user in self._users() if user.added_at <= now),
            memberships=tuple(
                Membership(self.id("wrkspc", workspace), self.id("user", person), role)
                for (workspace, person), role in roster.MEMBERS.items()
            ),
            invites=tuple(self._invites(now)),
            service_accounts=tuple(self._service_accounts(now)),
            rate_limits=tuple(self._rate_limits()),
            spend_limits=tuple(self._spend_limits()),
            groups=tuple(UserGroup(self.id("rbac_group", name), name, date(roster.BORN)) for name in roster.GROUPS),
        )

    def _make_workspaces(self) -> Iterator[Workspace]:
        for name, (created, archived, tags) in roster.WORKSPACES.items():
            yield Workspace(
                id=self.id("wrkspc", name),
                name="Default" if name == "default" else name,
                created_at=date(created) + _MORNING,
                archived_at=date(archived) + _MORNING if archived else None,
                default=name == "default",
                allowed_inference_geos=("global", "us") if name == "default" else None,
                tags=tags,
            )

    def _keys(self, now: float) -> Iterator[ApiKey]:
        for name, (workspace, created, status, expires, creator, principal) in roster.KEYS.items():
            # The next multiple of 30 days: never past, so the key stays in use however long a demo runs.
            ends = floor(now, _MONTH) + _MONTH if expires == "soon" else date(expires) if expires else None
            archived_yet = now >= date("2026-03-02") or workspace != "pilot-2025"
            expired_yet = ends is None or status != "expired" or now >= ends
            yield ApiKey(
                id=self.id("apikey", name),
                name=name,
                workspace_id=self.id("wrkspc", workspace) if workspace else None,
                created_at=date(created) + _MORNING,
                status=status if archived_yet and expired_yet else "active",
                expires_at=ends,
                created_by=self._actor(creator),
                principal=self._actor(principal),
            )

    def _users(self) -> Iterator[User]:
        for person, (name, role, added) in roster.PEOPLE.items():
            email = f"{name.lower().replace(' ', '.')}@halcyon-freight.example"
            yield User(self.id("user", person), name, email, role, date(added))

    def _invites(self, now: float) -> Iterator[Invite]:
        # Counted from the start of the week, so that an invitation keeps its date for a while.
        week = floor(now, 7 * DAY)
        for who, role, status, age in roster.INVITES:
            yield Invite(
                id=self.id("invite", f"{who} {week}"),
                email=f"{who}@halcyon-freight.example",
                role=role,
                status=status,
                invited_at=week - age * DAY + _MORNING,
                accepted_at=week - (age - 1) * DAY + _MORNING if status == "accepted" else None,
            )

    def _service_accounts(self, now: float) -> Iterator[ServiceAccount]:
        for name, (created, archived) in roster.SERVICE_ACCOUNTS.items():
            if date(created) <= now:
                ended = date(archived) if archived and date(archived) <= now else None
                yield ServiceAccount(self.id("svac", name), name, date(created), archived_at=ended)

    def _rate_limits(self) -> Iterator[RateLimit]:
        for name, (kind, display_name, models, limits, overrides) in roster.RATE_LIMITS.items():
            yield RateLimit(
                id=self.id("rl", name),
                group_id=identifier("rlg", name),  # the same in every organization
                group_type=kind,
                display_name=display_name,
                models=models,
                limits=limits,
                overrides={(self.id("wrkspc", where), limiter): value for (where, limiter), value in overrides.items()},
            )

    def _spend_limits(self) -> Iterator[SpendLimit]:
        for kind, workspace, cents in roster.SPEND_LIMITS:
            scope = {"type": kind} | ({"workspace_id": self.id("wrkspc", workspace)} if workspace else {})
            born = self.profile.created_at
            yield SpendLimit(self.id("spl", kind + workspace), cents, scope, created_at=born, updated_at=born)

    def _actor(self, name: str) -> str | None:
        if not name:
            return None
        return self.id("svac" if name in roster.SERVICE_ACCOUNTS else "user", name)

    def _group(self, person: str | None) -> str | None:
        return next((self.id("rbac_group", name) for name, people in roster.GROUPS.items() if person in people), None)

    def _tracks(self, workload: Workload) -> Iterator[Track]:
        inference = workload.kind in ("messages", "subscription")
        made = _first_day(workload)
        for model, begun, until, first in turns(workload):
            if until is not None and until <= made:
                continue
            since = max(begun, made)
            line = Line(
                workspace_id=self.id("wrkspc", workload.workspace),
                api_key_id=self.id("apikey", workload.key) if workload.key else None,
                model=model if inference else None,
                service_tier=workload.tier if inference else None,
                context_window=workload.context_window if inference else None,
                inference_geo=inference_geo(workload, model),
                speed=workload.speed,
                product=None if workload.kind == "code_execution" else workload.product,
                account_id=self._actor(workload.user or ""),
                service_account_id=self._actor(workload.service_account or ""),
                kind=workload.kind,
                long_prompt=workload.long_prompt,
                terminal=workload.terminal,
                rbac_group_id=self._group(workload.user),
            )
            yield Track(line, workload, since, until, first or since > begun)


def _first_day(workload: Workload) -> int:
    """Find the first whole day on which the key and the workspace of a workload exist."""
    created = [roster.WORKSPACES[workload.workspace][0]]
    if workload.key in roster.KEYS:
        created.append(roster.KEYS[workload.key][1])
    return max(map(date, created)) // DAY + 1

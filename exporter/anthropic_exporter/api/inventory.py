"""What the organization consists of: itself, workspaces, keys, people.

Addresses, names of people and hints of keys are not read.
"""

from typing import Any, TypeVar

from msgspec import UnsetType

from anthropic_exporter.errors import BadRequest
from anthropic_exporter.records import (
    DEFAULT_WORKSPACE,
    NONE,
    ApiKey,
    Invite,
    Member,
    Organization,
    Workspace,
    WorkspaceMember,
)

from .decode import Decoder
from .endpoint import ORGANIZATIONS, Call, Endpoint
from .paging import BY_ID, walk
from .reader import Reader
from .shapes import (
    ApiKeyObject,
    IdPage,
    InviteObject,
    OrganizationObject,
    Shape,
    UserObject,
    WorkspaceMemberObject,
    WorkspaceObject,
)
from .times import parse
from .words import OpenWords

_ME = Endpoint(f"{ORGANIZATIONS}/me")
_WORKSPACES = Endpoint(f"{ORGANIZATIONS}/workspaces")
_WORKSPACE_MEMBERS = Endpoint(f"{ORGANIZATIONS}/workspaces/{{id}}/members")
_API_KEYS = Endpoint(f"{ORGANIZATIONS}/api_keys")
_USERS = Endpoint(f"{ORGANIZATIONS}/users")
_INVITES = Endpoint(f"{ORGANIZATIONS}/invites")

_LIMIT = ("limit", "1000")
_ARCHIVED = ("include_archived", "true")
_DEFAULT = ("include_default", "true")

_OWNERS = {"user_actor": "user", "service_account_actor": "service_account"}
_KNOWN = {
    "status of a key": frozenset({"active", "inactive", "archived", "expired"}),
    "status of an invite": frozenset({"accepted", "deleted", "expired", "pending"}),
    "scope": frozenset({"workspace", "organization"}),
    "principal": frozenset(_OWNERS),
    "created_by": frozenset(_OWNERS.values()),
    "role": frozenset(
        {
            "admin",
            "billing",
            "claude_code_user",
            "developer",
            "managed",
            "membership_admin",
            "owner",
            "primary_owner",
            "user",
        }
    ),
    "workspace_role": frozenset(
        {
            "workspace_admin",
            "workspace_billing",
            "workspace_developer",
            "workspace_restricted_developer",
            "workspace_user",
        }
    ),
}

T = TypeVar("T", bound=Shape)

_organization: Decoder[OrganizationObject] = Decoder(OrganizationObject)
_workspaces: Decoder[IdPage[WorkspaceObject]] = Decoder(IdPage[WorkspaceObject])
_workspace_members: Decoder[IdPage[WorkspaceMemberObject]] = Decoder(IdPage[WorkspaceMemberObject])
_api_keys: Decoder[IdPage[ApiKeyObject]] = Decoder(IdPage[ApiKeyObject])
_users: Decoder[IdPage[UserObject]] = Decoder(IdPage[UserObject])
_invites: Decoder[IdPage[InviteObject]] = Decoder(IdPage[InviteObject])


def organization(reader: Reader) -> Organization:
    """Tell who this is."""
    told = reader.read(Call(_ME), _organization)
    return Organization(told.id, told.name or "")


def workspaces(reader: Reader) -> tuple[list[Workspace], str | None]:
    """List all workspaces, archived ones too; second, the real ID of the default one if the lists tell it.

    Nothing marks the default workspace. It is the one that is listed with ``include_default`` and not
    without.
    """
    plain = Call(_WORKSPACES, (_LIMIT, _ARCHIVED))
    try:
        # In this order, a workspace made between the two calls is missing here and not mistaken for the
        # default.
        everything = _listed(reader, Call(_WORKSPACES, (_LIMIT, _ARCHIVED, _DEFAULT)), _workspaces)
    except BadRequest as error:
        if not error.is_about_the_query:
            raise
        return _as_workspaces(reader, _listed(reader, plain, _workspaces), None), None
    named = {told.id for told in _listed(reader, plain, _workspaces)}
    extra = [told.id for told in everything if told.id not in named]
    default = extra[0] if len(extra) == 1 else None
    return _as_workspaces(reader, everything, default), default


def workspace_members(reader: Reader, workspace_id: str) -> list[WorkspaceMember]:
    """List the explicit members of one workspace, by its real ID."""
    listed = _listed(reader, Call(_WORKSPACE_MEMBERS, (_LIMIT,), workspace_id), _workspace_members, by="user_id")
    role = _words(reader, _WORKSPACE_MEMBERS)
    return [
        WorkspaceMember(workspace_id, told.user_id, role.of("workspace_role", told.workspace_role)) for told in listed
    ]


def members(reader: Reader) -> list[Member]:
    """List the users."""
    words = _words(reader, _USERS)
    return [Member(told.id, words.of("role", told.role)) for told in _listed(reader, Call(_USERS, (_LIMIT,)), _users)]


def invites(reader: Reader) -> list[Invite]:
    """List the invitations."""
    words = _words(reader, _INVITES)
    return [
        Invite(
            told.id,
            words.of("status of an invite", told.status),
            words.of("role", told.role),
            _time(_INVITES, told.expires_at),
        )
        for told in _listed(reader, Call(_INVITES, (_LIMIT,)), _invites)
    ]


def api_keys(reader: Reader, default_workspace: str | None) -> tuple[list[ApiKey], str | None]:
    """List all keys; second, the real ID of the default workspace if a key tells it.

    Version 2023-06-01 tells it: a key of the default workspace has a null ``workspace_id`` beside the real
    one in its ``scope``.
    """
    listed = _listed(reader, Call(_API_KEYS, (_LIMIT,)), _api_keys)
    revealed = {
        told.scope.workspace_id
        for told in listed
        if told.workspace_id is None and told.scope is not None and told.scope.type == "workspace"
    } - {None, ""}
    found = revealed.pop() if len(revealed) == 1 else None
    words = _words(reader, _API_KEYS)
    defaults = frozenset({default_workspace, found} - {None})
    return [_as_api_key(told, defaults, words) for told in listed], found


def _words(reader: Reader, endpoint: Endpoint) -> OpenWords:
    return OpenWords(_KNOWN, lambda what: reader.drift(endpoint, "unknown_value", what))


def _listed(reader: Reader, call: Call, decoder: Decoder[IdPage[T]], by: str = "id") -> list[T]:
    # An object that is made or removed during the walk can show up on two pages; it is one object all the
    # same.
    pages = walk(reader, call, decoder, BY_ID)
    return list({getattr(told, by): told for page in pages for told in page.data}.values())


def _as_workspaces(reader: Reader, listed: list[WorkspaceObject], default: str | None) -> list[Workspace]:
    return [
        Workspace(
            DEFAULT_WORKSPACE if told.id == default else told.id,
            told.name or "",
            told.archived_at is not None,
            _time(_WORKSPACES, told.created_at),
            _tags(reader, told.tags or {}),
        )
        for told in listed
    ]


def _tags(reader: Reader, tags: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Give the tags that are what is documented; one odd tag is no reason to lose the list of workspaces."""
    if not all(isinstance(value, str) for value in tags.values()):
        reader.drift(_WORKSPACES, "unknown_value", "tags: a value that is not a string")
    return tuple(sorted((name, value) for name, value in tags.items() if isinstance(value, str)))


def _as_api_key(told: ApiKeyObject, defaults: frozenset[str | None], words: OpenWords) -> ApiKey:
    owner_type, owner_id = _owner(told, words)
    return ApiKey(
        told.id,
        told.name or "",
        _workspace_of(told, defaults, words),
        words.of("status of a key", told.status),
        owner_type,
        owner_id,
        _time(_API_KEYS, told.created_at),
        None if told.expires_at is None else _time(_API_KEYS, told.expires_at),
    )


def _workspace_of(told: ApiKeyObject, defaults: frozenset[str | None], words: OpenWords) -> str:
    named: str | UnsetType | None
    if told.scope is None:
        # Answers from before there was a scope: null is the default workspace, and every key had one.
        named = told.workspace_id or (DEFAULT_WORKSPACE if told.workspace_id is None else NONE)
    elif words.of("scope", told.scope.type) == "organization":
        named = NONE
    else:
        named = told.scope.workspace_id or told.workspace_id
    if named in defaults:
        return DEFAULT_WORKSPACE
    return NONE if isinstance(named, UnsetType) or not named else named


def _owner(told: ApiKeyObject, words: OpenWords) -> tuple[str, str]:
    """Give whom the key acts as, else who made it: the one to ask about it."""
    if told.principal is not None:
        kind = words.of("principal", told.principal.type)
        return _OWNERS.get(kind, kind), told.principal.user_id or told.principal.service_account_id or NONE
    if told.created_by is not None:
        return words.of("created_by", told.created_by.type), told.created_by.id or NONE
    return NONE, NONE


def _time(endpoint: Endpoint, text: str) -> int:
    try:
        return parse(text)
    except ValueError as error:
        raise endpoint.unreadable(str(error)) from None

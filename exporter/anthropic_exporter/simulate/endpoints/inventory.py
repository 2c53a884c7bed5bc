"""The inventory: /me, api_keys, workspaces and their members, users, invites."""

from typing import Any

from anthropic_exporter.simulate.call import OLD_VERSION, Answer, Call
from anthropic_exporter.simulate.instants import DAY, rfc3339
from anthropic_exporter.simulate.inventory import ApiKey, Invite, Membership, User, Workspace
from anthropic_exporter.simulate.noise import dice, identifier
from anthropic_exporter.simulate.refusal import invalid, not_found

from .listing import ID_PAGE, by_id

KEY_STATUSES = ("active", "inactive", "archived", "expired")
ROLES = ("user", "developer", "billing", "admin", "claude_code_user")
INVITE_STATUSES = ("accepted", "expired", "pending")
_INVITE_LASTS = 21 * DAY
_MAX_IDS = 100


def me(call: Call) -> Answer:
    """Answer who the organization is."""
    call.expect()
    profile = call.organization.profile
    return {"id": profile.id, "type": "organization", "name": profile.name}


def api_keys(call: Call) -> Answer:
    """List the keys, newest first."""
    call.expect(*ID_PAGE, "status", "workspace_id", "created_by_user_id")
    status = call.query.choice("status", KEY_STATUSES)
    workspace, creator = call.query.text("workspace_id"), call.query.text("created_by_user_id")
    keys = [
        key
        for key in sorted(call.inventory.api_keys, key=lambda key: (-key.created_at, key.id))
        if (status is None or key.status == status)
        and (workspace is None or key.workspace_id == workspace)
        and (creator is None or key.created_by == creator)
    ]
    return by_id(call, [_api_key(call, key) for key in keys])


def api_key(call: Call) -> Answer:
    """Answer one key."""
    for key in call.inventory.api_keys:
        if key.id == call.ids["api_key_id"]:
            return _api_key(call, key)
    raise not_found("API key not found")


def workspaces(call: Call) -> Answer:
    """List the workspaces; archived ones and the default one only on request."""
    call.expect(*ID_PAGE, "include_archived", "include_default", "ids[]")
    archived, default = call.query.flag("include_archived"), call.query.flag("include_default")
    ids = call.query.texts("ids[]")
    if len(ids) > _MAX_IDS:
        raise invalid(f"ids[]: List should have at most {_MAX_IDS} items")
    found = [
        workspace
        for workspace in sorted(call.inventory.workspaces, key=lambda each: (-each.created_at, each.id))
        if (archived or workspace.archived_at is None)
        and (default or not workspace.default)
        and (not ids or workspace.id in ids)
    ]
    return by_id(call, [_workspace(each) for each in found])


def workspace(call: Call) -> Answer:
    """Answer one workspace."""
    return _workspace(_find_workspace(call))


def workspace_members(call: Call) -> Answer:
    """List the members of a workspace."""
    call.expect(*ID_PAGE)
    found = _find_workspace(call)
    return by_id(call, [_member(each) for each in _memberships(call, found)], "user_id")


def workspace_member(call: Call) -> Answer:
    """Answer one member of a workspace."""
    for each in _memberships(call, _find_workspace(call)):
        if each.user_id == call.ids["user_id"]:
            return _member(each)
    raise not_found("Workspace member not found")


def users(call: Call) -> Answer:
    """List the members of the organization."""
    call.expect(*ID_PAGE, "email", "roles[]")
    email, roles = call.query.text("email"), call.query.choices("roles[]", ROLES)
    found = [
        user
        for user in call.inventory.users
        if (email is None or user.email.lower() == email.strip().lower()) and (not roles or user.role in roles)
    ]
    return by_id(call, [_user(user) for user in found])


def user(call: Call) -> Answer:
    """Answer one member."""
    for each in call.inventory.users:
        if each.id == call.ids["user_id"]:
            return _user(each)
    raise not_found("User not found")


def invites(call: Call) -> Answer:
    """List the invitations; deleted ones never."""
    call.expect(*ID_PAGE, "email", "roles[]", "statuses[]")
    email, roles = call.query.text("email"), call.query.choices("roles[]", ROLES)
    statuses = call.query.choices("statuses[]", INVITE_STATUSES) or INVITE_STATUSES
    found = [
        invite
        for invite in call.inventory.invites
        if (email is None or invite.email.lower() == email.strip().lower())
        and (not roles or invite.role in roles)
        and invite.status in statuses
    ]
    return by_id(call, [_invite(invite) for invite in found])


def invite(call: Call) -> Answer:
    """Answer one invitation."""
    for each in call.inventory.invites:
        if each.id == call.ids["invite_id"]:
            return _invite(each)
    raise not_found("Invite not found")


def _find_workspace(call: Call) -> Workspace:
    for each in call.inventory.workspaces:
        if each.id == call.ids["workspace_id"]:
            return each
    raise not_found("Workspace not found")


def _memberships(call: Call, where: Workspace) -> list[Membership]:
    return [each for each in call.inventory.memberships if each.workspace_id == where.id]


def _api_key(call: Call, key: ApiKey) -> dict[str, Any]:
    default = call.inventory.default_workspace_id
    scope = {"type": "workspace", "workspace_id": key.workspace_id} if key.workspace_id else {"type": "organization"}
    shown: dict[str, Any] = {
        "id": key.id,
        "type": "api_key",
        "name": key.name,
        "status": key.status,
        "created_at": rfc3339(key.created_at),
        "expires_at": None if key.expires_at is None else rfc3339(key.expires_at),
        "created_by": _creator(key.created_by),
        "partial_key_hint": f"sk-ant-api03-{dice(key.id).hex()[:3]}...{dice(key.id).hex()[3:7]}",
        "principal": _principal(key.principal),
        "scope": scope,
    }
    if call.version == OLD_VERSION:
        shown["workspace_id"] = None if key.workspace_id == default else key.workspace_id
    return shown


def _creator(actor: str | None) -> dict[str, str] | None:
    if actor is None:
        return None
    return {"id": actor, "type": "service_account" if actor.startswith("svac_") else "user"}


def _principal(actor: str | None) -> dict[str, str] | None:
    if actor is None:
        return None
    if actor.startswith("svac_"):
        return {"type": "service_account_actor", "service_account_id": actor}
    return {"type": "user_actor", "user_id": actor}


def _workspace(each: Workspace) -> dict[str, Any]:
    return {
        "id": each.id,
        "type": "workspace",
        "name": each.name,
        "display_color": f"#{dice(each.id).hex()[:6].upper()}",
        "created_at": rfc3339(each.created_at),
        "archived_at": None if each.archived_at is None else rfc3339(each.archived_at),
        "compartment_id": identifier("cmpt", each.id),
        "data_residency": {
            "workspace_geo": "us",
            "allowed_inference_geos": list(each.allowed_inference_geos)
            if each.allowed_inference_geos is not None
            else "unrestricted",
            "default_inference_geo": each.default_inference_geo,
        },
        "external_key_id": None,
        "tags": dict(each.tags),
        "user_profile_id": None,
    }


def _member(each: Membership) -> dict[str, Any]:
    return {
        "type": "workspace_member",
        "user_id": each.user_id,
        "workspace_id": each.workspace_id,
        "workspace_role": each.role,
    }


def _user(each: User) -> dict[str, Any]:
    return {
        "id": each.id,
        "type": "user",
        "email": each.email,
        "name": each.name,
        "role": each.role,
        "added_at": rfc3339(each.added_at),
    }


def _invite(each: Invite) -> dict[str, Any]:
    return {
        "id": each.id,
        "type": "invite",
        "email": each.email,
        "role": each.role,
        "status": each.status,
        "invited_at": rfc3339(each.invited_at),
        "expires_at": rfc3339(each.invited_at + _INVITE_LASTS),
        "accepted_at": None if each.accepted_at is None else rfc3339(each.accepted_at),
        "rbac_group_ids": [],
    }

"""Samples of who and what has access, and should perhaps not have it."""

from collections.abc import Iterator, Mapping

from anthropic_exporter.expose.family import Sample
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.records import NONE, ApiKey, ServiceAccount

_IN_FORCE = ("active", "inactive")


def access(
    inventory: Inventory, last_used: Mapping[str, int], counted_from: int | None, now: float
) -> Iterator[tuple[str, list[Sample]]]:
    """Yield family names with their samples, labels without the organization's.

    Args:
        last_used: by key, the end of the newest bucket with usage.
        counted_from: since when usage of keys is known; None while it is not.
    """
    if inventory.known("service_account"):
        yield "anthropic_service_accounts", [((), len(inventory.listed("service_account", ServiceAccount)))]
    if inventory.known("invite"):
        expires: dict[tuple[str, str], int] = {}
        for invite in inventory.invites():
            key = (invite.status, invite.role)
            expires[key] = min(invite.expires_at, expires.get(key, invite.expires_at))
        yield "anthropic_invite_expires_timestamp_seconds", list(expires.items())
    yield "anthropic_api_key_orphaned", list(_orphaned(inventory))
    if counted_from is not None:
        yield (
            "anthropic_api_key_unused_seconds",
            [
                ((key.id, key.workspace_id), max(0, int(now) - _last_sign(key, last_used, counted_from)))
                for key in inventory.api_keys()
                if key.status == "active"
            ],
        )


def _last_sign(key: ApiKey, last_used: Mapping[str, int], counted_from: int) -> int:
    return last_used.get(key.id) or max(key.created_at, counted_from)


def _orphaned(inventory: Inventory) -> Iterator[Sample]:
    """Yield a sample for each key in force whose owner is no longer listed or whose workspace is archived."""
    owners: dict[str, set[str]] = {}
    if inventory.known("member"):
        owners["user"] = {member.id for member in inventory.members()}
    if inventory.known("service_account"):
        owners["service_account"] = {each.id for each in inventory.listed("service_account", ServiceAccount)}
    archived = {workspace.id for workspace in inventory.workspaces() if workspace.archived}
    for key in inventory.api_keys():
        if key.status not in _IN_FORCE:
            continue
        known = owners.get(key.owner_type)
        if known is not None and key.owner_id != NONE and key.owner_id not in known:
            yield (key.id, key.workspace_id, "owner_left"), 1
        if key.workspace_id in archived:
            yield (key.id, key.workspace_id, "workspace_archived"), 1

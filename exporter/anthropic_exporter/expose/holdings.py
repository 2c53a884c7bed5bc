"""Samples of what an organization has: info series, counts, and the dates of keys."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from anthropic_exporter.expose.family import Sample
from anthropic_exporter.ledger.counters import OVERFLOW
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.records import DEFAULT_WORKSPACE, NONE, ApiKey, Workspace

DATED = ("active", "inactive")
"""Key statuses that have an age, an expiry and a last use."""

Samples = Iterable[tuple[str, list[Sample]]]


def holdings(
    inventory: Inventory, carried: Mapping[str, set[str]], last_used: Mapping[str, int], now: float
) -> Iterator[tuple[str, list[Sample]]]:
    """Yield family names with their samples, labels without the organization's.

    Args:
        carried: the values of ``workspace_id`` and ``api_key_id`` that other series carry, so that each gets a name.
        last_used: by key, the end of the newest bucket with usage.
    """
    for organization in inventory.organizations():
        yield "anthropic_organization_info", [((organization.name,), 1)]
    if inventory.known("workspace"):
        yield "anthropic_workspaces", _workspace_counts(inventory.workspaces())
    if inventory.known("member"):
        yield "anthropic_members", _counts([(member.role,) for member in inventory.members()])
    if inventory.known("workspace_member"):
        yield "anthropic_workspace_members", _counts([(m.workspace_id, m.role) for m in inventory.workspace_members()])
    if inventory.known("invite"):
        yield "anthropic_invites", _counts([(invite.status, invite.role) for invite in inventory.invites()])
    if inventory.known("api_key"):
        yield from _keys(inventory, last_used, now)
    keys = _key_names(inventory, carried.get("api_key_id", set()))
    # Keys and members carry workspaces too.
    workspaces = {labels[2] for labels, _ in keys} | {m.workspace_id for m in inventory.workspace_members()}
    yield "anthropic_workspace_info", _workspace_names(inventory, carried.get("workspace_id", set()) | workspaces)
    yield "anthropic_api_key_info", keys


def _workspace_counts(workspaces: Sequence[Workspace]) -> list[Sample]:
    # A list that does not tell when they were made is that of the org-scoped dialect, which leaves archived ones out.
    archived = [] if any(each.created_at is None for each in workspaces) else [("archived",)]
    return _counts([("archived" if each.archived else "active",) for each in workspaces], [("active",), *archived])


def _keys(inventory: Inventory, last_used: Mapping[str, int], now: float) -> Iterator[tuple[str, list[Sample]]]:
    keys = inventory.api_keys()
    yield "anthropic_api_keys", _counts([(key.workspace_id, key.status) for key in keys])
    dated = [key for key in keys if key.status in DATED]
    yield "anthropic_api_key_age_seconds", [(_at(key), max(0, int(now) - key.created_at)) for key in dated]
    yield "anthropic_api_key_created_timestamp_seconds", [(_at(key), key.created_at) for key in dated]
    yield (
        "anthropic_api_key_expires_timestamp_seconds",
        [(_at(key), key.expires_at) for key in dated if key.expires_at is not None],
    )
    yield (
        "anthropic_api_key_last_used_timestamp_seconds",
        [(_at(key), last_used[key.id]) for key in dated if key.id in last_used],
    )


def _at(key: ApiKey) -> tuple[str, str]:
    return key.id, key.workspace_id


def _counts(found: list[tuple[str, ...]], always: Iterable[tuple[str, ...]] = ()) -> list[Sample]:
    counts = Counter(found)
    return [(labels, counts[labels]) for labels in {*counts, *always}]


def _workspace_names(inventory: Inventory, carried: set[str]) -> list[Sample]:
    """Name every workspace that is or was listed, and every other value that a series carries."""
    names = {w.id: (w.id, w.name, "archived") for w in inventory.workspaces(gone=True)}
    names |= {w.id: (w.id, w.name, "archived" if w.archived else "active") for w in inventory.workspaces()}
    for word in carried - names.keys():
        # The default workspace is not listed by every generation of the API; the words have no name but themselves.
        names[word] = (word, word, "active" if word == DEFAULT_WORKSPACE else NONE if word in _WORDS else "unknown")
    return [(labels, 1) for labels in names.values()]


def _key_names(inventory: Inventory, carried: set[str]) -> list[Sample]:
    names = {
        key.id: (key.id, key.name, key.workspace_id, status or key.status, key.owner_type)
        for keys, status in ((inventory.api_keys(gone=True), "archived"), (inventory.api_keys(), ""))
        for key in keys
    }
    for word in carried - names.keys():
        names[word] = (word, word, NONE, NONE if word in _WORDS else "unknown", NONE)
    return [(labels, 1) for labels in names.values()]


_WORDS = (NONE, OVERFLOW)

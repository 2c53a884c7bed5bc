"""Keys that should perhaps not be there: the owner gone, the workspace archived, in force and not used."""

import pytest

from anthropic_exporter.expose.access import access
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.records import NONE, ApiKey, Invite, Member, ServiceAccount, Workspace

NOW = 2_000_000
DAY = 86_400
LIVE = Workspace("wrkspc_live", "live", archived=False, created_at=1, tags=())
OLD = Workspace("wrkspc_old", "old", archived=True, created_at=1, tags=())


def key(name, status="active", workspace=LIVE.id, owner=("user", "user_1"), created_at=NOW - 90 * DAY):
    return ApiKey(name, name, workspace, status, *owner, created_at, None)


def shown(*keys, members=("user_1",), accounts=None, last_used=None, counted_from=NOW - 30 * DAY, invites=()):
    inventory = Inventory(Store(":memory:"), "main")
    inventory.take("workspace", {each.id: each for each in (LIVE, OLD)}, 0.0)
    inventory.take("api_key", {each.id: each for each in keys}, 0.0)
    if members is not None:
        inventory.take("member", {each: Member(each, "user") for each in members}, 0.0)
    if accounts is not None:
        inventory.take("service_account", {each: ServiceAccount(each, "developer") for each in accounts}, 0.0)
    if invites:
        inventory.take("invite", {each.id: each for each in invites}, 0.0)
    return {name: dict(samples) for name, samples in access(inventory, last_used or {}, counted_from, float(NOW))}


def orphans(*keys, **more):
    return {(labels[0], labels[2]) for labels in shown(*keys, **more)["anthropic_api_key_orphaned"]}


def test_a_key_whose_owner_is_no_longer_a_member_is_told():
    assert orphans(key("mine"), key("theirs", owner=("user", "user_2"))) == {("theirs", "owner_left")}


def test_a_key_in_an_archived_workspace_is_told_and_for_both_reasons_if_there_are_two():
    found = orphans(key("left", workspace=OLD.id), key("both", workspace=OLD.id, owner=("user", "user_2")))
    assert found == {("left", "workspace_archived"), ("both", "workspace_archived"), ("both", "owner_left")}


@pytest.mark.parametrize(("status", "told"), [("active", 1), ("inactive", 1), ("archived", 0), ("expired", 0)])
def test_only_keys_in_force_are_told(status, told):
    assert len(orphans(key("one", status, owner=("user", "user_2")))) == told


def test_what_is_not_known_is_not_said():
    """Without the list of members nobody has left; without an ID of the owner neither."""
    stranger = key("one", owner=("user", "user_2"))
    assert orphans(stranger, members=None) == set()
    assert orphans(key("one", owner=("user", NONE)), key("two", owner=(NONE, NONE))) == set()
    machine = key("two", owner=("service_account", "svac_2"))
    assert orphans(machine) == set()
    assert orphans(machine, accounts=["svac_1"]) == {("two", "owner_left")}


def test_a_key_in_force_is_unused_since_its_last_use_or_since_it_is_known():
    keys = [key("used"), key("never"), key("young", created_at=NOW - 5 * DAY), key("off", "inactive")]
    found = shown(*keys, last_used={"used": NOW - 3600, "off": NOW - 60})["anthropic_api_key_unused_seconds"]
    assert found == {
        ("used", LIVE.id): 3600,
        ("never", LIVE.id): 30 * DAY,
        ("young", LIVE.id): 5 * DAY,
    }
    assert "anthropic_api_key_unused_seconds" not in shown(*keys, counted_from=None)


def test_invites_tell_when_the_first_of_them_expires():
    invites = [Invite(str(at), "pending", "user", at) for at in (30, 20)] + [Invite("x", "expired", "user", 10)]
    found = shown(invites=invites)["anthropic_invite_expires_timestamp_seconds"]
    assert found == {("pending", "user"): 20, ("expired", "user"): 10}

"""GET /v1/compliance/activities: what was done in the organization, newest first.

There is one activity in every slot of some minutes since the organization began; its ID tells its slot, so a page
costs the same however long the feed is.
"""

from typing import Any

from anthropic_exporter.simulate.call import Answer, Call
from anthropic_exporter.simulate.instants import rfc3339
from anthropic_exporter.simulate.noise import dice
from anthropic_exporter.simulate.refusal import invalid, missing_scope

SLOT = 300
"""Seconds from one activity to the next, on average."""

_VISIBLE_AFTER = 20
_PREFIX = "activity_01"
_TYPES = (
    "sso_login_succeeded",
    "sso_login_succeeded",
    "sso_login_initiated",
    "api_key_created",
    "workspace_member_added",
    "workspace_updated",
    "api_key_deleted",
    "user_invite_created",
)


def activities(call: Call) -> Answer:
    """Answer the page after (older) or before (newer) an activity."""
    if not call.switches.compliance:
        raise missing_scope("read:compliance_activities")
    call.query.expect(("limit", "after_id", "before_id", "created_at.gte", "activity_types[]"))
    size = call.page_size(100, 5000)
    after, before = call.query.text("after_id"), call.query.text("before_id")
    if after is not None and before is not None:
        raise invalid("Only one of after_id and before_id can be given")
    first = max(call.query.instant("created_at.gte") or 0, call.organization.profile.created_at)
    oldest, newest = -(-first // SLOT), _newest(call.now)
    if before is not None:
        low = _slot(before) + 1
        high = min(newest, low + size - 1)
        more = high < newest
    else:
        high = newest if after is None else _slot(after) - 1
        low = max(oldest, high - size + 1)
        more = low > oldest
    words = call.query.texts("activity_types[]")
    page = [activity(call, slot) for slot in range(high, low - 1, -1) if not words or kind(slot) in words]
    return {
        "data": page,
        "has_more": more,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
    }


def kind(slot: int) -> str:
    """Return the type of the activity of a slot."""
    return _TYPES[dice("activity", slot)[1] % len(_TYPES)]


def made_at(slot: int) -> int:
    """Return when the activity of a slot happened."""
    return slot * SLOT + dice("activity", slot)[0] % SLOT


def activity(call: Call, slot: int) -> dict[str, Any]:
    """Render the activity of a slot."""
    return {
        "id": f"{_PREFIX}{slot:022d}",
        "created_at": rfc3339(made_at(slot)),
        "organization_id": None,
        "organization_uuid": call.organization.profile.id,
        "actor": {"type": "admin_api_key_actor", "admin_api_key_id": "apikey_01Simulated"},
        "type": kind(slot),
    }


def _newest(now: float) -> int:
    slot = int(now // SLOT)
    return slot if made_at(slot) <= now - _VISIBLE_AFTER else slot - 1


def _slot(identity: str) -> int:
    try:
        return int(identity.removeprefix(_PREFIX))
    except ValueError:
        raise invalid("Invalid cursor") from None

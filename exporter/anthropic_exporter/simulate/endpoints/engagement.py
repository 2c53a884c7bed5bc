"""Claude Enterprise: engagement summaries by day, and groups of users."""

from typing import Any

from anthropic_exporter.simulate.call import Answer, Call
from anthropic_exporter.simulate.instants import DAY, date, floor, rfc3339
from anthropic_exporter.simulate.noise import dice
from anthropic_exporter.simulate.refusal import invalid

from .listing import TOKEN_PAGE, by_token

FIRST_DAY = date("2026-01-01")
_READY = 13 * 3600  # seconds into a day from which the day before can be had
_LONGEST = 366 * DAY
#: prefix of the keys -> percent of the people who are active on a day
_PRODUCTS = {"": 80, "cowork_": 20, "chat_": 65, "claude_code_": 35, "office_agent_": 10}


def summaries(call: Call) -> Answer:
    """Answer the days of a range, all on one page."""
    call.expect(*TOKEN_PAGE, "starting_date", "ending_date", "filter[]")
    call.query.required("starting_date")
    start, end = call.query.date("starting_date"), call.query.date("ending_date")
    available = floor(call.now - _READY, DAY)
    if start is None or start < FIRST_DAY:
        raise invalid("starting_date: must not be before 2026-01-01")
    if end is not None and end > available:
        raise invalid(f"ending_date: the latest available day is {rfc3339(available - DAY)[:10]}")
    end = available if end is None else end
    if end - start > _LONGEST:
        raise invalid("Invalid date range: the range must not exceed 366 days")
    return {"data": [_summary(call, day) for day in range(start, end, DAY)], "next_page": None}


def rbac_groups(call: Call) -> Answer:
    """List the groups of users."""
    call.expect(*TOKEN_PAGE)
    return by_token(
        call,
        [
            {
                "id": group.id,
                "type": "rbac_group",
                "name": group.name,
                "source_type": "scim",
                "role_ids": [],
                "created_at": rfc3339(group.created_at),
                "updated_at": rfc3339(group.created_at),
            }
            for group in call.inventory.groups
        ],
    )


def _summary(call: Call, day: int) -> dict[str, Any]:
    people = call.organization.inventory(day + DAY).users
    seats = len(people) + 2
    counts: dict[str, int] = {}
    for prefix, percent in _PRODUCTS.items():
        daily = len(people) * percent * (80 + dice(prefix, day)[0] % 40) // 10_000
        for window, factor in (("daily", 100), ("weekly", 130), ("monthly", 150)):
            counts[f"{prefix}{window}_active_user_count"] = min(len(people), daily * factor // 100)
    rates = {
        f"{window}_adoption_rate": round(100 * counts[f"{window}_active_user_count"] / seats, 2)
        for window in ("daily", "weekly", "monthly")
    }
    pending = sum(invite.status == "pending" for invite in call.inventory.invites)
    return (
        {"starting_at": rfc3339(day), "ending_at": rfc3339(day + DAY)}
        | {"assigned_seat_count": seats, "pending_invite_count": pending}
        | counts
        | rates
    )

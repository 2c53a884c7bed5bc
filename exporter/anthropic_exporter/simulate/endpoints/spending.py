"""Claude Enterprise: what members may spend and have spent, and who asks for more."""

from decimal import Decimal
from typing import Any

from anthropic_exporter.simulate.call import Answer, Call, truth
from anthropic_exporter.simulate.instants import DAY, date, floor, rfc3339
from anthropic_exporter.simulate.inventory import User

from .listing import TOKEN_PAGE, by_token

PERIODS = ("daily", "weekly", "monthly")
STATUSES = ("approved", "denied", "pending")


def effective(call: Call) -> Answer:
    """List the monthly limit of each member and what was spent of it."""
    call.expect(*TOKEN_PAGE, "period[]", "user_ids[]")
    periods, users = call.query.choices("period[]", PERIODS), call.query.texts("user_ids[]")
    if periods and "monthly" not in periods:
        return by_token(call, [])
    spent = _spent(call)
    return by_token(
        call,
        [
            {
                "actor": _actor(user),
                "amount": "50000",
                "currency": "USD",
                "period": "monthly",
                "period_to_date_spend": "0" if call.switches.spend_unavailable else _cents(spent.get(user.id)),
                "scope": {"type": "user", "user_id": user.id},
                "source": {"type": "organization"},
                "spend_limit_id": f"spl_{user.id}",
            }
            for user in call.inventory.users
            if not users or user.id in users
        ],
    )


def increase_requests(call: Call) -> Answer:
    """List the requests, newest first: one that waits, and one of last week that was denied."""
    call.expect(*TOKEN_PAGE, "status[]", "actor_ids[]")
    statuses, actors = call.query.choices("status[]", STATUSES), call.query.texts("actor_ids[]")
    today = floor(call.now, DAY)
    found = [
        _request(user, status, made)
        for user, status, made in zip(
            call.inventory.users, ("pending", "denied"), (today - 2 * DAY, today - 7 * DAY), strict=False
        )
        if (not statuses or status in statuses) and (not actors or user.id in actors)
    ]
    return by_token(call, found)


def _request(user: User, status: str, made: int) -> dict[str, Any]:
    resolved = status != "pending"
    return {
        "id": f"slir_{user.id}",
        "type": "spend_limit_increase_request",
        "status": status,
        "actor": _actor(user),
        "period": "monthly",
        "created_at": rfc3339(made),
        "resolved_at": rfc3339(made + DAY) if resolved else None,
        "resolved_by": {"type": "scoped_api_key_actor", "scoped_api_key_id": "sak_01Simulated"} if resolved else None,
        "spend_summary": None,
    }


def _actor(user: User) -> dict[str, Any]:
    return {
        "type": "user_actor",
        "user_id": user.id,
        "name": user.name,
        "email_address": user.email,
        "deleted": False,
    }


def _spent(call: Call) -> dict[str, Decimal]:
    """Sum up by user what was used this month until the last full hour."""
    month = date(rfc3339(call.now)[:8] + "01")
    until = floor(call.now, 3600)

    def make() -> dict[str, Decimal]:
        sums: dict[str, Decimal] = {}
        for charge in call.organization.charges(month, until, truth(call.switches, call.now)):
            user = charge.line.account_id
            if user is not None:
                sums[user] = sums.get(user, Decimal(0)) + charge.amount
        return sums

    return call.memo.get(("spent", until, call.organization.revision, call.switches), make) if month < until else {}


def _cents(amount: Decimal | None) -> str:
    return f"{(amount or Decimal(0)).quantize(Decimal('0.001')):f}"

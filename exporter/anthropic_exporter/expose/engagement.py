"""Samples of active users, seats, and what groups of users use."""

from collections.abc import Iterator

from anthropic_exporter.expose.family import Sample
from anthropic_exporter.ledger.inventory import Inventory
from anthropic_exporter.records import TOKEN_TYPES, ActiveUsers, Engagement, GroupMonth, UserGroup
from anthropic_exporter.utc import DAY, floor, month_start

_WINDOWS = ("daily", "weekly", "monthly")
_ANY = "all"


def engagement(inventory: Inventory, now: float) -> Iterator[tuple[str, list[Sample]]]:
    """Yield family names with their samples, labels without the organization's."""
    yesterday = floor(now, DAY) - DAY
    yield (
        "anthropic_claude_code_active_users",
        [
            ((found.customer_type,), found.actors)
            for found in inventory.listed("active_users", ActiveUsers)
            if found.day == yesterday
        ],
    )
    yield from _groups(inventory, month_start(now))
    for day in inventory.listed("engagement", Engagement):
        yield from _day(day)


def _groups(inventory: Inventory, month: int) -> Iterator[tuple[str, list[Sample]]]:
    # Those of another month are not this month's.
    used = [found for found in inventory.listed("group_month", GroupMonth) if found.month == month]
    yield (
        "anthropic_enterprise_group_month_to_date_tokens",
        [
            ((found.group_id, token_type), tokens)
            for found in used
            if found.tokens is not None
            for token_type, tokens in zip(TOKEN_TYPES, found.tokens, strict=True)
        ],
    )
    yield (
        "anthropic_enterprise_group_cost_month_to_date_usd",
        [((found.group_id,), found.usd) for found in used if found.usd is not None],
    )
    # A group that has no name here, or the word for people in none, gets one all the same: a join loses no row.
    names = {found.group_id: found.group_id for found in used}
    names |= {group.id: group.name for group in inventory.listed("user_group", UserGroup)}
    yield "anthropic_enterprise_group_info", [(item, 1) for item in names.items()]


def _day(day: Engagement) -> Iterator[tuple[str, list[Sample]]]:
    if day.seats is not None:
        yield "anthropic_enterprise_seats", [((), day.seats)]
    if day.pending_invites is not None:
        yield "anthropic_enterprise_pending_invites", [((), day.pending_invites)]
    for place, window in enumerate(_WINDOWS, start=1):
        counts = [(row[0], row[place]) for row in day.active]
        yield f"anthropic_enterprise_{window}_active_users", [((), _number(n)) for name, n in counts if name == _ANY]
        yield (
            f"anthropic_enterprise_product_{window}_active_users",
            [((str(name),), _number(n)) for name, n in counts if name != _ANY],
        )
    yield "anthropic_enterprise_activity_timestamp_seconds", [((), day.day + DAY)]


def _number(value: str | int) -> int:
    return int(value)

"""Claude Enterprise: engagement summaries, and the names of user groups."""

from anthropic_exporter.records import Engagement, UserGroup
from anthropic_exporter.utc import DAY

from .decode import Decoder
from .endpoint import ORGANIZATIONS, Call, Endpoint
from .paging import BY_TOKEN, walk
from .reader import Reader
from .shapes import Count, Id, Shape, Text, TokenPage
from .times import parse, parse_bound, render

_SUMMARIES = Endpoint(f"{ORGANIZATIONS}/analytics/summaries")
_GROUPS = Endpoint(f"{ORGANIZATIONS}/rbac_groups")

_ALWAYS = {"": "all", "cowork_": "cowork"}
_SOMETIMES = {
    f"{product}_": product
    for product in (
        "chat",
        "chat_cowork_unified",
        "claude_code",
        "claude_design",
        "claude_tag",
        "office_agent",
        "science",
    )
}
_WINDOWS = ("daily", "weekly", "monthly")


class SummaryObject(Shape, frozen=True, kw_only=True):
    """One day. The counts of single products are there where that breakdown is on.

    Source: SDK types/organization/analytics_single_day_activity_summary.py.
    """

    unread = frozenset(
        {"daily_adoption_rate", "weekly_adoption_rate", "monthly_adoption_rate", "science_entitled_user_count"}
    )
    sometimes = frozenset(
        {f"{prefix}{window}_active_user_count" for prefix in _SOMETIMES for window in _WINDOWS}
        | {"science_entitled_user_count"}
    )
    starting_at: Text
    ending_at: Text
    assigned_seat_count: Count | None = None
    pending_invite_count: Count | None = None
    daily_active_user_count: Count
    weekly_active_user_count: Count
    monthly_active_user_count: Count
    cowork_daily_active_user_count: Count | None = None
    cowork_weekly_active_user_count: Count | None = None
    cowork_monthly_active_user_count: Count | None = None
    chat_daily_active_user_count: Count | None = None
    chat_weekly_active_user_count: Count | None = None
    chat_monthly_active_user_count: Count | None = None
    chat_cowork_unified_daily_active_user_count: Count | None = None
    chat_cowork_unified_weekly_active_user_count: Count | None = None
    chat_cowork_unified_monthly_active_user_count: Count | None = None
    claude_code_daily_active_user_count: Count | None = None
    claude_code_weekly_active_user_count: Count | None = None
    claude_code_monthly_active_user_count: Count | None = None
    claude_design_daily_active_user_count: Count | None = None
    claude_design_weekly_active_user_count: Count | None = None
    claude_design_monthly_active_user_count: Count | None = None
    claude_tag_daily_active_user_count: Count | None = None
    claude_tag_weekly_active_user_count: Count | None = None
    claude_tag_monthly_active_user_count: Count | None = None
    office_agent_daily_active_user_count: Count | None = None
    office_agent_weekly_active_user_count: Count | None = None
    office_agent_monthly_active_user_count: Count | None = None
    science_daily_active_user_count: Count | None = None
    science_weekly_active_user_count: Count | None = None
    science_monthly_active_user_count: Count | None = None


class GroupNameObject(Shape, frozen=True, kw_only=True):
    """A group of users. Source: SDK types/organization/rbac_group.py."""

    unread = frozenset({"type", "source_type", "role_ids", "created_at", "updated_at"})
    sometimes = frozenset({"role_ids"})
    id: Id
    name: Text | None = None


_summaries: Decoder[TokenPage[SummaryObject]] = Decoder(TokenPage[SummaryObject])
_groups: Decoder[TokenPage[GroupNameObject]] = Decoder(TokenPage[GroupNameObject])


def summaries(reader: Reader, since: int) -> list[Engagement]:
    """List the days from ``since`` (a midnight) to the newest that upstream has, ascending.

    Raises:
        PollError: as `errors` describes.
    """
    # Without an end: a day that is too recent would be refused.
    call = Call(_SUMMARIES, (("starting_date", render(since)[:10]),))
    days: dict[int, Engagement] = {}
    for page in walk(reader, call, _summaries, BY_TOKEN):
        for told in page.data:
            found = _engagement(told)
            if days.setdefault(found.day, found) is not found:
                raise _SUMMARIES.unreadable("a day that came twice")
    return [days[day] for day in sorted(days)]


def user_groups(reader: Reader) -> list[UserGroup]:
    """List the groups of users."""
    pages = walk(reader, Call(_GROUPS, (("limit", "1000"),)), _groups, BY_TOKEN)
    return list({told.id: UserGroup(told.id, told.name or "") for page in pages for told in page.data}.values())


def _engagement(told: SummaryObject) -> Engagement:
    try:
        day, end = parse_bound(told.starting_at), parse(told.ending_at)
    except ValueError as error:
        raise _SUMMARIES.unreadable(str(error)) from None
    if day % DAY or end != day + DAY:
        raise _SUMMARIES.unreadable("a summary of something else than a UTC day")
    active = []
    for prefix, product in (_ALWAYS | _SOMETIMES).items():
        counts = [getattr(told, f"{prefix}{window}_active_user_count") for window in _WINDOWS]
        if None not in counts:
            active.append((product, *counts))
    return Engagement(day, told.assigned_seat_count, told.pending_invite_count, tuple(active))

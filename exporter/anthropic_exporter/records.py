"""What the Admin API tells, in one vocabulary, whichever generation of it answered.

Times are whole seconds since 1970 UTC; money is ``Decimal`` USD. A null of the API has already become its word
(``default``, ``none``, ``not_available``), so a label is never empty.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Generic, NamedTuple, TypeVar

Labels = tuple[str, ...]
Number = int | Decimal
Values = tuple[Number, ...]
Cells = Mapping[Labels, Values]

#: The label values of ``token_type``. Disjoint on purpose: sum() over them is the total.
TOKEN_TYPES = ("uncached_input", "cache_creation_5m", "cache_creation_1h", "cache_read", "output")

#: The same for Claude Code, whose report knows one kind of cache write.
CLAUDE_CODE_TOKEN_TYPES = ("uncached_input", "cache_read", "cache_creation", "output")

#: What the legacy usage report can be grouped by.
USAGE_DIMENSIONS = (
    "account_id",
    "api_key_id",
    "context_window",
    "inference_geo",
    "model",
    "service_account_id",
    "service_tier",
    "speed",
    "workspace_id",
)
#: How many dimensions a report takes at most, of either generation (more are a 400).
MOST_DIMENSIONS = 5

#: What a null becomes.
DEFAULT_WORKSPACE = "default"
NONE = "none"
NOT_AVAILABLE = "not_available"


@cache
def arranger(asked: tuple[str, ...], wanted: tuple[str, ...]) -> Callable[[Labels], Labels]:
    """Return a function that puts values of the labels asked for into the order wanted; others are ``none``."""
    if asked == wanted:
        return lambda labels: labels
    places = [asked.index(name) if name in asked else -1 for name in wanted]
    if len(places) < 2:  # noqa: PLR2004 - of one place itemgetter makes no tuple
        return lambda labels: tuple([(*labels, NONE)[place] for place in places])
    # A million rows of a year come through here.
    take: Callable[[Labels], Labels] = itemgetter(*places)
    return take if -1 not in places else lambda labels: take((*labels, NONE))


class UsageRow(NamedTuple):
    """What one combination of dimensions used in one bucket."""

    labels: tuple[str, ...]  # the values of the dimensions that were asked for, in that order
    tokens: tuple[int, int, int, int, int]  # in the order of TOKEN_TYPES
    web_searches: int
    requests: int | None  # None where the endpoint does not count them


class CostRow(NamedTuple):
    """What one combination of dimensions was billed in one bucket, in USD."""

    labels: tuple[str, ...]  # the values of the dimensions that were asked for, then cost_type, token_type if asked
    amount: Decimal  # after discounts, before credits
    list_amount: Decimal | None  # before discounts; None where the endpoint does not tell


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Bucket(Generic[Row]):
    """The rows of one interval. An empty one means that nothing was used, as far as upstream knows."""

    starting_at: int
    ending_at: int  # nominal: also for the bucket that is still running
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Reading(Generic[Row]):
    """One whole walk over all pages of a report.

    Buckets are in ascending order and do not overlap. A flat report (analytics) yields a bucket only where it has
    rows; the caller knows the window that it asked for.
    """

    buckets: list[Bucket[Row]]
    refreshed_at: int | None  # data_refreshed_at, where the report has one


class Organization(NamedTuple):
    """Whose numbers these are."""

    id: str
    name: str


class Workspace(NamedTuple):
    """A workspace, live or archived."""

    id: str  # "default" for the default workspace
    name: str
    archived: bool
    created_at: int | None  # None where it is not told
    tags: tuple[tuple[str, str], ...]


class ApiKey(NamedTuple):
    """An API key. The hint of its secret is never read."""

    id: str
    name: str
    workspace_id: str  # "default" for the default workspace, "none" for a key that belongs to no workspace
    status: str  # active, inactive, archived, expired, or a word that is new
    owner_type: str  # user, service_account, none
    owner_id: str  # user_…, svac_…, or "none"
    created_at: int
    expires_at: int | None


class Member(NamedTuple):
    """A user of the organization. E-mail addresses and names are not read."""

    id: str
    role: str


class WorkspaceMember(NamedTuple):
    """A user's role in one workspace."""

    workspace_id: str
    user_id: str
    role: str


class Invite(NamedTuple):
    """An invitation to the organization."""

    id: str
    status: str
    role: str
    expires_at: int


class ServiceAccount(NamedTuple):
    """An identity for machines that is not archived."""

    id: str
    role: str


class RateLimitGroup(NamedTuple):
    """What shares one set of rate limits: models, or a resource such as batches."""

    id: str  # rlg_…, or the group's type where an old answer has no ID
    name: str
    models: tuple[str, ...]  # IDs and aliases; empty for a resource


class RateLimit(NamedTuple):
    """One configured limit, of the organization or an override of one workspace."""

    workspace_id: str  # "none" for the organization
    group_id: str
    limiter: str
    value: int


class PeakMinute(NamedTuple):
    """The most tokens of one kind that a rate-limit group used in one minute of an hour."""

    group_id: str
    token_type: str  # input_counted, input, output
    tokens: int
    until: int  # end of the hour that was looked at


class SpendLimit(NamedTuple):
    """A cap on spending of one scope, and what was spent of it where upstream tells."""

    scope: str
    scope_id: str  # of the user, group, workspace or tier; "none" for the organization
    period: str
    usd: Decimal | None  # None: no numeric cap
    spent: Decimal | None  # None: not told
    period_start: int  # of the period that ``spent`` is of, 0 where there is none


class SpendRequest(NamedTuple):
    """A request for a higher spend limit that waits for an answer."""

    id: str
    created_at: int


class ClaudeCodeModel(NamedTuple):
    """What one record of Claude Code used of one model."""

    model: str
    tokens: tuple[int, int, int, int]  # in the order of CLAUDE_CODE_TOKEN_TYPES
    usd: Decimal  # estimated by upstream


class ClaudeCodeRecord(NamedTuple):
    """What one actor did with Claude Code on one day at one kind of terminal. An actor may have several."""

    actor_type: str  # user_actor, api_actor
    actor: str  # an e-mail address or the name of an API key
    customer_type: str
    terminal_type: str
    sessions: int
    commits: int
    pull_requests: int
    lines_added: int
    lines_removed: int
    tools: tuple[tuple[str, int, int], ...]  # name, accepted, rejected
    models: tuple[ClaudeCodeModel, ...]


class ActiveUsers(NamedTuple):
    """How many distinct actors used Claude Code on one day."""

    day: int
    customer_type: str
    actors: int


class Activity(NamedTuple):
    """An entry of the compliance feed, without who did it."""

    id: str
    created_at: int
    type: str


class ActivityPage(NamedTuple):
    """Some entries of the compliance feed, the newest first."""

    activities: list[Activity]
    more: bool


class UserGroup(NamedTuple):
    """A group of users of a Claude Enterprise organization."""

    id: str
    name: str


class GroupMonth(NamedTuple):
    """What a group of users used this month. Groups overlap, so this is never added up."""

    month: int  # its first second
    group_id: str
    tokens: tuple[int, ...] | None  # in the order of TOKEN_TYPES; None where they are not told
    usd: Decimal | None  # billed; None where it is not told


class Engagement(NamedTuple):
    """Seats and active users of a Claude Enterprise organization on one day."""

    day: int
    seats: int | None
    pending_invites: int | None
    active: tuple[tuple[str, int, int, int], ...]  # product ("all" for any), in a day, in 7 days, in a month


Held = (
    Organization
    | Workspace
    | ApiKey
    | Member
    | WorkspaceMember
    | Invite
    | ServiceAccount
    | RateLimitGroup
    | RateLimit
    | PeakMinute
    | SpendLimit
    | SpendRequest
    | ActiveUsers
    | UserGroup
    | GroupMonth
    | Engagement
)
"""Everything that is known as a list which the next reading replaces."""


class Interval(NamedTuple):
    """A bucket's or window's bounds; the end is exclusive."""

    starting_at: int
    ending_at: int


@dataclass(frozen=True, slots=True)
class Intake:
    """One whole reading of one window of one stream, on its way into the ledger.

    ``buckets`` holds every bucket that upstream served in the window, the empty ones too. ``refreshed_at`` is how far
    the answer reaches, where upstream tells; later buckets are not complete and cannot be settled. ``note`` is what
    the collector wants to remember if and only if the reading is taken: a key and a text.
    """

    stream: str
    window: Interval
    buckets: Mapping[Interval, Cells]
    refreshed_at: float | None = None
    note: tuple[str, str] | None = None

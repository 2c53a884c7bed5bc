"""What the Admin API tells, in one vocabulary, whichever generation of it answered.

Times are whole seconds since 1970 UTC; money is ``Decimal`` USD. A null of the API has already become its word
(``default``, ``none``, ``not_available``), so a label is never empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, NamedTuple, TypeVar

Labels = tuple[str, ...]
Number = int | Decimal
Values = tuple[Number, ...]
Cells = Mapping[Labels, Values]

#: The label values of ``token_type``. Disjoint on purpose: sum() over them is the total.
TOKEN_TYPES = ("uncached_input", "cache_creation_5m", "cache_creation_1h", "cache_read", "output")

#: What a null becomes.
DEFAULT_WORKSPACE = "default"
NONE = "none"
NOT_AVAILABLE = "not_available"


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
    """GET /v1/organizations/me."""

    id: str
    name: str


class Workspace(NamedTuple):
    """A workspace, live or archived."""

    id: str  # "default" for the default workspace
    name: str
    archived: bool
    created_at: int
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


class Interval(NamedTuple):
    """A bucket's or window's bounds; the end is exclusive."""

    starting_at: int
    ending_at: int


@dataclass(frozen=True, slots=True)
class Intake:
    """One whole reading of one window of one stream, on its way into the ledger.

    ``buckets`` holds every bucket that upstream served in the window, the empty ones too. ``refreshed_at`` is how far
    the answer reaches, where upstream tells; later buckets are not complete and cannot be settled.
    """

    stream: str
    window: Interval
    buckets: Mapping[Interval, Cells]
    refreshed_at: float | None = None

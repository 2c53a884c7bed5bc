"""GET /v1/organizations/rate_limits and /workspaces/{id}/rate_limits: what is allowed, not what is used."""

from collections.abc import Iterator, Sequence

from anthropic_exporter.records import NONE, RateLimit, RateLimitGroup

from .decode import Decoder
from .endpoint import ORGANIZATIONS, Call, Endpoint
from .paging import BY_TOKEN, walk
from .reader import Reader
from .shapes import Count, Shape, Text, TokenPage
from .words import OpenWords

_ORGANIZATION = Endpoint(f"{ORGANIZATIONS}/rate_limits")
_WORKSPACE = Endpoint(f"{ORGANIZATIONS}/workspaces/{{id}}/rate_limits")

_KNOWN = {
    "group": frozenset({"batch", "files", "model_group", "skills", "token_count", "web_search"}),
    "limiter": frozenset(
        {
            "enqueued_batch_requests",
            "fast_itpmca",
            "fast_otpm",
            "input_tokens_per_minute",
            "input_tokens_per_minute_cache_aware",
            "output_tokens_per_minute",
            "requests_per_minute",
            "tokens_per_day",
            "tokens_per_minute",
            "tool_uses_per_second",
        }
    ),
}


class GroupObject(Shape, frozen=True, kw_only=True):
    """What shares the limits; only a group of models has a name."""

    sometimes = frozenset({"display_name"})
    id: Text | None = None
    type: Text | None = None
    display_name: Text | None = None


class Source(Shape, frozen=True, kw_only=True):
    """Where a limit was set."""

    type: Text | None = None


class LimitObject(Shape, frozen=True, kw_only=True):
    """One limiter. ``org_limit`` and ``source`` are of workspaces only."""

    unread = frozenset({"org_limit"})
    sometimes = frozenset({"org_limit", "source"})
    type: Text
    value: Count | None = None
    source: Source | None = None


class RateLimitObject(Shape, frozen=True, kw_only=True):
    """The limits of one group. Source: manage-claude/rate-limits-api; SDK organization_rate_limit.py."""

    unread = frozenset({"id", "rate_limit_id", "workspace_id", "type"})
    # The type of the group stands in one of two places, by version and age of the answer.
    sometimes = frozenset({"group", "group_type", "models"})
    group: GroupObject | None = None
    group_type: Text | None = None
    models: list[Text] | None = None
    limits: list[LimitObject]


_PAGE: Decoder[TokenPage[RateLimitObject]] = Decoder(TokenPage[RateLimitObject])


def rate_limits(reader: Reader) -> tuple[list[RateLimitGroup], list[RateLimit]]:
    """List the groups of the organization, and its limits."""
    entries = _entries(reader, _ORGANIZATION)
    groups = [RateLimitGroup(_id(entry), _name(entry), tuple(filter(None, entry.models or ()))) for entry in entries]
    return groups, list(_limits(reader, _ORGANIZATION, NONE, entries))


def workspace_rate_limits(reader: Reader, workspace_id: str) -> list[RateLimit]:
    """List what a workspace overrides, by its real ID. What is missing is inherited."""
    entries = _entries(reader, _WORKSPACE, workspace_id)
    return list(_limits(reader, _WORKSPACE, workspace_id, entries))


def _entries(reader: Reader, endpoint: Endpoint, workspace_id: str = "") -> list[RateLimitObject]:
    # Without a limit everything comes on one page.
    pages = walk(reader, Call(endpoint, (), workspace_id), _PAGE, BY_TOKEN)
    entries = [entry for page in pages for entry in page.data]
    if any(not _id(entry) for entry in entries):
        raise endpoint.unreadable("limits of a group without an id and without a type")
    return entries


def _limits(
    reader: Reader, endpoint: Endpoint, workspace_id: str, entries: Sequence[RateLimitObject]
) -> Iterator[RateLimit]:
    words = OpenWords(_KNOWN, lambda what: reader.drift(endpoint, "unknown_value", what))
    for entry in entries:
        words.of("group", entry.group.type if entry.group else entry.group_type)
        for limit in entry.limits:
            inherited = limit.source is not None and limit.source.type == "organization" and workspace_id != NONE
            limiter = words.of("limiter", limit.type)
            if limit.value is not None and not inherited:
                yield RateLimit(workspace_id, _id(entry), limiter, limit.value)


def _id(entry: RateLimitObject) -> str:
    return (entry.group and (entry.group.id or entry.group.type)) or entry.group_type or ""


def _name(entry: RateLimitObject) -> str:
    return (entry.group and (entry.group.display_name or entry.group.type)) or entry.group_type or ""

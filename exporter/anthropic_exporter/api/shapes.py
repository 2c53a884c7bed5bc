"""The documented answers as msgspec structs, one class per JSON object.

A field without a default must be there for the numbers to be right: without it the answer is refused. Any
other may be missing or null and is then its default. ``unread`` names documented fields that never become
objects, among them all names, e-mail addresses and key hints of people; ``sometimes`` those whose absence is
no news.

Source, named where it is used, here and in the modules of the endpoints: pages of platform.claude.com/docs/en, in
their state of November 2026, and files of the official Python SDK 2.11.0.
"""

from typing import Annotated, Any, ClassVar, Generic, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")

#: A million times what the largest customer could use in a day. Beyond it the sums of a year would overflow
#: 64 bits.
Count = Annotated[int, Meta(ge=0, le=10**15)]
#: A word or a name. They become label values.
Text = Annotated[str, Meta(max_length=1000)]
#: What tells an object from others, so it is never empty.
Id = Annotated[str, Meta(min_length=1, max_length=1000)]
Cursor = Annotated[str, Meta(max_length=8000)]


class Shape(Struct, gc=False, frozen=True, kw_only=True):
    """What all have."""

    unread: ClassVar[frozenset[str]] = frozenset()
    sometimes: ClassVar[frozenset[str]] = frozenset()


# ---- envelopes, by style of paging ----


class Page(Shape, Generic[T], frozen=True, kw_only=True):
    """What all styles have."""

    data: list[T]


class IdPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """Style A: the last ID is the cursor."""

    unread: ClassVar[frozenset[str]] = frozenset({"first_id"})
    has_more: bool | None = None
    last_id: Cursor | None = None


class TokenPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """Style B: a token while there is more."""

    next_page: Cursor | None = None


class LegacyPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """Style C: the bucketed reports."""

    has_more: bool | None = None
    next_page: Cursor | None = None


class ReportPage(Page[T], Generic[T], frozen=True, kw_only=True):
    """Style D: the analytics reports, with the time of the export that they were made from."""

    unread: ClassVar[frozenset[str]] = frozenset({"organization_id"})
    has_more: bool | None = None
    next_page: Cursor | None = None
    data_refreshed_at: Text | None = None


# ---- reports ----


class Results(Shape, Generic[T], frozen=True, kw_only=True):
    """One bucket of a legacy report."""

    starting_at: Text
    ending_at: Text
    results: list[T]


class CacheCreation(Shape, frozen=True, kw_only=True):
    """Tokens written to the caches."""

    ephemeral_5m_input_tokens: Count
    ephemeral_1h_input_tokens: Count


class ServerToolUse(Shape, frozen=True, kw_only=True):
    """Calls of tools that Anthropic runs."""

    web_search_requests: Count


class UsageResult(Shape, frozen=True, kw_only=True):
    """One row of usage_report/messages. Source: api/admin/usage_report/retrieve_messages. It is not in the SDK."""

    # Grouping by speed is documented, the key that answers it is not.
    sometimes: ClassVar[frozenset[str]] = frozenset({"speed"})
    uncached_input_tokens: Count
    cache_creation: CacheCreation
    cache_read_input_tokens: Count
    output_tokens: Count
    server_tool_use: ServerToolUse | None = None
    account_id: Text | None = None
    api_key_id: Text | None = None
    context_window: Text | None = None
    inference_geo: Text | None = None
    model: Text | None = None
    service_account_id: Text | None = None
    service_tier: Text | None = None
    speed: Text | None = None
    workspace_id: Text | None = None


class CostResult(Shape, frozen=True, kw_only=True):
    """One row of cost_report; ``amount`` is a decimal string in cents.

    Source: api/admin/cost_report/retrieve. It is not in the SDK.
    """

    unread: ClassVar[frozenset[str]] = frozenset({"description", "context_window", "inference_geo"})
    amount: Any  # str; a number is read too, exactly (int, or Decimal by the hook of the decoder)
    currency: Text | None = None
    cost_type: Text | None = None
    model: Text | None = None
    service_tier: Text | None = None
    token_type: Text | None = None
    workspace_id: Text | None = None


class Actor(Shape, frozen=True, kw_only=True):
    """Whom usage is attributed to; a union by ``type``, of which only the IDs are read."""

    unread: ClassVar[frozenset[str]] = frozenset({"email_address", "email", "name", "deleted", "subject", "provider"})
    sometimes: ClassVar[frozenset[str]] = frozenset({"user_id", "service_account_id", "api_key_id"})
    type: Text
    user_id: Text | None = None
    service_account_id: Text | None = None
    api_key_id: Text | None = None


class Group(Shape, frozen=True, kw_only=True):
    """The dimensions of an analytics row.

    Source: SDK types/beta/organization/analytics/beta_analytics_usage_group.py and beta_analytics_cost_group.py.
    """

    # Those of the cost report only.
    sometimes: ClassVar[frozenset[str]] = frozenset({"cost_type", "token_type"})
    actor: Actor | None = None
    actor_type: Text | None = None
    agent_id: Text | None = None
    api_key_id: Text | None = None
    claude_tag_category: Text | None = None
    claude_tag_user_id: Text | None = None
    context_window: Text | None = None
    cost_type: Text | None = None
    deployment_id: Text | None = None
    environment_id: Text | None = None
    inference_geo: Text | None = None
    model: Text | None = None
    organization_id: Text | None = None
    product: Text | None = None
    rbac_group_id: Text | None = None
    service_tier: Text | None = None
    session_id: Text | None = None
    slack_channel_id: Text | None = None
    speed: Text | None = None
    token_type: Text | None = None
    user_profile_id: Text | None = None
    workspace_id: Text | None = None


class Usage(Shape, frozen=True, kw_only=True):
    """The numbers of an analytics usage row."""

    uncached_input_tokens: Count
    cache_creation: CacheCreation
    cache_read_input_tokens: Count
    output_tokens: Count
    total_tokens: Count | None = None
    requests: Count | None = None
    server_tool_use: ServerToolUse | None = None


class UsageLine(Shape, frozen=True, kw_only=True):
    """One row of analytics/usage."""

    starting_at: Text
    ending_at: Text
    group: Group
    usage: Usage


class Cost(Shape, frozen=True, kw_only=True):
    """The money of an analytics cost row: decimal strings in cents."""

    unread: ClassVar[frozenset[str]] = frozenset({"requests"})
    amount: Any
    list_amount: Any = None
    currency: Text | None = None


class CostLine(Shape, frozen=True, kw_only=True):
    """One row of analytics/cost."""

    starting_at: Text
    ending_at: Text
    group: Group
    cost: Cost


# ---- inventory. Source: SDK types/organization, a file for each ----


class OrganizationObject(Shape, frozen=True, kw_only=True):
    """/me."""

    unread: ClassVar[frozenset[str]] = frozenset({"type"})
    id: Id
    name: Text | None = None


class WorkspaceObject(Shape, frozen=True, kw_only=True):
    """A workspace."""

    unread: ClassVar[frozenset[str]] = frozenset(
        {"type", "display_color", "compartment_id", "data_residency", "external_key_id", "user_profile_id"}
    )
    id: Id
    name: Text | None = None
    created_at: Text
    archived_at: Text | None = None
    tags: dict[Text, Any] | None = None


class Reference(Shape, frozen=True, kw_only=True):
    """Who made a key."""

    id: Text | None = None
    type: Text | None = None


class Principal(Shape, frozen=True, kw_only=True):
    """Whom a key acts for."""

    sometimes: ClassVar[frozenset[str]] = frozenset({"user_id", "service_account_id"})
    type: Text
    user_id: Text | None = None
    service_account_id: Text | None = None


class Scope(Shape, frozen=True, kw_only=True):
    """Where a key is valid."""

    sometimes: ClassVar[frozenset[str]] = frozenset({"workspace_id"})
    type: Text
    workspace_id: Text | None = None


class ApiKeyObject(Shape, frozen=True, kw_only=True):
    """An API key."""

    unread: ClassVar[frozenset[str]] = frozenset({"type", "partial_key_hint"})
    # Version 2026-10-21 does not send it.
    sometimes: ClassVar[frozenset[str]] = frozenset({"workspace_id"})
    id: Id
    name: Text | None = None
    status: Text
    created_at: Text
    expires_at: Text | None = None
    created_by: Reference | None = None
    principal: Principal | None = None
    scope: Scope | None = None
    # Null and absent differ: null says "the default workspace" if the scope is a workspace.
    workspace_id: Text | UnsetType | None = UNSET


class WorkspaceMemberObject(Shape, frozen=True, kw_only=True):
    """A user's role in a workspace."""

    unread: ClassVar[frozenset[str]] = frozenset({"type", "workspace_id"})
    user_id: Id
    workspace_role: Text


class UserObject(Shape, frozen=True, kw_only=True):
    """A user."""

    unread: ClassVar[frozenset[str]] = frozenset({"type", "email", "name", "added_at"})
    id: Id
    role: Text


class InviteObject(Shape, frozen=True, kw_only=True):
    """An invitation."""

    unread: ClassVar[frozenset[str]] = frozenset({"type", "email", "invited_at", "accepted_at", "rbac_group_ids"})
    id: Id
    status: Text
    role: Text
    expires_at: Text

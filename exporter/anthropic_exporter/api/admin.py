"""The Admin API of one organization, as the collectors see it."""

import threading

import httpx

from anthropic_exporter.records import (
    ActivityPage,
    ApiKey,
    ClaudeCodeRecord,
    CostRow,
    Engagement,
    Invite,
    Member,
    Organization,
    RateLimit,
    RateLimitGroup,
    Reading,
    ServiceAccount,
    SpendLimit,
    SpendRequest,
    UsageRow,
    UserGroup,
    Workspace,
    WorkspaceMember,
)

from . import (
    analytics,
    claude_code,
    compliance,
    cost,
    enterprise,
    inventory,
    limits,
    scoped,
    service_accounts,
    spend,
    usage,
)
from .breaker import Breaker
from .pacing import Pacer
from .ports import Credential, Observer
from .reader import Reader
from .transport import Transport


class AdminApi:
    """Reads one organization. Thread-safe; sends nothing but GET.

    Each method returns the whole of what it names, over all pages, or raises a PollError: never a part. A
    ValueError means that the caller asked for what no query can ask for.

    Args:
        base_url: https, or http to loopback.
        credential: gives the key for each request.
        pacer: shared by everything that asks for this organization.
        timeout: seconds for one whole answer.
        observer: told of each request and of all that is not as documented.
        stop: when set, waits end and methods raise Unavailable.
        organization_id: which organization is meant, where the credential reads several: a child of its own, or one
            of the list of the org-scoped dialect. "" for its own.
        org_scoped: the settings say that upstream speaks that dialect.
        transport: replaces the network in tests.
        breaker: remembers which endpoints keep failing.

    Raises:
        ConfigError: the base URL or a proxy variable cannot be used.
    """

    def __init__(
        self,
        *,
        base_url: str,
        credential: Credential,
        pacer: Pacer,
        timeout: float,
        observer: Observer,
        stop: threading.Event,
        organization_id: str = "",
        org_scoped: bool = False,
        transport: httpx.BaseTransport | None = None,
        breaker: Breaker | None = None,
    ) -> None:
        self._transport = Transport(base_url, timeout, transport)
        self._reader = Reader(
            self._transport, credential, pacer, observer, stop, breaker=Breaker() if breaker is None else breaker
        )
        self._child = organization_id
        self._home = scoped.Home(organization_id, org_scoped)

    @property
    def organization_header(self) -> str | None:
        """The newest ``anthropic-organization-id``, or None before the first answer that had one."""
        return self._reader.organization_header

    @property
    def clock_ahead(self) -> float | None:
        """Seconds that this machine's clock is ahead of upstream's, or None before an answer that tells the time."""
        return self._reader.clock_ahead

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def organization(self) -> Organization:
        """See `inventory.organization`."""
        return self._home.official(self._reader)

    def scoped_organization(self) -> Organization:
        """See `scoped.Home.listed`."""
        return self._home.listed(self._reader)

    def scoped_workspaces(self) -> list[Workspace]:
        """See `scoped.workspaces`."""
        return scoped.workspaces(self._reader, self._home.id(self._reader))

    def workspaces(self) -> tuple[list[Workspace], str | None]:
        """See `inventory.workspaces`."""
        return inventory.workspaces(self._reader)

    def workspace_members(self, workspace_id: str) -> list[WorkspaceMember]:
        """See `inventory.workspace_members`."""
        return inventory.workspace_members(self._reader, workspace_id)

    def members(self) -> list[Member]:
        """See `inventory.members`."""
        return inventory.members(self._reader)

    def invites(self) -> list[Invite]:
        """See `inventory.invites`."""
        return inventory.invites(self._reader)

    def api_keys(self, default_workspace: str | None) -> tuple[list[ApiKey], str | None]:
        """See `inventory.api_keys`."""
        return inventory.api_keys(self._reader, default_workspace)

    def service_accounts(self) -> list[ServiceAccount]:
        """See `service_accounts.service_accounts`."""
        return service_accounts.service_accounts(self._reader)

    def rate_limits(self) -> tuple[list[RateLimitGroup], list[RateLimit]]:
        """See `limits.rate_limits`."""
        return limits.rate_limits(self._reader)

    def workspace_rate_limits(self, workspace_id: str) -> list[RateLimit]:
        """See `limits.workspace_rate_limits`."""
        return limits.workspace_rate_limits(self._reader, workspace_id)

    def spend_limits(self) -> list[SpendLimit]:
        """See `spend.spend_limits`."""
        return spend.spend_limits(self._reader)

    def effective_spend_limits(self) -> list[SpendLimit]:
        """See `spend.effective_spend_limits`."""
        return spend.effective_spend_limits(self._reader)

    def spend_limit_increase_requests(self) -> list[SpendRequest]:
        """See `spend.spend_limit_increase_requests`."""
        return spend.spend_limit_increase_requests(self._reader)

    def claude_code(self, day: int) -> list[ClaudeCodeRecord]:
        """See `claude_code.claude_code`."""
        return claude_code.claude_code(self._reader, day)

    def activities(
        self, *, since: int | None = None, older_than: str | None = None, newer_than: str | None = None
    ) -> ActivityPage:
        """See `compliance.activities`."""
        return compliance.activities(self._reader, since=since, older_than=older_than, newer_than=newer_than)

    def summaries(self, since: int) -> list[Engagement]:
        """See `enterprise.summaries`."""
        return enterprise.summaries(self._reader, since)

    def user_groups(self) -> list[UserGroup]:
        """See `enterprise.user_groups`."""
        return enterprise.user_groups(self._reader)

    def usage_report(
        self,
        *,
        starting_at: int,
        ending_at: int,
        width: str,
        dimensions: tuple[str, ...],
        rows_per_bucket: int,
    ) -> Reading[UsageRow]:
        """See `usage.usage_report`."""
        return usage.usage_report(
            self._reader,
            starting_at=starting_at,
            ending_at=ending_at,
            width=width,
            dimensions=dimensions,
            rows_per_bucket=rows_per_bucket,
        )

    def scoped_usage_report(
        self, *, starting_at: int, ending_at: int, width: str, dimensions: tuple[str, ...]
    ) -> Reading[UsageRow]:
        """See `scoped.usage_report`."""
        return scoped.usage_report(
            self._reader,
            self._home.id(self._reader),
            starting_at=starting_at,
            ending_at=ending_at,
            width=width,
            dimensions=dimensions,
        )

    def analytics_usage(
        self,
        *,
        starting_at: int,
        ending_at: int,
        width: str | None,
        dimensions: tuple[str, ...],
        default_workspace: str | None,
    ) -> Reading[UsageRow]:
        """See `analytics.analytics_usage`."""
        return analytics.analytics_usage(
            self._reader,
            starting_at=starting_at,
            ending_at=ending_at,
            width=width,
            dimensions=dimensions,
            default_workspace=default_workspace,
            organization_id=self._child,
        )

    def cost_report(self, *, starting_at: int, ending_at: int) -> Reading[CostRow]:
        """See `cost.cost_report`."""
        return cost.cost_report(self._reader, starting_at=starting_at, ending_at=ending_at)

    def analytics_cost(
        self,
        *,
        starting_at: int,
        ending_at: int,
        width: str | None,
        dimensions: tuple[str, ...],
        fan_out: bool,
        default_workspace: str | None,
    ) -> Reading[CostRow]:
        """See `analytics.analytics_cost`."""
        return analytics.analytics_cost(
            self._reader,
            starting_at=starting_at,
            ending_at=ending_at,
            width=width,
            dimensions=dimensions,
            fan_out=fan_out,
            default_workspace=default_workspace,
            organization_id=self._child,
        )

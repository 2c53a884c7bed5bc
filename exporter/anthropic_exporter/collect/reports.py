"""The reports of the Admin API, as collectors ask for them: windows in seconds since 1970 UTC."""

from typing import Protocol

from anthropic_exporter.records import CostRow, Reading, UsageRow


class UsageReport(Protocol):
    """Reads the legacy usage report."""

    def usage_report(
        self, *, starting_at: int, ending_at: int, width: str, dimensions: tuple[str, ...], rows_per_bucket: int
    ) -> Reading[UsageRow]:
        """Read all buckets of a window."""


class ScopedUsage(Protocol):
    """Reads the usage report of the org-scoped dialect."""

    def scoped_usage_report(
        self, *, starting_at: int, ending_at: int, width: str, dimensions: tuple[str, ...]
    ) -> Reading[UsageRow]:
        """Read all buckets of a window."""


class AnalyticsUsage(Protocol):
    """Reads the analytics usage report."""

    def analytics_usage(
        self,
        *,
        starting_at: int,
        ending_at: int,
        width: str | None,
        dimensions: tuple[str, ...],
        default_workspace: str | None,
    ) -> Reading[UsageRow]:
        """Read a window, by ``width`` or as one sum."""


class AnalyticsCost(Protocol):
    """Reads the analytics cost report."""

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
        """Read a window, by ``width`` or as one sum; ``fan_out`` adds the labels cost_type and token_type."""

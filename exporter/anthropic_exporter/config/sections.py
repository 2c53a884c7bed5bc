"""The sections of the settings: every setting, how it is read, and its default, each once.

Durations are seconds. Names are those of the file; ``flags`` says what is also a flag or a variable.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from anthropic_exporter.config import network, values
from anthropic_exporter.config.matching import ENTITIES, ORGANIZATION, OWNER, Match, match
from anthropic_exporter.config.network import ListenAddress
from anthropic_exporter.config.reader import required, setting
from anthropic_exporter.utc import Since


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSettings:
    """Tokens, requests and web searches."""

    enabled: bool = setting(values.boolean, default=True)
    interval: float = setting(values.interval, default=60.0)
    # Every dimension that moves a price today, and the workspace.
    group_by: tuple[str, ...] = setting(
        values.dimensions, default=("workspace_id", "model", "service_tier", "inference_geo", "speed")
    )
    per_api_key: bool = setting(values.boolean, default=True)
    per_api_key_interval: float = setting(values.interval, default=300.0)
    settle_delay: float = setting(values.duration, default=900.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSettings:
    """Billed cost."""

    enabled: bool = setting(values.boolean, default=True)
    interval: float = setting(values.interval, default=600.0)
    settle_delay: float = setting(values.duration, default=21_600.0)
    # Whether estimates in spend are multiplied by how the bill compared with them on the last settled days.
    calibrate: bool = setting(values.boolean, default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class InventorySettings:
    """Organization, workspaces, members, invites, keys, service accounts."""

    enabled: bool = setting(values.boolean, default=True)
    interval: float = setting(values.interval, default=600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsSettings:
    """Rate limits and spend limits."""

    enabled: bool = setting(values.boolean, default=True)
    interval: float = setting(values.interval, default=600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaudeCodeSettings:
    """Claude Code analytics."""

    enabled: bool = setting(values.boolean, default=True)
    interval: float = setting(values.interval, default=1800.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterpriseSettings:
    """Engagement analytics of Claude Enterprise."""

    enabled: bool = setting(values.boolean, default=False)
    interval: float = setting(values.interval, default=3600.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceSettings:
    """Counts of the compliance activity feed."""

    enabled: bool = setting(values.boolean, default=False)
    interval: float = setting(values.interval, default=300.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesSettings:
    """Rows that override or extend the bundled price list."""

    file: Path | None = setting(values.readable_file, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """An amount that spend is held against."""

    name: str = required(values.name)
    usd: Decimal = required(values.amount)
    period: str = setting(values.choice("day", "week", "month"), default="month")
    thresholds: tuple[Decimal, ...] = setting(
        values.thresholds, default=(Decimal("0.5"), Decimal("0.8"), Decimal("0.95"), Decimal("1.0"))
    )
    match: Match = setting(match(*ENTITIES, *OWNER, ORGANIZATION), default=Match())


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipRule:
    """Whose what matches is: from named groups of the patterns, or as written here."""

    match: Match = required(match(*(name for name in ENTITIES if name != "model")))
    team: str | None = setting(values.label_value, default=None)
    environment: str | None = setting(values.label_value, default=None)
    cost_center: str | None = setting(values.label_value, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which models the workspaces that match may use."""

    name: str = required(values.name)
    match: Match = setting(match("workspace_id", "workspace_name", "workspace_tag"), default=Match())
    allowed_models: tuple[re.Pattern[str], ...] = required(values.patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountersSettings:
    """Where counters start, and how new series appear."""

    since: Since = setting(values.since, default="year")
    birth_hold: float = setting(values.duration, default=90.0)
    on_state_loss: str = setting(values.choice("recompute", "zero"), default="recompute")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """How many series there may be, and how long a quiet one stays."""

    max_per_family: int = setting(values.whole_number(1), default=10_000)
    idle_ttl: float = setting(values.positive_duration, default=3_024_000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSettings:
    """How the Admin API is called, per organization."""

    requests_per_minute: float = setting(values.number, default=60.0)  # 0: no limit
    timeout: float = setting(values.positive_duration, default=60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacySettings:
    """What is shown of people."""

    emails: str = setting(values.choice("none", "hash", "plain"), default="none")


@dataclass(frozen=True, slots=True, kw_only=True)
class OtlpSettings:
    """Push by OTLP."""

    enabled: bool = setting(values.boolean, default=False)
    endpoint: str = setting(network.push_url, default="")
    protocol: str = setting(values.choice("http/protobuf", "grpc"), default="http/protobuf")
    interval: float = setting(values.interval, default=60.0)
    temporality: str = setting(values.choice("cumulative", "delta"), default="cumulative")


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSettings:
    """Where the state is kept: a path, or ``:memory:``."""

    path: str = setting(values.state_path, default="")  # "" never outside this package: see load.default_state_path


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """The HTTP server."""

    listen_address: tuple[ListenAddress, ...] = setting(
        network.listen_addresses,
        default=(ListenAddress("", 10114),),
    )
    telemetry_path: str = setting(network.telemetry_path, default="/metrics")
    config_file: Path | None = setting(values.readable_file, default=None)
    enable_lifecycle: bool = setting(values.boolean, default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """What is logged to standard error, and how."""

    level: str = setting(values.log_level, default="info")
    format: str = setting(values.choice("logfmt", "json"), default="logfmt")

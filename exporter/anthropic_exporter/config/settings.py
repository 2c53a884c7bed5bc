"""The whole tree of settings, and what has to hold between them."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from anthropic_exporter.config.effective import effective
from anthropic_exporter.config.matching import OWNER
from anthropic_exporter.config.organizations import OrganizationSettings, read_entries
from anthropic_exporter.config.reader import Place, items, named_items, part, section, setting, words
from anthropic_exporter.config.sections import (
    Budget,
    ClaudeCodeSettings,
    ComplianceSettings,
    CostSettings,
    CountersSettings,
    EnterpriseSettings,
    InventorySettings,
    LimitsSettings,
    LogSettings,
    OtlpSettings,
    OwnershipRule,
    Policy,
    PricesSettings,
    PrivacySettings,
    SeriesSettings,
    StateSettings,
    UpstreamSettings,
    UsageSettings,
    WebSettings,
)


def _rule(value: object, place: Place) -> OwnershipRule:
    rule = section(OwnershipRule)(value, place)
    groups = [group for pattern in rule.match.patterns for group in pattern.groupindex]
    for group in groups:
        if group not in OWNER:
            place.key("match").refuse(f"groups named {words(OWNER)}", group)
    if not groups and not (rule.team or rule.environment or rule.cost_center):
        place.refuse_because(f"expected {words(OWNER)} as a key or as a named group, found none")
    return rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set."""

    # Read as OrganizationEntry; load gives each its credential.
    organizations: tuple[OrganizationSettings, ...] = field(default=(), metadata={"reader": read_entries})
    usage: UsageSettings = part(UsageSettings)
    cost: CostSettings = part(CostSettings)
    inventory: InventorySettings = part(InventorySettings)
    limits: LimitsSettings = part(LimitsSettings)
    claude_code: ClaudeCodeSettings = part(ClaudeCodeSettings)
    enterprise: EnterpriseSettings = part(EnterpriseSettings)
    compliance: ComplianceSettings = part(ComplianceSettings)
    prices: PricesSettings = part(PricesSettings)
    budgets: tuple[Budget, ...] = setting(named_items(section(Budget), "a list of budgets", "name"), default=())
    ownership: tuple[OwnershipRule, ...] = setting(items(_rule, "a list of ownership rules"), default=())
    policies: tuple[Policy, ...] = setting(named_items(section(Policy), "a list of policies", "name"), default=())
    counters: CountersSettings = part(CountersSettings)
    series: SeriesSettings = part(SeriesSettings)
    upstream: UpstreamSettings = part(UpstreamSettings)
    privacy: PrivacySettings = part(PrivacySettings)
    otlp: OtlpSettings = part(OtlpSettings)
    web: WebSettings = part(WebSettings)
    state: StateSettings = part(StateSettings)
    log: LogSettings = part(LogSettings)
    config_file: Path | None = None

    def __str__(self) -> str:
        return json.dumps(effective(self), ensure_ascii=False)

"""Settings: flags, environment and YAML become one frozen tree."""

from anthropic_exporter.config.load import load
from anthropic_exporter.config.matching import Match
from anthropic_exporter.config.network import ListenAddress
from anthropic_exporter.config.organizations import OrganizationSettings
from anthropic_exporter.config.sections import Budget, OwnershipRule, Policy
from anthropic_exporter.config.settings import Settings

__all__ = [
    "Budget",
    "ListenAddress",
    "Match",
    "OrganizationSettings",
    "OwnershipRule",
    "Policy",
    "Settings",
    "load",
]

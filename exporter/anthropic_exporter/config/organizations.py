"""``organizations:`` which there are, and where the key of each comes from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from anthropic_exporter.api.ports import Credential
from anthropic_exporter.config import network, values
from anthropic_exporter.config.reader import Place, named_items, section, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationEntry:
    """One organization as the file has it: where its key is, not yet the key."""

    alias: str = setting(values.name, default="main")
    admin_key_file: Path | None = setting(values.path, default=None)
    admin_key_env: str | None = setting(values.variable, default=None)
    base_url: str = setting(network.base_url, default="https://api.anthropic.com")
    source: str = setting(values.choice("auto", "legacy", "analytics", "org-scoped"), default="auto")
    organization_id: str = setting(values.identifier, default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationSettings:
    """One organization and its key."""

    alias: str
    credential: Credential = field(repr=False, hash=False)
    base_url: str
    source: str  # auto, legacy, analytics, org-scoped
    organization_id: str = ""  # which is meant, where the key reads several; "" for the only one


def counted_twice(organizations: Sequence[OrganizationSettings]) -> list[tuple[str, str]]:
    """Return the aliases of each parent and child that are both configured with one key.

    The reports of a parent's key are of all its children together unless ``organization_id`` names one, so a sum over
    ``organization_id`` has the child in it twice.
    """

    def key(organization: OrganizationSettings) -> tuple[str, str]:
        return organization.base_url, organization.credential.value()

    parents = [each for each in organizations if not each.organization_id]
    children = [each for each in organizations if each.organization_id]
    return [(parent.alias, child.alias) for parent in parents for child in children if key(parent) == key(child)]


def _entry(value: object, place: Place) -> OrganizationEntry:
    entry = section(OrganizationEntry)(value, place)
    if entry.admin_key_file and entry.admin_key_env:
        place.refuse_because("expected one of admin_key_file and admin_key_env, found both")
    if entry.organization_id and entry.source == "legacy":
        place.key("source").refuse("auto, analytics or org-scoped, because organization_id is set", entry.source)
    return entry


def read_entries(value: object, place: Place) -> tuple[OrganizationEntry, ...]:
    """Read the organizations, of which there is at least one."""
    expected = "a list of organizations"
    if value == []:
        place.refuse(expected, value)
    return named_items(_entry, expected, "alias")(value, place)

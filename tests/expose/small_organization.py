"""One sample or two of every family about an organization, in the order of the catalogue."""

from collections.abc import Iterator
from decimal import Decimal

from anthropic_exporter.expose.catalogue import families
from anthropic_exporter.expose.family import Family, FamilySamples, Value

ORGANIZATION = "7c1d0a52-90f4-4f7e-8d5e-6a4b3c2d1e0f"

WORDS = {
    "organization_id": (ORGANIZATION, ORGANIZATION),
    "organization_name": ('Acme "Rockets"', "Acme"),
    "workspace_id": ("default", "wrkspc_01Fm9QyDkSp3"),
    "workspace_name": ("Default", "C:\\search\nteam ✓ Ω"),
    "model": ("claude-haiku-5-5", "claude-opus-4-8"),
    "token_type": ("output", "uncached_input"),
    "status": ("active", "archived"),
    "role": ("admin", "developer"),
    "reason": ("commitment", "unknown_model"),
    "api_key_id": ("apikey_01Rj2N8SVvo6", "none"),
}


def value(family: Family, position: int) -> Value:
    if family.name.endswith("_info"):
        return 1
    if family.unit.startswith("usd"):
        return Decimal("1234.5678901234") + position
    if family.unit == "ratio":
        return -0.015
    return 1_790_000_000 + position


def samples(family: Family) -> FamilySamples:
    rows = []
    for position in (1, 0):  # not in the order in which they are shown
        labels = tuple(WORDS.get(label, ("one", "two"))[position] for label in family.labels)
        rows.append((labels, value(family, position)))
    return FamilySamples(family, rows[1:] if rows[0][0] == rows[1][0] else rows)


def small_organization() -> Iterator[FamilySamples]:
    return (samples(family) for family in families() if family.collector != "exporter")

"""The one table of metric families: exposition, documentation and tests read it."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType

from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.rows import (
    access,
    claude_code,
    cost,
    enterprise,
    exporter,
    inventory,
    limits,
    process,
    spend,
    usage,
)
from anthropic_exporter.expose.rows.labels import USAGE_LABELS

#: What ``usage.group_by`` is when nobody says otherwise.
DEFAULT_GROUP_BY = ("workspace_id", "model", "service_tier", "inference_geo", "speed")

_ROWS = (
    *inventory.FAMILIES,
    *access.FAMILIES,
    *usage.FAMILIES,
    *cost.FAMILIES,
    *spend.FAMILIES,
    *limits.FAMILIES,
    *claude_code.FAMILIES,
    *enterprise.FAMILIES,
    *exporter.FAMILIES,
)

#: Every name that ``collect[]`` takes.
COLLECTORS = tuple(dict.fromkeys(row.collector for row in _ROWS))


@lru_cache(maxsize=16)
def families(group_by: tuple[str, ...] = DEFAULT_GROUP_BY) -> tuple[Family, ...]:
    """Every family, with the labels of ``usage.group_by`` where they belong."""
    return tuple(_resolve(row, group_by) for row in _ROWS)


def listed(group_by: tuple[str, ...] = DEFAULT_GROUP_BY) -> tuple[Family, ...]:
    """Every name that ``/metrics`` can show: the families, and what prometheus-client adds about the process."""
    return (*families(group_by), *process.FAMILIES)


def family(name: str, group_by: tuple[str, ...] = DEFAULT_GROUP_BY) -> Family:
    """Return the family of that full name.

    Raises:
        KeyError: there is none.
    """
    return _by_name(group_by)[name]


@lru_cache(maxsize=16)
def _by_name(group_by: tuple[str, ...]) -> Mapping[str, Family]:
    return MappingProxyType({row.name: row for row in families(group_by)})


def _resolve(row: Family, group_by: tuple[str, ...]) -> Family:
    if USAGE_LABELS not in row.labels:
        return row
    position = row.labels.index(USAGE_LABELS)
    return replace(row, labels=(*row.labels[:position], *group_by, *row.labels[position + 1 :]))

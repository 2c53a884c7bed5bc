"""The settings in force as plain values, to be shown: spelled as in a file, without keys of the API."""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from anthropic_exporter.config import values
from anthropic_exporter.config.matching import Match
from anthropic_exporter.config.network import ListenAddress
from anthropic_exporter.config.organizations import OrganizationSettings
from anthropic_exporter.durations import format_duration

_DURATIONS: tuple[Callable[..., object], ...] = (values.duration, values.positive_duration, values.interval)
_ANCHORED = re.compile(r"((?:\(\?[a-z]+\))?)\\A\(\?:(.*)\)\\Z", re.DOTALL)


def effective(settings: object) -> dict[str, object]:
    """Return the fields of a section, or of all settings, as values that JSON and YAML can show."""
    shown: dict[str, object] = {}
    for field in dataclasses.fields(settings):  # type: ignore[arg-type] # a dataclass, whichever
        value = getattr(settings, field.name)
        is_duration = field.metadata.get("reader") in _DURATIONS
        shown[field.name] = format_duration(value) if is_duration else _plain(value)
    return shown


def _plain(value: object) -> object:
    if isinstance(value, OrganizationSettings):
        names = ("alias", "base_url", "source", *(("organization_id",) if value.organization_id else ()))
        return {name: getattr(value, name) for name in names} | {"admin_key": f"<secret> from {value.credential}"}
    if isinstance(value, Match):
        tags = {"workspace_tag": {key: _plain(pattern) for key, pattern in value.workspace_tags}}
        return {name: _plain(pattern) for name, pattern in value.fields} | (tags if value.workspace_tags else {})
    if isinstance(value, re.Pattern):
        return _ANCHORED.sub(r"\1\2", value.pattern)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, ListenAddress | Path | Decimal | dt.date):
        return str(value)
    return effective(value) if dataclasses.is_dataclass(value) else value

"""What each family is called in OTLP.

A Prometheus that receives OTLP makes its own names: dots become underscores, the unit and ``_total`` or ``_ratio`` are
appended. So what it appends is left off here, and what comes out is the name that ``/metrics`` has, to the letter.
Attributes are the labels as they are: ``anthropic.workspace.id`` would come out as another label than ``workspace_id``,
and every join, rule and dashboard would miss it.

Source: prometheus/otlptranslator, metric_namer.go; a test applies its rules to every family.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]

#: How a name ends, and the unit (UCUM) whose translation gives that ending back.
_UNITS = {"_seconds": "s", "_bytes": "By", "_ratio": "1"}

#: Annotations: units in braces tell a reader what is counted and append nothing.
_ANNOTATIONS = {
    "tokens": "{token}",
    "usd": "{USD}",
    "usd_per_million_tokens": "{USD}",
    "requests": "{request}",
    "pull_requests": "{pull_request}",
}

#: Words that are one word: not divided by a dot. The longest that fits wins.
_COMPOUNDS = tuple(
    tuple(words.split("_"))
    for words in sorted(
        (
            "active_users",
            "api_drift",
            "api_key",
            "api_keys",
            "arrival_lag",
            "build_info",
            "cache_read",
            "cache_write",
            "claude_code",
            "config_last_reload",
            "credential_valid",
            "estimate_error",
            "estimated_cost",
            "exposition_size",
            "increase_requests",
            "last_attempt",
            "last_bucket",
            "last_commit",
            "last_success",
            "last_used",
            "lines_of_code",
            "list_cost",
            "max_fds",
            "month_forecast",
            "month_to_date",
            "oldest_increase_request",
            "open_fds",
            "peak_minute",
            "pending_increase_requests",
            "pending_invites",
            "policy_violation",
            "previous_month",
            "pull_requests",
            "rate_limit",
            "rate_limit_group",
            "read_savings",
            "resident_memory",
            "revision_overshoot",
            "service_accounts",
            "spend_limit",
            "start_time",
            "tool_actions",
            "usd_per_million_tokens",
            "virtual_memory",
            "web_config_last_reload",
            "web_search",
            "workspace_members",
            "write_failures",
            "write_premium",
        ),
        key=lambda words: (-words.count("_"), words),
    )
)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A metric of OTLP: its name and unit."""

    name: str
    unit: str
    kind: Kind


@lru_cache(maxsize=512)
def instrument(name: str, kind: Kind) -> Instrument:
    """Return what the family of that full Prometheus name is in OTLP."""
    stem = name.removesuffix("_total") if kind == "counter" else name
    for ending, unit in _UNITS.items():
        if stem.endswith(ending):
            return Instrument(_dotted(stem.removesuffix(ending)), unit, kind)
    dotted = _dotted(stem)
    return Instrument(dotted, _ANNOTATIONS.get(dotted.rpartition(".")[2], ""), kind)


def _dotted(stem: str) -> str:
    words, parts = stem.split("_"), list[str]()
    while words:
        length = next((len(c) for c in _COMPOUNDS if tuple(words[: len(c)]) == c), 1)
        parts.append("_".join(words[:length]))
        words = words[length:]
    return ".".join(parts)

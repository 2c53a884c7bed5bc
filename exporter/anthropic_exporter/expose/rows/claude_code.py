"""Families of Claude Code analytics, and of the compliance feed."""

from anthropic_exporter.expose.family import Family
from anthropic_exporter.expose.rows.labels import ORGANIZATION

_REPORT = " (GET /v1/organizations/usage_report/claude_code, polled every 30m by default)."
_ESTIMATE = " as the API estimates it, which is not the bill"
_PEOPLE = ", only with privacy.emails hash or plain"
_WHERE = (*ORGANIZATION, "customer_type", "terminal_type")
_MODEL = (*ORGANIZATION, "model")
_USER = (*ORGANIZATION, "user")


def _counter(name: str, labels: tuple[str, ...], help_text: str, unit: str = "") -> Family:
    return Family(f"anthropic_claude_code_{name}_total", "counter", unit, labels, "claude_code", help_text + _REPORT)


FAMILIES = (
    _counter("sessions", _WHERE, "Claude Code sessions since the epoch"),
    _counter("commits", _WHERE, "Commits made with Claude Code since the epoch"),
    _counter("pull_requests", _WHERE, "Pull requests made with Claude Code since the epoch"),
    _counter("lines_of_code", (*ORGANIZATION, "change"), "Lines of code added or removed by Claude Code"),
    _counter(
        "tool_actions",
        (*ORGANIZATION, "tool", "decision"),
        "Proposals of Claude Code tools since the epoch, accepted or rejected",
    ),
    _counter("tokens", (*_MODEL, "token_type"), "Tokens of Claude Code since the epoch", "tokens"),
    _counter("estimated_cost_usd", _MODEL, "Cost of Claude Code in USD since the epoch" + _ESTIMATE, "usd"),
    Family(
        "anthropic_claude_code_active_users",
        "gauge",
        "",
        (*ORGANIZATION, "customer_type"),
        "claude_code",
        "Distinct people and API keys that used Claude Code on the previous UTC day" + _REPORT,
    ),
    _counter("user_sessions", _USER, "Claude Code sessions of each person since the epoch" + _PEOPLE),
    _counter(
        "user_tokens", (*_USER, "token_type"), "Claude Code tokens of each person since the epoch" + _PEOPLE, "tokens"
    ),
    _counter(
        "user_estimated_cost_usd",
        _USER,
        "Claude Code cost of each person in USD since the epoch" + _ESTIMATE + _PEOPLE,
        "usd",
    ),
    Family(
        "anthropic_compliance_activities_total",
        "counter",
        "",
        (*ORGANIZATION, "activity_type"),
        "compliance",
        "Activities of the compliance feed since the epoch, each counted once"
        " (GET /v1/compliance/activities, polled every 5m by default).",
    ),
)

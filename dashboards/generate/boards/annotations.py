"""Events that explain a bend in a graph. A series of value 1 marks one."""

from grafana_foundation_sdk.builders import dashboard as builder

from .config import CHANGE, CHANGE_STEP, NEW, SEL
from .panels import DATASOURCE
from .promql import with_group, with_key

_USED = f"group by (organization_id, model) (anthropic_usage_month_to_date_tokens{{{SEL}}} > 0)"
_USED_BEFORE = (
    "group by (organization_id, model)"
    f" (last_over_time(anthropic_usage_month_to_date_tokens{{{SEL}}}[{NEW}] offset {NEW}) > 0)"
)
_USED_LAST_MONTH = f"group by (organization_id, model) (anthropic_usage_previous_month_tokens{{{SEL}}} > 0)"

# An organization that was not there an hour ago has no news: the exporter has only just begun.
_NEW_MODEL = (
    f"{_USED}\nunless on (organization_id, model) {_USED_BEFORE}\n"
    f"unless on (organization_id, model) {_USED_LAST_MONTH}\n"
    f"and on (organization_id) group by (organization_id) (anthropic_up{{{SEL}}} offset {NEW})"
)
_NEW_KEY = with_key(
    f"1000 * max by (organization_id, api_key_id) (anthropic_api_key_created_timestamp_seconds{{{SEL}}})"
)
_RATE_LIMIT = with_group(
    "group by (organization_id, rate_limit_group, workspace_id, limiter)"
    f" (changes(anthropic_rate_limit{{{SEL}}}[{CHANGE}]) > 0)"
)
_SPEND_LIMIT = (
    f"group by (organization_id, scope, scope_id, period) (changes(anthropic_spend_limit_usd{{{SEL}}}[{CHANGE}]) > 0)"
)
_BUDGET = f"group by (organization_id, budget, period) (changes(anthropic_budget_usd{{{SEL}}}[{CHANGE}]) > 0)"


def new_models() -> builder.AnnotationQuery:
    """Mark the first use of a model."""
    return _event("New models", _NEW_MODEL, "purple", "new model: {{model}}")


def new_keys() -> builder.AnnotationQuery:
    """Mark the creation of an API key, at its own time."""
    return _event("New API keys", _NEW_KEY, "blue", "new API key: {{api_key_name}}").use_value_for_time(True)


def limit_changes() -> list[builder.AnnotationQuery]:
    """Mark changes of rate limits, spend limits and budgets."""
    return [
        _event("Rate limit changes", _RATE_LIMIT, "orange", "{{limiter}} of {{rate_limit_group_name}} changed"),
        _event("Spend limit changes", _SPEND_LIMIT, "orange", "spend limit of {{scope}} {{scope_id}} changed"),
        _event("Budget changes", _BUDGET, "orange", "budget {{budget}} changed"),
    ]


def _event(name: str, expr: str, colour: str, title: str) -> builder.AnnotationQuery:
    return (
        builder.AnnotationQuery()
        .name(name)
        .datasource(DATASOURCE)
        .enable(True)
        .hide(False)
        .icon_color(colour)
        .expr(expr)
        .step(CHANGE_STEP)
        .title_format(title)
        .text_format("")
    )
